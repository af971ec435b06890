//! Files that comments name exist: a header that says where to look next is right after a file was renamed. Looks at text only.

use std::path::{Path, PathBuf};

use evenkeel_tests::moto::root;

use super::everything;

/// Folders of the repository; a path in a comment that begins with one is from the root.
const FOLDERS: &[&str] = &["crates/", "docs/", "examples/", "scripts/", "stacks/", "tests/"];

/// What looks like the path of a file or folder.
fn paths(comment: &str) -> impl Iterator<Item = &str> {
    let words = comment.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c)));
    words.map(|word| word.trim_end_matches('.')).filter(|word| is_source(word) || is_from_root(word))
}

fn is_source(word: &str) -> bool {
    word.strip_suffix(".rs").is_some_and(|name| name.ends_with(|c: char| c.is_ascii_alphanumeric()))
}

fn is_from_root(word: &str) -> bool {
    FOLDERS.iter().any(|folder| word.starts_with(folder))
}

/// Whether there is such a file: a source by the end of its path, others from the root; the beginning of a name is enough there.
fn exists(path: &str, sources: &[PathBuf]) -> bool {
    if is_source(path) {
        return sources.iter().any(|source| source.ends_with(path));
    }
    let whole = root().join(path);
    let (Some(folder), Some(start)) = (whole.parent(), whole.file_name().and_then(|name| name.to_str())) else {
        return false;
    };
    let begins =
        |path: &Path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start));
    whole.exists() || std::fs::read_dir(folder).is_ok_and(|mut all| all.any(|it| it.is_ok_and(|it| begins(&it.path()))))
}

#[test]
fn files_that_comments_name_exist() {
    let all = everything();
    let sources: Vec<PathBuf> = all.iter().map(|(path, _)| path.clone()).collect();
    let mut named = 0;
    for (file, text) in &all {
        for (at, line) in text.lines().enumerate() {
            let Some(comment) = line.trim_start().strip_prefix("//") else { continue };
            for path in paths(comment) {
                assert!(exists(path, &sources), "{}:{}: there is no {path}", file.display(), at + 1);
                named += 1;
            }
        }
    }
    assert!(named > 20, "only {named} paths were found");
}

#[test]
fn a_path_that_is_not_there_is_found() {
    let found: Vec<&str> = paths(" see `nowhere.rs`, docs/nothing.md and `list.rs`. Not `.rs` alone.").collect();
    assert_eq!(found, ["nowhere.rs", "docs/nothing.md", "list.rs"]);
    assert!(!exists("nowhere.rs", &[PathBuf::from("/a/where.rs")]) && !exists("docs/nothing.md", &[]));
    assert!(exists("tidy/comments.rs", &[PathBuf::from("/a/tidy/comments.rs")]) && exists("docs/decisions/0007", &[]));
}
