//! The command line as a person or a script meets it: help, exit codes, broken files, saved plans, what is printed. Most talk
//! to nobody or to the simulated AWS inside the program; only `guards` needs a server.

mod databases;
mod ends;
mod files;
mod floor;
mod foreign;
mod guards;
mod images;
mod journals;
mod large;
mod looking;
mod names;
mod output;
mod packets;
mod push;
mod saved;
mod secrets;
mod several;
mod usage;
mod values;

use std::path::{Path, PathBuf};

use evenkeel_tests::program::{Program, Ran};
use serde_json::{Value, json};
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

    /// Runs on a simulated AWS, whose minutes pass in a moment.
    fn sim(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--sim=world.json", "--sim-speed", "600"]].concat())
    }

    /// Lets somebody else do something in the simulated AWS.
    #[track_caller]
    fn call(&self, service: &str, operation: &str, input: &Value) -> Value {
        let input = input.to_string();
        let line = ["sim", "call", "--file", "world.json", "--region", "us-east-1", service, operation, &input];
        serde_json::from_str(&self.run(&line).exits(0).stdout).expect("a reply is JSON")
    }

    /// The names of the log groups in the simulated AWS.
    fn log_groups(&self) -> Vec<String> {
        let reply = self.call("logs", "DescribeLogGroups", &json!({}));
        let groups = reply["logGroups"].as_array().cloned().unwrap_or_default();
        groups.iter().filter_map(|group| group["logGroupName"].as_str().map(str::to_owned)).collect()
    }

    /// Edits a JSON file.
    fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let text = std::fs::read_to_string(self.path(name)).expect("the file is there");
        let mut value = serde_json::from_str(&text).expect("it is JSON");
        edit(&mut value);
        self.write(name, value.to_string().as_bytes());
    }
}

/// A stack of a few things that are made at once.
const TINY: &str = "stack: tiny\nregion: us-east-1\nlog_groups:\n  a: { retention: 14d }\n  b: {}\nroles:\n  r: {}\n";

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
