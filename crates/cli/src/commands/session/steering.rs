//! A session that steers the deployment of a service which is under way: lets it go on after a pause, stops it, or takes it back, and
//! follows it to its end. Which request that is, `follow.rs` of the service says; nothing else is changed here.

use std::time::Duration;

use evenkeel_aws::services::ecs::service::follow::{self, Ask, Progress, UnderWay};
use evenkeel_core::execute::Stop;
use evenkeel_core::snapshot::Live;
use serde_json::json;

use super::consent::{self, Job};
use super::names;
use super::reading::Reading;
use super::restarting::look;
use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::out::Ui;
use crate::report::{escape, words};
use crate::style::Tone;

/// Seconds of AWS's time between two looks at a deployment.
const PAUSE: Duration = Duration::from_secs(5);

/// What is asked of which service.
pub struct Steer<'a> {
    /// The service, as the command line names it.
    pub service: &'a str,
    /// What.
    pub ask: Ask,
    /// What is done, in words: `continue`.
    pub verb: &'static str,
    /// The command that shows how the stack does.
    pub status: String,
}

/// Asks the deployment of a service for something, once that is agreed to, and waits for its end.
///
/// # Errors
/// If there is no such service, no deployment of it is under way, or AWS refuses.
pub async fn steer(reading: Reading, steer: Steer<'_>, job: Job, ui: &mut Ui) -> Result<Exit, Failure> {
    let node = names::service(&reading.graph, steer.service)?.clone();
    let mut services = look(&reading, std::slice::from_ref(&node)).await?;
    let Some(live) = services.remove(&node.id) else { return Ok(Exit::Failed) };
    let Some(deployment) = under_way(&reading, &live).await? else {
        let text = format!("no deployment of {} is under way; nothing was changed", node.id);
        return Err(Failure::refused(text, format!("see how it does: {}", steer.status)));
    };
    let id = ui.out.palette.paint(Tone::Strong, words::id(&node.id));
    if ui.format == Format::Text {
        let stands = escape::text(&deployment.stands);
        ui.out.line(&format!("  ~ {} the deployment of {id}: {stands}", steer.verb));
    }
    if consent::agree(&job, ui).is_none() {
        return Ok(Exit::Interrupted);
    }
    let asked = follow::ask(&reading.cloud.aws, &deployment, steer.ask).await;
    if !asked.map_err(|error| Failure::cloud("changing the deployment", error))? {
        let text = format!("the deployment of {} is not paused ({}); nothing was changed", node.id, deployment.stands);
        return Err(Failure::refused(text, format!("see how it does: {}", steer.status)));
    }
    let following = Following { reading: &reading, live: &live, deployment: &deployment, entry: node.id.name() };
    following.to_its_end(&steer, &job, ui).await
}

async fn under_way(reading: &Reading, live: &Live) -> Result<Option<UnderWay>, Failure> {
    let found = follow::under_way(&reading.cloud.aws, live).await;
    found.map_err(|error| Failure::cloud("reading the deployment", error))
}

/// A deployment that is followed.
struct Following<'a> {
    reading: &'a Reading,
    live: &'a Live,
    deployment: &'a UnderWay,
    entry: &'a str,
}

impl Following<'_> {
    async fn to_its_end(&self, steer: &Steer<'_>, job: &Job, ui: &mut Ui) -> Result<Exit, Failure> {
        let stop = Stop::default();
        job.interrupt.hand_to(&stop);
        let mut told = String::new();
        loop {
            let look = follow::progress(&self.reading.cloud.aws, self.live, self.deployment, steer.ask, self.entry);
            let progress = tokio::select! {
                found = look => found,
                _ = stop.more_than(0) => return Ok(self.left(ui)),
            };
            let (exit, text) = match progress {
                Ok(Progress::Going(text)) => (None, text),
                Ok(Progress::Done(text)) => (Some(Exit::Done), text),
                Ok(Progress::Failed(text)) => (Some(Exit::Failed), text),
                Err(error) if error.class.is_passing() => (None, told.clone()),
                Err(error) => return Err(Failure::cloud("following the deployment", error)),
            };
            if text != told {
                self.tell(&text, exit, ui);
                told = text;
            }
            if let Some(exit) = exit {
                return Ok(exit);
            }
            let pause = PAUSE.div_f64(self.reading.speed());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.more_than(0) => return Ok(self.left(ui)),
            }
        }
    }

    fn tell(&self, text: &str, exit: Option<Exit>, ui: &mut Ui) {
        if ui.format == Format::Json {
            let outcome = exit.map(|exit| if exit == Exit::Done { "done" } else { "failed" });
            ui.out.json(&json!({ "event": "deployment", "entry": self.entry, "status": text, "outcome": outcome }));
        } else {
            ui.out.line(&format!("    {}: {}", escape::text(self.entry), escape::text(text)));
        }
    }

    fn left(&self, ui: &mut Ui) -> Exit {
        ui.note("Not waited for any longer; the deployment goes on in AWS.");
        Exit::Interrupted
    }
}
