//! What `apply` and `destroy` have in common after a plan is made: what refuses it, the question, the run with its reporter,
//! and the ending.

use std::io::BufRead;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use evenkeel_core::clock::Clock;
use evenkeel_core::event::Event;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_core::snapshot::Snapshot;
use serde_json::json;
use tokio::time::Instant;

use super::plan::show;
use super::session::{self, Session};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::out::Ui;
use crate::report::record::Record;
use crate::report::summary::{self, Ending, Verdict};
use crate::report::{self, outputs, plan_json};
use crate::style::Tone;

/// How a plan is to be carried out.
pub struct Job {
    /// The command as typed, to be shown: `evenkeel apply`.
    pub again: String,
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

/// Refuses, before anything is sent, what could not be finished: nobody to ask, or a format that has no events.
pub fn allowed(verb: &str, yes: bool, ui: &Ui) -> Result<(), Failure> {
    if ui.format == Format::Markdown {
        return Err(Failure::Usage(format!("--format markdown is for `evenkeel plan`; {verb} has text and json")));
    }
    if yes || ui.interactive {
        return Ok(());
    }
    let why = if ui.format == Format::Json {
        "with --format json nobody is asked"
    } else {
        "this is not a terminal, so nobody can be asked"
    };
    Err(Failure::Usage(format!("{why}: {verb} needs --yes")))
}

/// Plans, shows, asks, and carries out. After an answer everything is read again: only what was shown is done.
pub async fn plan_and_run(session: &Session, job: &Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut snapshot = session.read(ui).await?;
    let mut plan = session.plan(&snapshot)?;
    loop {
        announce(&plan, &snapshot, job, ui);
        refuse(&plan, &snapshot)?;
        // Waiting for what is under way harms nobody, so it needs no answer.
        if job.yes || !plan.has_changes() {
            break;
        }
        if !ask(job, ui) {
            return Ok(Exit::Interrupted);
        }
        snapshot = session.read(ui).await?;
        let fresh = session.plan(&snapshot)?;
        if fresh == plan && session::unreadable(&fresh, &snapshot).is_none() {
            break;
        }
        ui.note("What is live has changed meanwhile. The plan is now:");
        plan = fresh;
    }
    run(session, &plan, job, ui).await
}

/// Prints the plan: in JSON as the first line of the stream of events.
pub fn announce(plan: &Plan, snapshot: &Snapshot, job: &Job, ui: &mut Ui) {
    if ui.format == Format::Json {
        let mut document = plan_json::document(&ui.secrets.plan(plan), &snapshot.unreadable);
        if let Some(map) = document.as_object_mut() {
            map.insert("event".to_owned(), json!("plan"));
        }
        ui.out.line(&document.to_string());
    } else {
        show(plan, &snapshot.unreadable, &job.again, ui);
    }
}

/// Refuses a plan that may not be begun.
pub fn refuse(plan: &Plan, snapshot: &Snapshot) -> Result<(), Failure> {
    if !plan.conflicts.is_empty() {
        let many = report::words::count(plan.conflicts.len(), "thing");
        return Err(Failure::refused(
            format!("{many} that this stack does not own in the way; nothing was changed"),
            "settle what the plan lists as in the way, for example with --adopt",
        ));
    }
    session::unreadable(plan, snapshot).map_or(Ok(()), |error| Err(session::gaps(error)))
}

/// Asks; anything but the expected answer is a no.
pub fn ask(job: &Job, ui: &mut Ui) -> bool {
    let question = ui.err.palette.paint(Tone::Strong, &job.question);
    ui.err.text(&format!("\n{question} Type {} to go ahead: ", ui.err.palette.paint(Tone::Strong, &job.password)));
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
    let mut record = Record::default();
    let (verdict, known) = if plan.steps.is_empty() {
        (Verdict::Done, plan.known.clone())
    } else {
        let stop = Stop::default();
        job.interrupt.hand_to(&stop);
        let limits = Limits { in_flight: job.parallel.into(), seed: seed() };
        let speed = session.simulation.as_ref().map_or(1.0, |simulation| simulation.speed);
        let clock = TokioClock { start: Instant::now(), speed };
        let engine = Engine {
            kinds: &session.kinds,
            graph: &session.graph,
            cloud: &session.cloud,
            clock: &clock,
            limits: &limits,
        };
        let mut reporter = report::reporter(ui);
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
    let held = unmet(plan, session.options.destroy);
    let ending = Ending { verdict, record: &record, outputs: &outputs, held, again: &job.again };
    tell(&ending, plan, ui);
    Ok(match verdict {
        Verdict::Done if held == 0 => Exit::Done,
        Verdict::Done | Verdict::Failed => Exit::Failed,
        Verdict::Stopped => Exit::Interrupted,
    })
}

fn tell(ending: &Ending<'_>, plan: &Plan, ui: &mut Ui) {
    if ui.format == Format::Json {
        let mut result = summary::json(ending);
        if let (Some(stats), Some(map)) = (ui.take_stats(), result.as_object_mut()) {
            map.insert("stats".to_owned(), json!(stats));
        }
        ui.out.line(&result.to_string());
    } else if plan.steps.is_empty() {
        // The plan has just said that there is nothing to do.
        let text = summary::outputs(ending.outputs, ui.out.palette);
        ui.out.text(&text);
    } else {
        let text = summary::render(ending, ui.out.palette);
        ui.out.text(&format!("\n{text}"));
    }
}

/// How much of what was asked for the plan could not do. What the user protected, and what was left out by --target, was not
/// asked for; but a destruction that leaves something standing is not done.
fn unmet(plan: &Plan, destroy: bool) -> usize {
    let counts = |why: &HeldBecause| match why {
        HeldBecause::NotTargeted => false,
        HeldBecause::Protected | HeldBecause::Data(_) | HeldBecause::Other(_) => destroy,
        HeldBecause::Guarded(_) | HeldBecause::Inside(_) => destroy,
        HeldBecause::Unseen(_) | HeldBecause::Gap(_) | HeldBecause::Doubled(_) => true,
        HeldBecause::Unreadable(_) | HeldBecause::Needs(_) | HeldBecause::NotFound(_) => true,
    };
    plan.held.iter().filter(|held| counts(&held.why)).count()
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
