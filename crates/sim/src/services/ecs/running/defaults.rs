//! What ECS fills in where a request is silent, so that it reads back. Refuses nothing.

use serde_json::{Map, Value, json};

use crate::call::Members;

/// The members of a request that a service shows as they are, with what stands for their absence.
const SHOWN: &[(&str, Fill)] = &[
    ("loadBalancers", Fill::List),
    ("serviceRegistries", Fill::List),
    ("placementConstraints", Fill::List),
    ("placementStrategy", Fill::List),
    ("schedulingStrategy", Fill::Text("REPLICA")),
    ("propagateTags", Fill::Text("NONE")),
    ("enableECSManagedTags", Fill::No),
    ("enableExecuteCommand", Fill::No),
];

/// The members of a request that belong to a revision only.
pub(super) const HIDDEN: &[&str] = &[
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
];

/// The steps that a strategy has, and no other.
pub(super) const STEPS: &[(&str, &str)] = &[("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")];

#[derive(Clone, Copy)]
enum Fill {
    List,
    Text(&'static str),
    No,
}

/// Whether a member was written with something in it.
fn written<'v>(input: &'v impl Members, name: &str) -> Option<&'v Value> {
    input.member(name)
}

/// What a service shows of the request that made it.
pub(super) fn shown(input: &Map<String, Value>) -> Map<String, Value> {
    let mut doc = Map::new();
    for (name, fill) in SHOWN {
        let value = written(input, name).cloned().unwrap_or_else(|| match fill {
            Fill::List => json!([]),
            Fill::Text(text) => json!(text),
            Fill::No => json!(false),
        });
        doc.insert((*name).to_owned(), value);
    }
    let daemon = doc.text("schedulingStrategy") == Some("DAEMON");
    let controller = input.map("deploymentController").map_or("ECS", |it| it.text_or_empty("type")).to_owned();
    let configuration = configuration(input.map("deploymentConfiguration"), None, daemon);
    doc.insert("deploymentConfiguration".to_owned(), configuration);
    doc.insert("deploymentController".to_owned(), json!({ "type": controller }));
    let grace = written(input, "healthCheckGracePeriodSeconds").cloned().unwrap_or_else(|| json!(0));
    doc.insert("healthCheckGracePeriodSeconds".to_owned(), grace);
    if let Some(network) = input.map("networkConfiguration") {
        doc.insert("networkConfiguration".to_owned(), networking(network));
    }
    let balanced = written(input, "availabilityZoneRebalancing").cloned();
    let balanced = balanced.unwrap_or_else(|| json!(if can_balance(&doc) { "ENABLED" } else { "DISABLED" }));
    doc.insert("availabilityZoneRebalancing".to_owned(), balanced);
    doc
}

/// A network configuration with its defaults.
pub(super) fn networking(network: &Map<String, Value>) -> Value {
    let mut vpc = network.map("awsvpcConfiguration").cloned().unwrap_or_default();
    vpc.entry("securityGroups").or_insert_with(|| json!([]));
    vpc.entry("assignPublicIp").or_insert_with(|| json!("DISABLED"));
    json!({ "awsvpcConfiguration": vpc })
}

/// Whether tasks of a service can be moved between zones: not one per instance, not with a placement that says otherwise, and
/// with room for one more during a deployment.
pub(super) fn can_balance(doc: &Map<String, Value>) -> bool {
    let spread_first = doc.list("placementStrategy").first().is_none_or(|strategy| {
        strategy.text("type") == Some("spread") && strategy.text("field") == Some("attribute:ecs.availability-zone")
    });
    let room = doc.map("deploymentConfiguration").and_then(|it| it.integer("maximumPercent")).unwrap_or(200) > 100;
    let ours = doc.map("deploymentController").is_none_or(|it| it.text_or_empty("type") == "ECS");
    doc.text("schedulingStrategy") != Some("DAEMON") && spread_first && room && ours
}

/// A deployment configuration with its defaults; what the request leaves out stays as it was.
pub(super) fn configuration(
    written: Option<&Map<String, Value>>,
    before: Option<&Map<String, Value>>,
    daemon: bool,
) -> Value {
    let mut all = before.cloned().unwrap_or_default();
    for (name, value) in written.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        all.insert(name.clone(), value.clone());
    }
    let (maximum, minimum) = if daemon { (100, 0) } else { (200, 100) };
    // Steps of another strategy go with it; an update that says how hooks time out gets the rest from ECS, not from before.
    for (name, strategy) in STEPS {
        if all.text("strategy").unwrap_or("ROLLING") != *strategy && !written.is_some_and(|it| it.has(name)) {
            all.remove(*name);
        }
    }
    if let Some(Value::Array(hooks)) = all.get_mut("lifecycleHooks") {
        for hook in hooks {
            if let Some(limit) = hook.map("timeoutConfiguration").cloned() {
                hook["timeoutConfiguration"] =
                    fill(Some(&limit), &json!({ "timeoutInMinutes": 1440, "action": "ROLLBACK" }));
            }
            if !hook.has("targetType") {
                hook["targetType"] = json!("AWS_LAMBDA");
            }
        }
    }
    all.entry("maximumPercent").or_insert_with(|| json!(maximum));
    all.entry("minimumHealthyPercent").or_insert_with(|| json!(minimum));
    all.entry("strategy").or_insert_with(|| json!("ROLLING"));
    all.entry("bakeTimeInMinutes").or_insert_with(|| json!(0));
    // How a breaker counts is kept by an update that says nothing of it.
    let mut usual = json!({ "enable": false, "rollback": false, "resetOnHealthyTask": true,
        "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 } });
    let kept = before.and_then(|before| before.map("deploymentCircuitBreaker"));
    for name in ["resetOnHealthyTask", "thresholdConfiguration"] {
        if let Some(value) = kept.and_then(|kept| kept.get(name)) {
            usual[name] = value.clone();
        }
    }
    let breaker = fill(all.map("deploymentCircuitBreaker"), &usual);
    let alarms = fill(all.map("alarms"), &json!({ "alarmNames": [], "rollback": false, "enable": false }));
    all.insert("deploymentCircuitBreaker".to_owned(), breaker);
    all.insert("alarms".to_owned(), alarms);
    match all.text("strategy") {
        Some("LINEAR") => {
            let filled =
                fill(all.map("linearConfiguration"), &json!({ "stepPercent": 10.0, "stepBakeTimeInMinutes": 6 }));
            all.insert("linearConfiguration".to_owned(), filled);
        }
        Some("CANARY") => {
            let filled =
                fill(all.map("canaryConfiguration"), &json!({ "canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10 }));
            all.insert("canaryConfiguration".to_owned(), filled);
        }
        _ => {}
    }
    all.into()
}

fn fill(written: Option<&Map<String, Value>>, defaults: &Value) -> Value {
    let mut all = defaults.as_object().cloned().unwrap_or_default();
    for (name, value) in written.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        all.insert(name.clone(), value.clone());
    }
    all.into()
}

/// A capacity provider strategy with its defaults.
pub(super) fn strategy(items: &[Value]) -> Value {
    let filled = items.iter().map(|item| fill(item.as_object(), &json!({ "weight": 0, "base": 0 })));
    Value::Array(filled.collect())
}

/// The version of the Fargate platform that is meant; the newest one if none is written.
pub(super) fn platform(written: Option<&str>) -> &str {
    written.filter(|version| *version != "LATEST").unwrap_or("1.4.0")
}
