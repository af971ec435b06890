//! What lives in ECS: services with their deployments and revisions, and tasks. `state.rs` keeps them, and this file says
//! which operation and which event is whose; what is written down (clusters, task definitions, settings) it gets from `registry`.
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
mod ingress;
mod instances;
mod launch;
mod life;
mod list;
mod network;
mod outcome;
mod output;
mod places;
mod proxy;
mod read;
mod run;
mod service;
mod shifts;
mod stages;
mod state;
mod stop;
mod tagged;
mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod update;

pub use self::engine::{desired_count, set_desired_count};
pub use self::health::targets_moved;
pub use self::instances::of_cluster as instances_of;
pub use self::service::{Deployment, Revision, Service};
use self::state::of;
pub use self::state::{Event, Running};
pub use self::tagged::{tagged, tags_mut};
pub use self::task::Task;
use crate::call::Table;
use crate::world::status::Item;
use crate::world::{Place, Region, World};

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

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Tick { service, at } => engine::tick(world, place, &service, at),
        Event::Task { task, step } => life::step(world, place, &task, step),
        Event::Release { interface } => crate::services::ec2::release(world, place, &interface),
        Event::Route { route } => super::gateways::step(world, place, &route),
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
