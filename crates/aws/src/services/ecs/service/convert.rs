//! From an ECS reply to the document of a service. Pure. A reply that leaves a key out although AWS always returns it (some
//! emulators do) leaves the value unknown, not changed: then the tag [`APPLIED`] says what was last applied.

use evenkeel_core::doc::{self, Doc};
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

use super::super::cluster::{self, Strategy};
use super::super::task_definition::mark;
use super::{connect, ingress, shifting, stages, verdict};
use crate::resource;
use crate::services::ec2::replies::routes_of;
use crate::services::ecs::read::deployments::primary;
use crate::services::ecs::read::{items, kept, last, text};
use crate::tags::{self, Tags};

/// Fingerprints of what was last applied: `d=1234567890 g=…`, by the letters of [`LETTERS`].
pub(super) const APPLIED: &str = "evenkeel:applied";

/// The fields that replies are known to leave out.
const LETTERS: &[(&str, &str)] = &[
    ("c", "placement_constraints"),
    ("d", "deployment"),
    ("g", "grace_secs"),
    ("i", "ingress"),
    ("y", "gateway"),
    ("k", "strategy"),
    ("m", "managed_tags"),
    ("n", "service_connect"),
    ("p", "propagate_tags"),
    ("s", "placement_strategy"),
    ("v", "platform_version"),
    ("x", "execute_command"),
    ("z", "zone_rebalancing"),
];

/// The value of [`APPLIED`] after `want` has been applied.
pub(super) fn applied(want: &Doc) -> String {
    let parts: Vec<String> = LETTERS
        .iter()
        .filter_map(|(letter, field)| {
            let says = |value: &&Doc| {
                let nothing = match *field {
                    "ingress" => **value == json!([]),
                    "gateway" => **value == "",
                    _ => false,
                };
                !(value.is_null() || connect::is_off(value) || nothing)
            };
            want.get(field).filter(says).map(|value| (letter, value))
        })
        .map(|(letter, value)| format!("{letter}={}", doc::fingerprint(value)))
        .collect();
    parts.join(" ")
}

/// What stands where a reply leaves out `field`.
fn left_out(tags: &Tags, field: &str) -> Value {
    let letter = LETTERS.iter().find(|(_, name)| *name == field).map_or("", |(letter, _)| letter);
    let applied = tags.get(APPLIED).and_then(|tag| {
        tag.split(' ').filter_map(|part| part.split_once('=')).find(|(key, _)| *key == letter).map(|(_, value)| value)
    });
    doc::unreturned(applied)
}

/// What a service is that shows no Service Connect: AWS shows it with the deployment that has it, so it is off, unless a mark says
/// that it was applied and a reply cannot tell.
fn not_connected(tags: &Tags) -> Value {
    let value = left_out(tags, "service_connect");
    if doc::as_unreturned(&value) == Some(None) { connect::off() } else { value }
}

/// What a service is whose revision was not asked for: connected with nothing, unless a mark says so.
fn unconnected(tags: &Tags, field: &str, off: Value) -> Value {
    let value = left_out(tags, field);
    if doc::as_unreturned(&value) == Some(None) { off } else { value }
}

/// The one name of a platform version: a reply gives the number for a service that was made with `LATEST`.
pub(super) fn platform(version: &str) -> &str {
    if version == NEWEST_PLATFORM { "LATEST" } else { version }
}

/// What `LATEST` stands for on Linux, since 2020.
const NEWEST_PLATFORM: &str = "1.4.0";

/// An item of a placement strategy: ECS does not tell `memory` from `MEMORY`, and calls a host an instance.
pub(super) fn placement(item: &Value) -> Value {
    let mut item = item.clone();
    let field = item.get("field").and_then(Value::as_str).unwrap_or_default();
    let one = match field.to_ascii_lowercase().as_str() {
        "cpu" => "cpu",
        "memory" => "memory",
        "host" | "instanceid" => "instanceId",
        _ => return item,
    };
    item["field"] = one.into();
    item
}

/// Where deployments are kept in the private state of a live service.
const DEPLOYMENTS: &str = "deployments";
/// The path of the change that a failed deployment is planned anew with.
pub(super) const LAST_DEPLOYMENT: &str = "last_deployment";

/// A service as the engine sees it, with its newest service deployment if that was asked for; `tags` are its tags, which not
/// every reply holds.
pub(super) fn live(service: &Value, deployment: Option<&Value>, tags: &Tags, stack: &str) -> Live {
    let (arn, name) = (text(service, "serviceArn"), text(service, "serviceName"));
    let have = document(service, tags);
    let mut live = Live::new(arn, name, owner(service, tags, stack), have).output("arn", arn).output("name", name);
    let cluster = last(text(service, "clusterArn"));
    live.handles.push(format!("service/{cluster}/{name}"));
    // Tells later whose deployment it is that is going on. One that is over brings no tasks of a later change.
    let under_way = primary(service).filter(|primary| text(primary, "rolloutState") != "COMPLETED");
    let of_deployment = under_way.map(|primary| [text(service, "currentServiceDeployment"), text(primary, "id")]);
    remember(&mut live, of_deployment.into_iter().flatten());
    live.uses = uses(service, tags);
    live.readiness = verdict::at_reading(service, deployment);
    live.replaces = tags.get(tags::REPLACES).cloned();
    live.renews = Some(LAST_DEPLOYMENT.to_owned());
    ingress::tell(&mut live, service);
    live
}

/// Whose it is: a service of Express Mode is ECS's own, with all that hangs on it.
fn owner(service: &Value, tags: &Tags, stack: &str) -> Owner {
    let owner = tags::owner(tags, stack, super::ENTRY.kind.name);
    if text(service, "resourceManagementType") != "ECS" {
        return owner;
    }
    let mark = matches!(owner, Owner::Ours(_) | Owner::Stray(_)).then(|| format!("{}={stack}", tags::STACK));
    let by =
        "ECS Express Mode (aws ecs delete-express-gateway-service deletes it, and another `name:` keeps clear of it)";
    Owner::Managed { by: by.to_owned(), mark }
}

/// Notes deployments, by id or ARN, as those that a wait for this thing is about.
pub(super) fn remember<'a>(live: &mut Live, deployments: impl IntoIterator<Item = &'a str>) {
    let mut all: Vec<String> = own_deployments(live).map(str::to_owned).collect();
    all.extend(deployments.into_iter().filter(|id| !id.is_empty()).map(str::to_owned));
    all.dedup();
    if !live.private.is_object() {
        live.private = json!({});
    }
    live.private[DEPLOYMENTS] = json!(all);
}

/// The deployments that a wait for this thing is about.
pub(super) fn own_deployments(live: &Live) -> impl Iterator<Item = &str> {
    live.private.get(DEPLOYMENTS).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn document(service: &Value, tags: &Tags) -> Doc {
    let or_left_out = |key: &str, field: &str, convert: &dyn Fn(&Value) -> Value| match service.get(key) {
        None | Some(Value::Null) => left_out(tags, field),
        Some(value) => convert(value),
    };
    let same: &dyn Fn(&Value) -> Value = &Value::clone;
    let fixed_launch = service.get("launchType").is_some_and(Value::is_string);
    json!({
        "cluster": last(text(service, "clusterArn")),
        "task_definition": kept::shown(service),
        "marks": {
            "revision": tags.get(mark::REVISION).map_or("", String::as_str),
            "uses": mark::uses_value(tags),
        },
        "desired_count": service.get("desiredCount"),
        "launch_type": launch_type(service),
        "strategy": match service.get("capacityProviderStrategy") {
            None | Some(Value::Null) if fixed_launch => json!([]),
            None | Some(Value::Null) => left_out(tags, "strategy"),
            Some(_) => {
                let items: Vec<Strategy> =
                    items(service, "capacityProviderStrategy").iter().map(Strategy::from_json).collect();
                resource::doc(&items)
            }
        },
        "platform_version": or_left_out("platformVersion", "platform_version", &|version| {
            platform(version.as_str().unwrap_or_default()).into()
        }),
        "scheduling": service.get("schedulingStrategy").and_then(Value::as_str).unwrap_or("REPLICA"),
        "network": network(service),
        "load_balancers": load_balancers(service),
        "gateway": ingress::observed_gateway(service).unwrap_or_else(|| unconnected(tags, "gateway", json!(""))),
        "ingress": ingress::observed(service).unwrap_or_else(|| unconnected(tags, "ingress", json!([]))),
        "grace_secs": or_left_out("healthCheckGracePeriodSeconds", "grace_secs", same),
        "deployment": or_left_out("deploymentConfiguration", "deployment", &|deployment| {
            self::deployment(deployment, text(service, "schedulingStrategy") == "DAEMON")
        }),
        "execute_command": or_left_out("enableExecuteCommand", "execute_command", same),
        "propagate_tags": or_left_out("propagateTags", "propagate_tags", same),
        "managed_tags": or_left_out("enableECSManagedTags", "managed_tags", same),
        "zone_rebalancing": or_left_out("availabilityZoneRebalancing", "zone_rebalancing", same),
        "placement_constraints": or_left_out("placementConstraints", "placement_constraints", same),
        "placement_strategy": or_left_out("placementStrategy", "placement_strategy", &|items| {
            items.as_array().into_iter().flatten().map(placement).collect()
        }),
        "service_registries": items(service, "serviceRegistries"),
        "service_connect": connect::observed(service).unwrap_or_else(|| not_connected(tags)),
        "tags": tags::user(tags),
    })
}

/// The launch type; under a capacity provider strategy the one that the service goes back to without it.
fn launch_type(service: &Value) -> Value {
    let strategy = items(service, "capacityProviderStrategy");
    match service.get("launchType") {
        None | Some(Value::Null) if !strategy.is_empty() => {
            let fargate = strategy.iter().all(|item| text(item, "capacityProvider").starts_with("FARGATE"));
            if fargate { "FARGATE".into() } else { "EC2".into() }
        }
        launch_type => launch_type.cloned().unwrap_or_default(),
    }
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let mut list: Vec<String> = items(value, key).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    list.sort();
    list
}

fn network(service: &Value) -> Value {
    match service.pointer("/networkConfiguration/awsvpcConfiguration") {
        None | Some(Value::Null) => Value::Null,
        Some(vpc) => json!({
            "subnets": strings(vpc, "subnets"),
            "security_groups": strings(vpc, "securityGroups"),
            "assign_public_ip": text(vpc, "assignPublicIp") == "ENABLED",
        }),
    }
}

fn load_balancers(service: &Value) -> Value {
    items(service, "loadBalancers")
        .iter()
        .map(|balancer| {
            let mut document = json!({
                "target_group": text(balancer, "targetGroupArn"),
                "container": text(balancer, "containerName"),
                "port": balancer.get("containerPort"),
            });
            shifting::observed(balancer, &mut document);
            document
        })
        .collect()
}

fn deployment(deployment: &Value, daemon: bool) -> Value {
    let number = |key: &str, default: u64| deployment.get(key).and_then(Value::as_u64).unwrap_or(default);
    let flag = |path: &str| deployment.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    let (minimum, maximum) = if daemon { (0, 100) } else { (100, 200) };
    let breaker = flag("/deploymentCircuitBreaker/enable");
    // Alarms that are not enabled do nothing.
    let alarms = deployment
        .get("alarms")
        .filter(|_| flag("/alarms/enable"))
        .map(|alarms| strings(alarms, "alarmNames"))
        .unwrap_or_default();
    let mut document = shifting::document(deployment, breaker);
    let own = json!({
        "minimum_healthy_percent": number("minimumHealthyPercent", minimum),
        "maximum_percent": number("maximumPercent", maximum),
        "circuit_breaker": breaker,
        "rollback": breaker && flag("/deploymentCircuitBreaker/rollback"),
        "strategy": deployment.get("strategy").and_then(Value::as_str).unwrap_or("ROLLING"),
        "bake_time_minutes": number("bakeTimeInMinutes", 0),
        "alarms_rollback": !alarms.is_empty() && flag("/alarms/rollback"),
        "alarms": alarms,
    });
    if let (Some(all), Value::Object(own)) = (document.as_object_mut(), own) {
        all.extend(own);
    }
    document
}

/// Everything that has to outlive the service: what its tasks run with is needed until the last one has stopped.
fn uses(service: &Value, tags: &Tags) -> Vec<String> {
    let mut uses = vec![text(service, "clusterArn").to_owned(), text(service, "taskDefinition").to_owned()];
    for balancer in items(service, "loadBalancers") {
        uses.extend(stages::groups(balancer).into_iter().map(str::to_owned));
        let advanced = balancer.get("advancedConfiguration").cloned().unwrap_or_default();
        uses.extend(
            ["productionListenerRule", "testListenerRule", "roleArn"].map(|key| text(&advanced, key).to_owned()),
        );
    }
    uses.extend(items(service, "serviceRegistries").iter().map(|item| text(item, "registryArn").to_owned()));
    uses.extend(connect::uses(service));
    if let Some(vpc) = service.pointer("/networkConfiguration/awsvpcConfiguration") {
        uses.extend(strings(vpc, "securityGroups"));
        let subnets = strings(vpc, "subnets");
        uses.extend(subnets.iter().map(|subnet| routes_of(subnet)));
        uses.extend(subnets);
    }
    let providers = items(service, "capacityProviderStrategy").iter().map(|item| text(item, "capacityProvider"));
    uses.extend(providers.map(|name| cluster::provider_handle(text(service, "clusterArn"), name)));
    uses.extend(mark::uses_of_tags(tags).0);
    uses.retain(|handle| !handle.is_empty());
    uses
}
