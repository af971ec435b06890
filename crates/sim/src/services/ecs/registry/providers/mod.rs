//! Capacity providers: the two of Fargate that are always there, those of Auto Scaling groups, and managed instances, which
//! belong to one cluster. Knows no instances: nothing here ever starts one.

pub(super) mod change;
mod managed;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::checks::{invalid, name_of, page};
use super::Registry;
use crate::call::{Call, Input, Members, Reply};
use crate::tags::{self, Tags};
use crate::world::{Moment, Place};

/// The names that are always there.
const BUILT_IN: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// A capacity provider that was made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Provider {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The cluster that it belongs to, if it is one of managed instances.
    pub cluster: Option<String>,
    /// What it is, as it is shown: `autoScalingGroupProvider` or `managedInstancesProvider`.
    pub body: Value,
    /// Its tags.
    pub tags: Tags,
    /// What happened to it last: `CREATE`, `UPDATE` or `DELETE`; empty if there is nothing to tell.
    pub change: String,
    /// When that is over.
    pub settled: Moment,
    /// Why that failed.
    pub failure: Option<String>,
}

/// Where the capacity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Fargate.
    Fargate,
    /// Instances.
    Instances,
}

impl Provider {
    /// Its status.
    pub(super) fn status(&self, now: Moment) -> &'static str {
        match (self.change.as_str(), now < self.settled) {
            _ if self.failure.is_some() => "ACTIVE",
            ("CREATE", true) => "PROVISIONING",
            ("DELETE", true) => "DEPROVISIONING",
            ("DELETE", false) => "INACTIVE",
            _ => "ACTIVE",
        }
    }

    /// Whether it belongs to that cluster and is still there.
    pub(super) fn belongs_to(&self, cluster: &str, now: Moment) -> bool {
        self.cluster.as_deref() == Some(cluster) && self.status(now) != "INACTIVE"
    }

    fn is_managed(&self) -> bool {
        self.cluster.is_some()
    }

    fn show(&self, now: Moment, with_tags: bool) -> Value {
        let over = if self.failure.is_some() {
            "FAILED"
        } else if now < self.settled {
            "IN_PROGRESS"
        } else {
            "COMPLETE"
        };
        let mut shown = json!({
            "capacityProviderArn": self.arn,
            "name": self.name,
            "cluster": self.cluster,
            "status": self.status(now),
            "updateStatusReason": self.failure,
            "tags": if with_tags { tags::to_list(&self.tags, "key", "value") } else { json!([]) },
            "type": if self.is_managed() { "MANAGED_INSTANCES" } else { "EC2_AUTOSCALING" },
        });
        let member = if self.is_managed() { "managedInstancesProvider" } else { "autoScalingGroupProvider" };
        shown[member] = self.body.clone();
        if !self.change.is_empty() {
            shown["updateStatus"] = format!("{}_{over}", self.change).into();
        }
        shown
    }
}

fn built_in(place: &Place, name: &str) -> Value {
    json!({
        "capacityProviderArn": place.arn("ecs", &format!("capacity-provider/{name}")),
        "name": name,
        "status": "ACTIVE",
        "tags": [],
        "type": name,
    })
}

/// The status of a capacity provider; none if there is none of that name.
pub(super) fn status(registry: &Registry, name: &str, now: Moment) -> Option<&'static str> {
    if BUILT_IN.contains(&name) {
        return Some("ACTIVE");
    }
    registry.providers.get(name).map(|provider| provider.status(now))
}

/// Where a provider's capacity comes from.
pub(super) fn kind(registry: &Registry, name: &str) -> Option<Kind> {
    if BUILT_IN.contains(&name) {
        return Some(Kind::Fargate);
    }
    registry.providers.get(name).map(|_| Kind::Instances)
}

/// Whether it is one of managed instances, which belongs to a cluster.
pub(super) fn is_managed(registry: &Registry, name: &str) -> bool {
    registry.providers.get(name).is_some_and(Provider::is_managed)
}

/// Whether it is one of an Auto Scaling group that ECS scales.
pub(super) fn is_scaled(registry: &Registry, name: &str) -> bool {
    registry
        .providers
        .get(name)
        .is_some_and(|provider| !provider.is_managed() && provider.body["managedScaling"]["status"] == "ENABLED")
}

/// How long making and deleting take.
const CHANGE: Duration = Duration::from_secs(15);

/// `DescribeCapacityProviders`.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let with_tags = input.texts("include").iter().any(|it| it == "TAGS");
    let place = call.place.clone();
    let of = match input.text("cluster") {
        Some(text) => Some(super::clusters::named(call, Some(text))?),
        None => None,
    };
    let registry = &call.region().ecs.registry;
    let asked = input.texts("capacityProviders");
    if asked.len() > 100 {
        return Err(invalid("capacityProviders can have at most 100 items."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    if asked.is_empty() {
        let live = registry.providers.values().filter(|provider| provider.status(now) != "INACTIVE");
        let here = live.filter(|provider| of.is_none() || provider.cluster == of);
        found.extend(here.map(|provider| provider.show(now, with_tags)));
        found.extend(BUILT_IN.iter().map(|name| built_in(&place, name)));
    }
    for text in asked {
        let name = name_of(&place, &text, "capacity-provider")?;
        match registry.providers.get(name) {
            Some(provider) => found.push(provider.show(now, with_tags)),
            None if BUILT_IN.contains(&name) => found.push(built_in(&place, name)),
            None => {
                let arn = place.arn("ecs", &format!("capacity-provider/{name}"));
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            }
        }
    }
    let key = |shown: &Value| shown.text_or_empty("name").to_owned();
    let page = page(call, input, found, key, (10, 10))?;
    Ok(json!({ "capacityProviders": page.items, "failures": failures, "nextToken": page.next }))
}
