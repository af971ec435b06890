//! `evenkeel plan`: shows what `apply` would do, and saves it if asked. Changes nothing.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use evenkeel_core::error::CloudError;
use evenkeel_core::plan::{Plan as Planned, PlanOptions};
use evenkeel_core::saved::SavedPlan;
use evenkeel_core::secret::Secrets;
use evenkeel_core::snapshot::Snapshot;

use super::session::{self, Session};
use crate::args::{self, Format, Global, Plan};
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::plan_text::View;
use crate::report::{plan_json, plan_markdown, plan_text};

/// Runs the command.
///
/// # Errors
/// If the file is wrong, AWS cannot be read, or the plan cannot be saved.
pub async fn run(args: &Plan, global: &Global, ui: &mut Ui) -> Result<Exit, Failure> {
    let options = PlanOptions { destroy: args.destroy, ..session::options(&args.choice) };
    let session = session::open(&args.stack, global, options, ui).await?;
    let snapshot = session.read(ui).await?;
    let plan = session.plan(&snapshot)?;
    let verb = if args.destroy { "destroy" } else { "apply" };
    show(&plan, &snapshot.unreadable, &args::command_for(verb, &args.stack, global), ui);
    let gap = session::unreadable(&plan, &snapshot);
    if let Some(file) = args.out.as_ref().filter(|_| gap.is_none()) {
        save(&session, &snapshot, &plan, &ui.secrets, file)?;
        ui.note(&format!(
            "Saved. To apply exactly this: evenkeel apply {}{}",
            args::shell_word(&file.display().to_string()),
            args::simulated(global)
        ));
    }
    if let Some(error) = gap {
        // Programs see it in the document.
        return if ui.format == Format::Json { Ok(Exit::Failed) } else { Err(session::gaps(error)) };
    }
    let pending = plan.has_changes() || !plan.conflicts.is_empty();
    Ok(if args.detailed_exitcode && pending { Exit::Changes } else { Exit::Done })
}

/// Prints a plan on stdout, with the kinds that could not be read. `again` is the command that would apply it.
pub fn show(plan: &Planned, unreadable: &BTreeMap<String, CloudError>, again: &str, ui: &mut Ui) {
    let plan = &ui.secrets.plan(plan);
    let text = match ui.format {
        Format::Text => {
            let view = View { palette: ui.out.palette, all: ui.verbose > 0, again: again.to_owned() };
            plan_text::render(plan, &view)
        }
        Format::Markdown => plan_markdown::render(plan, again),
        Format::Json => {
            let mut document = plan_json::document(plan, unreadable);
            if let (Some(stats), Some(map)) = (ui.take_stats(), document.as_object_mut()) {
                map.insert("stats".to_owned(), serde_json::json!(stats));
            }
            format!("{document:#}\n")
        }
    };
    ui.out.text(&text);
}

/// Writes a plan where it can be applied from. It may hold what only its owner should see, and is never half written.
fn save(session: &Session, snapshot: &Snapshot, plan: &Planned, secrets: &Secrets, file: &Path) -> Result<(), Failure> {
    let saved = SavedPlan::new(&session.graph, snapshot, plan, &session.options, session.account.clone());
    let failed = |error: &dyn std::fmt::Display| {
        Failure::refused(
            format!("cannot save the plan in {}: {error}", file.display()),
            "choose another place for --out",
        )
    };
    let text = secrets.seal(&saved.to_json().map_err(|error| failed(&error))?);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 600.
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    draft.write_all(text.as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(|error| failed(&error))?;
    draft.persist(file).map_err(|error| failed(&error.error))?;
    Ok(())
}
