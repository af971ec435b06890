//! Gives a simulated AWS what a stack presupposes and does not make itself: hosted zones, certificates, parameters, secrets and
//! roles. What these are is read off the graph; everything is made as a person would, through the services' own operations.

use std::collections::BTreeSet;

use evenkeel_core::graph::Graph;
use evenkeel_sim::services::{self, acm};
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

/// What a stack presupposes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Presupposed {
    zones: BTreeSet<String>,
    certificates: BTreeSet<String>,
    parameters: BTreeSet<String>,
    secrets: BTreeSet<String>,
    roles: BTreeSet<String>,
}

/// Reads it off a graph.
pub fn presupposed(graph: &Graph) -> Presupposed {
    let mut found = Presupposed::default();
    for node in graph.nodes() {
        match node.id.kind() {
            "zone" => {
                found.zones.insert(node.id.name().to_owned());
            }
            "existing_role" => {
                let name = node.want["name"].as_str().unwrap_or_else(|| node.id.name());
                found.roles.insert(name.to_owned());
            }
            _ => texts(&node.want, &mut |key, text| found.note(key, text)),
        }
    }
    found
}

/// Every text of a document with the key that it stands under.
fn texts(value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) => see(key, text),
                    other => texts(other, see),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| match item {
            Value::String(text) => see("", text),
            other => texts(other, see),
        }),
        _ => {}
    }
}

impl Presupposed {
    fn note(&mut self, key: &str, text: &str) {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "acm", _, _, resource] if resource.starts_with("certificate/") => {
                self.certificates.insert(text.to_owned());
            }
            ["arn", _, "ssm", _, _, resource] if key == "valueFrom" => {
                self.parameters.extend(resource.strip_prefix("parameter").map(str::to_owned));
            }
            ["arn", _, "secretsmanager", _, _, _] if key == "valueFrom" => {
                self.secrets.insert(text.to_owned());
            }
            // ECS takes the bare name of a parameter as well.
            [name] if key == "valueFrom" => {
                self.parameters.insert((*name).to_owned());
            }
            _ => {}
        }
    }

    /// Makes what is missing, and says what was made.
    pub fn provide(&self, world: &mut World, place: &Place) -> Vec<String> {
        let mut made = Vec::new();
        for zone in &self.zones {
            if add_zone(world, place, zone).unwrap_or(false) {
                made.push(format!("hosted zone {zone}"));
            }
        }
        for arn in &self.certificates {
            let names: Vec<String> = self.zones.iter().flat_map(|zone| [zone.clone(), format!("*.{zone}")]).collect();
            if acm::provide(world, arn, &names) {
                made.push(format!("certificate {arn}"));
            }
        }
        for name in &self.parameters {
            let input = json!({ "Name": name, "Type": "SecureString", "Value": "simulated" });
            if services::call(world, place, "ssm", "PutParameter", input).is_ok() {
                made.push(format!("parameter {name}"));
            }
        }
        for arn in &self.secrets {
            // Its random end comes from the service; ECS finds it without as well.
            let name = arn.splitn(7, ':').nth(6).unwrap_or_default().split(':').next().unwrap_or_default();
            let input = json!({ "Name": name, "SecretString": "simulated" });
            if services::call(world, place, "secretsmanager", "CreateSecret", input).is_ok() {
                made.push(format!("secret {name}"));
            }
        }
        for name in &self.roles {
            let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "Service": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"] } }] });
            let bare = name.rsplit('/').next().unwrap_or(name);
            let input = json!({ "RoleName": bare, "AssumeRolePolicyDocument": trust.to_string() });
            if services::call(world, place, "iam", "CreateRole", input).is_ok() {
                let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
                let input = json!({ "RoleName": bare, "PolicyArn": policy });
                drop(services::call(world, place, "iam", "AttachRolePolicy", input));
                made.push(format!("role {bare}"));
            }
        }
        made
    }
}

/// Makes a public hosted zone, unless there is one of that name: whether it was made.
///
/// # Errors
/// Route 53's refusal, as text.
pub fn add_zone(world: &mut World, place: &Place, domain: &str) -> Result<bool, String> {
    let ask = |world: &mut World, operation: &str, input: Value| {
        services::call(world, place, "route53", operation, input).map_err(|refusal| refusal.message)
    };
    let name = format!("{}.", domain.trim_end_matches('.').to_lowercase());
    let found = ask(world, "ListHostedZonesByName", json!({ "DNSName": name, "MaxItems": "1" }))?;
    if found["HostedZones"][0]["Name"] == name.as_str() {
        return Ok(false);
    }
    let reference = format!("evenkeel sim zone {}", world.now.iso());
    ask(world, "CreateHostedZone", json!({ "Name": name, "CallerReference": reference }))?;
    Ok(true)
}
