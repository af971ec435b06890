//! What is kept of gateways: themselves, the clusters that they are associated with, and the routes of services. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Members, Refusal};
use crate::tags::{Tagged, Tags};
use crate::world::{Moment, Place, World};

/// The status of a gateway or an association that can be used.
pub(super) const ACTIVE: &str = "ACTIVE";

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Gateways {
    /// Gateways by name.
    pub(super) gateways: BTreeMap<String, Gateway>,
    /// Associations by `gateway/cluster`.
    pub(super) associations: BTreeMap<String, Association>,
    /// Routes by ARN.
    pub(super) routes: BTreeMap<String, Route>,
}

/// A gateway.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Gateway {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The request that made it, with its token.
    pub request: Map<String, Value>,
    /// The role by which it manages what it runs.
    pub role: String,
    /// Whether it is protected from deletion.
    pub protection: bool,
    /// `hostSharedAlb`, as it is shown.
    pub body: Map<String, Value>,
    /// `GATEWAY` or `NONE`.
    pub propagate: String,
    /// Its tags.
    pub tags: Tags,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// Until when its last update is under way.
    pub updating: Option<Moment>,
    /// What its last update could not change.
    pub failures: Vec<Value>,
    /// The load balancers that it runs.
    pub balancers: Vec<Balancer>,
}

impl Gateway {
    /// Its status.
    pub(super) fn status(&self, now: Moment) -> &'static str {
        match self.updating {
            None => ACTIVE,
            Some(until) if until > now => "UPDATE_IN_PROGRESS",
            Some(_) if !self.failures.is_empty() => "UPDATE_FAILED",
            Some(_) => "UPDATE_COMPLETE",
        }
    }

    /// `PUBLIC` or `PRIVATE`.
    pub(super) fn access(&self) -> &'static str {
        if self.body.text("scheme") == Some("internal") { "PRIVATE" } else { "PUBLIC" }
    }

    /// The subnets of its load balancers.
    pub(super) fn subnets(&self) -> Vec<String> {
        self.body.map("networkConfiguration").map(|it| it.texts("subnets")).unwrap_or_default()
    }

    /// The tags of what it runs.
    pub(super) fn marks(&self) -> Tags {
        let mut tags = if self.propagate == "GATEWAY" { self.tags.clone() } else { Tags::new() };
        tags.retain(|key, _| !key.starts_with("aws:"));
        tags.insert("AmazonECSManaged".to_owned(), "true".to_owned());
        tags
    }
}

/// A load balancer that a gateway runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Balancer {
    /// Its ARN.
    pub arn: String,
    /// Its listener.
    pub listener: String,
    /// Its security group.
    pub group: String,
    /// Its certificate.
    pub certificate: String,
    /// What its host names have in common.
    pub id: String,
}

/// That a gateway serves a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Association {
    /// The name of the gateway.
    pub gateway: String,
    /// The name of the cluster.
    pub cluster: String,
    /// Whether it ends as soon as no service has a route.
    pub leaving: bool,
}

/// How requests get from a gateway to a service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Route {
    /// Its ARN.
    pub arn: String,
    /// The name of the gateway.
    pub gateway: String,
    /// The name of the cluster.
    pub cluster: String,
    /// `cluster/name` of the service.
    pub service: String,
    /// The ARN of the service.
    pub service_arn: String,
    /// The name of the port.
    pub port_name: String,
    /// Its container.
    pub container: String,
    /// Its number.
    pub port: i64,
    /// Its host name.
    pub host: String,
    /// `CREATE_IN_PROGRESS` and so on.
    pub status: String,
    /// The connector, as it was written.
    pub connector: Value,
    /// The load balancer.
    pub balancer: String,
    /// The target groups.
    pub groups: Vec<String>,
    /// The rule of production traffic.
    pub rule: String,
    /// The rule of test traffic.
    pub test_rule: Option<String>,
    /// The certificate.
    pub certificate: String,
    /// The security group that the service's tasks get.
    pub service_group: String,
}

impl Route {
    /// Whether it goes.
    pub(super) fn goes(&self) -> bool {
        self.status.starts_with("DELETE")
    }
}

/// What a place has of it.
pub(super) fn of<'w>(world: &'w mut World, place: &Place) -> &'w mut Gateways {
    &mut world.region(place).ecs.gateways
}

/// The refusal of a gateway that is not there.
pub(super) fn missing() -> Refusal {
    Refusal::new("GatewayNotFoundException", "The specified gateway was not found.")
}

/// The tagged resources.
pub fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let all = of(world, place).gateways.values().filter(|it| !it.tags.is_empty());
    all.map(|it| Tagged { arn: it.arn.clone(), tags: it.tags.clone() }).collect()
}

/// The tags of a gateway by its ARN; none if it is not one.
pub fn tags_mut<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let name = arn.rsplit_once(":gateway/")?.1;
    of(world, place).gateways.get_mut(name).filter(|it| it.arn == arn).map(|it| &mut it.tags)
}
