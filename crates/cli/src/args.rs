//! The flags of every command, and groups of arguments that several commands have. What one command takes beside them, with its help
//! text and its examples, is in that command's file in `commands/`; the line as a whole is in `command_line`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{ArgAction, ValueEnum};
use evenkeel_aws::services::ecs::service::STAGES;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::Until;

use crate::simulation::{self, How, PathOrSeed};

/// The stack file if none is named.
pub const STACK_FILE: &str = "stack.yaml";
/// How many steps run at the same time by default.
pub const PARALLEL: u16 = 32;

/// Flags of every command.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// AWS region [default: `region:` of the stack file, then AWS_REGION, then the profile's].
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Profile of the shared AWS configuration.
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Send every AWS request to this address.
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Set a variable of the stack file; may be repeated.
    #[arg(long = "var", global = true, value_name = "KEY=VALUE", value_parser = variable)]
    pub vars: Vec<(String, String)>,
    /// The format of the results.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are respected.
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub color: When,
    /// Show all fields, the order of steps, and log messages; -vv also each request.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show only results and errors, no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// At the end, print the number of AWS calls by API.
    #[arg(long, global = true)]
    pub stats: bool,
    /// A simulated AWS instead of the real one.
    #[command(flatten)]
    pub simulate: Simulate,
}

/// A simulated AWS instead of the real one.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Simulated AWS")]
pub struct Simulate {
    /// Use a simulated AWS instead of the real one, kept in this file; needs no account and no network.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = simulation::FILE,
        conflicts_with_all = ["endpoint_url", "profile"]
    )]
    pub sim: Option<PathBuf>,
    /// How many times faster simulated time passes [default: 60].
    #[arg(long = "sim-speed", global = true, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Make requests to the simulated AWS fail: by rules in a file, or at random from a seed.
    #[arg(long = "sim-faults", global = true, value_name = "FILE | seed=N", value_parser = simulation::faults::argument)]
    pub faults: Option<PathOrSeed>,
}

impl Simulate {
    /// How many times as fast time passes.
    pub fn speed(&self) -> f64 {
        self.speed.unwrap_or(simulation::SPEED)
    }

    /// How to simulate, if that is wanted.
    pub fn how(&self) -> Option<How> {
        let file = self.sim.clone()?;
        Some(How { file, speed: self.speed(), faults: self.faults.clone() })
    }
}

/// The stack file of a command.
#[derive(clap::Args, Clone, Debug)]
pub struct StackFile {
    /// The stack file.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub stack: PathBuf,
}

/// The stack files of a command that takes several.
#[derive(clap::Args, Clone, Debug)]
pub struct StackFiles {
    /// The stack file; or several, and folders with stack files in them.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub stacks: Vec<PathBuf>,
}

/// What to plan, and what is allowed.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Choice {
    /// Only this entry and what it needs, such as `service.web`; may be repeated.
    #[arg(long, value_name = "ID", value_parser = node)]
    pub target: Vec<NodeId>,
    /// Take over this resource, which exists already and belongs to no stack; may be repeated.
    #[arg(long, value_name = "ID", value_parser = adoptable)]
    pub adopt: Vec<String>,
    /// Take over every conflicting resource that belongs to no stack; the plan shows them first.
    #[arg(long)]
    pub adopt_all: bool,
    /// Build the images of the stack, copy those that it mirrors, and push them, as steps of the plan.
    #[arg(long)]
    pub build: bool,
    /// What is allowed.
    #[command(flatten)]
    pub allowed: Consent,
}

/// What may be lost.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Consent {
    /// Allow deleting this entry's data, or overriding its protection; may be repeated.
    #[arg(long, value_name = "ID", value_parser = node)]
    pub consent: Vec<NodeId>,
}

impl Consent {
    /// The entries, each once.
    pub fn ids(&self) -> BTreeSet<NodeId> {
        self.consent.iter().cloned().collect()
    }
}

/// Whether to ask before something is changed.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct Confirmation {
    /// Do not ask for confirmation.
    #[arg(short, long, overrides_with = "yes")]
    pub yes: bool,
}

/// How far to wait for what is changed.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Waits {
    /// How far to wait for services: `healthy` (the default), `active` (their deployments are under way), `stage=NAME` (they have
    /// reached that stage), or `none` (for nothing). Exits with 5 if they are not known to be healthy.
    #[arg(long, value_name = "HOW FAR", value_parser = wait, conflicts_with = "no_wait")]
    pub wait: Option<Wait>,
    /// The same as `--wait none`.
    #[arg(long)]
    pub no_wait: bool,
}

/// How far to wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Not at all.
    Nothing,
    /// As far as that.
    Until(Until),
}

impl Waits {
    /// Whether nothing is waited for.
    pub fn nothing(&self) -> bool {
        self.no_wait || self.wait == Some(Wait::Nothing)
    }

    /// How far services are waited for, if they are.
    pub fn until(&self) -> Until {
        match &self.wait {
            Some(Wait::Until(until)) => until.clone(),
            Some(Wait::Nothing) | None => Until::default(),
        }
    }
}

fn wait(text: &str) -> Result<Wait, String> {
    let stage = |name: &str| {
        let name = name.to_ascii_uppercase().replace('-', "_");
        if STAGES.contains(&name.as_str()) {
            return Ok(Wait::Until(Until::Stage(name)));
        }
        Err(format!("the stages are {}", STAGES.join(", ")))
    };
    match text {
        "none" => Ok(Wait::Nothing),
        "active" => Ok(Wait::Until(Until::Active)),
        "healthy" => Ok(Wait::Until(Until::Healthy)),
        _ => match text.split_once('=') {
            Some(("stage", name)) => stage(name),
            _ => Err("write none, active, healthy, or stage=NAME".to_owned()),
        },
    }
}

/// How fast to change.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Pace {
    /// How many steps run at the same time.
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub parallel: u16,
}

/// How results are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a person at a terminal.
    Text,
    /// For programs; `apply` and `destroy` print one event a line.
    Json,
    /// For a pull request (`plan` and `graph` only).
    Markdown,
}

/// When to use colours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

fn node(text: &str) -> Result<NodeId, String> {
    text.parse().map_err(|_| "write it as kind.name, for example `service.web`".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err("write a number from 0.1 to 100000".to_owned()),
    }
}

fn adoptable(text: &str) -> Result<String, String> {
    node(text).map(|_| text.to_owned())
}
