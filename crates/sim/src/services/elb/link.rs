//! What other services ask of Elastic Load Balancing: target groups, their load balancers, targets and their health.

use crate::world::{Place, Region, World};

/// What others need to know of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFacts {
    /// Its ARN.
    pub arn: String,
    /// `ip`, `instance`, `lambda` or `alb`.
    pub target_type: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// The load balancers whose listeners or rules forward to it.
    pub load_balancers: Vec<String>,
    /// The deregistration delay in seconds.
    pub deregistration_delay: u64,
}

/// The target group of that ARN.
pub fn target_group(_region: &Region, _arn: &str) -> Option<GroupFacts> {
    None
}

/// A target that a service registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTarget {
    /// An address, or an instance.
    pub id: String,
    /// Its port.
    pub port: u16,
    /// Its zone.
    pub zone: String,
    /// Whether it will answer the health checks with success.
    pub answers: bool,
}

/// Registers a target; it becomes healthy (or not) after some health checks.
pub fn register(_world: &mut World, _place: &Place, _group: &str, _target: NewTarget) {}

/// Takes a target out: it drains for the deregistration delay, then it is gone.
pub fn deregister(_world: &mut World, _place: &Place, _group: &str, _id: &str, _port: u16) {}

/// The state of a target: `initial`, `healthy`, `unhealthy`, `draining`, `unused`; none if it is not registered.
pub fn target_state(_region: &Region, _group: &str, _id: &str, _port: u16) -> Option<String> {
    None
}

/// Gives the target groups of a forward action other weights, as ECS does in a blue/green deployment. `rule` is the ARN of a
/// rule, or of a listener for its default action. False if it does not forward to both groups.
pub fn shift_weights(_region: &mut Region, _rule: &str, _weights: &[(String, u32)]) -> bool {
    false
}

/// The DNS name and hosted zone of a load balancer, by its DNS name: for alias records.
pub fn is_dns_name(_region: &Region, _name: &str) -> bool {
    false
}
