//! What is kept of a service: what was written, its deployments and their revisions, its events. Decides nothing about when
//! what happens (`engine`), nor how it reads back (`read`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Event;
use crate::call::Members;
use crate::tags::Tags;
use crate::world::{self, Moment, Place, World};

/// The status of a service that lives.
pub(super) const ACTIVE: &str = "ACTIVE";

/// The status of a service whose last tasks stop.
pub(super) const DRAINING: &str = "DRAINING";

/// The status of a deleted service.
pub(super) const INACTIVE: &str = "INACTIVE";

/// How many events ECS keeps.
const EVENTS: usize = 100;

/// After this time a steady service says so again.
const REPEAT: Duration = Duration::from_secs(6 * 3600);

/// A service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The ARN of its cluster.
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING`, `INACTIVE`.
    pub status: String,
    /// How many tasks there are to be.
    pub desired: i64,
    /// The members that read back as they were written, defaults filled in.
    pub doc: Map<String, Value>,
    /// What a revision is made of and does not show in the service itself.
    pub hidden: Map<String, Value>,
    /// When it was made.
    pub created: Moment,
    /// The request that made it: the same one again is no other service.
    pub request: Map<String, Value>,
    /// Its tags.
    pub tags: Tags,
    /// Its deployments, the primary one first.
    pub rollouts: Vec<Rollout>,
    /// Its tasks, stopped ones as well while they can be seen.
    pub tasks: BTreeSet<String>,
    /// Its events, newest first.
    pub events: VecDeque<Message>,
    /// Since when it is steady.
    pub steady: Option<Moment>,
    /// When the scheduler looks at it next.
    pub next_tick: Option<Moment>,
    /// How often in a row its tasks failed.
    pub round: u32,
    /// Whether a task failed since the scheduler looked last.
    pub failed_lately: bool,
    /// Before this no task is started again.
    pub retry_at: Option<Moment>,
    /// When it became inactive.
    pub gone: Option<Moment>,
    /// The revision that was deployed last with success.
    pub good_revision: Option<String>,
    /// Its last service deployment.
    pub deployment: Option<String>,
    /// The services of Cloud Map that Service Connect made for it: names and ARNs.
    pub discovery: BTreeMap<String, String>,
}

/// Something that a service tells.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Moment,
    /// The text.
    pub text: String,
}

/// A deployment as it shows in `deployments`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rollout {
    /// `ecs-svc/…`.
    pub id: String,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// How many tasks failed in a row.
    pub failed: i64,
    /// Its revision.
    pub revision: String,
    /// The service deployment that it belongs to.
    pub deployment: String,
    /// What it is made of: a copy of the revision's.
    pub spec: Map<String, Value>,
    /// Whether it was told that the limits of the deployment leave no room.
    pub stuck: bool,
    /// Where a blue/green deployment stands; nothing for a rolling one.
    pub stages: Option<Stages>,
    /// Whether it takes the alternate target groups.
    pub alternate: bool,
}

/// A service revision.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// The service.
    pub service: String,
    /// The cluster's ARN.
    pub cluster_arn: String,
    /// When it was made.
    pub created: Moment,
    /// What it is made of.
    pub spec: Map<String, Value>,
    /// The images of its containers.
    pub images: Vec<Value>,
}

/// A service deployment: how a service came from one revision to another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Its ARN.
    pub arn: String,
    /// The service, `cluster/name`.
    pub service: String,
    /// When it was asked for.
    pub created: Moment,
    /// When it began.
    pub started: Option<Moment>,
    /// When it ended with success or a rollback.
    pub finished: Option<Moment>,
    /// When it was stopped.
    pub stopped: Option<Moment>,
    /// When it last changed.
    pub updated: Moment,
    /// `IN_PROGRESS` and so on.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The revisions before it, and how many of their tasks ran.
    pub sources: Vec<(String, i64)>,
    /// The revision that it brings.
    pub target: String,
    /// The configuration at its time.
    pub configuration: Value,
    /// How many tasks were asked for.
    pub desired: i64,
    /// The failures that its circuit breaker has counted.
    pub failures: i64,
    /// The failures that open the circuit breaker.
    pub threshold: i64,
    /// `MONITORING` and so on.
    pub breaker: String,
    /// `MONITORING` and so on.
    pub alarms: String,
    /// Why, when and whereto it was rolled back.
    pub rollback: Option<(String, Moment, String)>,
    /// The stage of a blue/green deployment.
    pub stage: Option<String>,
    /// The hook that a stage waits for.
    pub hook: Option<Value>,
}

impl Deployment {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status.as_str(),
            "PENDING" | "IN_PROGRESS" | "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS"
        )
    }
}

impl Service {
    /// `cluster/name`, under which it is kept.
    pub fn key(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    /// Lets it tell something. The newest event comes first.
    pub fn tell(&mut self, world: &mut World, text: &str) {
        // What a steady service would have said meanwhile comes before.
        self.repeat_steady(world);
        let at = world.now;
        self.tell_at(world, at, text);
    }

    fn tell_at(&mut self, world: &mut World, at: Moment, text: &str) {
        let text = format!("(service {}) {text}", self.name);
        self.events.push_front(Message { id: world.ids.uuid(), at, text });
        self.events.truncate(EVENTS);
    }

    /// Says that it is steady, unless it said so less than six hours ago, and what it would have said since.
    pub fn say_steady(&mut self, world: &mut World) {
        if self.steady.is_none() {
            self.tell(world, STEADY);
            self.steady = Some(world.now);
        }
        self.repeat_steady(world);
    }

    /// Adds the events of a service that stayed steady for hours: they were not worth an event of the world each.
    pub fn repeat_steady(&mut self, world: &mut World) {
        let Some(mut last) = self.steady else { return };
        // Only as many as are kept: a service may have been left alone for years.
        let missed = world.now.since(last).as_secs() / REPEAT.as_secs();
        if let Some(skipped) = missed.checked_sub(EVENTS as u64) {
            last = last.plus(REPEAT * u32::try_from(skipped).unwrap_or(u32::MAX));
        }
        while last.plus(REPEAT) <= world.now {
            last = last.plus(REPEAT);
            self.tell_at(world, last, STEADY);
        }
        self.steady = Some(last);
    }

    /// It is not steady any more.
    pub fn unsettle(&mut self, world: &mut World) {
        self.repeat_steady(world);
        self.steady = None;
    }

    /// Lets the scheduler look at it after a time, or before if that was planned.
    pub fn wake(&mut self, world: &mut World, place: &Place, delay: Duration) {
        let at = world.now.plus(delay);
        if self.next_tick.is_some_and(|planned| planned <= at) {
            return;
        }
        self.next_tick = Some(at);
        world.after(delay, place, world::Event::Ecs(Event::Tick { service: self.key(), at }));
    }

    /// Whether its tasks come one per container instance.
    pub fn is_daemon(&self) -> bool {
        self.doc.text("schedulingStrategy") == Some("DAEMON")
    }

    /// Whether ECS runs its tasks by itself: all but those whose task sets somebody else makes.
    pub fn is_ours(&self) -> bool {
        self.controller() != "EXTERNAL"
    }

    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub fn controller(&self) -> &str {
        self.doc.map("deploymentController").and_then(|it| it.text("type")).unwrap_or("ECS")
    }

    /// The configuration of its deployments.
    pub fn configuration(&self) -> Map<String, Value> {
        self.doc.map("deploymentConfiguration").cloned().unwrap_or_default()
    }
}

const STEADY: &str = "has reached a steady state.";

/// Where a deployment stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stages {
    /// Which stage.
    pub at: usize,
    /// Until when it waits.
    pub until: Option<Moment>,
    /// How many of the hooks of this stage are through.
    pub hooks: usize,
    /// The percentage of the traffic that has moved.
    pub shifted: f64,
}
