//! What an image is built from, as a short hash: the files of the build context that the builder sees, the Dockerfile, the target, the
//! arguments and the platform. The same content has the same hash on every machine: times, owners and the order of a folder do not
//! count. Reads files and nothing else; must not know what builds.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::files::FileProblem;
use super::ignored::Ignored;
use super::model::Build;

/// Files that a context may hold; a larger one is a slip.
const MOST: usize = 100_000;
/// Digits of the hash that make a tag.
const DIGITS: usize = 16;

/// The hash of what `build` names, whose paths are relative to `folder`.
///
/// # Errors
/// What is wrong with the context or the Dockerfile.
pub(crate) fn hash(folder: &Path, build: &Build) -> Result<String, FileProblem> {
    let context = folder.join(&build.context);
    if !context.is_dir() {
        let summary = format!("there is no folder `{}`", build.context);
        return Err(problem(summary, "The context of a build is a folder, relative to the stack file."));
    }
    let dockerfile = folder.join(build.dockerfile_path());
    let text = fs::read(&dockerfile).map_err(|_| {
        let summary = format!("there is no Dockerfile `{}`", build.dockerfile_path());
        problem(summary, "Write one, or name it: build: { context: web, dockerfile: web/Dockerfile }.")
    })?;
    let own = Path::new(&format!("{}.dockerignore", dockerfile.display())).to_owned();
    let ignore = if own.is_file() { own } else { context.join(".dockerignore") };
    let ignored = Ignored::read(&fs::read_to_string(ignore).unwrap_or_default());
    let mut content = Content { digest: Sha256::new(), files: 0, ignored };
    content.part("dockerfile", &text);
    content.part("target", build.target.as_deref().unwrap_or_default().as_bytes());
    content.part("platform", build.platform.as_bytes());
    for (name, value) in &build.args {
        content.part("arg", format!("{name}={value}").as_bytes());
    }
    content.folder(&context, "").map_err(|error| {
        problem(format!("the build context `{}` cannot be read: {error}", build.context), "Check its permissions.")
    })?;
    if content.files > MOST {
        let summary = format!("the build context `{}` holds more than {MOST} files", build.context);
        return Err(problem(summary, "Leave out what the image does not need in a `.dockerignore`."));
    }
    let mut text = String::new();
    for byte in content.digest.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(DIGITS);
    Ok(text)
}

fn problem(summary: String, help: &str) -> FileProblem {
    FileProblem { code: "not-found", summary, help: help.to_owned() }
}

struct Content {
    digest: Sha256,
    files: usize,
    ignored: Ignored,
}

impl Content {
    /// Adds something under a name; with its length, so that nothing runs together.
    fn part(&mut self, name: &str, bytes: &[u8]) {
        self.digest.update(format!("{name}\0{}\0", bytes.len()));
        self.digest.update(bytes);
    }

    fn folder(&mut self, folder: &Path, path: &str) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            let (out, kind) = (self.ignored.leaves_out(&path), entry.file_type()?);
            if kind.is_dir() {
                if !out || self.ignored.takes_back() {
                    self.folder(&entry.path(), &path)?;
                }
                continue;
            }
            if out || self.files > MOST {
                continue;
            }
            self.files += 1;
            if kind.is_symlink() {
                let target = fs::read_link(entry.path())?;
                self.part(&format!("link {path}"), target.to_string_lossy().as_bytes());
            } else if kind.is_file() {
                self.file(&entry.path(), &path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, path: &str) -> io::Result<()> {
        let meta = fs::metadata(file)?;
        self.digest.update(format!("file {path}\0{}\0{}\0", runs(&meta), meta.len()));
        let mut file = fs::File::open(file)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            self.digest.update(&buffer[..read]);
        }
    }
}

/// Whether a file can be run, which goes into the image.
#[cfg(unix)]
fn runs(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}

/// Whether a file can be run, which goes into the image.
#[cfg(not(unix))]
fn runs(_: &fs::Metadata) -> bool {
    false
}
