//! The `evenkeel` program, run as a person would run it: its own process, arguments, environment and exit code.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use crate::moto::root;

/// Beginnings of the environment variables that describe the package under test.
const OF_THE_TEST: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The built program. It is built once for each test binary, so that no test meets an old one; EVENKEEL_PROGRAM names one that
/// is built already.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(built) = std::env::var_os("EVENKEEL_PROGRAM") {
            return built.into();
        }
        let mut cargo = Command::new(env!("CARGO"));
        // What `cargo test` tells its tests about their package; build scripts that look at it would run again, and with them
        // half of the dependencies would be built again.
        let told = std::env::vars_os().map(|(key, _)| key);
        for key in
            told.filter(|key| key.to_str().is_some_and(|key| OF_THE_TEST.iter().any(|part| key.starts_with(part))))
        {
            cargo.env_remove(key);
        }
        let built = cargo
            .args(["build", "--quiet", "--locked", "-p", "evenkeel"])
            .current_dir(root())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "evenkeel does not build");
        // .../target/debug/deps/main-1234 -> .../target/debug/evenkeel
        let own = std::env::current_exe().expect("a test has a path");
        own.parent().and_then(Path::parent).expect("a test lies in deps").join("evenkeel")
    })
}

/// One run of the program.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// What it printed as results.
    pub stdout: String,
    /// What it printed beside them.
    pub stderr: String,
}

impl Ran {
    /// The run, if it ended with this code.
    ///
    /// # Panics
    /// Otherwise, showing all that it printed.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// How the program is to be run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Environment variables; nothing is inherited but PATH and HOME.
    pub env: Vec<(String, String)>,
    /// The working directory.
    pub dir: PathBuf,
}

impl Program {
    /// Runs against a server, with made-up credentials.
    pub fn at(url: &str) -> Self {
        let env = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL", url),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ];
        let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { env, dir: root() }
    }

    /// Runs without any server or credentials.
    pub fn offline() -> Self {
        Self { env: vec![("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned())], dir: root() }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.retain(|(name, _)| name != key);
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        dir.clone_into(&mut self.dir);
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(path());
        command.args(arguments).current_dir(&self.dir).env_clear().stdin(Stdio::null());
        for key in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(key) {
                command.env(key, value);
            }
        }
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Runs to the end.
    ///
    /// # Panics
    /// If the program cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("evenkeel starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("evenkeel prints UTF-8");
        Ran { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Starts it and leaves it running, its output thrown away.
    ///
    /// # Panics
    /// If the program cannot be started.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("evenkeel starts")
    }
}
