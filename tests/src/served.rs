//! A simulated AWS behind a socket, served by the program itself as a process of its own: for clients that others wrote.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use evenkeel_sim::store::Store;
use evenkeel_sim::world::World;
use serde_json::Value;
use tempfile::TempDir;

use crate::moto::root;
use crate::program;

const FILE: &str = "world.json";

/// A server that ends when it is dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Where it answers.
    pub url: String,
    folder: TempDir,
}

impl Served {
    /// Serves a fresh world on a free port.
    ///
    /// # Panics
    /// If the program does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::serve(tempfile::tempdir().expect("a folder"), arguments)
    }

    /// Serves a world.
    ///
    /// # Panics
    /// If the program does not start.
    pub fn of(world: &World, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join(FILE), "a test").expect("nobody has the file");
        store.save(world).expect("the world is saved");
        drop(store);
        Self::serve(folder, arguments)
    }

    fn serve(folder: TempDir, arguments: &[&str]) -> Self {
        let file = folder.path().join(FILE);
        let mut child = Command::new(program::path())
            .args(["sim", "--port", "0", "--format", "json", "--file"])
            .arg(&file)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it has an output");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it answers");
        let said: Value = serde_json::from_str(&line).expect("it says so in JSON");
        let url = said["url"].as_str().expect("an address").to_owned();
        Self { child, url, folder }
    }

    /// The world's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Ends the server as a person would, and gives the world that it leaves.
    ///
    /// # Panics
    /// If it does not end, or leaves none.
    pub fn end(mut self) -> World {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(asked.success(), "the server was there");
        self.child.wait().expect("it ends");
        Store::peek(&self.file()).expect("the world can be read").expect("there is a world")
    }

    /// Kills the server as nobody should, and gives the world that it leaves.
    ///
    /// # Panics
    /// If it leaves none.
    pub fn killed(mut self) -> World {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
        Store::peek(&self.file()).expect("the world can be read").expect("there is a world")
    }

    /// Asks the server to end; whether it ended well.
    ///
    /// # Panics
    /// If it does not end.
    pub fn ends_well(mut self) -> bool {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(asked.success(), "the server was there");
        self.child.wait().expect("it ends").success()
    }

    /// Runs a Python program of `tests/` against it.
    ///
    /// # Panics
    /// If Python is not there.
    pub fn python(&self, script: &str, arguments: &[&str]) -> Output {
        Command::new(root().join(".venv-moto/bin/python"))
            .arg(root().join("tests").join(script))
            .args(["--endpoint", &self.url])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("python runs")
    }

    /// Runs the aws CLI against it.
    ///
    /// # Panics
    /// If it is not there.
    pub fn aws(&self, arguments: &[&str]) -> Output {
        Command::new(root().join(".venv-moto/bin/aws"))
            .args(["--endpoint-url", &self.url, "--region", "us-east-1", "--output", "json"])
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .output()
            .expect("the aws CLI runs")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
