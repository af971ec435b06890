//! `evenkeel apply`: makes AWS be as a stack file says, or carries out a saved plan: the same steps or none.

use std::path::Path;

use evenkeel_core::plan::PlanOptions;
use evenkeel_core::saved::SavedPlan;
use evenkeel_core::secret::Secrets;

use super::carry_out::{self, Bound, Job};
use super::connect::{Guard, connect};
use super::save;
use super::session::{self, Session};
use crate::again::Again;
use crate::args::{Apply, Global};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::plan_json;

/// Runs the command.
///
/// # Errors
/// If the file is wrong, AWS cannot be read, or the plan may not be carried out.
pub async fn run(args: &Apply, global: &Global, interrupt: Interrupt, ui: &mut Ui) -> Result<Exit, Failure> {
    carry_out::allowed("apply", args.yes, ui)?;
    let saved = saved_plan(&args.file, global)?;
    let job = Job {
        again: Again::apply(args, global, saved.is_some()),
        password: "yes".to_owned(),
        question: "Apply this plan?".to_owned(),
        yes: args.yes,
        parallel: args.parallel,
        interrupt,
    };
    if let Some((saved, secrets)) = saved {
        ui.hide(&secrets);
        nothing_chosen(args, global)?;
        return run_saved(&saved, &args.file, global, &job, ui).await;
    }
    let options = PlanOptions { no_wait: args.no_wait, ..session::options(&args.choice) };
    let mut session = session::open(&args.file, global, options, ui).await?;
    session.adopt_all = args.choice.adopt_all;
    carry_out::plan_and_run(&mut session, &job, None, ui).await
}

/// What was chosen when a plan was made is in its file; chosen again it would have no effect.
fn nothing_chosen(args: &Apply, global: &Global) -> Result<(), Failure> {
    let choice = &args.choice;
    let given = [
        ("--target", !choice.target.is_empty()),
        ("--adopt", !choice.adopt.is_empty()),
        ("--adopt-all", choice.adopt_all),
        ("--consent", !choice.consent.is_empty()),
        ("--no-wait", args.no_wait),
        ("--var", !global.vars.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::Usage(format!(
            "{flag} has no effect on a saved plan, which was made with or without it; give it to `evenkeel plan --out`"
        ))),
        None => Ok(()),
    }
}

/// The saved plan in a file, if that is what the file holds.
fn saved_plan(file: &Path, global: &Global) -> Result<Option<(SavedPlan, Secrets)>, Failure> {
    // What cannot be read is not a plan; reading it as a stack file will say why.
    let Some(text) = save::text(file).filter(|text| SavedPlan::recognises(text)) else { return Ok(None) };
    let anew = format!("make a new plan: {}", Again::plan_anew(file, global, None));
    if plan_json::is_document(&text) {
        let text = format!("{} is the output of `plan --format json`, which cannot be applied", file.display());
        return Err(Failure::refused(text, anew));
    }
    let (text, secrets) = Secrets::open(&text, &|name| std::env::var(name).ok()).map_err(|error| {
        let help = format!("set it as it was when the plan was made, or {anew}");
        Failure::refused(format!("{}: {error}", file.display()), help)
    })?;
    match SavedPlan::from_json(&text) {
        Ok(saved) => Ok(Some((saved, secrets))),
        Err(error) => Err(Failure::refused(format!("{}: {error}", file.display()), anew)),
    }
}

async fn run_saved(saved: &SavedPlan, file: &Path, global: &Global, job: &Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let region = saved.graph.stack.region.clone();
    if let Some(other) = global.region.as_ref().filter(|other| **other != region) {
        return Err(Failure::Usage(format!("the plan is for {region}, but --region says {other}")));
    }
    let connection = connect(global, Some(region), Guard::of_plan(&saved.place), ui).await?;
    let (was, is) = (&saved.place.instead_of_aws, &connection.instead_of_aws);
    if was.is_some() != is.is_some() {
        let called = |place: &Option<String>| place.clone().unwrap_or_else(|| "AWS itself".to_owned());
        let text = format!("the plan was made for {}, but this is {}", called(was), called(is));
        return Err(Failure::refused(text, "give the same --sim, --endpoint-url and environment as for the plan"));
    }
    let mut session = Session::of_saved(saved, connection);
    let bound = Bound { saved, anew: Again::plan_anew(file, global, Some(saved)).to_string() };
    carry_out::plan_and_run(&mut session, job, Some(&bound), ui).await
}
