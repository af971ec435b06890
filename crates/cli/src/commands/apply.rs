//! `evenkeel apply`: makes AWS be as a stack file says, or carries out a saved plan: the same steps or none.

use std::path::{Path, PathBuf};

use evenkeel_core::saved::SavedPlan;
use evenkeel_core::secret::Secrets;

use super::session::connect::{Guard, connect};
use super::session::{Bound, Changing, File, Job, Planning, Reading, consent, save};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Choice, Confirmation, Global, Pace, STACK_FILE, Waits};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::plan_json;

const EXAMPLES: &str = "\
Examples:
  evenkeel apply                                   show the plan, ask, and apply it
  evenkeel apply --yes                             without asking (required without a terminal)
  evenkeel apply plan.json                         exactly what `plan --out plan.json` showed
  evenkeel apply --wait stage=BAKE_TIME            without waiting for the time to bake
  evenkeel apply --adopt load_balancer.web         take over a load balancer that exists already
  evenkeel apply --adopt-all                       take over everything that conflicts";

/// Change AWS to match the stack file.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ApplyArgs {
    /// The stack file, or a plan saved by `plan --out`.
    #[arg(value_name = "STACK | PLAN.json", default_value = STACK_FILE)]
    pub file: PathBuf,
    /// Whether to ask.
    #[command(flatten)]
    pub confirmation: Confirmation,
    /// How far to wait.
    #[command(flatten)]
    pub waits: Waits,
    /// How fast.
    #[command(flatten)]
    pub pace: Pace,
    /// What to plan.
    #[command(flatten)]
    pub choice: Choice,
}

impl ApplyArgs {
    /// The same once more.
    pub fn again(&self, global: &Global, saved: bool) -> Again {
        let again = Again::on("apply", &self.file).place(global);
        let again = if saved { again } else { again.vars(global).choice(&self.choice) };
        let again = again.waits(&self.waits);
        again.run(self.pace, self.confirmation)
    }
}

impl Run for ApplyArgs {
    async fn run(&self, Context { global, interrupt, ui }: Context<'_>) -> Result<Exit, Failure> {
        let yes = self.confirmation.yes;
        consent::allowed("apply", yes, ui)?;
        let saved = saved_plan(&self.file, global)?;
        let job = |interrupt: Interrupt| Job {
            again: self.again(global, saved.is_some()),
            password: "yes".to_owned(),
            question: "Apply this plan?".to_owned(),
            yes,
            parallel: self.pace.parallel,
            interrupt,
        };
        if let Some((saved, secrets)) = &saved {
            ui.hide(secrets);
            nothing_chosen(self, global)?;
            return run_saved(saved, &self.file, global, job(interrupt), ui).await;
        }
        let file = File::load(&self.file, global, ui)?;
        let planning = Planning::open(file, &self.choice, &self.waits, global, ui).await?;
        Changing::new(planning, job(interrupt), None).plan_and_run(ui).await
    }
}

/// What was chosen when a plan was made is in its file; chosen again it would have no effect.
fn nothing_chosen(args: &ApplyArgs, global: &Global) -> Result<(), Failure> {
    let choice = &args.choice;
    let given = [
        ("--target", !choice.target.is_empty()),
        ("--adopt", !choice.adopt.is_empty()),
        ("--adopt-all", choice.adopt_all),
        ("--consent", !choice.allowed.consent.is_empty()),
        ("--no-wait", args.waits.no_wait),
        ("--wait", args.waits.wait.is_some()),
        ("--build", choice.build),
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

async fn run_saved(saved: &SavedPlan, file: &Path, global: &Global, job: Job, ui: &mut Ui) -> Result<Exit, Failure> {
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
    let planning = Planning::new(Reading::of_saved(saved, connection), saved.options.clone());
    let bound = Bound { saved, anew: Again::plan_anew(file, global, Some(saved)).to_string() };
    Changing::new(planning, job, Some(bound)).plan_and_run(ui).await
}
