//! A session that changes AWS: a plan is made, shown and agreed to, carried out by the engine with its reporter, and its end is told.
//! The only file that hands the engine the cloud.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use evenkeel_aws::outputs;
use evenkeel_core::clock::Clock;
use evenkeel_core::event::Event;
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::plan::Plan;
use evenkeel_core::saved::{Moved, SavedPlan, differences};
use evenkeel_core::secret::Secrets;
use evenkeel_core::snapshot::Snapshot;
use serde_json::json;
use tokio::time::Instant;

use super::consent::{Agreed, Answer, Job, ask_for};
use super::given;
use super::planning::{Planning, dangling};
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::images;
use crate::out::Ui;
use crate::report::record::Record;
use crate::report::summary::{self, Ending, Verdict};
use crate::report::{self, values, verbs};

/// A plan that is to be made, agreed to, and carried out.
pub struct Changing<'a> {
    /// What is planned, from what reading.
    planning: Planning,
    /// How to carry it out.
    job: Job,
    /// The saved plan that it has to be, if there is one.
    bound: Option<Bound<'a>>,
}

/// A saved plan that the steps have to be those of.
pub struct Bound<'a> {
    /// The plan.
    pub saved: &'a SavedPlan,
    /// The command that makes a new one.
    pub anew: String,
}

impl<'a> Changing<'a> {
    /// Of what is planned.
    pub fn new(planning: Planning, job: Job, bound: Option<Bound<'a>>) -> Self {
        Self { planning, job, bound }
    }

    /// Plans, shows, asks, and carries out. After an answer everything is read again: only what was shown is done. What was saved
    /// is made again like any other plan, and has to come out the same.
    ///
    /// # Errors
    /// If AWS cannot be read, or the plan may not be carried out.
    pub async fn plan_and_run(mut self, ui: &mut Ui) -> Result<Exit, Failure> {
        let (snapshot, mut plan) = self.prepare(ui).await?;
        self.planning.check_names(&snapshot, &plan, ui)?;
        if plan.may_begin() {
            given::check(&plan, &self.planning.reading.graph, ui)?;
            images::check(&plan).await?;
            self.refuse_dangling(&plan, ui).await?;
        }
        loop {
            let Some(Answer { agreed, asked }) = ask_for(&plan, &self.job, ui)? else {
                return Ok(Exit::Interrupted);
            };
            if !asked {
                return self.run(&plan, agreed, ui).await;
            }
            let (_, fresh) = self.prepare(ui).await?;
            let same = differences(&plan, &fresh).is_empty() && fresh.may_begin();
            plan = fresh;
            if same {
                return self.run(&plan, agreed, ui).await;
            }
            if self.bound.is_none() {
                ui.note("AWS has changed since the plan was made. The plan is now:");
            }
        }
    }

    /// Refuses a deployment whose tasks could not start, because what they refer to is not there.
    async fn refuse_dangling(&self, plan: &Plan, ui: &mut Ui) -> Result<(), Failure> {
        let (absent, unknown) = self.planning.dangling(plan).await;
        unknown.iter().for_each(|line| ui.note(line));
        dangling(&absent).map_or(Ok(()), Err)
    }

    /// Reads and plans, for a run.
    async fn prepare(&mut self, ui: &mut Ui) -> Result<(Snapshot, Plan), Failure> {
        let snapshot = self.planning.reading.snapshot(ui).await?;
        let plan = self.planning.plan(&snapshot)?;
        // The saved one was made without a closer look, which adds waits to it and nothing else.
        still_fits(self.bound.as_ref(), &plan, &ui.secrets)?;
        let (snapshot, plan) = self.planning.look_closer(snapshot, plan).await?;
        // What is blocked anyway says why itself.
        if plan.may_begin() {
            self.planning.check_images(&plan).await?;
        }
        Ok((snapshot, plan))
    }

    /// Carries a plan out and tells how it ended.
    pub(super) async fn run(&self, plan: &Plan, _: Agreed, ui: &mut Ui) -> Result<Exit, Failure> {
        let reading = &self.planning.reading;
        let mut record = Record::of(plan);
        let (verdict, known) = if plan.steps.is_empty() {
            (Verdict::Done, plan.known.clone())
        } else {
            given::collect(plan, &reading.cloud, ui)?;
            let stop = Stop::default();
            self.job.interrupt.hand_to(&stop);
            let limits = Limits { in_flight: self.job.parallel.into(), seed: seed() };
            let clock = TokioClock { start: Instant::now(), speed: reading.speed() };
            let engine = Engine {
                kinds: &reading.kinds,
                graph: &reading.graph,
                cloud: &reading.cloud,
                clock: &clock,
                limits: &limits,
            };
            let mut reporter = report::reporter(ui, reading.speed());
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
        record.explain(&reading.warnings);
        let mut outputs = outputs::outputs(&reading.graph, &known);
        if verdict == Verdict::Done {
            outputs.extend(outputs::left(plan));
        }
        let exit = exit(plan, verdict);
        let ending = Ending { verdict, exit, plan, record: &record, outputs: &outputs, again: &self.job.again };
        tell(&ending, ui);
        Ok(exit)
    }
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
