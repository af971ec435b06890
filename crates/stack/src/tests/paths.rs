//! What is said of paths and bytes that are no stack file.

use std::path::{Path, PathBuf};

use super::super::{LoadOptions, load};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("evenkeel-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn refused(path: &Path, code: &str, part: &str) {
    let found = load(path, &LoadOptions::default()).unwrap_err();
    let [only] = &found[..] else { panic!("{found:?}") };
    let words = format!("{} {}", only.summary, only.help.clone().unwrap_or_default());
    assert!(only.code == code && words.contains(part), "{only:?}");
}

#[test]
fn paths_that_are_no_stack_file() {
    let folder = Folder::new("paths");
    folder.file("stack.yaml", b"stack: x");
    refused(&folder.0, "a-directory", "stack.yaml");
    refused(&folder.0.join("stak.yaml"), "not-found", "Did you mean");
    refused(&folder.0.join("no/where.yaml"), "not-found", "no folder");
    refused(&folder.file("empty.yaml", b""), "empty-file", "stack: my-app");
    refused(&folder.file("binary.yaml", &[0x7f, b'E', b'L', b'F', 0, 0xff]), "not-text", "right file");
    refused(&folder.file("wide.yaml", &[0xff, 0xfe, b's', 0]), "not-text", "UTF-16");
    refused(&folder.file("zero.yaml", b"stack: x\0"), "not-text", "zero bytes");
    let pipe = folder.0.join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    refused(&pipe, "not-a-file", "a named pipe");
    refused(Path::new("/dev/zero"), "not-a-file", "a device");
    let socket = folder.0.join("socket.yaml");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    refused(&socket, "not-a-file", "a socket");
    for (key, text) in [
        ("task_definition", "services: { s: { task_definition: ./pipe.yaml } }\ncluster: x"),
        ("policy", "roles: { r: { policies: { p: ./pipe.yaml } } }"),
    ] {
        let path = folder.file(&format!("{key}.yaml"), format!("stack: x\nregion: eu-west-1\n{text}").as_bytes());
        let found = load(&path, &LoadOptions::default()).unwrap_err();
        assert!(found.iter().any(|found| found.code == "not-a-file" && found.place.is_some()), "{key}: {found:?}");
    }
    refused(&folder.file("big.yaml", &vec![b'#'; 10 * 1024 * 1024]), "too-big", "1 MiB");
}

#[test]
fn a_byte_order_mark_and_windows_lines_are_fine() {
    let folder = Folder::new("windows");
    let path = folder.file("stack.yaml", b"\xef\xbb\xbfstack: x\r\nlog_groups:\r\n  a: { retention: 7 }\r\n");
    assert_eq!(load(&path, &LoadOptions::default()).unwrap().stack.log_groups.len(), 1);
}

#[test]
fn a_file_of_nothing_but_mistakes_ends_soon() {
    let folder = Folder::new("mistakes");
    let text: String = (0..60_000).map(|number| format!("k{number}: 1\n")).collect();
    let found = load(&folder.file("stack.yaml", text.as_bytes()), &LoadOptions::default()).unwrap_err();
    assert!(found.len() < 250 && found.iter().any(|found| found.code == "many-problems"), "{}", found.len());
}
