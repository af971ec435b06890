//! `roles:`: roles of ours, or references to existing ones.

use std::collections::BTreeMap;

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::json;

use super::super::decode::{Fields, Want};
use super::super::model::{ManagedRole, Role};
use super::super::policy;
use super::super::tree::{Entry, Tree, Value};
use super::super::values::{ROLE, is_arn};
use super::Ctx;

/// AWS managed policies of the container world that do not stand at the root, with their paths.
const PATHS: &[(&str, &str)] = &[
    ("AmazonECSTaskExecutionRolePolicy", "service-role/"),
    ("AmazonEC2ContainerServiceforEC2Role", "service-role/"),
    ("AmazonEC2ContainerServiceRole", "service-role/"),
    ("AmazonEC2ContainerServiceAutoscaleRole", "service-role/"),
    ("AmazonEC2ContainerServiceEventsRole", "service-role/"),
    ("AmazonECSInfrastructureRolePolicyForVolumes", "service-role/"),
    ("AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity", "service-role/"),
    ("AWSCodeDeployRoleForECS", ""),
    ("AWSCodeDeployRoleForECSLimited", ""),
    ("AWSLambdaBasicExecutionRole", "service-role/"),
    ("AWSLambdaVPCAccessExecutionRole", "service-role/"),
    ("AmazonAPIGatewayPushToCloudWatchLogs", "service-role/"),
    ("AmazonEC2RoleforSSM", "service-role/"),
    ("AmazonRDSEnhancedMonitoringRole", "service-role/"),
    ("AmazonS3ObjectLambdaExecutionRolePolicy", "service-role/"),
    ("AWSBatchServiceRole", "service-role/"),
    ("AWSXRayDaemonWriteAccess", ""),
    ("CloudWatchAgentServerPolicy", ""),
    ("AmazonSSMManagedInstanceCore", ""),
];

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Role> {
    let what = format!("role `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    if let Some(tree) = fields.take("existing") {
        let key = format!("`existing` of {what}");
        let given = Want::new(&key, ctx.problems).filled(tree);
        fields.finish();
        return existing(entry, &given?);
    }
    let meta = ctx.meta(entry, &fields, Some(&ROLE));
    let trust = match fields.take("trust") {
        Some(tree) => trust(ctx, tree, &what)?,
        None => services(&["ecs-tasks.amazonaws.com".to_owned()]),
    };
    let key = format!("`description` of {what}");
    let description = fields.take("description").and_then(|tree| Want::new(&key, ctx.problems).string(tree));
    let managed = fields.take("managed_policies").map(|tree| managed(ctx, tree, &what)).unwrap_or_default();
    let inline = fields.either(&["policies", "inline_policies"]).map(|tree| inline(ctx, tree, &what));
    let key = format!("`max_session_duration` of {what}");
    let session =
        fields.take("max_session_duration").and_then(|tree| Want::new(&key, ctx.problems).seconds(tree, 3600, 43_200));
    let key = format!("`permissions_boundary` of {what}");
    let boundary = fields.take("permissions_boundary").and_then(|tree| Want::new(&key, ctx.problems).filled(tree));
    fields.finish();
    Some(Role::Managed(Box::new(ManagedRole {
        meta,
        description,
        trust,
        managed,
        inline: inline.unwrap_or_default(),
        max_session_secs: session.unwrap_or(3600),
        boundary: boundary.map(|name| policy_arn(&name)),
    })))
}

fn existing(entry: &Entry, given: &str) -> Option<Role> {
    let arn = is_arn(given, "iam").then(|| given.to_owned());
    let name = given.rsplit('/').next().unwrap_or(given).to_owned();
    Some(Role::Existing { place: entry.place.clone(), name, arn })
}

fn services(names: &[String]) -> Doc {
    let service = if let [one] = names { json!(one) } else { json!(names) };
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
    })
}

/// A trust policy: services by name, or a whole document.
fn trust(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let key = format!("`trust` of {what}");
    let names = match &tree.value {
        Value::Text(_) => tree.scalar().is_some_and(|text| !text.ends_with(".json")),
        Value::List(items) => items.iter().all(|item| item.scalar().is_some()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Map(_) | Value::Wrong => false,
    };
    if !names {
        return policy::read(ctx, tree, &key);
    }
    let names = Want::new(&key, ctx.problems).strings(tree);
    let full = names.into_iter().map(|name| if name.contains('.') { name } else { format!("{name}.amazonaws.com") });
    Some(services(&full.collect::<Vec<_>>()))
}

fn managed(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<Text> {
    let key = format!("`managed_policies` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let policy = match want.text(item) {
            Some(Text::Known(name)) => {
                if name.contains(char::is_whitespace) || name.is_empty() {
                    let help = "Write the name of an AWS managed policy, or the ARN of any.";
                    ctx.problems.error("bad-value", &item.place, format!("`{name}` is not a policy"), help);
                    continue;
                }
                Text::Known(policy_arn(&name))
            }
            Some(open) => open,
            None => continue,
        };
        if found.contains(&policy) {
            let summary = format!("{what} has {} twice", item.describe());
            ctx.problems.error("duplicate", &item.place, summary, "Remove one of the two.");
            continue;
        }
        found.push(policy);
    }
    found
}

fn policy_arn(name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    if name.contains('/') {
        return format!("arn:aws:iam::aws:policy/{name}");
    }
    let path = PATHS.iter().find(|(known, _)| *known == name).map_or("", |(_, path)| path);
    format!("arn:aws:iam::aws:policy/{path}{name}")
}

fn inline(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> BTreeMap<String, Doc> {
    let mut found = BTreeMap::new();
    let Some(entries) = tree.entries() else {
        let key = format!("`policies` of {what}");
        let help = "Each policy is a name of your choice with its document beneath it. Managed ones stand under `managed_policies`.";
        Want::new(&key, ctx.problems).wrong(tree, "a map", help);
        return found;
    };
    for entry in entries {
        let key = format!("policy `{}` of {what}", entry.key);
        if entry.key.len() > 128 || !entry.key.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c)) {
            let help = "Letters, digits and `+=,.@_-`, at most 128.";
            ctx.problems.error("bad-name", &entry.place, format!("`{}` cannot name a policy", entry.key), help);
        }
        if let Some(document) = policy::read(ctx, &entry.value, &key) {
            found.insert(entry.key.clone(), document);
        }
    }
    found
}

/// A role named by a service or a task definition: an entry, an ARN, or `existing:name`. Gives its ARN.
pub(crate) fn reference(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let name = match Want::new(what, ctx.problems).text(tree)? {
        Text::Known(name) => name,
        open => return Some(open),
    };
    if is_arn(&name, "iam") || name.starts_with("arn:") {
        return Some(Text::Known(name));
    }
    if ctx.scope.names.has("role", &name) {
        return Some(Text::output(NodeId::new("role", &name), "arn"));
    }
    if let Some(existing) = name.strip_prefix("existing:").map(str::trim).filter(|name| !name.is_empty()) {
        let role = Role::Existing { place: tree.place.clone(), name: existing.to_owned(), arn: None };
        ctx.implied_roles.borrow_mut().insert(existing.to_owned(), role);
        return Some(Text::output(NodeId::new("role", existing), "arn"));
    }
    let near = super::super::suggest::nearest(&name, ctx.scope.names.of("role"));
    let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
    ctx.problems.error(
        "unknown-name",
        &tree.place,
        format!("there is no role `{name}`"),
        format!("{near}For a role that is not of this stack write `existing:{name}` or its ARN."),
    );
    None
}
