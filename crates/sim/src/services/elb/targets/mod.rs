//! Targets of target groups: registering, deregistering and describing them. What becomes of a target is in `health`, what its
//! checks come to in `ways`, what a target may be in `admission`.

mod admission;
pub(super) mod health;
pub(super) mod ways;

use serde_json::{Map, Value, json};

use super::arns::invalid;
use super::state::{Elb, Group};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on targets.
pub(super) const OPERATIONS: Table =
    &[("RegisterTargets", register), ("DeregisterTargets", deregister), ("DescribeTargetHealth", describe)];

/// How many targets a group may have.
const QUOTA: usize = 1000;

/// The port of a target that a request names: its own, else the group's; 0 for a function, which has none.
fn port_of(group: &Group, target: &Value) -> u16 {
    if group.target_type == "lambda" {
        return 0;
    }
    target.integer("Port").or(group.port).and_then(|port| u16::try_from(port).ok()).unwrap_or_default()
}

fn register(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("TargetGroupArn").to_owned();
    let group = call.region().elb.group(&arn)?.clone();
    let wanted = input.list("Targets");
    if wanted.is_empty() {
        return Err(invalid("At least one target must be specified"));
    }
    let mut admitted = Vec::new();
    for target in wanted {
        admitted.push((port_of(&group, target), admission::check(call, &group, target)?));
    }
    let new = admitted.iter().filter(|(port, one)| !group.targets.contains_key(&(one.id.clone(), *port))).count();
    if group.targets.len() + new > QUOTA {
        return Err(Refusal::new("TooManyTargets", "The maximum number of targets per target group has been reached"));
    }
    if group.target_type == "lambda" && group.targets.len() + new > 1 {
        return Err(Refusal::new(
            "TooManyTargets",
            "Only one Lambda function can be registered with a target group with target type 'lambda'",
        ));
    }
    let place = call.place.clone();
    for (port, one) in admitted {
        let new = health::New { zone: one.zone, answers: one.answers, interface: None, ears: Vec::new() };
        health::add(call.world, &place, &arn, (&one.id, port), new);
    }
    Ok(json!({}))
}

fn deregister(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("TargetGroupArn").to_owned();
    let group = call.region().elb.group(&arn)?.clone();
    let place = call.place.clone();
    for target in input.list("Targets") {
        let id = target.text_or_empty("Id");
        if target.has("Port") || group.target_type == "lambda" {
            health::drain(call.world, &place, &arn, id, port_of(&group, target));
        } else {
            // Without a port it means every port.
            let ports: Vec<u16> = group.targets.keys().filter(|(one, _)| one == id).map(|(_, port)| *port).collect();
            for port in ports {
                health::drain(call.world, &place, &arn, id, port);
            }
        }
    }
    Ok(json!({}))
}

fn description(elb: &Elb, group: &Group, id: &str, port: u16, zone: Option<&str>, include_anomalies: bool) -> Value {
    let health = health::of(elb, group, id, port);
    let mut target = Map::new();
    target.insert("Id".to_owned(), id.into());
    let mut document = Map::new();
    if group.target_type == "lambda" {
        target.insert("AvailabilityZone".to_owned(), "all".into());
    } else {
        target.insert("Port".to_owned(), port.into());
        let check = group.check.port.as_deref().filter(|port| *port != "traffic-port");
        document.insert("HealthCheckPort".to_owned(), check.map_or_else(|| port.to_string(), str::to_owned).into());
        if let Some(zone) = zone {
            target.insert("AvailabilityZone".to_owned(), zone.into());
        }
    }
    document.insert("Target".to_owned(), target.into());
    if !matches!(health.state, "unused" | "unavailable") {
        document.insert(
            "AdministrativeOverride".to_owned(),
            json!({
                "State": "no_override",
                "Reason": "AdministrativeOverride.NoOverride",
                "Description": "No override is currently active on target",
            }),
        );
        if include_anomalies && matches!(group.protocol.as_deref(), Some("HTTP" | "HTTPS")) {
            let anomalies = json!({ "Result": "normal", "MitigationInEffect": "no" });
            document.insert("AnomalyDetection".to_owned(), anomalies);
        }
    }
    document.insert(
        "TargetHealth".to_owned(),
        json!({ "State": health.state, "Reason": health.reason, "Description": health.words }),
    );
    document.into()
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let elb = &call.region().elb;
    let group = elb.group(input.text_or_empty("TargetGroupArn"))?;
    let anomalies = input.texts("Include").iter().any(|one| one == "AnomalyDetection" || one == "All");
    let shown = |id: &str, port: u16| {
        let target = group.targets.get(&(id.to_owned(), port));
        description(elb, group, id, port, target.and_then(|target| target.zone.as_deref()), anomalies)
    };
    let asked = input.list("Targets");
    let list: Vec<Value> = if asked.is_empty() {
        group.targets.keys().map(|(id, port)| shown(id, *port)).collect()
    } else {
        asked.iter().map(|target| shown(target.text_or_empty("Id"), port_of(group, target))).collect()
    };
    Ok(json!({ "TargetHealthDescriptions": list }))
}

impl Elb {
    /// The port at which a load balancer is itself a target of another one's group; of any port, or of that one.
    pub(super) fn alb_port_in_use(&self, balancer: &str, port: Option<i64>) -> Option<i64> {
        let groups = self.groups.values().filter(|group| group.target_type == "alb" && self.in_use(&group.arn));
        let targets = groups.flat_map(|group| group.targets.keys());
        let mut ports = targets.filter(|(id, _)| id == balancer).map(|(_, port)| i64::from(*port));
        ports.find(|one| port.is_none_or(|port| port == *one))
    }
}
