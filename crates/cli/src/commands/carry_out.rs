//! What `apply` and `destroy` have in common after a plan is made: what refuses it, the question, the run with its reporter,
//! and the ending.

use std::io::BufRead;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use evenkeel_core::clock::Clock;
use evenkeel_core::event::Event;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::plan::{Plan, adoptable};
use evenkeel_core::saved::{Moved, SavedPlan, differences};
use evenkeel_core::secret::Secrets;
use evenkeel_core::snapshot::Snapshot;
use serde_json::json;
use tokio::time::Instant;

use super::plan::show;
use super::session::{self, Session};
use crate::again::Again;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::record::Record;
use crate::report::summary::{self, Ending, Verdict};
use crate::report::{self, escape, outputs, plan_json, values, verbs, words};
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

/// A saved plan that the steps have to be those of.
pub struct Bound<'a> {
    /// The plan.
    pub saved: &'a SavedPlan,
    /// The command that makes a new one.
    pub anew: String,
}

/// Refuses, before anything is sent, what could not be finished: nobody to ask, or a format that has no events.
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

/// Plans, shows, asks, and carries out. After an answer everything is read again: only what was shown is done. What was saved
/// is made anew like any other plan, and has to come out the same.
pub async fn plan_and_run(
    session: &mut Session,
    job: &Job,
    bound: Option<&Bound<'_>>,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let (snapshot, mut plan) = prepare(session, bound, ui).await?;
    session.check_names(&snapshot, &plan, ui)?;
    loop {
        announce(&plan, job, ui);
        refuse(&plan, job)?;
        // Waiting for what is under way harms nobody, so it needs no answer.
        if job.yes || !plan.has_changes() {
            break;
        }
        if !ask(job, ui) {
            return Ok(Exit::Interrupted);
        }
        let (_, fresh) = prepare(session, bound, ui).await?;
        let same = differences(&plan, &fresh).is_empty() && fresh.may_begin();
        plan = fresh;
        if same {
            break;
        }
        if bound.is_none() {
            ui.note("AWS has changed since the plan was made. The plan is now:");
        }
    }
    run(session, &plan, job, ui).await
}

/// Reads and plans, for a run.
async fn prepare(session: &mut Session, bound: Option<&Bound<'_>>, ui: &mut Ui) -> Result<(Snapshot, Plan), Failure> {
    let snapshot = session.read(ui).await?;
    let plan = session.plan(&snapshot)?;
    // The saved one was made without a closer look, which adds waits to it and nothing else.
    still_fits(bound, &plan, &ui.secrets)?;
    session.look_closer(snapshot, plan).await
}

/// Refuses a plan that is not the saved one, naming what moved.
fn still_fits(bound: Option<&Bound<'_>>, fresh: &Plan, secrets: &Secrets) -> Result<(), Failure> {
    let Some(Bound { saved, anew }) = bound else { return Ok(()) };
    let moved = saved.moved(&secrets.blind(fresh));
    // What could not be read has not moved; that has a refusal of its own.
    if moved.is_empty() || fresh.gap().is_some() {
        return Ok(());
    }
    let line = |moved: &Moved| {
        let (was, is) = secrets.change(&moved.path, &verbs::side(&moved.was), &verbs::side(&moved.is));
        let path = if moved.path.is_empty() { String::new() } else { format!(" {}", secrets.path(&moved.path)) };
        format!("{}{path}: was {}, is {}", moved.node, values::inline(&was), values::inline(&is))
    };
    Err(Failure::Stale { moved: moved.iter().map(line).collect(), help: format!("make a new plan: {anew}") })
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
            0 => "give these entries another `name:`, or remove the existing resources".to_owned(),
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
        let help =
            format!("write `deletion_protection: false` in its entry and apply first, or release it now: {again}");
        return Err(Failure::Blocked { text, help: Some(help), error: None });
    }
    plan.gap().map_or(Ok(()), |error| Err(session::gaps(error)))
}

/// Asks; anything but the expected answer is a no.
pub fn ask(job: &Job, ui: &mut Ui) -> bool {
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

/// Carries a plan out and tells how it ended.
pub async fn run(session: &Session, plan: &Plan, job: &Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut record = Record::of(plan);
    let (verdict, known) = if plan.steps.is_empty() {
        (Verdict::Done, plan.known.clone())
    } else {
        let stop = Stop::default();
        job.interrupt.hand_to(&stop);
        let limits = Limits { in_flight: job.parallel.into(), seed: seed() };
        let clock = TokioClock { start: Instant::now(), speed: session.speed() };
        let engine = Engine {
            kinds: &session.kinds,
            graph: &session.graph,
            cloud: &session.cloud,
            clock: &clock,
            limits: &limits,
        };
        let mut reporter = report::reporter(ui, session.speed());
        let secrets = ui.secrets.clone();
        let mut sink = |event: Event| {
            let event = secrets.event(&event);
            record.event(&event);
            reporter.event(&event, ui);
        };
        let (verdict, summary) = match execute(engine, plan, &stop, &mut sink).await {
            Outcome::Done(summary) => (Verdict::Done, summary),
            Outcome::Failed(summary) => (Verdict::Failed, summary),
            Outcome::Stopped(summary) => (Verdict::Stopped, summary),
        };
        let mut known = plan.known.clone();
        known.extend(summary.outputs);
        (verdict, known)
    };
    let outputs = outputs::outputs(&session.graph, &known);
    let exit = exit(plan, verdict);
    let ending = Ending { verdict, exit, plan, record: &record, outputs: &outputs, again: &job.again };
    tell(&ending, ui);
    Ok(exit)
}

/// What a run comes to: what it could not do goes before what nobody knows.
fn exit(plan: &Plan, verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Failed => Exit::Failed,
        Verdict::Stopped => Exit::Interrupted,
        Verdict::Done if plan.blocked() => Exit::Blocked,
        Verdict::Done if !plan.unproven.is_empty() => Exit::Unproven,
        Verdict::Done => Exit::Done,
    }
}

fn tell(ending: &Ending<'_>, ui: &mut Ui) {
    if ui.format == Format::Json {
        let mut result = summary::json(ending);
        if let (Some(stats), Some(map)) = (ui.take_stats(), result.as_object_mut()) {
            map.insert("stats".to_owned(), json!(stats));
        }
        ui.out.json(&result);
    } else if ending.plan.steps.is_empty() {
        // The plan has just said that there is nothing to do, and what is held back.
        let text = summary::outputs(ending.outputs, ui.out.palette);
        let unproven = summary::unproven(ending.plan, summary::UNPROVEN, ui.out.palette);
        ui.out.text(&format!("{unproven}{text}"));
    } else {
        let text = summary::render(ending, ui.out.palette);
        ui.out.text(&format!("\n{text}"));
    }
}

/// Different for each run, so that its idempotency tokens are not those of an earlier one.
fn seed() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", since.as_nanos(), std::process::id())
}

/// The time of the runtime; where AWS is simulated, of the simulation, which passes faster.
struct TokioClock {
    start: Instant,
    speed: f64,
}

#[async_trait]
impl Clock for TokioClock {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time.div_f64(self.speed)).await;
    }

    fn now(&self) -> Duration {
        self.start.elapsed().mul_f64(self.speed)
    }
}
