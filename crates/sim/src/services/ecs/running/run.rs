//! RunTask, StartTask and StopTask: tasks without a service.

use serde_json::{Map, Value, json};

use super::check::{self, Capacity};
use super::launch::{self, Plan};
use super::places::{self, client, invalid, missing};
use super::{defaults, engine, of, stop as stopping};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::ecs::registry;
use crate::tags::{self, Tags};

/// RunTask.
pub(super) fn run(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    places::token(input, 64)?;
    if let Some(made) = again(call, input)? {
        return Ok(made);
    }
    let count = input.integer("count").unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("Count must be between 1 and 10."));
    }
    let definition = check::definition(call, input.text_or_empty("taskDefinition"))?;
    let capacity = Capacity::of(input, &cluster)?;
    check::scheduling(&without(input, "desiredCount"), &capacity, false)?;
    check::platform(&definition, &capacity, input.text("platformVersion"))?;
    check::instances(call.region(), &definition, &capacity)?;
    check::network(call, input, &definition, capacity.is_fargate())?;
    overrides(&definition, input)?;
    let group = input.text("group");
    if group.is_some_and(|group| group.starts_with("service:")) {
        return Err(invalid("The group name cannot start with 'service:', which is reserved."));
    }
    if matches!(&capacity, Capacity::Launch(kind) if kind != "FARGATE") {
        return Err(invalid("No Container Instances were found in your cluster."));
    }
    let mut spec = Map::new();
    super::create::placed(&mut spec, &capacity, input.text("platformVersion"));
    if let Some(network) = input.map("networkConfiguration") {
        spec.insert("networkConfiguration".to_owned(), defaults::networking(network));
    }
    let family = definition.text_or_empty("family");
    let plan = Plan {
        cluster: cluster.name.clone(),
        cluster_arn: cluster.arn.clone(),
        spec,
        group: group.map_or_else(|| format!("family:{family}"), str::to_owned),
        started_by: input.text("startedBy").map(str::to_owned),
        exec: input.flag("enableExecuteCommand") == Some(true),
        overrides: input.member("overrides").cloned().unwrap_or(Value::Null),
        tags: tags_of(call, input, &definition, &cluster.name),
        definition,
        ..Plan::default()
    };
    let keys: Vec<String> = (0..count).map(|_| launch::launch(call.world, &place, &plan)).collect();
    let running = of(call.world, &place);
    if let Some(token) = input.text("clientToken") {
        running.tokens.insert(token.to_owned(), keys.clone());
        running.asked.insert(token.to_owned(), input.0.clone());
    }
    let tasks: Vec<Value> = keys.iter().filter_map(|key| Some(running.tasks.get(key)?.describe(true))).collect();
    Ok(json!({ "tasks": tasks, "failures": [] }))
}

fn without(input: &Input, name: &str) -> Map<String, Value> {
    let mut rest = input.0.clone();
    rest.remove(name);
    rest
}

/// The tasks that a request with the same token has made.
fn again(call: &mut Call<'_>, input: &Input) -> Result<Option<Value>, Refusal> {
    let place = call.place.clone();
    let running = of(call.world, &place);
    let Some((token, keys)) = input.text("clientToken").and_then(|token| running.tokens.get_key_value(token)) else {
        return Ok(None);
    };
    let made: Vec<&super::Task> = keys.iter().filter_map(|key| running.tasks.get(key)).collect();
    if made.is_empty() {
        return Ok(None);
    }
    if running.asked.get(token).is_some_and(|asked| *asked != input.0) {
        let arns: Vec<Value> = made.iter().map(|task| task.describe(false)["taskArn"].clone()).collect();
        let text = "The provided clientToken is already in use with a different RunTask request.";
        return Err(Refusal::new("ConflictException", text).with("resourceIds", arns));
    }
    let tasks: Vec<Value> = made.iter().map(|task| task.describe(true)).collect();
    Ok(Some(json!({ "tasks": tasks, "failures": [] })))
}

fn overrides(definition: &Value, input: &Input) -> Result<(), Refusal> {
    let written = input.map("overrides").map(|it| it.list("containerOverrides")).unwrap_or_default();
    for entry in written {
        let name = entry.text_or_empty("name");
        if !definition.list("containerDefinitions").iter().any(|container| container.text("name") == Some(name)) {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

fn tags_of(call: &mut Call<'_>, input: &Input, definition: &Value, cluster: &str) -> Tags {
    let place = call.place.clone();
    let mut all = Tags::new();
    if input.text("propagateTags") == Some("TASK_DEFINITION") {
        let arn = definition.text_or_empty("taskDefinitionArn");
        all.extend(registry::tags_of(call.world, &place, arn).unwrap_or_default());
    }
    all.extend(tags::from_list(input.list("tags"), "key", "value"));
    if input.flag("enableECSManagedTags") == Some(true) {
        all.insert("aws:ecs:clusterName".to_owned(), cluster.to_owned());
    }
    all
}

/// StartTask. There are no container instances in this world.
pub(super) fn start(call: &mut Call<'_>, input: &Input) -> Reply {
    places::cluster(call, input.text("cluster"))?;
    let instances = input.texts("containerInstances");
    if instances.is_empty() {
        return Err(invalid("Container instances cannot be empty."));
    }
    if instances.len() > 10 {
        return Err(invalid("containerInstances can have at most 10 items."));
    }
    check::definition(call, input.text_or_empty("taskDefinition"))?;
    let failures: Vec<Value> = instances.iter().map(|instance| missing(instance)).collect();
    Ok(json!({ "tasks": [], "failures": failures }))
}

/// StopTask.
pub(super) fn stop(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = places::cluster(call, input.text("cluster"))?;
    let place = call.place.clone();
    let name = input.text_or_empty("task");
    if name.is_empty() {
        return Err(client("Task can not be blank."));
    }
    places::task_id(name)?;
    let key = places::task_key(&cluster.name, name);
    let found = of(call.world, &place).tasks.get(&key).filter(|task| !name.starts_with("arn:") || task.arn == name);
    let Some(service) = found.map(|task| task.service.clone()) else {
        return Err(invalid("The referenced task was not found."));
    };
    let reason = input.text("reason").unwrap_or("Task stopped by user");
    stopping::begin(call.world, &place, &key, "UserInitiated", reason);
    engine::nudge(call.world, &place, service.as_deref());
    let task = of(call.world, &place).tasks.get(&key).map(|task| task.describe(false));
    Ok(json!({ "task": task }))
}
