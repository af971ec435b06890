//! Which stack files a command line names: files as they are, and of a folder those in it that are stack files. Reads no more of a
//! file than it takes to know that it is one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// What a command line names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// One file, whose result is printed as it is.
    One(PathBuf),
    /// Several files, or what is in a folder: each file once, in the order of the command line.
    Several(Vec<PathBuf>),
}

/// Looks at what is named; a folder is for its stack files, also if it is only one.
///
/// # Errors
/// If a folder cannot be read, or has none.
pub fn named(paths: &[PathBuf]) -> Result<Named, Failure> {
    if let [one] = paths
        && !one.is_dir()
    {
        return Ok(Named::One(one.clone()));
    }
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let found = if path.is_dir() { in_folder(path)? } else { vec![path.clone()] };
        // What is not there is told when it is read.
        files
            .extend(found.into_iter().filter(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone()))));
    }
    Ok(Named::Several(files))
}

/// The stack files in a folder, by name; not those of folders in it.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::refused(format!("cannot read the folder {}: {error}", folder.display()), "check its permissions")
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_yaml(&path) && path.is_file() && may_be_a_stack(&path) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::Usage(format!(
            "{} has no stack files: files that end in .yaml or .yml and have `stack:` at the start of a line",
            folder.display()
        )));
    }
    files.sort();
    Ok(files)
}

/// Whether it is called like a YAML file; what editors hide is not.
fn is_yaml(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    !hidden && ["yaml", "yml"].contains(&extension)
}

/// Whether a file names a stack at its top level, however wrong the rest is. One that cannot be read is not passed over in silence.
fn may_be_a_stack(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return true };
    let text = String::from_utf8_lossy(&bytes);
    let line = |line: &str| ["stack:", "\"stack\":", "'stack':"].iter().any(|key| line.starts_with(key));
    text.trim_start_matches('\u{feff}').lines().any(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| folder.join(name)).collect()
    }

    #[test]
    fn a_folder_stands_for_its_stack_files() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        for (name, text) in [
            ("b.yaml", "# a comment\nstack: b\n"),
            ("a.yml", "\u{feff}\"stack\": a\n"),
            ("broken.yaml", "stack: x\n\t: : nonsense"),
            ("values.yaml", "image:\n  stack: no\n"),
            ("c.json", "{\"stack\": \"c\"}"),
            (".d.yaml", "stack: d\n"),
        ] {
            fs::write(here.join(name), text).unwrap();
        }
        fs::create_dir(here.join("more.yaml")).unwrap();
        fs::write(here.join("more.yaml/e.yaml"), "stack: e\n").unwrap();
        let all = paths(here, &["a.yml", "b.yaml", "broken.yaml"]);
        assert_eq!(named(&[here.to_owned()]).unwrap(), Named::Several(all.clone()));
        let twice = [here.join("b.yaml"), here.to_owned(), here.join("./b.yaml")];
        let order = paths(here, &["b.yaml", "a.yml", "broken.yaml"]);
        assert_eq!(named(&twice).unwrap(), Named::Several(order), "each once, in the order given");
    }

    #[test]
    fn one_file_is_alone_and_an_empty_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone.yaml");
        assert_eq!(named(std::slice::from_ref(&gone)).unwrap(), Named::One(gone.clone()));
        assert_eq!(named(&[gone.clone(), gone.clone()]).unwrap(), Named::Several(vec![gone]));
        assert!(
            matches!(named(&[folder.path().to_owned()]), Err(Failure::Usage(text)) if text.contains("no stack files"))
        );
    }
}
