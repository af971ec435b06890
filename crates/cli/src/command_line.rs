//! The command line as a whole: the commands and the flags of all of them, and what a line that cannot be read ends with. What one
//! command takes is in its file in `commands/`, what several take is in `args`.

use std::ffi::OsString;

use clap::Parser;

use crate::args::Global;
use crate::commands::Command;
use crate::exit::Exit;

const EXAMPLES: &str = "\
Examples:
  evenkeel validate                       check ./stack.yaml, without any network
  evenkeel plan                           show what would change in AWS
  evenkeel apply                          show the plan, ask, and apply it
  evenkeel status                         show what is healthy, and why the rest is not
  evenkeel logs web --follow              show what a service writes
  evenkeel destroy --stack cruddur        delete a stack without its file
  evenkeel apply --sim                    try it on a simulated AWS, without an account

Exit codes:
  0 done, or no changes              1 AWS refused, or the run failed in part
  2 changes pending (plan --detailed-exitcode)
  3 the saved plan is stale          4 blocked by conflicts, or by something that is held back
  5 done, but not known to be healthy (--wait, --no-wait); status: not healthy
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
    use crate::args::Format;

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
