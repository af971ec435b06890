//! Values that a run sends and that no plan holds: whether they can be had, which is asked before anything is changed, and the getting of
//! them, from the environment, files and the terminal. Hands them on at once; none is printed, written or kept here.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::given::Hidden;
use evenkeel_aws::values;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Plan};
use evenkeel_stack::value_from::ValueFrom;
use serde_json::Value;

use super::planning::place_of;
use crate::exit::Failure;
use crate::out::Ui;

/// No secret of AWS is larger.
const LARGEST: u64 = 65_536;

/// What a plan sends: the nodes, and where their values come from.
struct Sent<'p> {
    /// The node that a step makes.
    node: &'p NodeId,
    /// What it is to be.
    want: &'p Value,
    /// The node that keeps the value.
    keeper: NodeId,
    from: ValueFrom,
}

fn sent(plan: &Plan) -> Vec<Sent<'_>> {
    let steps = plan.steps.iter().filter_map(|step| {
        let (want, changes) = match &step.action {
            Action::Create { want, .. } => (want, None),
            Action::Update { want, changes, .. } | Action::Adopt { want, changes, .. } => (want, Some(&changes[..])),
            Action::Delete { .. } | Action::Wait { .. } => return None,
        };
        let (keeper, from) = values::sent(&step.node, want, changes)?;
        Some(Sent { node: &step.node, want, keeper, from })
    });
    steps.collect()
}

/// What keeps values of a plan from being had, one line each, with the place in the stack file.
pub fn missing(plan: &Plan, graph: &Graph, can_ask: bool) -> Vec<String> {
    let complaint = |Sent { node, want, from, .. }: &Sent<'_>| {
        let complaint = match from {
            ValueFrom::Prompt if !can_ask => "it asks for the value, which needs a terminal".to_owned(),
            ValueFrom::Prompt | ValueFrom::Generate(_) => return None,
            ValueFrom::Env(_) | ValueFrom::File(_) => match got(from) {
                Ok(value) => values::complaint(node, want, &value)?,
                Err(why) => why,
            },
        };
        Some(format!("{node}{}: {complaint}", place_of(graph, node)))
    };
    sent(plan).iter().filter_map(complaint).collect()
}

/// Refuses a plan whose values cannot be had.
///
/// # Errors
/// If one cannot; nothing has been changed.
pub fn check(plan: &Plan, graph: &Graph, ui: &Ui) -> Result<(), Failure> {
    let missing = missing(plan, graph, ui.interactive);
    if missing.is_empty() {
        return Ok(());
    }
    let text = format!("values that the plan sends are missing; nothing was changed: {}", missing.join("; "));
    Err(Failure::refused(text, "set them and run the command again"))
}

/// Gets the values of a plan that is going to be carried out, and hands them to the cloud that sends them.
///
/// # Errors
/// If one cannot be had; nothing has been changed.
pub fn collect(plan: &Plan, cloud: &AwsCloud, ui: &mut Ui) -> Result<(), Failure> {
    let mut got = BTreeSet::new();
    for Sent { keeper, from, .. } in sent(plan) {
        // A secret and the database whose password it keeps get the same.
        if !got.insert(keeper.clone()) {
            continue;
        }
        if let Some(value) = value(&from, &keeper.to_string(), ui)? {
            cloud.aws.give(&keeper, value);
        }
    }
    Ok(())
}

/// The value of a source; `None` if chance decides.
///
/// # Errors
/// If it cannot be had.
pub fn value(from: &ValueFrom, what: &str, ui: &mut Ui) -> Result<Option<Hidden>, Failure> {
    let got = match from {
        ValueFrom::Generate(_) => return Ok(None),
        ValueFrom::Prompt => ask(what, ui),
        ValueFrom::Env(_) | ValueFrom::File(_) => got(from),
    };
    let refused =
        |why: String| Failure::refused(format!("{what}: {why}"), "nothing was changed; correct it and try again");
    got.map(|value| Some(value.into())).map_err(refused)
}

/// What a variable or a file holds.
fn got(from: &ValueFrom) -> Result<String, String> {
    match from {
        ValueFrom::Env(name) => {
            let value = std::env::var(name).map_err(|_| format!("the environment variable `{name}` is not set"))?;
            if value.is_empty() { Err(format!("the environment variable `{name}` is empty")) } else { Ok(value) }
        }
        ValueFrom::File(path) => {
            let unreadable = |error: &dyn std::fmt::Display| format!("the file `{path}` cannot be read: {error}");
            let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
            if !file.metadata().is_ok_and(|about| about.is_file()) {
                return Err(unreadable(&"it is not a regular file"));
            }
            read(file).map_err(|error| format!("the file `{path}` {error}"))
        }
        ValueFrom::Prompt | ValueFrom::Generate(_) => Err("it has no value yet".to_owned()),
    }
}

/// The text of something, without the line break at its end.
fn read(from: impl Read) -> Result<String, String> {
    let mut text = String::new();
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    from.take(LARGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.len() as u64 {
        0 => Err("is empty".to_owned()),
        1..=LARGEST => Ok(line.to_owned()),
        _ => Err(format!("has more than {LARGEST} bytes")),
    }
}

/// What a pipe or a file on stdin says, or somebody at a terminal.
///
/// # Errors
/// If that is nothing.
pub fn given_now(what: &str, ui: &mut Ui) -> Result<Hidden, Failure> {
    use std::io::IsTerminal;
    let stdin = std::io::stdin();
    let got =
        if stdin.is_terminal() { ask(what, ui) } else { read(stdin.lock()).map_err(|error| format!("stdin {error}")) };
    let help = "pipe the value in, or give --from-env or --from-file; nothing was changed";
    got.map(Hidden::from).map_err(|why| Failure::refused(format!("{what}: {why}"), help))
}

/// Asks; what is typed is not shown.
fn ask(what: &str, ui: &mut Ui) -> Result<String, String> {
    ui.err.text(&format!("The value of {what}: "));
    let typed = console::Term::stderr().read_secure_line().map_err(|error| format!("nobody can be asked: {error}"))?;
    if typed.is_empty() { Err("no value was typed".to_owned()) } else { Ok(typed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_break_at_the_end_is_no_part_of_a_value() {
        assert_eq!(read("a\nb\n".as_bytes()).unwrap(), "a\nb");
        assert_eq!(read("a\r\n".as_bytes()).unwrap(), "a");
        assert_eq!(read(" a".as_bytes()).unwrap(), " a");
        assert!(read("\n".as_bytes()).is_err() && read("".as_bytes()).is_err() && read(&b"\xff"[..]).is_err());
        assert!(read("x".repeat(65_537).as_bytes()).is_err());
    }
}
