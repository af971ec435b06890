//! What is in a world, as data: so many resources of each kind by region and service, and some of them by name. What a service tells of
//! itself, it decides.

use serde::Serialize;

pub use super::entry::{Entry, Item};
use super::{Account, Region, World};
use crate::services::SERVICES;

/// What is in a world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The simulated time, in ISO 8601.
    pub time: String,
    /// By account.
    pub accounts: Vec<AccountStatus>,
}

/// What is in an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    /// Its number.
    pub account: String,
    /// What belongs to no region.
    pub services: Vec<ServiceStatus>,
    /// By region; those with nothing but what comes with them are left out.
    pub regions: Vec<RegionStatus>,
}

/// What is in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionStatus {
    /// Its name.
    pub region: String,
    /// By service.
    pub services: Vec<ServiceStatus>,
}

/// What a service has; never nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    /// Its name in the aws CLI.
    pub service: &'static str,
    /// By kind.
    pub resources: Vec<Entry>,
}

impl Status {
    /// What is in a world.
    pub fn of(world: &World) -> Self {
        let accounts = world.accounts.iter().map(|(number, account)| AccountStatus {
            account: number.to_string(),
            services: of_account(account),
            regions: of_regions(world, account),
        });
        Self { time: world.now.whole().iso(), accounts: accounts.filter(|it| !it.is_empty()).collect() }
    }
}

impl AccountStatus {
    fn is_empty(&self) -> bool {
        self.services.is_empty() && self.regions.is_empty()
    }
}

fn of_account(account: &Account) -> Vec<ServiceStatus> {
    let of = |(name, status): (_, fn(&Account) -> Vec<Entry>)| (name, status(account));
    told(SERVICES.iter().filter_map(|service| Some((service.name(), service.account_status?))).map(of))
}

fn of_regions(world: &World, account: &Account) -> Vec<RegionStatus> {
    let of = |region: &Region| {
        let telling = SERVICES.iter().filter_map(|service| Some((service.name(), service.region_status?)));
        told(telling.map(|(name, status)| (name, status(region, world.now))))
    };
    let regions = account.regions.iter().map(|(name, region)| (name.to_string(), of(region)));
    let regions = regions.filter(|(_, services)| !services.is_empty());
    regions.map(|(region, services)| RegionStatus { region, services }).collect()
}

/// The services that have something to tell.
fn told(all: impl Iterator<Item = (&'static str, Vec<Entry>)>) -> Vec<ServiceStatus> {
    let some = |(service, entries): (_, Vec<Entry>)| {
        let resources: Vec<Entry> = entries.into_iter().filter(|entry| entry.count > 0).collect();
        (!resources.is_empty()).then_some(ServiceStatus { service, resources })
    };
    all.filter_map(some).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lab::Lab;

    #[test]
    fn a_world_tells_what_was_made_in_it_by_region_and_service() {
        let lab = Lab::new();
        lab.subnets();
        assert_eq!(lab.sim.with_world(|world| Status::of(world)).accounts, []);
        for number in 0..120 {
            lab.ok("logs.CreateLogGroup", json!({ "logGroupName": format!("/g{number}") }));
        }
        lab.ok("route53.CreateHostedZone", json!({ "Name": "a.example", "CallerReference": "one" }));
        lab.ok("ec2.CreateSecurityGroup", json!({ "GroupName": "g", "Description": "d" }));
        lab.ok("ecs.CreateCluster", json!({ "clusterName": "c" }));
        let container = json!([{ "name": "app", "image": "nginx", "memory": 64 }]);
        lab.ok("ecs.RegisterTaskDefinition", json!({ "family": "f", "containerDefinitions": container }));
        let service = json!({ "cluster": "c", "serviceName": "s", "taskDefinition": "f", "desiredCount": 0 });
        lab.ok("ecs.CreateService", service);
        let status = lab.sim.with_world(|world| serde_json::to_value(Status::of(world)).expect("JSON"));
        let account = &status["accounts"][0];
        assert_eq!(
            account["services"],
            json!([{ "service": "route53",
                "resources": [{ "kind": "hosted zone", "count": 1, "items": [{ "name": "a.example." }] }] }])
        );
        let services = [("ec2", 0), ("ecs", 1), ("logs", 2)].map(|(name, at)| {
            assert_eq!(account["regions"][0]["services"][at]["service"], name);
            account["regions"][0]["services"][at]["resources"].clone()
        });
        assert_eq!(services[0], json!([{ "kind": "security group", "count": 1 }]));
        let held = json!([{ "kind": "service", "count": 1,
            "items": [{ "name": "s", "state": "0 of 0 tasks running, ACTIVE" }] }]);
        assert_eq!(services[1][0]["items"], json!([{ "name": "c", "holds": held }]));
        assert_eq!(services[1][1], json!({ "kind": "task definition", "count": 1 }));
        assert_eq!(services[2], json!([{ "kind": "log group", "count": 120 }]));
    }
}
