//! The command line as a whole: the flags of every command, and groups of arguments that several commands have. What one command
//! takes beside them, with its help text and its examples, is in that command's file in `commands/`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};
use evenkeel_core::id::NodeId;

use crate::commands::Command;
use crate::exit::Exit;
use crate::simulation::{self, How, PathOrSeed};

/// The stack file if none is named.
pub const STACK_FILE: &str = "stack.yaml";
/// How many steps run at the same time by default.
pub const PARALLEL: u16 = 32;

const EXAMPLES: &str = "\
Examples:
  evenkeel validate                       check ./stack.yaml, without any network
  evenkeel plan                           show what would change in AWS
  evenkeel apply                          show the plan, ask, and apply it
  evenkeel destroy --stack cruddur        delete a stack without its file
  evenkeel apply --sim                    try it on a simulated AWS, without an account

Exit codes:
  0 done, or no changes              1 AWS refused, or the run failed in part
  2 changes pending (plan --detailed-exitcode)
  3 the saved plan is stale          4 blocked by conflicts, or by something that is held back
  5 done, but not known to be healthy (--no-wait)
  64 wrong usage                     65 the stack file is wrong          130 interrupted";

/// Keep an ECS stack in sync with one YAML file.
#[derive(Parser, Debug)]
#[command(name = "evenkeel", version, after_help = EXAMPLES, max_term_width = 110, propagate_version = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

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
    /// For a pull request (`plan` only).
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

/// Reads a command line; a wrong one, and one that asks for help, comes back as what to print and how to end.
///
/// # Errors
/// The text, whether it belongs on stdout, and the exit.
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Args, (clap::Error, Exit)> {
    Args::try_parse_from(line).map_err(|error| {
        // Clap ends wrong usage with 2, which means "changes pending" here.
        let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
        (error, exit)
    })
}

/// Whether a command line that cannot be read asks for JSON: its error is to be JSON too.
pub fn wants_json(line: &[OsString]) -> bool {
    let word = |at: usize| line.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    (1..line.len()).any(|at| word(at) == "--format=json" || word(at) == "--format" && word(at + 1) == "json")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn exit_of(line: &[&str]) -> Option<u8> {
        parse(line.iter().map(OsString::from)).err().map(|(_, exit)| exit.code())
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn wrong_usage_is_64_and_help_is_0() {
        for line in [
            &["evenkeel"][..],
            &["evenkeel", "plam"],
            &["evenkeel", "plan", "--nope"],
            &["evenkeel", "plan", "--target", "nodot"],
            &["evenkeel", "plan", "--var", "novalue"],
            &["evenkeel", "apply", "--parallel", "0"],
            &["evenkeel", "destroy", "a.yaml", "--stack", "a"],
            &["evenkeel", "destroy", "--stack", "a b"],
            &["evenkeel", "plan", "-q", "-v"],
            &["evenkeel", "plan", "--sim", "--endpoint-url", "http://localhost"],
            &["evenkeel", "plan", "--sim", "--sim-speed", "0"],
            &["evenkeel", "plan", "--sim", "--sim-faults", "seed=x"],
            &["evenkeel", "sim", "--port", "70000"],
            &["evenkeel", "sim", "zone"],
        ] {
            // A lone `evenkeel` prints its help, but on stderr: something was missing.
            assert_eq!(exit_of(line), Some(64), "{line:?}");
        }
        assert_eq!(exit_of(&["evenkeel", "--help"]), Some(0));
        assert_eq!(exit_of(&["evenkeel", "plan", "--help"]), Some(0));
        assert_eq!(exit_of(&["evenkeel", "--version"]), Some(0));
    }

    #[test]
    fn global_flags_stand_anywhere() {
        let line = ["evenkeel", "--region", "eu-west-1", "plan", "--format", "json", "--var", "a=b=c"];
        let args = parse(line.iter().map(OsString::from)).unwrap();
        assert_eq!(args.global.region.as_deref(), Some("eu-west-1"));
        assert_eq!(args.global.format, Format::Json);
        assert_eq!(args.global.vars, [("a".to_owned(), "b=c".to_owned())]);
    }

    #[test]
    fn a_wrong_line_may_ask_for_json() {
        let asks = |line: &[&str]| wants_json(&line.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(asks(&["evenkeel", "plan", "--nope", "--format", "json"]) && asks(&["evenkeel", "--format=json"]));
        assert!(!asks(&["evenkeel", "plan", "--format", "text"]) && !asks(&["evenkeel", "plan", "json", "--format"]));
    }
}
