//! The list of services. A new service is a folder here and its line in [`ALL`].

pub mod acm;
pub mod autoscaling;
pub mod cloud_map;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod iam;
pub mod logs;
pub mod rds;
pub mod route53;
pub mod secrets_manager;
pub mod ssm;

use evenkeel_core::cloud;

use crate::call::Manners;
use crate::service::Service;

/// All services, in the order in which a person reads a stack.
pub static ALL: &[&Service] = &[
    &ec2::SERVICE,
    &iam::SERVICE,
    &logs::SERVICE,
    &ecr::SERVICE,
    &ssm::SERVICE,
    &secrets_manager::SERVICE,
    &rds::SERVICE,
    &acm::SERVICE,
    &elb::SERVICE,
    &cloud_map::SERVICE,
    &ecs::SERVICE,
    &autoscaling::SERVICE,
    &route53::SERVICE,
];

/// How to get along with each.
pub fn manners() -> Vec<&'static Manners> {
    ALL.iter().map(|service| &service.manners).collect()
}

/// The rate that AWS publishes for an operation, for the engine.
pub fn rate(operation: &str) -> Option<cloud::Rate> {
    let takes = |service: &&&Service| service.manners.rates.iter().find(|rate| rate.operations.contains(&operation));
    let (service, rate) = ALL.iter().find_map(|service| Some((service, takes(&service)?)))?;
    Some(cloud::Rate {
        name: rate.name.to_owned(),
        of: service.title.strip_prefix("Amazon ").unwrap_or(service.title).to_owned(),
        counts: rate.counts.to_owned(),
        per_second: rate.per_second,
    })
}

/// The resource types that the tagging API is asked for.
pub fn tag_types() -> Vec<String> {
    ALL.iter().flat_map(|service| service.tag_types).map(|of| (*of).to_owned()).collect()
}
