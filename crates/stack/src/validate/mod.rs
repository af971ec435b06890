//! Checks that need more than one value: of a task as a whole, of a service with its target groups, and of the file
//! across its sections. What one value alone can be wrong in is checked where it is read.

mod assumed;
mod balancers;
mod certificates;
mod exec;
mod execution_access;
pub(crate) mod managed_instances;
mod own_network;
mod permissions;
mod reachability;
pub(crate) mod risks;
mod secret_access;
mod stack;
mod task;
mod variables;
mod volumes;

pub(crate) use stack::{service, stack};
pub(crate) use task::{NOT_ON_FARGATE, task};
