//! `evenkeel secrets`: lists the secrets and encrypted parameters of a stack, and sends them other values. No value is read or shown.

use std::path::PathBuf;

use clap::Subcommand;
use evenkeel_core::snapshot::Live;
use evenkeel_stack::value_from::ValueFrom;
use serde_json::{Value, json};

use super::session::{File, Kept, Values, given};
use super::{Context, Run};
use crate::args::{Format, StackFile};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, words};

const EXAMPLES: &str = "\
Examples:
  evenkeel secrets list                            names, versions and dates; no values
  evenkeel secrets set db                          ask for another value and send it
  pass show db | evenkeel secrets set db           from another program
  evenkeel secrets set db --from-env DB_PASSWORD   from the environment
  evenkeel secrets rotate db                       another random value, for an entry with `generate`";

/// List the secrets of a stack, or send one another value; no value is ever read.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SecretsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: SecretsCommand,
    /// Take the value from this environment variable.
    #[arg(long, global = true, value_name = "VARIABLE", conflicts_with = "from_file")]
    pub from_env: Option<String>,
    /// Take the value from this file, without the line break at its end.
    #[arg(long, global = true, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
}

/// What to do with secrets.
#[derive(Subcommand, Debug)]
pub enum SecretsCommand {
    /// Show which there are, with versions and dates.
    List(StackFile),
    /// Send another value: from --from-env, --from-file, stdin, or the terminal.
    Set {
        /// The entry: `db`, or `secret.db` where a parameter has the same name.
        #[arg(value_name = "NAME")]
        name: String,
        /// The stack file.
        #[command(flatten)]
        file: StackFile,
    },
    /// Send another random value, as `generate` of the entry says.
    Rotate {
        /// The entry: `db`, or `secret.db` where a parameter has the same name.
        #[arg(value_name = "NAME")]
        name: String,
        /// The stack file.
        #[command(flatten)]
        file: StackFile,
    },
}

impl Run for SecretsArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let (SecretsCommand::List(file) | SecretsCommand::Set { file, .. } | SecretsCommand::Rotate { file, .. }) =
            &self.command;
        let source = self.source()?;
        let file = File::load(&file.stack, global, ui)?;
        let values = Values::new(file.connect(global, ui).await?);
        match &self.command {
            SecretsCommand::List(_) => list(&values.all().await?, ui),
            SecretsCommand::Set { name, .. } => {
                let node = values.named(name)?;
                let what = node.id.to_string();
                let value = match source {
                    Some(source) => given::value(&source, &what, ui)?,
                    None => Some(given::given_now(&what, ui)?),
                };
                let value = value.ok_or_else(|| Failure::Bug(vec!["a value without a source".to_owned()]))?;
                let version = values.send(node, value).await?;
                tell(&what, &version, &values.users(&node.id), ui);
            }
            SecretsCommand::Rotate { name, .. } => {
                let node = values.named(name)?;
                let version = values.send(node, values.random(node)?).await?;
                tell(&node.id.to_string(), &version, &values.users(&node.id), ui);
            }
        }
        Ok(Exit::Done)
    }
}

impl SecretsArgs {
    /// Where the value comes from, as far as the command line says.
    fn source(&self) -> Result<Option<ValueFrom>, Failure> {
        let env = self.from_env.clone().map(ValueFrom::Env);
        let file = self.from_file.as_ref().map(|path| ValueFrom::File(path.to_string_lossy().into_owned()));
        let source = env.or(file);
        if source.is_some() && !matches!(self.command, SecretsCommand::Set { .. }) {
            return Err(Failure::Usage("--from-env and --from-file are for `evenkeel secrets set`".to_owned()));
        }
        Ok(source)
    }
}

/// Says what was done, and what is not done by it.
fn tell(what: &str, version: &str, users: &[String], ui: &mut Ui) {
    if ui.format == Format::Json {
        return ui.out.json(&json!({ "sent": what, "version": version, "users": users }));
    }
    ui.out.line(&format!("{what} has another value (version {version}).", version = escape::text(version)));
    if !users.is_empty() {
        let (all, listed) = (users.join(" "), words::listed(users));
        ui.note(&format!("Running tasks keep the old value until they are replaced: {listed}. To replace them: evenkeel restart {all}"));
    }
}

/// What is known of a secret or parameter, for programs.
fn document(kept: &Kept<'_>) -> Value {
    let mut document = json!({ "id": kept.node.id.to_string(), "name": kept.node.name, "exists": kept.live.is_some() });
    if let (Some(live), Some(map)) = (&kept.live, document.as_object_mut()) {
        map.insert("name".to_owned(), live.name.clone().into());
        map.insert("arn".to_owned(), live.id.clone().into());
        map.insert("state".to_owned(), live.have.get("state").cloned().unwrap_or_else(|| "in use".into()));
        map.extend(live.private.as_object().cloned().unwrap_or_default());
    }
    document
}

fn list(all: &[Kept<'_>], ui: &mut Ui) {
    if ui.format == Format::Json {
        return ui.out.json(&all.iter().map(document).collect());
    }
    if all.is_empty() {
        return ui.out.line("The stack file has no secrets and no SecureString parameters.");
    }
    let row = |kept: &Kept<'_>| {
        let live = kept.live.as_ref();
        let name = live.map_or(&kept.node.name, |live| &live.name);
        [kept.node.id.to_string(), escape::text(name).to_owned(), version(live), changed(live)]
    };
    let mut rows = vec![["ENTRY", "NAME", "VERSION", "CHANGED"].map(str::to_owned)];
    rows.extend(all.iter().map(row));
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    for row in &rows {
        let cells: String = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect();
        ui.out.line(format!("{cells}{}", row[3]).trim_end());
    }
}

/// The version whose value is in use, and what else is to be said of it.
fn version(live: Option<&Live>) -> String {
    let Some(live) = live else { return "not created yet".to_owned() };
    if live.have["state"].as_str().is_some_and(|state| state != "in use") {
        return live.have["state"].as_str().unwrap_or_default().to_owned();
    }
    match &live.private["version"] {
        Value::String(id) => id.clone(),
        Value::Number(number) => number.to_string(),
        _ => "no value yet".to_owned(),
    }
}

fn changed(live: Option<&Live>) -> String {
    live.and_then(|live| live.private["changed"].as_str()).unwrap_or_default().to_owned()
}
