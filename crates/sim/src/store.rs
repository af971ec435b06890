//! The file that carries a world from one run to the next: versioned, written as a whole or not at all, and locked against a
//! second process. A file that is not ours is never touched.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::world::{Moment, World};

/// The format's name, by which a file is known to be ours.
const FORMAT: &str = "evenkeel-simulated-aws";
/// Counts up when the format changes.
const VERSION: u32 = 1;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a file of this kind.
    #[error("{path} is not the file of a simulated AWS: {why}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How that shows.
        why: String,
    },
    /// It was written by another version.
    #[error("{path} was written by another version of evenkeel: its format is {found}, this one reads {VERSION}")]
    Version {
        /// The file.
        path: PathBuf,
        /// The format's number in it.
        found: u32,
    },
    /// Another process has it.
    #[error("{path} is in use by {holder}")]
    Held {
        /// The file.
        path: PathBuf,
        /// Who holds it, as far as it says.
        holder: String,
    },
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Deserialize)]
struct Document {
    /// When it was written, by the computer's clock.
    saved: Moment,
    world: World,
}

#[derive(Serialize)]
struct DocumentRef<'w> {
    format: &'static str,
    version: u32,
    saved: Moment,
    world: &'w World,
}

/// A world's file, held by this process until it is dropped.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// One file at a time is written.
    writing: Mutex<()>,
    _lock: File,
}

impl Store {
    /// Takes hold of a file, which need not exist yet. `holder` says to others who has it.
    ///
    /// # Errors
    /// `Held` if another process has it; `Io`.
    pub fn open(path: &Path, holder: &str) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let beside = beside_of(path, ".lock");
        let mut lock = File::options().create(true).truncate(false).read(true).write(true).open(&beside).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&beside).unwrap_or_default().trim().to_owned();
                let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
                return Err(StoreError::Held { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{holder} (process {})", std::process::id())).map_err(io)?;
        // Whoever had it before may have been killed while it wrote.
        match fs::remove_file(beside_of(path, ".new")) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(io(source)),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), writing: Mutex::default(), _lock: lock })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the world; `None` if there is no file yet.
    ///
    /// # Errors
    /// `Foreign`, `Version` or `Io`; the file stays as it is.
    pub fn load(&self) -> Result<Option<World>, StoreError> {
        Self::peek(&self.path)
    }

    /// Reads a world without taking hold of its file.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn peek(path: &Path) -> Result<Option<World>, StoreError> {
        let foreign = |why: String| StoreError::Foreign { path: path.to_owned(), why };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path: path.to_owned(), source }),
        };
        let head: Head = serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
        if head.format.as_deref() != Some(FORMAT) {
            return Err(foreign(format!("it has no \"format\": \"{FORMAT}\"")));
        }
        match head.version {
            Some(VERSION) => {}
            found => return Err(StoreError::Version { path: path.to_owned(), found: found.unwrap_or_default() }),
        }
        let Document { saved, mut world } =
            serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
        // Meanwhile time went on there as it did here.
        world.advance(world.now.plus(Moment::wall().since(saved)));
        Ok(Some(world))
    }

    /// Writes the world: a new file that takes the old one's place.
    ///
    /// # Errors
    /// `Io`; the old file is still there then.
    pub fn save(&self, world: &World) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let new = beside_of(&self.path, ".new");
        let document = DocumentRef { format: FORMAT, version: VERSION, saved: Moment::wall(), world };
        let bytes = serde_json::to_vec(&document).map_err(|error| io(error.into()))?;
        let written = File::options().write(true).create_new(true).open(&new).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_data()?;
            fs::rename(&new, &self.path)
        });
        written.map_err(|source| {
            // Half a file is of no use, and whether it goes changes nothing.
            drop(fs::remove_file(&new));
            io(source)
        })
    }

    /// Removes the file: the next world is a fresh one.
    ///
    /// # Errors
    /// `Io`.
    pub fn reset(&self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Io { path: self.path.clone(), source })
            }
            _ => Ok(()),
        }
    }
}

/// A file beside another one.
fn beside_of(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_half_written_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("world.json");
        fs::write(beside_of(&file, ".new"), "{").expect("it is written");
        let store = Store::open(&file, "a test").expect("nobody has it");
        store.save(&World::new(1, Moment::wall())).expect("it is saved");
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
        names.sort();
        assert_eq!(names, ["world.json", "world.json.lock"]);
    }

    #[test]
    fn a_world_that_cannot_be_written_leaves_the_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("world.json");
        let store = Store::open(&file, "a test").expect("nobody has it");
        store.save(&World::new(1, Moment::wall())).expect("it is saved");
        let before = fs::read(&file).expect("a file");
        fs::create_dir(beside_of(&file, ".new")).expect("a folder in the way");
        store.save(&World::new(2, Moment::wall())).expect_err("there is no room");
        assert_eq!(fs::read(&file).expect("a file"), before);
    }

    #[test]
    fn services_and_events_are_called_in_a_file_as_they_always_were() {
        let event = serde_json::json!([0, { "account": "123456789012", "region": "eu-west-1" },
            { "Scaling": { "Forget": { "cluster": "c", "service": "s" } } }]);
        let mut world = World::new(1, Moment::wall());
        world.region(&crate::world::Place::new("123456789012", "eu-west-1"));
        let mut saved = serde_json::to_value(&world).expect("JSON");
        saved["queue"] = serde_json::json!([event]);
        let account = &saved["accounts"]["123456789012"];
        let names =
            |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(account), ["iam", "regions", "route53"]);
        let known = [
            "acm",
            "cloud_map",
            "dynamodb",
            "ec2",
            "ecr",
            "ecs",
            "elb",
            "logs",
            "rds",
            "scaling",
            "scheduler",
            "secrets",
            "ssm",
        ];
        assert_eq!(names(&account["regions"]["eu-west-1"]), known);
        let world: World = serde_json::from_value(saved).expect("the event is known");
        assert_eq!(world.next_event(), Some(Moment(0)));
    }
}
