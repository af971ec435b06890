//! `evenkeel plan`: shows what `apply` would do, and saves it if asked. Changes nothing.

use evenkeel_core::plan::{Plan as Planned, PlanOptions};
use evenkeel_core::saved::SavedPlan;

use super::save::Place;
use super::session;
use crate::again::Again;
use crate::args::{Format, Global, Plan};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::plan_text::View;
use crate::report::{plan_json, plan_markdown, plan_text};

/// Runs the command.
///
/// # Errors
/// If the file is wrong, AWS cannot be read, or the plan cannot be saved.
pub async fn run(args: &Plan, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let options = PlanOptions { destroy: args.destroy, no_wait: args.no_wait, ..session::options(&args.choice) };
    let place = args.out.as_deref().map(Place::of).transpose()?;
    let mut session = session::open(&args.stack, global, options, ui).await?;
    session.adopt_all = args.choice.adopt_all;
    let snapshot = session.read(ui).await?;
    let plan = session.plan(&snapshot)?;
    session.check_names(&snapshot, &plan, ui)?;
    show(&plan, &Again::after_plan(args, global), ui);
    if let (Some(place), Some(file)) = (&place, &args.out) {
        if plan.may_begin() {
            let where_made = session.place().await;
            let kept = ui.secrets.blind(&plan);
            let saved = SavedPlan::new(&session.graph, session.file.as_ref(), &session.options, &kept, where_made);
            place.save(&saved, &ui.secrets)?;
            ui.note(&format!("Saved. To apply exactly this: {}", Again::saved(file, global)));
        } else {
            ui.note("Not saved: a blocked plan cannot be applied.");
        }
    }
    // Programs see it in the document.
    if let Some(error) = plan.gap().filter(|_| ui.format != Format::Json) {
        return Err(session::gaps(error));
    }
    Ok(match (plan.blocked(), plan.has_changes() && args.detailed_exitcode) {
        (true, _) => Exit::Blocked,
        (false, true) => Exit::Changes,
        (false, false) => Exit::Done,
    })
}

/// Prints a plan on stdout. `again` is the command that would apply it.
pub fn show(plan: &Planned, again: &Again, ui: &mut Ui) {
    let plan = &ui.secrets.plan(plan);
    match ui.format {
        Format::Text => {
            let view = View { palette: ui.out.palette, all: ui.verbose > 0, again: again.clone() };
            ui.out.text(&plan_text::render(plan, &view));
        }
        Format::Markdown => ui.out.text(&plan_markdown::render(plan, again)),
        Format::Json => {
            let mut document = plan_json::document(plan);
            if let (Some(stats), Some(map)) = (ui.take_stats(), document.as_object_mut()) {
                map.insert("stats".to_owned(), serde_json::json!(stats));
            }
            ui.out.pretty_json(&document);
        }
    }
}
