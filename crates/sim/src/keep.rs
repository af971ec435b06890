//! When a change is answered: once the world that has it is kept. A keeper saves the world again and again; what it cannot save is
//! taken back, and whoever asked for it is refused. How a world is saved is the keeper's owner's affair.

use tokio::sync::watch;

use crate::call::Refusal;
use crate::sim::Sim;
use crate::world::World;

/// How many failures are remembered: whoever waits for a change looks long before there are more.
const FAILURES: usize = 1000;

/// How far a world is kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Whether anybody keeps it; else nobody waits.
    keeper: bool,
    /// Whether nothing is kept any more.
    closed: bool,
    /// The changes up to this number are kept or lost.
    number: u64,
    /// The changes that were lost, and why: after the first number, up to the second.
    lost: Vec<(u64, u64, String)>,
}

impl Kept {
    /// Whether it is known what became of a change.
    fn is_settled(&self, change: u64) -> bool {
        !self.keeper || self.closed || change <= self.number
    }

    fn outcome(&self, change: u64) -> Result<(), Refusal> {
        let lost = |why: &str| {
            let text = format!("The simulated AWS could not keep this change, so it was not made: {why}");
            Err(Refusal::new("WorldNotKept", text).status(400))
        };
        if let Some((_, _, why)) = self.lost.iter().find(|(after, upto, _)| (*after + 1..=*upto).contains(&change)) {
            return lost(why);
        }
        if self.closed && change > self.number { lost("it is ending") } else { Ok(()) }
    }
}

/// Whether a change was kept; returns when that is known.
///
/// # Errors
/// The refusal of a change that was not.
pub(crate) async fn settled(kept: &watch::Sender<Kept>, change: u64) -> Result<(), Refusal> {
    let mut kept = kept.subscribe();
    // The sender lives as long as the simulation that asks.
    match kept.wait_for(|kept| kept.is_settled(change)).await {
        Ok(kept) => kept.outcome(change),
        Err(_) => Ok(()),
    }
}

/// Keeps a world: from its beginning on no change is answered before it is kept.
#[derive(Debug)]
pub struct Keeper {
    sim: Sim,
    /// The world as it was kept last.
    last: World,
    number: u64,
}

impl Keeper {
    /// Begins to keep the world of a simulation, which is kept as it is now.
    pub fn of(sim: &Sim) -> Self {
        let (number, last) = sim.numbered();
        sim.kept().send_modify(|kept| (kept.keeper, kept.number) = (true, number));
        Self { sim: sim.clone(), last, number }
    }

    /// Returns when there is a change that is not kept.
    pub async fn changed(&self) {
        let mut changes = self.sim.changes();
        // The sender lives as long as the simulation.
        drop(changes.wait_for(|number| *number > self.number).await);
    }

    /// Saves the world; if that fails, everything since the last time is taken back.
    ///
    /// # Errors
    /// Why it could not be saved.
    pub fn keep<E: std::fmt::Display>(&mut self, save: impl FnOnce(&World) -> Result<(), E>) -> Result<(), E> {
        let (number, world) = self.sim.numbered();
        let saved = save(&world);
        let lost = saved.as_ref().err().map(ToString::to_string);
        let before = self.number;
        match &lost {
            None => (self.number, self.last) = (number, world),
            // Whatever came meanwhile stands on what is lost.
            Some(_) => self.number = self.sim.put_back(&self.last),
        }
        self.sim.kept().send_modify(|kept| {
            kept.number = self.number;
            kept.lost.extend(lost.map(|why| (before, self.number, why)));
            let surplus = kept.lost.len().saturating_sub(FAILURES);
            kept.lost.drain(..surplus);
        });
        saved
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.sim.kept().send_modify(|kept| kept.closed = true);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::lab::Lab;
    use crate::sim::Outcome;
    use crate::wire::Request;

    fn create(name: &str) -> Request {
        http::Request::post("/")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/logs/aws4_request, Signature=0",
            )
            .header("x-amz-target", "Logs_20140328.CreateLogGroup")
            .body(Bytes::from(json!({ "logGroupName": name }).to_string()))
            .expect("a request")
    }

    fn groups(world: &World) -> Vec<Value> {
        let sim = Sim::new(world.clone(), crate::Settings::default());
        let place = Lab::new().place;
        let read = sim.call(&place, "logs", "DescribeLogGroups", json!({})).expect("an answer");
        read["logGroups"].as_array().expect("a list").iter().map(|group| group["logGroupName"].clone()).collect()
    }

    fn status(outcome: &Outcome) -> (u16, String) {
        match outcome {
            Outcome::Reply(reply, _) => (reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_answered_when_it_is_kept() {
        let lab = Lab::new();
        let mut keeper = Keeper::of(&lab.sim);
        let (sim, request) = (lab.sim.clone(), create("/a"));
        let answer = tokio::spawn(async move { sim.respond(&request).await });
        keeper.changed().await;
        tokio::task::yield_now().await;
        assert!(!answer.is_finished(), "nothing is kept yet");
        let mut file = None;
        keeper
            .keep(|world| {
                file = Some(world.clone());
                Ok::<(), String>(())
            })
            .expect("it is kept");
        assert_eq!(status(&answer.await.expect("an answer")).0, 200);
        assert_eq!(groups(&file.expect("a world")), ["/a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_cannot_be_kept_is_refused_and_not_made() {
        let lab = Lab::new();
        let mut keeper = Keeper::of(&lab.sim);
        let (sim, request) = (lab.sim.clone(), create("/a"));
        let answer = tokio::spawn(async move { sim.respond(&request).await });
        keeper.changed().await;
        keeper.keep(|_| Err("no space left on device")).expect_err("it is not kept");
        let (code, body) = status(&answer.await.expect("an answer"));
        assert!(code == 400 && body.contains("WorldNotKept") && body.contains("no space left"), "{code} {body}");
        assert_eq!(groups(&lab.sim.with_world(|world| world.clone())), Vec::<Value>::new());
        drop(keeper);
        let (_, body) = status(&lab.sim.respond(&create("/b")).await);
        assert!(body.contains("it is ending"), "{body}");
    }
}
