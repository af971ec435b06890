//! The container tool, docker or podman: which one is there, and running it. What it says while it works goes to standard error as it
//! comes, or is told if it fails, where there is something else on the screen. Must not know what it is used for.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Stdio};

use evenkeel_aws::services::ecr::push::Login;
use serde_json::{Value, json};

use crate::exit::Failure;

/// A tool that answers.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    name: &'static str,
    /// Whether what it says is shown as it comes.
    aloud: bool,
}

/// Lines that are told of what it said before it failed.
const TOLD: usize = 12;
/// What is looked for, in this order.
const TOOLS: &[&str] = &["docker", "podman"];

impl Tool {
    /// The first that answers; `aloud` if what it says is to be shown as it comes.
    ///
    /// # Errors
    /// If none does.
    pub fn find(aloud: bool) -> Result<Self, Failure> {
        let mut silent = None;
        for name in TOOLS {
            // Docker is a client of a server that may not run.
            match Command::new(name).arg("version").stdin(Stdio::null()).output() {
                Ok(output) if output.status.success() => return Ok(Self { name, aloud }),
                Ok(output) => {
                    let said =
                        String::from_utf8_lossy(&output.stderr).trim().lines().last().unwrap_or_default().to_owned();
                    silent.get_or_insert((*name, said));
                }
                Err(_) => {}
            }
        }
        Err(match silent {
            Some((name, said)) => Failure::refused(
                format!("{name} is installed, but does not work: {said}"),
                "start it (on Linux: sudo systemctl start docker), or install podman",
            ),
            None => Failure::refused(
                "neither docker nor podman was found, and images are built with one of them",
                "install Docker (https://docs.docker.com/engine/install/) or podman (apt install podman, brew install podman)",
            ),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it.
    ///
    /// # Errors
    /// If it fails.
    pub fn run(&self, line: &[impl AsRef<OsStr>]) -> Result<(), Failure> {
        let mut command = Command::new(self.name);
        command.args(line).stdin(Stdio::null());
        if self.aloud {
            let done = command.stdout(Stdio::null()).status().is_ok_and(|status| status.success());
            return if done { Ok(()) } else { Err(self.failed(line, "")) };
        }
        match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(self.failed(line, &String::from_utf8_lossy(&output.stderr))),
            Err(error) => Err(self.failed(line, &error.to_string())),
        }
    }

    /// Whether an image is in its registry. Podman reads the manifest of a single image, and then refuses to show it as a list.
    pub fn has(&self, image: &str) -> bool {
        let command = Command::new(self.name).args(["manifest", "inspect", image]).stdin(Stdio::null()).output();
        command.is_ok_and(|output| {
            let said = String::from_utf8_lossy(&output.stderr);
            output.status.success() || said.contains("single images as manifest lists")
        })
    }

    /// Logs in to a registry. The password goes through standard input, where no list of processes shows it.
    ///
    /// # Errors
    /// If it is refused.
    pub fn login(&self, login: &Login, host: &str) -> Result<(), Failure> {
        let line = ["login", "--username", &login.user, "--password-stdin", host];
        let said = || if self.aloud { Stdio::inherit() } else { Stdio::null() };
        let child =
            Command::new(self.name).args(line).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(said()).spawn();
        let mut child = child.map_err(|error| self.failed(&line, &error.to_string()))?;
        let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(login.password.as_bytes()).is_ok());
        match child.wait() {
            Ok(status) if status.success() && written => Ok(()),
            _ => Err(self.failed(&line, "")),
        }
    }

    /// A manifest of an image that was built here, from what the tool says of it.
    ///
    /// # Errors
    /// If there is no such image.
    pub fn manifest(&self, image: &str) -> Result<String, Failure> {
        let line: Vec<&str> = "image inspect".split(' ').chain([image]).collect();
        let output = Command::new(self.name).args(&line).stdin(Stdio::null()).output();
        let output = output.map_err(|error| self.failed(&line, &error.to_string()))?;
        let all: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let Some(found) = all.get(0) else { return Err(self.failed(&line, "")) };
        let id = found["Id"].as_str().unwrap_or_default();
        let id = if id.starts_with("sha256:") { id.to_owned() } else { format!("sha256:{id}") };
        let layers = found["RootFS"]["Layers"].as_array().into_iter().flatten();
        let layer = |(at, digest): (usize, &Value)| {
            // What there is in all is known, and not how it is spread.
            let size = if at == 0 { found["Size"].as_u64().unwrap_or_default() } else { 0 };
            json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": size })
        };
        let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": id, "size": 0 });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": layers.enumerate().map(layer).collect::<Vec<_>>(),
        });
        Ok(manifest.to_string())
    }

    /// Arguments are not repeated beyond the first: those of a build are the user's.
    fn failed(&self, line: &[impl AsRef<OsStr>], said: &str) -> Failure {
        let what = line.first().map(|word| word.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        let all: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let end: String = all[all.len().saturating_sub(TOLD)..].iter().map(|line| format!("\n{line}")).collect();
        let text = format!("{} {what} failed; what runs in AWS is as it was{end}", self.name);
        let help = if self.aloud { "its own message is above; run" } else { "run" };
        Failure::refused(text, format!("{help} the command again once that is corrected"))
    }
}
