//! What lives in ECS: services with their deployments and revisions, and tasks. This file holds their state and says which
//! operation and which event is whose; what is written down (clusters, task definitions, settings) it gets from `registry`.
//!
//! Containers run by convention, see `fate`.

mod check;
mod connect;
mod create;
mod defaults;
mod delete;
mod engine;
mod exec;
mod fate;
mod health;
mod history;
mod launch;
mod life;
mod list;
mod outcome;
mod places;
mod proxy;
mod read;
mod run;
mod service;
mod stages;
mod stop;
mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::engine::{desired_count, set_desired_count};
pub use self::service::{Deployment, Revision, Service};
pub use self::task::Task;
use crate::call::Table;
use crate::tags::{Tagged, Tags};
use crate::world::status::Item;
use crate::world::{Moment, Place, Region, World};

/// The operations.
pub const OPERATIONS: Table = &[
    ("CreateService", create::create),
    ("UpdateService", update::update),
    ("DeleteService", delete::delete),
    ("DescribeServices", list::describe),
    ("ListServices", list::list),
    ("ListServicesByNamespace", list::by_namespace),
    ("ListServiceDeployments", history::list),
    ("DescribeServiceDeployments", history::describe),
    ("StopServiceDeployment", history::stop),
    ("ContinueServiceDeployment", history::go_on),
    ("DescribeServiceRevisions", history::revisions),
    ("RunTask", run::run),
    ("StartTask", run::start),
    ("StopTask", run::stop),
    ("DescribeTasks", tasks::describe),
    ("ListTasks", tasks::list),
    ("ExecuteCommand", exec::execute),
    ("UpdateTaskProtection", exec::protect),
    ("GetTaskProtection", exec::protection),
];

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
        step: life::Step,
    },
    /// The interface of a stopped task goes.
    Release {
        /// `eni-…`.
        interface: String,
    },
    /// A service that Service Connect made in Cloud Map goes with the service that needed it.
    Forget {
        /// Its ARN in Cloud Map.
        discovery: String,
    },
}

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Tick { service, at } => engine::tick(world, place, &service, at),
        Event::Task { task, step } => life::step(world, place, &task, step),
        Event::Release { interface } => crate::services::ec2::release(world, place, &interface),
        Event::Forget { discovery } => crate::services::cloud_map::remove_service(world, place, &discovery),
    }
}

/// How much there is in a cluster: active services, running and pending tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Services that are not inactive.
    pub services: usize,
    /// Tasks that run.
    pub running: usize,
    /// Tasks on their way to run.
    pub pending: usize,
}

/// How much there is in a cluster, by its ARN.
pub fn population(region: &Region, cluster: &str) -> Population {
    let running = &region.ecs.running;
    let mut found = Population::default();
    for (_, service) in places::of_cluster(&running.services, cluster) {
        found.services += usize::from(service.status != service::INACTIVE);
    }
    for (_, task) in places::of_cluster(&running.tasks, cluster) {
        found.running += usize::from(task.is_running());
        found.pending += usize::from(task.is_pending());
    }
    found
}

/// The tagged resources: services, and tasks that have not stopped.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let running = &world.region(place).ecs.running;
    let services = running.services.values().filter(|service| service.status != service::INACTIVE);
    let tasks = running.tasks.values().filter(|task| task.stopped.is_none());
    let services = services.map(|service| Tagged { arn: service.arn.clone(), tags: service.tags.clone() });
    services.chain(tasks.map(|task| Tagged { arn: task.arn.clone(), tags: task.tags.clone() })).collect()
}

/// The services of a cluster by name, with how many of their tasks run.
pub fn service_items(running: &Running, cluster: &str) -> Vec<Item> {
    let here = running.services.values().filter(|it| it.cluster == cluster && it.status != service::INACTIVE);
    let item = |service: &Service| {
        let count = read::count(running, service, None).running;
        let state = format!("{count} of {} tasks running, {}", service.desired, service.status);
        Item { state: Some(state), ..Item::called(&service.name) }
    };
    here.map(item).collect()
}

/// The tags of a resource by its ARN; none if it is not one of these.
pub fn tags_mut<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let running = &mut world.region(place).ecs.running;
    let resource = arn.splitn(6, ':').nth(5)?;
    let (kind, key) = resource.split_once('/')?;
    match kind {
        "service" => {
            running.services.get_mut(key).filter(|it| it.arn == arn && it.gone.is_none()).map(|it| &mut it.tags)
        }
        "task" => running.tasks.get_mut(key).filter(|task| task.arn == arn).map(|task| &mut task.tags),
        _ => None,
    }
}

/// What lives in a place.
fn of<'w>(world: &'w mut World, place: &Place) -> &'w mut Running {
    &mut world.region(place).ecs.running
}
