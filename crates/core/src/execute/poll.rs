//! Waits: everything of one kind that is awaited shares one batched poll, at growing intervals.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;

use super::Engine;
use super::request::Finished;
use crate::cloud::{Goal, Waiting};
use crate::error::{CloudError, ErrorClass};
use crate::id::StepId;
use crate::kind::Kind;
use crate::snapshot::Readiness;

/// What was made is visible to all reads within this time; longer, and it has really disappeared.
const VISIBLE: Duration = Duration::from_secs(30);

/// One thing that is awaited.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) waiting: Waiting,
    pub(super) began: Duration,
    pub(super) deadline: Duration,
    /// What was last heard of it.
    pub(super) status: String,
}

/// What is awaited of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Poller {
    pub(super) awaited: BTreeMap<StepId, Awaited>,
    /// Whether a poll is under way or due.
    pub(super) active: bool,
    polls: u32,
}

/// What an answer means for a wait.
#[derive(Debug)]
pub(super) enum Heard {
    Reached,
    Still(String),
    Failed(CloudError),
}

impl Poller {
    /// The pause before the next poll; `None` if nothing is, or one is due already.
    pub(super) fn next<'a>(&mut self, engine: Engine<'a>, kind: &str) -> Option<BoxFuture<'a, Finished>> {
        if self.active || self.awaited.is_empty() {
            return None;
        }
        let pauses = engine.kinds.get(kind).map_or(Kind::PLAIN.polls, |kind| kind.polls);
        let pause = pauses.pause(self.polls);
        self.polls = self.polls.saturating_add(1);
        self.active = true;
        let kind = kind.to_owned();
        Some(Box::pin(async move {
            engine.clock.sleep(pause).await;
            Finished::PollDue { kind }
        }))
    }

    /// Asks for everything that is awaited by now.
    pub(super) fn ask<'a>(&self, engine: Engine<'a>, kind: &str) -> BoxFuture<'a, Finished> {
        let kind = kind.to_owned();
        let (steps, waiting): (Vec<StepId>, Vec<Waiting>) =
            self.awaited.iter().map(|(step, awaited)| (*step, awaited.waiting.clone())).unzip();
        Box::pin(async move {
            let results = engine.cloud.poll(&kind, &waiting).await;
            Finished::Polled { kind, steps, results }
        })
    }

    /// Notes that a poll has come back; with nothing left to await, intervals begin anew.
    pub(super) fn polled(&mut self) {
        self.active = false;
        if self.awaited.is_empty() {
            self.polls = 0;
        }
    }
}

impl Awaited {
    /// What an answer means, `now`.
    pub(super) fn hear(&self, answer: Result<Readiness, CloudError>, now: Duration) -> Heard {
        let goal = self.waiting.goal;
        let still = match (goal, answer) {
            // Nobody is asked about it.
            (Goal::Hold, _) => return Heard::Reached,
            (Goal::Ready | Goal::Vacant, Ok(Readiness::Ready)) | (Goal::Gone | Goal::Vacant, Ok(Readiness::Gone)) => {
                return Heard::Reached;
            }
            (Goal::Gone, Err(error)) if error.class == ErrorClass::Gone => return Heard::Reached,
            (_, Ok(Readiness::Pending(what))) => what,
            (Goal::Gone, Ok(Readiness::Ready)) => "still there".to_owned(),
            (Goal::Gone | Goal::Vacant, Ok(Readiness::Failed(why))) => why,
            (Goal::Ready, Ok(Readiness::Failed(why))) => return Heard::Failed(self.error("Failed", why)),
            // What was made a moment ago need not be visible to every read yet.
            (Goal::Ready, Ok(Readiness::Gone)) if now.saturating_sub(self.began) < VISIBLE => {
                return Heard::Still("not visible yet".to_owned());
            }
            (Goal::Ready, Ok(Readiness::Gone)) => {
                return Heard::Failed(self.error("Gone", "it disappeared during the wait".to_owned()));
            }
            (_, Err(error)) if error.class.is_passing() || error.class == ErrorClass::Gone => error.to_string(),
            (_, Err(error)) => return Heard::Failed(error),
        };
        if now.saturating_sub(self.began) < self.deadline {
            return Heard::Still(still);
        }
        let after = span(self.deadline);
        let goal = match goal {
            Goal::Ready => "ready",
            Goal::Gone | Goal::Hold => "gone",
            Goal::Vacant => "vacant",
        };
        Heard::Failed(self.error("Timeout", format!("not {goal} after {after}; last status: {still}")))
    }

    fn error(&self, code: &str, message: String) -> CloudError {
        let operation = match self.waiting.goal {
            Goal::Ready => "wait until ready",
            Goal::Gone => "wait until gone",
            Goal::Hold => "hold",
            Goal::Vacant => "wait until vacant",
        };
        CloudError { code: code.to_owned(), ..CloudError::local(ErrorClass::Invalid, operation, message) }
    }
}

/// A time as a person writes it: `10m`, `90s`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 && seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::snapshot::{Live, Owner};

    fn awaited(goal: Goal) -> Awaited {
        let node = NodeId::new("service", "web");
        let live = Live::new("web", "web", Owner::Ours(node.clone()), serde_json::json!({}));
        let waiting = Waiting { node, live, goal };
        Awaited { waiting, began: Duration::ZERO, deadline: Duration::from_secs(600), status: String::new() }
    }

    #[test]
    fn what_is_not_visible_at_first_has_not_disappeared() {
        let soon = Duration::from_secs(5);
        assert!(matches!(awaited(Goal::Ready).hear(Ok(Readiness::Gone), soon), Heard::Still(_)));
        assert!(matches!(awaited(Goal::Ready).hear(Ok(Readiness::Gone), VISIBLE), Heard::Failed(_)));
        assert!(matches!(awaited(Goal::Gone).hear(Ok(Readiness::Gone), soon), Heard::Reached));
    }

    #[test]
    fn what_is_to_be_deleted_is_vacant_when_nothing_is_in_it_or_nobody_can_say() {
        let hear = |answer| awaited(Goal::Vacant).hear(answer, Duration::ZERO);
        assert!(matches!(hear(Ok(Readiness::Ready)), Heard::Reached));
        assert!(matches!(hear(Ok(Readiness::Pending("network interface eni-1".to_owned()))), Heard::Still(_)));
        let denied = CloudError::local(ErrorClass::Denied, "ec2:DescribeNetworkInterfaces", "no");
        assert!(matches!(hear(Err(denied)), Heard::Failed(_)), "the deletion itself is tried then");
    }

    #[test]
    fn a_wait_lasts_as_long_as_something_is_pending_and_no_longer_than_its_deadline() {
        let pending = || Ok(Readiness::Pending("starting".to_owned()));
        assert!(matches!(awaited(Goal::Ready).hear(pending(), Duration::ZERO), Heard::Still(_)));
        assert!(matches!(awaited(Goal::Gone).hear(pending(), Duration::ZERO), Heard::Still(_)));
        let Heard::Failed(late) = awaited(Goal::Ready).hear(pending(), Duration::from_secs(600)) else {
            panic!("the deadline is over");
        };
        assert_eq!(late.message, "not ready after 10m; last status: starting");
        assert_eq!((span(Duration::from_secs(90)), span(Duration::from_secs(1800))), ("90s".into(), "30m".into()));
    }
}
