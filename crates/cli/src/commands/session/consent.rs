//! What stands between a plan and its run: whether it may be begun at all, the plan on the screen, the question, the answer. Changes
//! nothing; an [`Agreed`] is made here alone, and no run begins without one.

use std::collections::BTreeMap;
use std::io::BufRead;

use evenkeel_core::plan::{HeldBecause, Plan, adoptable};
use serde_json::json;

use super::planning::gaps;
use crate::again::Again;
use crate::args::Format;
use crate::commands::plan::show;
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::{escape, plan_json, words};
use crate::style::Tone;

/// How a plan is to be carried out.
pub struct Job {
    /// The command as typed, to be shown.
    pub again: Again,
    /// What the user has to type to confirm.
    pub password: String,
    /// The question.
    pub question: String,
    /// Whether not to ask.
    pub yes: bool,
    /// How many steps may run at a time.
    pub parallel: u16,
    /// Ctrl-C.
    pub interrupt: Interrupt,
}

/// What the user has allowed: to carry out the plan that was shown.
#[derive(Debug)]
pub struct Agreed(());

/// A yes.
#[derive(Debug)]
pub struct Answer {
    /// What it allows.
    pub agreed: Agreed,
    /// Whether somebody was asked, which takes time in which AWS may change.
    pub asked: bool,
}

/// Refuses, before anything is sent, what could not be finished: nobody to ask, or a format that has no events.
///
/// # Errors
/// If so.
pub fn allowed(verb: &str, yes: bool, ui: &Ui) -> Result<(), Failure> {
    if ui.format == Format::Markdown {
        return Err(Failure::Usage(format!("--format markdown is for `evenkeel plan`; {verb} has text and json")));
    }
    if yes || ui.interactive {
        return Ok(());
    }
    let why = if ui.format == Format::Json {
        "--format json does not ask for confirmation"
    } else {
        "without a terminal there is no confirmation"
    };
    Err(Failure::Usage(format!("{why}: {verb} needs --yes")))
}

/// Shows a plan and asks for consent, unless it needs none; `None` is a no.
///
/// # Errors
/// If the plan may not be begun.
pub fn ask_for(plan: &Plan, job: &Job, ui: &mut Ui) -> Result<Option<Answer>, Failure> {
    announce(plan, job, ui);
    refuse(plan, job)?;
    // Waiting for what is under way harms nobody, so it needs no answer.
    if job.yes || !plan.has_changes() {
        return Ok(Some(Answer { agreed: Agreed(()), asked: false }));
    }
    Ok(ask(job, ui).then_some(Answer { agreed: Agreed(()), asked: true }))
}

/// Asks for consent to what has been shown otherwise than as a plan; `None` is a no.
pub fn agree(job: &Job, ui: &mut Ui) -> Option<Answer> {
    if job.yes {
        return Some(Answer { agreed: Agreed(()), asked: false });
    }
    ask(job, ui).then_some(Answer { agreed: Agreed(()), asked: true })
}

/// Prints the plan: in JSON as the first line of the stream of events.
fn announce(plan: &Plan, job: &Job, ui: &mut Ui) {
    if ui.format == Format::Json {
        let mut document = plan_json::document(&ui.secrets.plan(plan));
        if let Some(map) = document.as_object_mut() {
            map.insert("event".to_owned(), json!("plan"));
        }
        ui.out.json(&document);
    } else {
        show(plan, &job.again, ui);
    }
}

/// Refuses a plan that may not be begun.
fn refuse(plan: &Plan, job: &Job) -> Result<(), Failure> {
    if !plan.conflicts.is_empty() {
        let things = match plan.conflicts.len() {
            1 => "1 conflict: a resource exists that does not belong to this stack".to_owned(),
            many => format!("{many} conflicts: resources exist that do not belong to this stack"),
        };
        let help = match adoptable(&plan.conflicts).len() {
            0 => "the plan says for each what to change; or remove the existing resources".to_owned(),
            _ => format!("take over what can be: {}", job.again.clone().flag("--adopt-all")),
        };
        let text = format!("{things}; nothing was changed");
        return Err(Failure::Blocked { text, help: Some(help), error: None });
    }
    let guarded: Vec<String> = plan.guarded().map(|held| held.node.to_string()).collect();
    if !guarded.is_empty() {
        let mut again = job.again.clone();
        for node in &guarded {
            again = again.value("--consent", node);
        }
        let text = format!("AWS protects {} from deletion; nothing was changed", words::listed(&guarded));
        let keys = plan.guarded().filter_map(|held| match &held.why {
            HeldBecause::Guarded(key) => Some((key.as_str(), held.node.to_string())),
            _ => None,
        });
        let mut by_key: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        keys.for_each(|(key, node)| by_key.entry(key).or_default().push(node));
        let entries = by_key.iter().map(|(key, nodes)| format!("`{key}: false` for {}", words::listed(nodes)));
        let entries: Vec<String> = entries.collect();
        let help = format!("write {} and apply first, or release it now: {again}", entries.join(", "));
        return Err(Failure::Blocked { text, help: Some(help), error: None });
    }
    plan.gap().map_or(Ok(()), |error| Err(gaps(error)))
}

/// Asks; anything but the expected answer is a no.
fn ask(job: &Job, ui: &mut Ui) -> bool {
    let question = ui.err.palette.paint(Tone::Strong, &job.question);
    let password = ui.err.palette.paint(Tone::Strong, escape::text(&job.password));
    ui.err.text(&format!("\n{question} Type {password} to confirm: "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    let agreed = read.is_ok() && answer.trim() == job.password;
    if !agreed {
        ui.err.line("Not confirmed; nothing was changed.");
    }
    agreed
}
