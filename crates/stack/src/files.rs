//! Reading the stack file and the files beside it: everything that can be wrong with a path or with bytes becomes a
//! finding. The only file of the loader that touches the disk.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Place, Source};

use super::content;
use super::interpolate::{self, Foreign};
use super::json;
use super::model::Build;
use super::sections::Ctx;
use super::suggest;
use super::tree::Tree;

/// The most that a file may hold; real ones have a few kilobytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why a file could not be read.
#[derive(Clone, Debug)]
pub struct FileProblem {
    /// The code of the finding.
    pub code: &'static str,
    /// What is wrong.
    pub summary: String,
    /// What to do.
    pub help: String,
}

/// Where the files that a stack file names come from.
pub trait Files {
    /// The text of a file; `path` is as the stack file gives it, relative to the stack file.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn read(&self, path: &str) -> Result<Source, FileProblem>;

    /// A short hash of what an image is built from. Where there are no folders, all contents are the same.
    ///
    /// # Errors
    /// What is wrong with the context or the Dockerfile.
    fn content(&self, _build: &Build) -> Result<String, FileProblem> {
        Ok("0".repeat(16))
    }
}

/// Files on the disk, relative to a folder.
pub struct Beside {
    /// The folder of the stack file.
    pub folder: PathBuf,
}

impl Files for Beside {
    fn read(&self, path: &str) -> Result<Source, FileProblem> {
        let full = self.folder.join(path);
        let text = text(&full)?;
        Ok(Source::new(full.to_string_lossy(), text))
    }

    fn content(&self, build: &Build) -> Result<String, FileProblem> {
        content::hash(&self.folder, build)
    }
}

fn problem(code: &'static str, summary: String, help: impl Into<String>) -> FileProblem {
    FileProblem { code, summary, help: help.into() }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> Result<String, FileProblem> {
    let shown = path.display();
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(not_found(path)),
        Err(error) => {
            return Err(problem("unreadable", format!("`{shown}` cannot be read: {error}"), "Check its permissions."));
        }
    };
    if meta.is_dir() {
        let inside = ["stack.yaml", "stack.yml"].iter().find(|name| path.join(name).is_file());
        let help = match inside {
            Some(name) => format!("Name the file in it: {}.", path.join(name).display()),
            None => "Name a file in it.".to_owned(),
        };
        return Err(problem("a-directory", format!("`{shown}` is a directory, not a file"), help));
    }
    // Opening a pipe waits for its other end, and a device may never end.
    if !meta.is_file() {
        let help = "A stack file, and every file that it names, must be a regular file. Save the text to a file first.";
        return Err(problem("not-a-file", format!("`{shown}` is {}, not a file", sort_of(&meta)), help));
    }
    let mut bytes = Vec::new();
    // The size is limited while reading: the file may grow meanwhile.
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(problem("unreadable", format!("`{shown}` cannot be read: {error}"), "Check its permissions."));
    }
    if bytes.len() as u64 > MAX_BYTES {
        let help = "The limit is 1 MiB; most stack files have a few kilobytes. Check that this is the right file.";
        return Err(problem("too-big", format!("`{shown}` is larger than 1 MiB"), help));
    }
    decode(&shown.to_string(), bytes)
}

/// What a path that is no file leads to.
#[cfg(unix)]
fn sort_of(meta: &std::fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let sort = meta.file_type();
    if sort.is_fifo() {
        "a named pipe"
    } else if sort.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// What a path that is no file leads to.
#[cfg(not(unix))]
fn sort_of(_: &std::fs::Metadata) -> &'static str {
    "a special file"
}

fn decode(shown: &str, bytes: Vec<u8>) -> Result<String, FileProblem> {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let start = error.as_bytes();
            let help = if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
                "It is UTF-16. Save it as UTF-8."
            } else {
                "It must be UTF-8 text. Check that this is the right file."
            };
            return Err(problem("not-text", format!("`{shown}` is not text"), help));
        }
    };
    if text.contains('\0') {
        let help = "It contains zero bytes. Check that this is the right file.";
        return Err(problem("not-text", format!("`{shown}` is not text"), help));
    }
    // A byte order mark is no part of the text; Windows editors write one.
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

fn not_found(path: &Path) -> FileProblem {
    let summary = format!("there is no file `{}`", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut others: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    others.sort();
    let help = if let Some(near) = suggest::nearest(&name, others.iter().map(String::as_str)) {
        format!("Did you mean `{}`?", path.with_file_name(near).display())
    } else if !folder.is_dir() {
        format!("There is no folder `{}` either.", folder.display())
    } else if name == "stack.yaml" {
        "Name the stack file: evenkeel validate path/to/stack.yaml. The default is ./stack.yaml.".to_owned()
    } else {
        "Check the path. It is relative to the current folder, or to the stack file that names it.".to_owned()
    };
    problem("not-found", summary, help)
}

impl FileProblem {
    /// The finding, at the place that names the file, if any.
    pub(crate) fn at(self, place: Option<Place>) -> Diagnostic {
        Diagnostic::error(self.code, self.summary, place).help(self.help)
    }
}

/// A JSON file that the stack file names, filled in.
pub(crate) fn json(ctx: &Ctx<'_>, path: &str, named_at: &Place, foreign: Foreign) -> Option<Tree> {
    let source = match ctx.files.read(path) {
        Ok(source) => Arc::new(source),
        Err(problem) => {
            ctx.problems.push(problem.at(Some(named_at.clone())));
            return None;
        }
    };
    let mut found = Vec::new();
    let tree = json::parse(&source, &mut found);
    for diagnostic in found {
        ctx.problems.push(diagnostic.related(named_at.clone(), "the file is named here"));
    }
    Some(interpolate::tree(tree?, ctx.scope, foreign, ctx.problems))
}
