//! What lives in ECS, as it is kept: services and tasks of a region, and what is to happen to them by itself. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{Deployment, Revision, Service};
use super::task::Task;
use crate::world::{Moment, Place, World};

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Running {
    /// Services by `cluster/name`, deleted ones for a day.
    pub services: BTreeMap<String, Service>,
    /// Tasks by `cluster/id`, stopped ones for an hour.
    pub tasks: BTreeMap<String, Task>,
    /// Service deployments by ARN.
    pub deployments: BTreeMap<String, Deployment>,
    /// Service revisions by ARN.
    pub revisions: BTreeMap<String, Revision>,
    /// The tasks that a client token of RunTask has made.
    pub tokens: BTreeMap<String, Vec<String>>,
    /// What the requests with those tokens asked for.
    pub asked: BTreeMap<String, Map<String, Value>>,
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// The scheduler looks at a service, as it was meant to at that moment.
    Tick {
        /// `cluster/name`.
        service: String,
        /// When.
        at: Moment,
    },
    /// A task gets on.
    Task {
        /// `cluster/id`.
        task: String,
        /// How.
        step: Step,
    },
    /// The interface of a stopped task goes.
    Release {
        /// `eni-…`.
        interface: String,
    },
    /// A route of a gateway gets on.
    Route {
        /// Its ARN.
        route: String,
    },
    /// A service that Service Connect made in Cloud Map goes with the service that needed it.
    Forget {
        /// Its ARN in Cloud Map.
        discovery: String,
    },
}

/// What lives in a place.
pub(super) fn of<'w>(world: &'w mut World, place: &Place) -> &'w mut Running {
    &mut world.region(place).ecs.running
}

/// The next step of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Its network interface comes.
    Attach,
    /// Its images are pulled.
    Pull,
    /// Its containers start.
    Run,
    /// It is registered where it is to be found.
    Register,
    /// Its containers' health is known.
    Verdict,
    /// A container exits by itself, with that code.
    Exit(i64),
    /// It has been taken out everywhere; its containers are told to stop.
    Deactivated,
    /// Its containers have stopped.
    Executed,
    /// Everything of it is cleared away.
    Stopped,
}
