//! Adds to a simulated AWS what a stack needs and does not create: networks, hosted zones, certificates, parameters, secrets, roles,
//! and task definitions that somebody else registers. Reads them from the graph, and adds them by requests where there are some.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::graph::Graph;
use evenkeel_sim::services::ec2::provide::{self as network, Choice};
use evenkeel_sim::services::{self, acm};
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

/// What a stack needs and does not create.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Presupposed {
    zones: BTreeSet<String>,
    certificates: BTreeSet<String>,
    parameters: BTreeSet<String>,
    secrets: BTreeSet<String>,
    /// By name, or by the ARN that the stack names them by.
    roles: BTreeSet<String>,
    /// Roles that the stack creates.
    own: BTreeSet<String>,
    network: Option<network::Wanted>,
    groups: BTreeSet<String>,
    /// What task definitions are called that somebody else registers, with what their services ask of them.
    tasks: BTreeMap<String, Value>,
}

/// The services that an added role trusts. The stack does not say which of them it needs.
const TRUSTED: &[&str] = &[
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "scheduler.amazonaws.com",
    "events.amazonaws.com",
    "application-autoscaling.amazonaws.com",
    "monitoring.rds.amazonaws.com",
];

/// The highest revision that is added: they are numbered as they come, so all before it have to be made.
const MOST_REVISIONS: u32 = 100;

/// Reads it from a graph.
pub fn presupposed(graph: &Graph) -> Presupposed {
    let mut found = Presupposed::default();
    for node in graph.nodes() {
        match node.id.kind() {
            "hosted_zone" if node.lookup => {
                found.zones.insert(node.id.name().to_owned());
            }
            "role" if node.lookup => {
                let name = node.want["name"].as_str().unwrap_or_else(|| node.id.name());
                found.roles.insert(name.to_owned());
            }
            "network" => {
                let (vpc, subnets) = (choice(&node.want["vpc"]), choice(&node.want["subnets"]));
                found.network = Some(network::Wanted { vpc, subnets, groups: Vec::new() });
            }
            "service" => {
                if let Some(named) = node.want["task_definition"].as_str() {
                    found.tasks.insert(named.to_owned(), task(&node.want));
                }
                texts(&node.want, &mut |key, text| found.note(key, text));
            }
            "role" => {
                found.own.insert(node.name.to_lowercase());
                texts(&node.want, &mut |key, text| found.note(key, text));
            }
            _ => texts(&node.want, &mut |key, text| found.note(key, text)),
        }
    }
    found
}

/// Which VPC, or which subnets, a network node looks for.
fn choice(want: &Value) -> Choice {
    let texts =
        |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let tags = want["tags"].as_object().map(|tags| {
        tags.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    });
    match (tags, &want["id"], &want["ids"]) {
        (Some(tags), ..) => Choice::Tags(tags),
        (None, Value::String(id), _) => Choice::Ids(vec![id.clone()]),
        (None, _, ids @ Value::Array(_)) => Choice::Ids(texts(ids)),
        _ => Choice::Default,
    }
}

/// A task definition that a service could run, without its family.
fn task(service: &Value) -> Value {
    let awsvpc = service["network"].is_object();
    let port = |target: &Value| json!({ "containerPort": target["port"], "protocol": "tcp" });
    let targets: Vec<&Value> = service["load_balancers"].as_array().into_iter().flatten().collect();
    let mut names: Vec<&str> = targets.iter().filter_map(|target| target["container"].as_str()).collect();
    names.dedup();
    let container = |name: &str| {
        let ports: Vec<Value> =
            targets.iter().filter(|target| target["container"] == name).map(|target| port(target)).collect();
        json!({ "name": name, "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 256, "portMappings": ports })
    };
    let containers: Vec<Value> =
        if names.is_empty() { vec!["app"] } else { names }.into_iter().map(container).collect();
    json!({
        "networkMode": if awsvpc { "awsvpc" } else { "bridge" }, "cpu": "256", "memory": "512",
        "requiresCompatibilities": [service["launch_type"].as_str().unwrap_or("FARGATE")],
        "containerDefinitions": containers,
    })
}

/// Roles and certificates that a stack names and that belong to an account other than that of the simulated AWS.
pub fn foreign(graph: &Graph) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in graph.nodes() {
        texts(&node.want, &mut |_, text| {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            let ["arn", _, service, _, account, resource] = parts[..] else { return };
            let own = matches!(
                (service, resource.split('/').next()),
                ("iam", Some("role")) | ("acm", Some("certificate")) | ("ecs", Some("task-definition"))
            );
            if own
                && account.len() == 12
                && account != super::ACCOUNT
                && account.bytes().all(|byte| byte.is_ascii_digit())
            {
                found.insert(text.to_owned());
            }
        });
    }
    found
}

/// Every text of a document with its key.
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
            ["arn", _, "iam", _, super::ACCOUNT, resource] if is_role(resource) && !text.contains(['*', '?', '$']) => {
                self.roles.insert(text.to_owned());
            }
            [id] if is_group(id) => {
                self.groups.insert((*id).to_owned());
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

    /// Adds what is missing; returns what was added.
    pub fn provide(&self, world: &mut World, place: &Place) -> Vec<String> {
        let mut made = Vec::new();
        if let Some(wanted) = &self.network {
            let groups = self.groups.iter().cloned().collect();
            made.extend(network::provide(world, place, &network::Wanted { groups, ..wanted.clone() }));
        }
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
            // The service adds a random suffix; ECS finds the secret without it too.
            let name = arn.splitn(7, ':').nth(6).unwrap_or_default().split(':').next().unwrap_or_default();
            let input = json!({ "Name": name, "SecretString": "simulated" });
            if services::call(world, place, "secretsmanager", "CreateSecret", input).is_ok() {
                made.push(format!("secret {name}"));
            }
        }
        made.extend(self.roles.iter().filter_map(|named| self.role(world, place, named)));
        made.extend(self.tasks.iter().filter_map(|(named, task)| register(world, place, named, task)));
        made
    }

    /// Adds a role, unless it exists or the stack creates it; its name.
    fn role(&self, world: &mut World, place: &Place, named: &str) -> Option<String> {
        let whole = named.split_once(":role").map_or(named, |(_, path)| path);
        let (path, name) = whole.rsplit_once('/').unwrap_or_default();
        let name = if name.is_empty() { whole } else { name };
        let path = path.trim_matches('/');
        let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
        if self.own.contains(&name.to_lowercase()) {
            return None;
        }
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": TRUSTED } }] });
        let input = json!({ "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string() });
        services::call(world, place, "iam", "CreateRole", input).ok()?;
        let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
        let input = json!({ "RoleName": name, "PolicyArn": policy });
        drop(services::call(world, place, "iam", "AttachRolePolicy", input));
        // The role must be able to read the secrets and parameters of containers.
        let reads = ["ssm:GetParameters", "secretsmanager:GetSecretValue", "kms:Decrypt", "logs:CreateLogGroup"];
        let allow =
            json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": reads, "Resource": "*" }] });
        let input = json!({ "RoleName": name, "PolicyName": "presupposed", "PolicyDocument": allow.to_string() });
        drop(services::call(world, place, "iam", "PutRolePolicy", input));
        Some(format!("role {name}"))
    }
}

/// Registers a task definition under a name, unless it is there; what was made.
fn register(world: &mut World, place: &Place, named: &str, task: &Value) -> Option<String> {
    let last = named.rsplit('/').next().unwrap_or(named);
    let (family, revision) = last.split_once(':').unwrap_or((last, "1"));
    let revision = revision.parse::<u32>().ok().filter(|revision| *revision <= MOST_REVISIONS)?;
    let there = services::call(world, place, "ecs", "DescribeTaskDefinition", json!({ "taskDefinition": named }));
    if there.is_ok() {
        return None;
    }
    let mut input = task.clone();
    input["family"] = family.into();
    for _ in 0..revision {
        let reply = services::call(world, place, "ecs", "RegisterTaskDefinition", input.clone()).ok()?;
        if reply["taskDefinition"]["revision"].as_u64() >= Some(u64::from(revision)) {
            break;
        }
    }
    Some(format!("task definition {family}:{revision}"))
}

/// Whether the resource of an ARN is a role that people create: service-linked roles appear by themselves.
fn is_role(resource: &str) -> bool {
    resource.starts_with("role/") && !resource.starts_with("role/aws-service-role/")
}

/// Whether a text is the id of a security group.
fn is_group(text: &str) -> bool {
    let hex = text.strip_prefix("sg-").unwrap_or_default();
    matches!(hex.len(), 8 | 17) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Adds a public hosted zone, unless one of that name exists; returns whether it was added.
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
