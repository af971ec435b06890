//! Where a plan may be saved, and the saving. Nothing is overwritten but an older saved plan: a slip after `--out` must not cost
//! anybody a stack file, and what is written must be where it will be looked for.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use evenkeel_core::saved::SavedPlan;
use evenkeel_core::secret::Secrets;

use crate::exit::Failure;
use crate::report::plan_json;

/// No plan is larger; what is, is something else.
const LARGEST: u64 = 256 * 1024 * 1024;

/// A place where a plan may be saved.
#[derive(Debug)]
pub struct Place {
    file: PathBuf,
    /// Whether an older plan is there.
    taken: bool,
}

impl Place {
    /// Looks at a path, before anything is sent.
    pub fn of(file: &Path) -> Result<Self, Failure> {
        let folder = folder(file);
        if !folder.is_dir() {
            return Err(refusal(file, &format!("there is no folder {}", folder.display())));
        }
        Ok(Self { file: file.to_owned(), taken: is_taken(file)? })
    }

    /// Writes a plan there, with proofs in the place of secrets. It may still hold what only its owner should see, and is never
    /// half written.
    pub fn save(&self, plan: &SavedPlan, secrets: &Secrets) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            let text = format!("cannot save the plan in {}: {error}", self.file.display());
            Failure::refused(text, "choose another place for --out")
        };
        let text = secrets.seal(&plan.to_json().map_err(|error| failed(&error))?);
        // A temporary file is made with mode 600.
        let mut draft = tempfile::NamedTempFile::new_in(folder(&self.file)).map_err(|error| failed(&error))?;
        draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(|error| failed(&error))?;
        // Planning took its time: somebody else may have put something there.
        if self.taken && is_taken(&self.file)? {
            draft.persist(&self.file).map_err(|error| failed(&error.error))?;
        } else {
            draft.persist_noclobber(&self.file).map_err(|error| failed(&error.error))?;
        }
        Ok(())
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether an older plan is there; anything else that is there is refused.
fn is_taken(file: &Path) -> Result<bool, Failure> {
    let Ok(there) = fs::symlink_metadata(file) else { return Ok(false) };
    let kind = there.file_type();
    let what = if kind.is_symlink() {
        "is a symbolic link"
    } else if kind.is_dir() {
        "is a directory"
    } else if !kind.is_file() {
        "is not a regular file"
    } else if !is_saved_plan(file) {
        "exists already and is not a saved plan"
    } else {
        return Ok(true);
    };
    Err(refusal(file, &format!("{} {what}", file.display())))
}

fn refusal(file: &Path, why: &str) -> Failure {
    Failure::refused(
        format!("cannot save the plan in {}: {why}; no request was sent", file.display()),
        "choose another name for --out; only an older saved plan is overwritten",
    )
}

fn is_saved_plan(file: &Path) -> bool {
    text(file).is_some_and(|text| SavedPlan::recognises(&text) && !plan_json::is_document(&text))
}

/// The text of a regular file that could be a plan. Whatever else there is (a pipe, a device) is not even opened.
pub fn text(file: &Path) -> Option<String> {
    let about = fs::metadata(file).ok()?;
    if !about.is_file() || about.len() > LARGEST {
        return None;
    }
    let mut text = String::new();
    File::open(file).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    text.trim_start().starts_with('{').then_some(text)
}

#[cfg(test)]
mod tests {
    use evenkeel_core::graph::Graph;
    use evenkeel_core::plan::{Plan, PlanOptions};
    use evenkeel_core::saved;

    use super::*;

    fn plan() -> SavedPlan {
        let place = saved::Place::default();
        SavedPlan::new(&Graph::default(), None, &PlanOptions::default(), &Plan::default(), place)
    }

    #[test]
    fn an_older_plan_is_overwritten_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        Place::of(&file).unwrap().save(&plan(), &Secrets::default()).unwrap();
        Place::of(&file).unwrap().save(&plan(), &Secrets::default()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        for other in ["stack: x\n", "{}", "", "{\"format\": \"evenkeel-plan\", \"version\": 1, \"summary\": {}}"] {
            let file = folder.path().join("other");
            fs::write(&file, other).unwrap();
            assert!(Place::of(&file).is_err(), "{other}");
        }
        assert!(Place::of(folder.path()).is_err() && Place::of(&folder.path().join("no/plan.json")).is_err());
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&file, &link).unwrap();
            assert!(Place::of(&link).is_err() && Place::of(Path::new("/dev/null")).is_err());
        }
    }

    #[test]
    fn what_came_between_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plan.json");
        let place = Place::of(&file).unwrap();
        fs::write(&file, "somebody's").unwrap();
        assert!(place.save(&plan(), &Secrets::default()).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "somebody's");
    }
}
