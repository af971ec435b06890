//! What containers refer to as secrets and the stack does not make: whether it is there, asked for without reading a value, before a
//! deployment that would fail at the start of its tasks. What may not be looked at is unknown, and never taken for absent.

use std::collections::BTreeMap;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Plan};
use futures::future::join_all;
use serde_json::Value;

use crate::client::Aws;
use crate::kinds::{parameter, secret, task_definition};
use crate::services::secrets_manager::read as secrets;
use crate::services::ssm::read as ssm;

/// A reference, and the task definitions that have it.
type Users = BTreeMap<String, Vec<NodeId>>;

/// What became of a reference.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The task definition.
    pub node: NodeId,
    /// What it refers to, as ECS is told.
    pub reference: String,
    /// Why it is not known to be there.
    pub what: What,
}

/// Why a reference is not known to lead anywhere.
#[derive(Clone, Debug)]
pub enum What {
    /// There is no such parameter or secret.
    Absent,
    /// It is scheduled for deletion, and cannot be read.
    Going,
    /// It could not be looked at.
    Unknown(CloudError),
}

/// Looks at everything that the task definitions of a plan's steps refer to. Nothing is asked where there is nothing to deploy.
pub async fn check(aws: &Aws, plan: &Plan) -> Vec<Finding> {
    let (parameters, secrets) = wanted(aws, plan);
    let (parameters, secrets) = futures::join!(parameters_of(aws, &parameters), secrets_of(aws, &secrets));
    parameters.into_iter().chain(secrets).collect()
}

/// References by sort: parameters by name, secrets by ARN. Those of other regions, and those that a step of the plan makes, are not among
/// them.
fn wanted(aws: &Aws, plan: &Plan) -> (Users, Users) {
    let (mut parameters, mut secrets) = (Users::new(), Users::new());
    let mut made: Vec<(&str, &Value)> = Vec::new();
    for step in &plan.steps {
        let (Action::Create { want, .. } | Action::Update { want, .. }) = &step.action else { continue };
        if [parameter::ENTRY.kind.name, secret::ENTRY.kind.name].contains(&step.node.kind()) {
            made.push((step.name.as_str(), want));
        }
        if step.node.kind() != task_definition::ENTRY.kind.name {
            continue;
        }
        let mut found = Vec::new();
        values_from(want, &mut found);
        for reference in found {
            match reference.splitn(6, ':').collect::<Vec<_>>()[..] {
                ["arn", _, "ssm", region, _, resource] if region == aws.region => {
                    if let Some(name) = resource.strip_prefix("parameter") {
                        parameters.entry(name.to_owned()).or_default().push(step.node.clone());
                    }
                }
                ["arn", _, "secretsmanager", region, ..] if region == aws.region => {
                    let arn: Vec<&str> = reference.splitn(8, ':').take(7).collect();
                    secrets.entry(arn.join(":")).or_default().push(step.node.clone());
                }
                ["arn", ..] => {}
                _ => parameters.entry(reference).or_default().push(step.node.clone()),
            }
        }
    }
    // A secret that is scheduled for deletion is restored by its step, under the ARN that it has.
    let restored = plan.steps.iter().filter(|step| step.node.kind() == secret::ENTRY.kind.name);
    let restored: Vec<&str> = restored.filter_map(|step| plan.known.get(&step.node)?.get("arn")?.as_str()).collect();
    secrets.retain(|arn, _| !restored.contains(&arn.as_str()));
    parameters.retain(|name, _| !made.iter().any(|(made, _)| ssm::plain(made) == ssm::plain(name)));
    (parameters, secrets)
}

/// Every `valueFrom` of a task definition that is known before an apply.
fn values_from(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner.as_str() {
                    Some(text) if key == "valueFrom" => found.push(text.to_owned()),
                    _ => values_from(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values_from(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn told(users: &Users, reference: &str, what: &What) -> Vec<Finding> {
    let finding = |node: &NodeId| Finding { node: node.clone(), reference: reference.to_owned(), what: what.clone() };
    users.get(reference).into_iter().flatten().map(finding).collect()
}

async fn parameters_of(aws: &Aws, users: &Users) -> Vec<Finding> {
    if users.is_empty() {
        return Vec::new();
    }
    // A version or label behind a colon is not part of the name.
    let bare = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let names = users.keys().map(|name| bare(name)).collect();
    match ssm::describe(aws, names).await {
        Ok(there) => {
            let absent = users.keys().filter(|name| !there.contains_key(&ssm::plain(&bare(name))));
            absent.flat_map(|name| told(users, name, &What::Absent)).collect()
        }
        Err(error) => users.keys().flat_map(|name| told(users, name, &What::Unknown(error.clone()))).collect(),
    }
}

async fn secrets_of(aws: &Aws, users: &Users) -> Vec<Finding> {
    let looks = users.keys().map(|arn| async move {
        let what = match secrets::one(aws, arn).await {
            Ok(secret) => secret.deleted_date().map(|_| What::Going),
            Err(error) if error.class == ErrorClass::Gone => Some(What::Absent),
            Err(error) => Some(What::Unknown(error)),
        };
        what.map(|what| told(users, arn, &what)).unwrap_or_default()
    });
    join_all(looks).await.into_iter().flatten().collect()
}
