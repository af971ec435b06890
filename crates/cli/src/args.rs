//! The command line: what can be written, and its help texts. Knows nothing of what the commands do.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use evenkeel_core::id::NodeId;

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

const PLAN_EXAMPLES: &str = "\
Examples:
  evenkeel plan stacks/web.yaml --var image_tag=1.4
  evenkeel plan --out plan.json && evenkeel apply plan.json
  evenkeel plan --format markdown >comment.md      for a pull request
  evenkeel plan --detailed-exitcode                exit with 2 if something would change";

const APPLY_EXAMPLES: &str = "\
Examples:
  evenkeel apply                                   show the plan, ask, and apply it
  evenkeel apply --yes                             without asking (required without a terminal)
  evenkeel apply plan.json                         exactly what `plan --out plan.json` showed
  evenkeel apply --adopt load_balancer.web         take over a load balancer that exists already
  evenkeel apply --adopt-all                       take over everything that conflicts";

const DESTROY_EXAMPLES: &str = "\
Examples:
  evenkeel destroy                                 delete everything that belongs to the stack of ./stack.yaml
  evenkeel destroy --stack cruddur --region ca-central-1
  evenkeel destroy --yes --consent log_group.app   also delete the data of a log group";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  evenkeel validate                                ./stack.yaml
  evenkeel validate stacks/web.yaml --format json  for an editor or a pull request";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  evenkeel explain                                 the sections
  evenkeel explain services                        the keys of a service
  evenkeel explain services.containers.image       one key";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  evenkeel schema >stack.schema.json               for a line at the top of a stack file:
                                                   # yaml-language-server: $schema=stack.schema.json";

const SIM_EXAMPLES: &str = "\
Examples:
  evenkeel sim                                     serve a simulated AWS on http://127.0.0.1:4566
  evenkeel sim --port 0 --file /tmp/world.json     on any free port, kept in another file
  evenkeel sim zone example.com                    add a domain
  evenkeel sim provide stacks/cruddur.yaml         add what a stack needs but does not create
  evenkeel sim status                              show what it contains
  evenkeel sim call ec2 DescribeVpcs               call one operation, without another tool
  evenkeel apply --sim                             use the same world without a server";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  evenkeel completions bash >~/.local/share/bash-completion/completions/evenkeel
  evenkeel completions zsh >~/.zfunc/_evenkeel
  evenkeel completions fish >~/.config/fish/completions/evenkeel.fish";

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
#[derive(ClapArgs, Clone, Debug)]
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
#[derive(ClapArgs, Clone, Debug, Default)]
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

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show what would change in AWS; changes nothing.
    Plan(Plan),
    /// Change AWS to match the stack file.
    Apply(Apply),
    /// Delete everything that belongs to a stack.
    Destroy(Destroy),
    /// Check the stack file; needs no network.
    Validate(Validate),
    /// Explain a key of the stack file.
    Explain(Explain),
    /// Print the JSON Schema of the stack file, for editors.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
    /// Simulate AWS: serve it to any client, inspect it, reset it.
    Sim(Sim),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// Arguments of `plan`.
#[derive(ClapArgs, Debug)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct Plan {
    /// The stack file.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub stack: PathBuf,
    /// Save the plan, for `evenkeel apply FILE`; only an older saved plan is overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if there are changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan to delete the whole stack.
    #[arg(long, conflicts_with_all = ["adopt", "adopt_all", "target", "no_wait"])]
    pub destroy: bool,
    /// Plan without waiting until services and load balancers are ready.
    #[arg(long)]
    pub no_wait: bool,
    /// What to plan.
    #[command(flatten)]
    pub choice: Choice,
}

/// What to plan, and what is allowed.
#[derive(ClapArgs, Clone, Debug, Default)]
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
    /// Allow deleting this entry's data, or overriding its protection; may be repeated.
    #[arg(long, value_name = "ID", value_parser = node)]
    pub consent: Vec<NodeId>,
}

/// Arguments of `apply`.
#[derive(ClapArgs, Debug)]
#[command(after_help = APPLY_EXAMPLES)]
pub struct Apply {
    /// The stack file, or a plan saved by `plan --out`.
    #[arg(value_name = "STACK | PLAN.json", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// Do not ask for confirmation.
    #[arg(short, long, overrides_with = "yes")]
    pub yes: bool,
    /// Do not wait until services and load balancers are ready; exits with 5 if they are not known to be.
    #[arg(long)]
    pub no_wait: bool,
    /// How many steps run at the same time.
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub parallel: u16,
    /// What to plan.
    #[command(flatten)]
    pub choice: Choice,
}

/// Arguments of `destroy`.
#[derive(ClapArgs, Debug)]
#[command(after_help = DESTROY_EXAMPLES)]
pub struct Destroy {
    /// The stack file; only its name, region, account and `protect` are used.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// The name of the stack, if there is no file.
    #[arg(long = "stack", value_name = "NAME", conflicts_with = "file", value_parser = stack_name)]
    pub name: Option<String>,
    /// Do not ask for confirmation.
    #[arg(short, long, overrides_with = "yes")]
    pub yes: bool,
    /// Allow deleting this entry's data, or overriding its protection; may be repeated.
    #[arg(long, value_name = "ID", value_parser = node)]
    pub consent: Vec<NodeId>,
    /// How many steps run at the same time.
    #[arg(long, value_name = "N", default_value_t = PARALLEL, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub parallel: u16,
}

/// Arguments of `validate`.
#[derive(ClapArgs, Debug)]
#[command(after_help = VALIDATE_EXAMPLES)]
pub struct Validate {
    /// The stack file.
    #[arg(value_name = "STACK", default_value = STACK_FILE)]
    pub stack: PathBuf,
}

/// Arguments of `sim`.
#[derive(ClapArgs, Debug)]
#[command(after_help = SIM_EXAMPLES, args_conflicts_with_subcommands = false)]
pub struct Sim {
    /// What to do; without a command, serve it.
    #[command(subcommand)]
    pub command: Option<SimCommand>,
    /// The port to serve on; 0 for any that is free.
    #[arg(long, value_name = "N", default_value_t = 4566)]
    pub port: u16,
    /// The address to serve on; any other than this computer's own opens it to the network, without a password.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The file in which the simulated AWS is kept.
    #[arg(long, global = true, value_name = "FILE", default_value = simulation::FILE)]
    pub file: PathBuf,
}

/// What to do with a simulated AWS.
#[derive(Subcommand, Debug)]
pub enum SimCommand {
    /// Show what it contains.
    Status,
    /// Delete it; the next use creates a new one.
    Reset,
    /// Add a public hosted zone, as if the domain had been registered.
    Zone {
        /// The domain, such as example.com.
        #[arg(value_name = "DOMAIN")]
        domain: String,
    },
    /// Add what a stack file needs but does not create: hosted zones, certificates, parameters, secrets, roles.
    Provide {
        /// The stack file.
        #[arg(value_name = "STACK", default_value = STACK_FILE)]
        stack: PathBuf,
    },
    /// Call one operation of an AWS service and print the reply.
    Call {
        /// The service, as in the aws CLI: `ec2`, `elbv2`, `logs`.
        #[arg(value_name = "SERVICE")]
        service: String,
        /// The operation, as in the service's API: `DescribeVpcs`.
        #[arg(value_name = "OPERATION")]
        operation: String,
        /// Its input, as JSON.
        #[arg(value_name = "JSON", default_value = "{}")]
        input: String,
    },
}

/// Arguments of `explain`.
#[derive(ClapArgs, Debug)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct Explain {
    /// The path of the key, with dots; without it, the sections are listed.
    #[arg(value_name = "SECTION[.KEY…]")]
    pub key: Option<String>,
}

/// Arguments of `completions`.
#[derive(ClapArgs, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
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

fn stack_name(text: &str) -> Result<String, String> {
    let good = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= 64
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    if good {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 64 letters, digits and hyphens, and begin with a letter".to_owned())
    }
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
