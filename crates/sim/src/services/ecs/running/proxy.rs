//! The container that Service Connect puts into a task beside its own: how it shows in what the task reads back as. It does
//! nothing here, and no rule counts it.

use serde_json::{Map, Value, json};

use super::connect;
use super::task::Task;
use crate::call::Members;
use crate::world::uuid_of;

/// Adds the container, its attachment and its override to a task's document, if Service Connect is on: each is the first.
pub(super) fn add(task: &Task, document: &mut Map<String, Value>) {
    if !connect::is_on(task.spec.map("serviceConnectConfiguration")) {
        return;
    }
    let name = format!("ecs-service-connect-{}", task.id.get(..5).unwrap_or_default());
    let mut container = Map::new();
    let own = task.containers.first();
    for member in ["lastStatus", "networkBindings", "networkInterfaces"] {
        container.extend(own.and_then(|own| Some((member.to_owned(), own.get(member)?.clone()))));
    }
    if own.is_some_and(|own| own.has("healthStatus")) {
        container.insert("healthStatus".to_owned(), if task.is_running() { "HEALTHY" } else { "UNKNOWN" }.into());
    }
    if own.is_some_and(|own| own.has("exitCode")) {
        container.insert("exitCode".to_owned(), 0.into());
    }
    let (base, _) = task.arn.split_once(":task/").unwrap_or_default();
    let arn = format!("{base}:container/{}/{}/{}", task.cluster, task.id, uuid(&task.id, "container"));
    container.insert("containerArn".to_owned(), arn.into());
    container.insert("taskArn".to_owned(), task.arn.clone().into());
    container.insert("name".to_owned(), name.clone().into());
    first(document.get_mut("containers"), container.into());
    let interface = document.list("attachments").first().and_then(|it| it.text("status")).map(str::to_owned);
    let attachment = json!({
        "id": uuid(&task.id, "attachment"), "type": "ServiceConnect", "status": interface,
        "details": [{ "name": "ContainerName", "value": name }],
    });
    first(document.get_mut("attachments"), attachment);
    first(document.get_mut("overrides").and_then(|it| it.get_mut("containerOverrides")), json!({ "name": name }));
}

fn first(list: Option<&mut Value>, item: Value) {
    if let Some(list) = list.and_then(Value::as_array_mut) {
        list.insert(0, item);
    }
}

/// An id that stays the same for the task.
fn uuid(task: &str, what: &str) -> String {
    uuid_of(&format!("{task} {what}"))
}
