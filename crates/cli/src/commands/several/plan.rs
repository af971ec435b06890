//! `evenkeel plan` of several stacks: all of a region are planned on one reading, and each part is what a plan of that stack alone
//! shows. Changes nothing.

use std::path::PathBuf;

use evenkeel_aws::reading::floor;
use evenkeel_core::plan::{Plan, PlanOptions};
use evenkeel_core::secret::Secrets;
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Part, load, show_failure};
use crate::args::{Format, Global};
use crate::commands::plan::{PlanArgs, show};
use crate::commands::session::file::tell_of_a_new_world;
use crate::commands::session::planning::{Checked, gaps, options};
use crate::commands::session::{File, Planning, Ways};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{failure, plan_json, plan_markdown, words};
use crate::style::Tone;

/// The name of the format of several plans in one document.
const FORMAT: &str = "evenkeel-plans";

/// A stack that is to be planned, and what must not be seen of it.
struct Open {
    planning: Planning,
    secrets: Secrets,
}

/// A stack that was planned.
struct Planned {
    plan: Plan,
    secrets: Secrets,
    checked: Checked,
}

impl Planned {
    fn exit(&self, args: &PlanArgs) -> Exit {
        self.checked.refused.as_ref().map_or_else(|| args.exit(&self.plan), Failure::exit)
    }
}

/// Plans each of the stacks.
///
/// # Errors
/// If the command line asks for what only one stack can have, or the simulated AWS cannot be used.
pub async fn run(args: &PlanArgs, paths: &[PathBuf], global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    for_one_only(args)?;
    let mut ways = None;
    let mut opened = Vec::new();
    for part in load(paths, global, ui) {
        let outcome = match part.outcome {
            Ok((file, _)) => {
                // Where all files are wrong, no simulated AWS is made.
                let ways = match &mut ways {
                    Some(ways) => ways,
                    none => none.insert(Ways::open(global, ui).await?),
                };
                open(file, args, ways, global, ui).await
            }
            Err(failure) => Err(failure),
        };
        opened.push(Part { path: part.path, outcome });
    }
    if let Some(Ways { simulation: Some(simulation), provided, .. }) = &ways
        && simulation.fresh
    {
        tell_of_a_new_world(provided, ui);
    }
    let parts = plan_all(opened, ui).await;
    let exit = |part: &Part<Planned>| match &part.outcome {
        Ok(planned) => planned.exit(args),
        Err(failure) => failure.exit(),
    };
    match ui.format {
        Format::Json => print_json(&parts, exit, ui),
        Format::Text | Format::Markdown => print(&parts, args, global, ui),
    }
    Ok(parts.iter().fold(Exit::Done, |worst, part| worst.or_worse(exit(part))))
}

/// Refuses what names something of one stack.
fn for_one_only(args: &PlanArgs) -> Result<(), Failure> {
    let given = [
        ("--out", args.out.is_some()),
        ("--target", !args.choice.target.is_empty()),
        ("--adopt", !args.choice.adopt.is_empty()),
        ("--consent", !args.choice.allowed.consent.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::Usage(format!("{flag} is for one stack; name one stack file with it"))),
        None => Ok(()),
    }
}

async fn open(mut file: File, args: &PlanArgs, ways: &mut Ways, global: &Global, ui: &mut Ui) -> Result<Open, Failure> {
    let secrets = file.loaded.secrets.clone();
    file.building = args.choice.build;
    if file.building {
        file.check_contexts()?;
    }
    let reading = file.connect_on(ways, args.destroy, global, ui).await?;
    let options = if args.destroy {
        PlanOptions::default()
    } else {
        PlanOptions { no_wait: args.waits.nothing(), until: args.waits.until(), ..options(&args.choice) }
    };
    let planning = Planning { adopt_all: args.choice.adopt_all, ..Planning::new(reading, options) };
    Ok(Open { planning, secrets })
}

/// Reads all at once, and plans each from what was read of it.
async fn plan_all(opened: Vec<Part<Open>>, ui: &mut Ui) -> Vec<Part<Planned>> {
    if ui.live {
        let many = opened.iter().filter(|part| part.outcome.is_ok()).count();
        ui.note(&format!("Reading the live resources of {} …", words::count(many, "stack")));
    }
    let snapshots = join_all(opened.iter().map(|part| async {
        match &part.outcome {
            Ok(open) => open.planning.reading.look().await,
            Err(failure) => Err(failure.clone()),
        }
    }));
    let snapshots = snapshots.await;
    ui.floor = Some(floor(opened.iter().filter_map(|part| Some(&part.outcome.as_ref().ok()?.planning.reading.graph))));
    let planned = opened.into_iter().zip(snapshots).map(|(part, snapshot)| {
        let outcome = part.outcome.and_then(|Open { mut planning, secrets }| {
            let (snapshot, completed) = snapshot?;
            if let Some(graph) = completed {
                planning.reading.graph = graph;
            }
            let plan = planning.plan(&snapshot)?;
            planning.check_names(&snapshot, &plan, ui)?;
            Ok((planning, plan, secrets))
        });
        (part.path, outcome)
    });
    // What is there of images and references is asked for once all are planned, side by side.
    let checked = planned.collect::<Vec<_>>().into_iter().map(|(path, outcome)| async move {
        let outcome = match outcome {
            Ok((planning, plan, secrets)) => {
                let checked = planning.checked(&plan).await;
                Ok(Planned { plan, secrets, checked })
            }
            Err(failure) => Err(failure),
        };
        Part { path, outcome }
    });
    join_all(checked).await
}

/// Prints the plans one after the other, and at the end a line for each.
fn print(parts: &[Part<Planned>], args: &PlanArgs, global: &Global, ui: &mut Ui) {
    let mut shown = Vec::new();
    for part in parts {
        match &part.outcome {
            Ok(Planned { plan, secrets, checked }) => {
                if ui.format == Format::Text {
                    let head = ui.out.palette.paint(Tone::Strong, part.name());
                    ui.out.line(&head);
                }
                ui.secrets = secrets.clone();
                show(plan, &args.again(&part.path, global), ui);
                ui.out.line("");
                checked.notes.iter().for_each(|note| ui.note(note));
                if let Some(failure) = &checked.refused {
                    show_failure(&part.name(), failure, &mut shown, ui);
                }
                if let Some(error) = plan.gap() {
                    show_failure(&part.name(), &gaps(error), &mut shown, ui);
                }
            }
            Err(error) => show_failure(&part.name(), error, &mut shown, ui),
        }
    }
    let lines = parts.iter().map(|part| match &part.outcome {
        Ok(planned) => (part, words::summary(&planned.plan)),
        Err(error) => (part, format!("No plan: {}.", failure::brief(error))),
    });
    if ui.format == Format::Markdown {
        let rows = lines.map(|(part, words)| (part.path.display().to_string(), words));
        ui.out.text(&plan_markdown::overview(&rows.collect::<Vec<_>>()));
        return;
    }
    let head = ui.out.palette.paint(Tone::Strong, words::count(parts.len(), "stack"));
    let width = parts.iter().map(|part| part.name().chars().count()).max().unwrap_or(0);
    let lines = lines.map(|(part, words)| format!("  {:<width$}  {words}\n", part.name()));
    let text = format!("{head}\n{}", lines.collect::<String>());
    ui.out.text(&text);
}

fn print_json(parts: &[Part<Planned>], exit: impl Fn(&Part<Planned>) -> Exit, ui: &mut Ui) {
    let of = |Planned { plan, secrets, checked }: &Planned| {
        let mut document = plan_json::document(&secrets.plan(plan));
        checked.add_to(&mut document);
        document
    };
    let stacks: Vec<Value> = parts.iter().map(|part| part.document(exit(part), of)).collect();
    let plans = || parts.iter().filter_map(|part| part.outcome.as_ref().ok()).map(|planned| &planned.plan);
    let blocked = plans().filter(|plan| plan.blocked()).count();
    let changes = plans().filter(|plan| !plan.blocked() && plan.has_changes()).count();
    let worst = parts.iter().fold(Exit::Done, |worst, part| worst.or_worse(exit(part)));
    let mut document = json!({
        "format": FORMAT,
        "version": plan_json::VERSION,
        "summary": {
            "stacks": parts.len(),
            "changes": changes,
            "no_changes": plans().count() - blocked - changes,
            "blocked": blocked,
            "failed": parts.len() - plans().count(),
        },
        "exit_code": worst.code(),
        "stacks": stacks,
    });
    if let (Some(stats), Some(map)) = (ui.take_stats(), document.as_object_mut()) {
        map.insert("stats".to_owned(), json!(stats));
    }
    ui.out.pretty_json(&document);
}
