//! `evenkeel exec`: a command, or a shell, in a container that runs, by way of ECS Exec and the session-manager-plugin. What it needs
//! is looked at before a session is opened. Changes nothing in AWS.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use evenkeel_core::execute::Stop;
use serde_json::json;

use super::session::File;
use super::session::executing::{Executing, Wanted, Ways};
use super::{Context, Run};
use crate::again::{Again, shell_word};
use crate::args::{Format, Global, STACK_FILE};
use crate::exit::{Exit, Failure};
use crate::out::Ui;

const EXAMPLES: &str = "\
Examples:
  evenkeel exec web                                a shell in a container of the service
  evenkeel exec web -- python manage.py migrate    one command
  evenkeel exec web --container proxy -- env       in another container of the task";

/// The program that speaks with a session.
const PLUGIN: &str = "session-manager-plugin";
/// What runs where no command is given: the better shell, if the image has it.
const SHELL: &str = "sh -c 'command -v bash >/dev/null 2>&1 && exec bash || exec sh'";

/// Run a command or a shell in a container of a service.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExecArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The container; needed where the task has several and none is called as the service.
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// The task, by the beginning of its id; the newest if left out.
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// The command; a shell if left out.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

impl Run for ExecArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        if ui.format != Format::Text {
            return Err(Failure::Usage("exec prints what the command prints; it has no --format".to_owned()));
        }
        let simulated = global.simulate.sim.is_some();
        // Without it a session would be open that nobody can use.
        let plugin = if simulated { None } else { Some(plugin()?) };
        let file = File::load(&self.file, global, ui)?;
        let wanted =
            Wanted { service: &self.service, container: self.container.as_deref(), task: self.task.as_deref() };
        let executing = Executing::open(file.connect(global, ui).await?, wanted, &self.ways(global)).await?;
        let session = executing.session(&self.line()).await?;
        let target = &executing.target;
        let Some(plugin) = plugin else {
            let text = format!(
                "the simulated AWS opened a session to container {} of task {}, but nothing runs in it that could answer",
                target.container, target.task
            );
            return Err(Failure::refused(text, "without --sim the session-manager-plugin connects to the container"));
        };
        ui.note(&format!("Container {} of task {} …", target.container, target.task));
        // From here on Ctrl-C is for the command in the container.
        interrupt.hand_to(&Stop::default());
        let (region, endpoint) = executing.place();
        let parameters = json!({ "Target": target.name() }).to_string();
        let profile = global.profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok()).unwrap_or_default();
        let mut command = Command::new(&plugin);
        command.args([session.to_plugin(), &region, "StartSession", &profile, &parameters, &endpoint]);
        run(command, ui).await
    }
}

impl ExecArgs {
    /// What ECS is asked to run. One word is a line for a shell already; several are quoted so that they stay what they are.
    fn line(&self) -> String {
        match &self.command[..] {
            [] => SHELL.to_owned(),
            [line] => line.clone(),
            words => words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" "),
        }
    }

    fn ways(&self, global: &Global) -> Ways {
        let on = |verb| Again::on(verb, &self.file).place(global).vars(global).to_string();
        let restart = Again::of(&["restart", &self.service]).file(&self.file).place(global).vars(global);
        Ways { apply: on("apply"), restart: restart.to_string(), status: on("status") }
    }
}

/// Where the plugin is.
fn plugin() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("{PLUGIN}{}", std::env::consts::EXE_SUFFIX);
    let found = std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| can_run(file));
    found.ok_or_else(|| {
        let text = format!("{PLUGIN} was not found, and ECS Exec speaks through it; nothing was sent");
        let how = match std::env::consts::OS {
            "macos" => "install it: brew install --cask session-manager-plugin",
            "windows" => "install it: winget install Amazon.SessionManagerPlugin",
            _ => {
                "install AWS's package for Debian and Ubuntu (sudo dpkg -i session-manager-plugin.deb) or for Fedora and Amazon \
                 Linux (sudo dnf install session-manager-plugin.rpm)"
            }
        };
        let page = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";
        Failure::refused(text, format!("{how}; {page}"))
    })
}

#[cfg(unix)]
fn can_run(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn can_run(file: &Path) -> bool {
    file.is_file()
}

/// Lets the plugin have the terminal until the session ends.
async fn run(mut command: Command, ui: &mut Ui) -> Result<Exit, Failure> {
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    // Its arguments hold the token, so that an error must not show the command.
    let failed = |error: &dyn std::fmt::Display| {
        let help = "check the installation: session-manager-plugin --version";
        Failure::refused(format!("{PLUGIN} cannot be run: {error}"), help)
    };
    let ended = tokio::task::spawn_blocking(move || command.status()).await;
    let status = ended.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    if status.success() {
        return Ok(Exit::Done);
    }
    match status.code() {
        Some(code) => ui.note(&format!("{PLUGIN} ended with code {code}.")),
        None => return Ok(Exit::Interrupted),
    }
    Ok(Exit::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> String {
        let command = words.iter().map(|word| (*word).to_owned()).collect();
        let (service, file) = ("web".to_owned(), PathBuf::from(STACK_FILE));
        ExecArgs { service, container: None, task: None, file, command }.line()
    }

    #[test]
    fn words_stay_what_they_are() {
        assert_eq!(line(&["ls", "-l", "my file"]), "ls -l 'my file'");
        assert_eq!(line(&["ls -l | wc"]), "ls -l | wc");
        assert!(line(&[]).contains("exec bash") && line(&[]).contains("exec sh"));
    }
}
