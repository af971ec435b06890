//! The command line as a person or a script meets it: help, exit codes, broken files, no server. Only `guards` talks to one.

mod files;
mod guards;
mod output;
mod secrets;
mod usage;

use std::path::{Path, PathBuf};

use evenkeel_tests::program::{Program, Ran};
use tempfile::TempDir;

/// A stack file that needs nothing else.
const GOOD: &str = "stack: tidy\nregion: eu-west-1\nlog_groups:\n  app: { retention: 7d }\n";

/// A folder with a stack file, and the program without server or credentials.
struct Desk {
    folder: TempDir,
    program: Program,
}

impl Desk {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Should a request be made after all, it ends at a closed port of this machine.
        let program = Program::offline()
            .dir(folder.path())
            .env("AWS_ENDPOINT_URL", &closed())
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        let desk = Self { folder, program };
        desk.write("stack.yaml", text.as_bytes());
        desk
    }

    fn with_credentials(mut self) -> Self {
        self.program = self.program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("a file is written");
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.program.run(arguments)
    }
}

/// The address of a port of this machine on which nobody listens.
fn closed() -> String {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    format!("http://127.0.0.1:{port}")
}

/// The lines of a folder's listing, to see that nothing was written.
fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder can be listed");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
