//! `evenkeel apply`: makes AWS be as a stack file says, or carries out a saved plan, exactly.

use std::path::Path;

use evenkeel_core::check::check;
use evenkeel_core::plan::PlanOptions;
use evenkeel_core::saved::{Moved, SavedPlan};
use evenkeel_core::secret::Secrets;
use evenkeel_core::snapshot::Snapshot;

use super::carry_out::{self, Job};
use super::session::{self, Session};
use crate::args::{self, Apply, Choice, Global};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::{plan_json, values};

/// Runs the command.
///
/// # Errors
/// If the file is wrong, AWS cannot be read, or the plan may not be carried out.
pub async fn run(args: &Apply, global: &Global, interrupt: Interrupt, ui: &mut Ui) -> Result<Exit, Failure> {
    carry_out::allowed("apply", args.yes, ui)?;
    let job = Job {
        again: args::command_for("apply", &args.file, global),
        password: "yes".to_owned(),
        question: "Carry out this plan?".to_owned(),
        yes: args.yes,
        parallel: args.parallel,
        interrupt,
    };
    if let Some((saved, secrets)) = saved_plan(&args.file)? {
        ui.hide(&secrets);
        if args.no_wait || !is_plain(&args.choice) {
            let flags =
                "--target, --adopt, --consent and --no-wait are part of a saved plan; give them to `evenkeel plan`";
            return Err(Failure::Usage(flags.to_owned()));
        }
        return run_saved(saved, global, &job, ui).await;
    }
    let options = PlanOptions { no_wait: args.no_wait, ..session::options(&args.choice) };
    let session = session::open(&args.file, global, options, ui).await?;
    carry_out::plan_and_run(&session, &job, ui).await
}

fn is_plain(choice: &Choice) -> bool {
    choice.target.is_empty() && choice.adopt.is_empty() && choice.consent.is_empty()
}

/// The saved plan in a file, if that is what the file holds.
fn saved_plan(file: &Path) -> Result<Option<(SavedPlan, Secrets)>, Failure> {
    // What cannot be read is not a plan; reading it as a stack file will say why.
    let Ok(text) = std::fs::read_to_string(file) else { return Ok(None) };
    if !text.trim_start().starts_with('{') || !SavedPlan::recognises(&text) {
        return Ok(None);
    }
    if plan_json::is_document(&text) {
        return Err(Failure::refused(
            format!("{} is a plan to be read, not one that can be applied", file.display()),
            "save one with: evenkeel plan --out FILE",
        ));
    }
    let (text, secrets) = Secrets::open(&text, &|name| std::env::var(name).ok()).map_err(|error| {
        let help = "set it as it was when the plan was made, or make a new plan: evenkeel plan --out FILE";
        Failure::refused(format!("{}: {error}", file.display()), help)
    })?;
    match SavedPlan::from_json(&text) {
        Ok(saved) => Ok(Some((saved, secrets))),
        Err(error) => {
            Err(Failure::refused(format!("{}: {error}", file.display()), "make a new plan: evenkeel plan --out FILE"))
        }
    }
}

async fn run_saved(saved: SavedPlan, global: &Global, job: &Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let region = saved.plan.stack.region.clone();
    if let Some(other) = global.region.as_ref().filter(|other| **other != region) {
        return Err(Failure::Usage(format!("the plan is for {region}, but --region says {other}")));
    }
    let connection = session::connect(global, Some(region), saved.account.as_deref(), ui).await?;
    let session = Session::new(saved.graph.clone(), connection, saved.options.clone());
    let fresh = session.read(ui).await?;
    still_fits(&saved, &fresh, &ui.secrets)?;
    let findings = check(&session.kinds, &saved.graph, &fresh, &saved.plan, &saved.options);
    if !findings.is_empty() {
        return Err(Failure::Bug(findings.into_iter().map(|finding| finding.text).collect()));
    }
    carry_out::announce(&saved.plan, &fresh, job, ui);
    carry_out::refuse(&saved.plan, &fresh)?;
    if !job.yes && saved.plan.has_changes() {
        if !carry_out::ask(job, ui) {
            return Ok(Exit::Interrupted);
        }
        still_fits(&saved, &session.read(ui).await?, &ui.secrets)?;
    }
    carry_out::run(&session, &saved.plan, job, ui).await
}

fn still_fits(saved: &SavedPlan, fresh: &Snapshot, secrets: &Secrets) -> Result<(), Failure> {
    let moved = saved.moved(fresh);
    if moved.is_empty() {
        return Ok(());
    }
    let line = |moved: &Moved| {
        let (was, is) = secrets.change(&moved.path, &moved.was, &moved.is);
        let path = if moved.path.is_empty() { String::new() } else { format!(" {}", moved.path) };
        format!("{}{path}: was {}, is {}", moved.node, values::inline(&was), values::inline(&is))
    };
    Err(Failure::Stale(moved.iter().map(line).collect()))
}
