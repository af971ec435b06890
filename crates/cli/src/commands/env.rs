//! `evenkeel env`: the environment of a service's container as a `.env` file, for the same code on this machine. Values of secrets come
//! only on demand, and never to a terminal. Changes nothing in AWS.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use evenkeel_aws::kinds::{service, task_definition};
use evenkeel_core::doc;
use evenkeel_core::graph::{Graph, Node};
use serde_json::{Value, json};

use super::session::{Environment, File};
use super::{Context, Run};
use crate::args::{Format, STACK_FILE};
use crate::dotenv;
use crate::exit::{Exit, Failure};
use crate::out::Ui;

const EXAMPLES: &str = "\
Examples:
  evenkeel env backend                             the variables of a service; secrets only by name
  evenkeel env backend --out .env                  into a file, which is yours alone to read
  evenkeel env backend --with-secrets --out .env   with the values of its secrets
  evenkeel env backend --container worker          of a task with several containers";

/// Write the environment of a service as a `.env` file, for local use.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct EnvArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The container; needed where the task has several that take variables.
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// The stack file.
    #[arg(long, value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// Write into this file instead of printing; an older one is replaced.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Read the values of secrets as well; only into a file or another program.
    #[arg(long)]
    pub with_secrets: bool,
}

/// A variable of a container.
struct Variable {
    name: String,
    value: Content,
}

/// What is known of its value.
enum Content {
    /// The value.
    Known(String),
    /// It needs something that is not there yet.
    Waits(String),
    /// Where a secret is kept.
    Secret(String),
}

impl Run for EnvArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let to_terminal = self.out.is_none() && std::io::stdout().is_terminal();
        if self.with_secrets && to_terminal {
            let text = "--with-secrets prints no value on a terminal; nothing was read";
            return Err(Failure::refused(text, "write them into a file: --out .env"));
        }
        let file = File::load(&self.file, global, ui)?;
        let mut environment = Environment::new(file.connect(global, ui).await?);
        let task = self.task(environment.graph())?.clone();
        let container = self.container(&task)?;
        let filled = environment.filled(&task, ui).await?;
        let mut variables = variables(&filled, &container);
        let open: Vec<String> = variables.iter().filter_map(waits).collect();
        if self.with_secrets {
            tell(&mut variables, &environment).await?;
        }
        let text = if ui.format == Format::Json { document(&variables) } else { lines(&variables) };
        self.write(&text, to_terminal, ui)?;
        if !open.is_empty() {
            ui.note(&format!(
                "Left out, because AWS has not made it yet: {}. Run `evenkeel apply` first.",
                open.join(", ")
            ));
        }
        Ok(Exit::Done)
    }
}

impl EnvArgs {
    /// The task definition of the service.
    fn task<'g>(&self, graph: &'g Graph) -> Result<&'g Node, Failure> {
        let named = |node: &&Node| node.id.name() == self.service || node.name == self.service;
        let Some(found) = graph.of_kind(service::ENTRY.kind.name).find(named) else {
            let all: Vec<&str> = graph.of_kind(service::ENTRY.kind.name).map(|node| node.id.name()).collect();
            let there = if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) };
            return Err(Failure::Usage(format!("the stack file has no service `{}`; {there}", self.service)));
        };
        graph.get(&task_definition::id(found.id.name())).ok_or_else(|| {
            let text = format!("service `{}` runs a task definition that is registered elsewhere", self.service);
            Failure::refused(text, "its variables are not in the stack file")
        })
    }

    /// The name of the container: the one that was asked for, or the only one that takes variables.
    fn container(&self, task: &Node) -> Result<String, Failure> {
        let all = task.want["containerDefinitions"].as_array().cloned().unwrap_or_default();
        let name = |container: &Value| container["name"].as_str().unwrap_or_default().to_owned();
        let names: Vec<String> = all.iter().map(name).collect();
        if let Some(asked) = &self.container {
            return names.iter().find(|name| *name == asked).cloned().ok_or_else(|| {
                let there = names.join(", ");
                Failure::Usage(format!("service `{}` has no container `{asked}`; it has {there}", self.service))
            });
        }
        let takes = |container: &&Value| {
            ["environment", "secrets"].iter().any(|key| container[*key].as_array().is_some_and(|list| !list.is_empty()))
        };
        let taking: Vec<String> = all.iter().filter(takes).map(name).collect();
        match (&taking[..], &names[..]) {
            ([one], _) | ([], [one, ..]) => Ok(one.clone()),
            _ => {
                // The one that is called as its service is what the service is for.
                let own = taking.iter().find(|name| **name == self.service).cloned();
                own.ok_or_else(|| {
                    let there = taking.join(", ");
                    Failure::Usage(format!(
                        "service `{}` has several containers: {there}; add --container",
                        self.service
                    ))
                })
            }
        }
    }

    fn write(&self, text: &str, to_terminal: bool, ui: &mut Ui) -> Result<(), Failure> {
        let Some(path) = &self.out else {
            if to_terminal {
                // What came from this machine's environment is hidden here as everywhere.
                ui.out.text(text);
                return Ok(());
            }
            return std::io::stdout().write_all(text.as_bytes()).map_err(|error| {
                Failure::refused(format!("cannot write to standard output: {error}"), "write into a file: --out .env")
            });
        };
        save(path, text)?;
        ui.note(&format!("Wrote {}, which only you may read.", path.display()));
        Ok(())
    }
}

/// Puts a text into a file that only its owner may read, whole or not at all.
fn save(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::refused(format!("cannot write {}: {error}", path.display()), "choose another place for --out")
    };
    if path.is_dir() || path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return Err(failed(&"it is not a regular file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 600.
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    draft.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    draft.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// The variables of a container, by name.
fn variables(task: &Value, container: &str) -> Vec<Variable> {
    let all = task["containerDefinitions"].as_array().into_iter().flatten();
    let Some(container) = all.into_iter().find(|one| one["name"] == container) else { return Vec::new() };
    let list = |key: &str| container[key].as_array().cloned().unwrap_or_default();
    let name = |one: &Value| one["name"].as_str().unwrap_or_default().to_owned();
    let known = |value: &Value| {
        let open: Vec<String> = doc::refs(value).into_iter().map(|hole| hole.node.to_string()).collect();
        match value.as_str() {
            Some(text) => Content::Known(text.to_owned()),
            None => Content::Waits(open.join(", ")),
        }
    };
    let mut found: Vec<Variable> =
        list("environment").iter().map(|one| Variable { name: name(one), value: known(&one["value"]) }).collect();
    found.extend(list("secrets").iter().map(|one| {
        let value = match known(&one["valueFrom"]) {
            Content::Known(reference) => Content::Secret(reference),
            waits => waits,
        };
        Variable { name: name(one), value }
    }));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn waits(variable: &Variable) -> Option<String> {
    match &variable.value {
        Content::Waits(what) => Some(format!("{} ({what})", variable.name)),
        Content::Known(_) | Content::Secret(_) => None,
    }
}

/// Puts the values of secrets in the place of their references.
async fn tell(variables: &mut [Variable], environment: &Environment) -> Result<(), Failure> {
    let reference = |variable: &Variable| match &variable.value {
        Content::Secret(reference) => Some(reference.clone()),
        Content::Known(_) | Content::Waits(_) => None,
    };
    let mut wanted: Vec<String> = variables.iter().filter_map(reference).collect();
    wanted.sort();
    wanted.dedup();
    let values = environment.values(&wanted).await?;
    for variable in variables {
        if let Some(value) = reference(variable).and_then(|reference| values.get(&reference)) {
            variable.value = Content::Known(value.to_write().to_owned());
        }
    }
    Ok(())
}

fn lines(variables: &[Variable]) -> String {
    let line = |variable: &Variable| match &variable.value {
        Content::Known(value) => dotenv::line(&variable.name, value),
        Content::Waits(what) => dotenv::comment(&format!("{}= (waits for {what})", variable.name)),
        Content::Secret(reference) => dotenv::comment(&format!("{}= (secret: {reference})", variable.name)),
    };
    variables.iter().map(|variable| format!("{}\n", line(variable))).collect()
}

fn document(variables: &[Variable]) -> String {
    let (mut known, mut secrets) = (serde_json::Map::new(), serde_json::Map::new());
    for variable in variables {
        match &variable.value {
            Content::Known(value) => drop(known.insert(variable.name.clone(), value.clone().into())),
            Content::Secret(reference) => drop(secrets.insert(variable.name.clone(), reference.clone().into())),
            Content::Waits(_) => drop(known.insert(variable.name.clone(), Value::Null)),
        }
    }
    format!("{}\n", json!({ "environment": known, "secrets": secrets }))
}
