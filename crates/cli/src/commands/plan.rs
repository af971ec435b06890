//! `evenkeel plan`: shows what `apply` would do, and saves it if asked. Changes nothing.

use std::path::{Path, PathBuf};

use evenkeel_aws::reading::floor;
use evenkeel_core::plan::{Plan, PlanOptions};
use evenkeel_core::saved::SavedPlan;
use serde_json::{Value, json};

use super::session::planning::{Checked, gaps};
use super::session::save::Place;
use super::session::{File, Planning};
use super::several;
use super::several::files::{Named, named};
use super::{Context, Run};
use crate::again::Again;
use crate::args::{Choice, Format, Global, StackFiles, Waits};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::plan_text::View;
use crate::report::{plan_json, plan_markdown, plan_text};

const EXAMPLES: &str = "\
Examples:
  evenkeel plan stacks/web.yaml --var image_tag=1.4
  evenkeel plan --out plan.json && evenkeel apply plan.json
  evenkeel plan --format markdown >comment.md      for a pull request
  evenkeel plan --detailed-exitcode                exit with 2 if something would change
  evenkeel plan stacks/ shared.yaml                several stacks on one reading of AWS";

/// Show what would change in AWS; changes nothing.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PlanArgs {
    /// The stack files.
    #[command(flatten)]
    pub files: StackFiles,
    /// Save the plan, for `evenkeel apply FILE`; only an older saved plan is overwritten.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if there are changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan to delete the whole stack.
    #[arg(long, conflicts_with_all = ["adopt", "adopt_all", "target", "no_wait", "wait"])]
    pub destroy: bool,
    /// How far an apply of it waits.
    #[command(flatten)]
    pub waits: Waits,
    /// What to plan.
    #[command(flatten)]
    pub choice: Choice,
}

impl PlanArgs {
    /// The command that carries out what is shown.
    pub fn again(&self, file: &Path, global: &Global) -> Again {
        if self.destroy {
            return Again::on("destroy", file).place(global).vars(global).consent(&self.choice.allowed);
        }
        let again = Again::on("apply", file).place(global).vars(global).choice(&self.choice);
        again.waits(&self.waits)
    }
}

impl Run for PlanArgs {
    async fn run(&self, Context { global, ui, .. }: Context<'_>) -> Result<Exit, Failure> {
        let path = match named(&self.files.stacks)? {
            Named::One(path) => path,
            Named::Several(paths) => return several::plan::run(self, &paths, global, ui).await,
        };
        if self.choice.build && self.out.is_some() {
            let text = "--out and --build do not go together: what an image is built from is in no plan";
            return Err(Failure::Usage(text.to_owned()));
        }
        let place = self.out.as_deref().map(Place::of).transpose()?;
        let file = File::load(&path, global, ui)?;
        let mut planning = if self.destroy {
            let options = PlanOptions { consent: self.choice.allowed.ids(), ..PlanOptions::default() };
            Planning::new(file.connect_to_destroy(global, ui).await?, options)
        } else {
            Planning::open(file, &self.choice, &self.waits, global, ui).await?
        };
        let snapshot = planning.reading.snapshot(ui).await?;
        let plan = planning.plan(&snapshot)?;
        planning.check_names(&snapshot, &plan, ui)?;
        if !self.destroy {
            ui.floor = Some(floor([&planning.reading.graph]));
        }
        // A program gets one document with everything; a person need not wait for the plan.
        let again = self.again(&path, global);
        let checked = if ui.format == Format::Json {
            let checked = planning.checked(&plan).await;
            let document = document(&plan, Some(&checked), ui);
            ui.out.pretty_json(&document);
            checked
        } else {
            show(&plan, &again, ui);
            planning.checked(&plan).await
        };
        checked.notes.iter().for_each(|note| ui.note(note));
        if let Some(failure) = checked.refused {
            return if ui.format == Format::Json { Ok(failure.exit()) } else { Err(failure) };
        }
        if let (Some(place), Some(file)) = (&place, &self.out) {
            if plan.may_begin() {
                place.save(&saved(&planning, &plan, ui).await, &ui.secrets)?;
                ui.note(&format!("Saved. To apply exactly this: {}", Again::saved(file, global)));
            } else {
                ui.note("Not saved: a blocked plan cannot be applied.");
            }
        }
        // Programs see it in the document.
        if let Some(error) = plan.gap().filter(|_| ui.format != Format::Json) {
            return Err(gaps(error));
        }
        Ok(self.exit(&plan))
    }
}

impl PlanArgs {
    /// The exit that a plan leads to.
    pub fn exit(&self, plan: &Plan) -> Exit {
        match (plan.blocked(), plan.has_changes() && self.detailed_exitcode) {
            (true, _) => Exit::Blocked,
            (false, true) => Exit::Changes,
            (false, false) => Exit::Done,
        }
    }
}

/// A plan as it is written down.
async fn saved(planning: &Planning, plan: &Plan, ui: &Ui) -> SavedPlan {
    let reading = &planning.reading;
    let (place, kept) = (reading.place().await, ui.secrets.blind(plan));
    SavedPlan::new(&reading.graph, reading.named(), &planning.options, &kept, place)
}

/// A plan for a program, with what was found out beside it.
pub fn document(plan: &Plan, checked: Option<&Checked>, ui: &mut Ui) -> Value {
    let mut document = plan_json::document(&ui.secrets.plan(plan));
    checked.into_iter().for_each(|checked| checked.add_to(&mut document));
    if let Some(map) = document.as_object_mut() {
        map.extend(ui.take_stats().map(|stats| ("stats".to_owned(), json!(stats))));
    }
    document
}

/// Prints a plan on stdout. `again` is the command that would apply it.
pub fn show(plan: &Plan, again: &Again, ui: &mut Ui) {
    let plan = &ui.secrets.plan(plan);
    match ui.format {
        Format::Text => {
            let view = View { palette: ui.out.palette, all: ui.verbose > 0, again: again.clone() };
            ui.out.text(&plan_text::render(plan, &view));
        }
        Format::Markdown => ui.out.text(&plan_markdown::render(plan, again)),
        Format::Json => {
            let document = document(plan, None, ui);
            ui.out.pretty_json(&document);
        }
    }
}
