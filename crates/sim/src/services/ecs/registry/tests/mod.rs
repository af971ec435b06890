//! Tests of what ECS has written down.

mod clusters;
mod definitions;
mod lists;
mod providers;
mod refusals;
mod rest;

use serde_json::{Map, Value, json};

use crate::lab::Lab;

/// A definition that Fargate takes, with some members replaced; null takes one away.
fn fargate(changes: Value) -> Value {
    changed(
        json!({
            "family": "web",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
            "containerDefinitions": [{ "name": "app", "image": "nginx" }],
        }),
        changes,
    )
}

/// A definition with one container that has some members replaced.
fn container(changes: Value) -> Value {
    fargate(json!({ "containerDefinitions": [changed(json!({ "name": "app", "image": "nginx" }), changes)] }))
}

/// The same for instances, in bridge mode.
fn bridge(changes: Value) -> Value {
    let one = changed(json!({ "name": "app", "image": "nginx", "memory": 128 }), changes);
    json!({ "family": "web", "containerDefinitions": [one] })
}

fn changed(whole: Value, changes: Value) -> Value {
    let mut map: Map<String, Value> = whole.as_object().cloned().unwrap();
    map.extend(changes.as_object().cloned().unwrap());
    map.retain(|_, value| !value.is_null());
    Value::Object(map)
}

/// Registers a definition and describes it.
fn read_back(lab: &Lab, definition: Value) -> Value {
    let reply = lab.ok("ecs.RegisterTaskDefinition", definition);
    let arn = &reply["taskDefinition"]["taskDefinitionArn"];
    let read = lab.ok("ecs.DescribeTaskDefinition", json!({ "taskDefinition": arn }));
    assert_eq!(read["taskDefinition"], reply["taskDefinition"], "registration and description agree");
    read["taskDefinition"].clone()
}
