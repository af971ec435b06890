//! What a stack needs and does not create: networks, zones, certificates, parameters, secrets, roles, task definitions. Found in its
//! graph, without a request, for whoever has to provide it: a simulated AWS is empty at first. Does not know who that is.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::graph::{Graph, Node};
use serde_json::{Value, json};

use crate::kinds::{
    certificate, cluster, hosted_zone, log_group, namespace, network, parameter, role, secret, service,
};
use crate::resource;
use crate::services::ecr::repository;
use crate::services::elb::sought::Sought;
use crate::services::ssm::read::plain;

/// What a stack needs and does not create.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Presupposed {
    /// Hosted zones, by name.
    pub zones: BTreeSet<String>,
    /// Certificates, by ARN.
    pub certificates: BTreeSet<String>,
    /// Names that some issued certificate has to cover.
    pub domains: BTreeSet<String>,
    /// Parameters, by name.
    pub parameters: BTreeSet<String>,
    /// Secrets, by ARN.
    pub secrets: BTreeSet<String>,
    /// Roles, by name, or by the ARN that the stack names them by.
    pub roles: BTreeSet<String>,
    /// The VPC and its subnets.
    pub network: Option<Network>,
    /// Security groups, by id or name.
    pub groups: BTreeSet<String>,
    /// Namespaces of Cloud Map, by name.
    pub namespaces: BTreeSet<String>,
    /// Clusters, by name.
    pub clusters: BTreeSet<String>,
    /// Log groups, by name.
    pub log_groups: BTreeSet<String>,
    /// Repositories, by name.
    pub repositories: BTreeSet<String>,
    /// Load balancers; one that is named by its ARN cannot be provided.
    pub balancers: BTreeMap<String, Shared>,
    /// Target groups, likewise.
    pub target_groups: BTreeMap<String, Shared>,
    /// What task definitions are called that somebody else registers, with what their services ask of them.
    pub tasks: BTreeMap<String, Value>,
}

/// A load balancer or target group of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Its name, if the file tells it.
    pub name: Option<String>,
    /// Tags that it has.
    pub tags: BTreeMap<String, String>,
    /// Of a load balancer: the ports that others listen on.
    pub ports: BTreeSet<u16>,
    /// Of a target group: whether nothing of the stack forwards to it, so that others do.
    pub fronted: bool,
}

/// A network that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The VPC.
    pub vpc: Choice,
    /// Its subnets.
    pub subnets: Choice,
}

/// Which VPC, or which subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The default ones.
    Default,
    /// Those with these ids.
    Ids(Vec<String>),
    /// Those with all these tags.
    Tags(BTreeMap<String, String>),
}

impl Presupposed {
    /// Reads it from a graph; `account` is the one that the stack lives in.
    pub fn of(graph: &Graph, account: &str) -> Self {
        let mut found = Self::default();
        for node in graph.nodes() {
            found.node(node, account);
        }
        let made = graph.of_kind(role::ENTRY.kind.name).filter(|node| !node.lookup);
        let own: BTreeSet<String> = made.map(|node| node.name.to_lowercase()).collect();
        found.roles.retain(|named| !own.contains(&role_name(named).to_lowercase()));
        let made: BTreeSet<String> = graph.of_kind(parameter::ENTRY.kind.name).map(|node| plain(&node.name)).collect();
        found.parameters.retain(|named| !made.contains(&plain(named)));
        let made: BTreeSet<&str> = graph.of_kind(secret::ENTRY.kind.name).map(|node| node.name.as_str()).collect();
        found.secrets.retain(|arn| !made.contains(secret_name(arn)));
        found.shared(graph);
        found
    }

    /// Load balancers and target groups of others, and what is known of them.
    fn shared(&mut self, graph: &Graph) {
        let sought = |node: &Node| -> Option<Sought> {
            let sought: Sought = resource::spec(node.want.get("existing")?).ok()?;
            sought.arn.is_none().then_some(sought)
        };
        let shared = |sought: &Sought| Shared {
            name: Some(sought.name.clone()).filter(|name| !name.is_empty()),
            tags: sought.tags.clone(),
            ..Shared::default()
        };
        for node in graph.nodes().filter(|node| node.lookup) {
            let Some(sought) = sought(node) else { continue };
            match node.id.kind() {
                "load_balancer" | "listener" => {
                    let one = self.balancers.entry(sought.label()).or_insert_with(|| shared(&sought));
                    one.ports.extend(node.want["port"].as_u64().and_then(|port| u16::try_from(port).ok()));
                }
                _ => {
                    let forwards = |other: &Node| matches!(other.id.kind(), "listener" | "listener_rules");
                    let uses = |other: &Node| forwards(other) && graph.needs_of(&other.id).any(|need| *need == node.id);
                    let fronted = !graph.nodes().any(uses);
                    self.target_groups.insert(sought.label(), Shared { fronted, ..shared(&sought) });
                }
            }
        }
    }

    fn node(&mut self, node: &Node, account: &str) {
        let kind = node.id.kind();
        if node.lookup && kind == hosted_zone::ENTRY.kind.name {
            self.zones.insert(node.id.name().to_owned());
        } else if let (true, certificate::KIND, Some(domain)) = (node.lookup, kind, node.want["domain"].as_str()) {
            self.domains.insert(domain.to_owned());
        } else if node.lookup && kind == role::ENTRY.kind.name {
            let name = node.want["name"].as_str().unwrap_or_else(|| node.id.name());
            self.roles.insert(name.to_owned());
        } else if let (true, "security_group", Some(group)) = (node.lookup, kind, node.want["group"].as_str()) {
            self.groups.insert(group.to_owned());
        } else if node.lookup && kind == cluster::KIND {
            self.clusters.insert(node.name.clone());
        } else if node.lookup && kind == log_group::ENTRY.kind.name {
            self.log_groups.insert(node.name.clone());
        } else if node.lookup && kind == repository::ENTRY.kind.name {
            self.repositories.insert(node.name.clone());
        } else if node.lookup && kind == namespace::KIND {
            self.namespaces.extend(node.want["name"].as_str().map(str::to_owned));
        } else if kind == network::ENTRY.kind.name {
            let (vpc, subnets) = (choice(&node.want["vpc"]), choice(&node.want["subnets"]));
            self.network = Some(Network { vpc, subnets });
        } else {
            if kind == service::ENTRY.kind.name
                && let Some(named) = node.want["task_definition"].as_str()
            {
                self.tasks.insert(named.to_owned(), task(&node.want));
            }
            texts(&node.want, &mut |key, text| self.note(key, text, account));
        }
    }

    /// Whatever a document names that is somewhere else.
    fn note(&mut self, key: &str, text: &str, own: &str) {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "acm", _, _, resource] if resource.starts_with("certificate/") => {
                self.certificates.insert(text.to_owned());
            }
            ["arn", _, "iam", _, account, resource]
                if *account == own && is_role(resource) && !text.contains(['*', '?', '$']) =>
            {
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
}

/// Roles, certificates and task definitions that a stack names and that belong to another account than this.
pub fn foreign(graph: &Graph, own: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in graph.nodes() {
        texts(&node.want, &mut |_, text| {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            let ["arn", _, service, _, account, resource] = parts[..] else { return };
            let bound = matches!(
                (service, resource.split('/').next()),
                ("iam", Some("role")) | ("acm", Some("certificate")) | ("ecs", Some("task-definition"))
            );
            let number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            if bound && number && account != own {
                found.insert(text.to_owned());
            }
        });
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

/// A task definition that a service could run, as ECS registers it, without its family.
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
    // A capacity provider of the file is not known by its name yet.
    let managed = service["strategy"].as_array().into_iter().flatten().any(|item| !item["provider"].is_string());
    let launch = if managed { "MANAGED_INSTANCES" } else { service["launch_type"].as_str().unwrap_or("FARGATE") };
    json!({
        "networkMode": if awsvpc { "awsvpc" } else { "bridge" }, "cpu": "256", "memory": "512",
        "requiresCompatibilities": [launch],
        "containerDefinitions": containers,
    })
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

/// The name of a secret in its ARN, which a key in it may follow; the random end is not told apart from a name.
fn secret_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or_default()
}

/// The name of a role that is named by it or by its ARN.
fn role_name(named: &str) -> &str {
    named.rsplit('/').next().unwrap_or(named)
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

#[cfg(test)]
mod tests {
    use evenkeel_core::graph::StackInfo;

    use super::*;

    const ACCOUNT: &str = "123456789012";

    fn graph(looked_up: &[(&str, Value)], nodes: &[(&str, Value)]) -> Graph {
        let lookup = |(id, want): &(&str, Value)| Node::lookup(id.parse().unwrap(), "Looked-Up", want.clone());
        let node = |(id, want): &(&str, Value)| Node::new(id.parse().unwrap(), "Small-Run", want.clone());
        Graph::new(StackInfo::default(), looked_up.iter().map(lookup).chain(nodes.iter().map(node))).unwrap()
    }

    fn role(account: &str, name: &str) -> Value {
        format!("arn:aws:iam::{account}:role/{name}").into()
    }

    #[test]
    fn what_is_named_and_not_made_is_presupposed() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        let looked_up = [("hosted_zone.a.example", json!({})), ("role.run", json!({ "name": "teams-run" }))];
        let nodes = [
            ("network.main", json!({ "vpc": { "id": "vpc-1" }, "subnets": { "tags": { "tier": "private" } } })),
            ("role.own", json!({})),
            (
                "task_definition.app",
                json!({
                    "executionRoleArn": role(ACCOUNT, "team/exec"),
                    "taskRoleArn": role(ACCOUNT, "small-run"),
                    "secrets": [{ "valueFrom": secret }, { "valueFrom": "/db/password" }],
                }),
            ),
            ("service.app", json!({ "task_definition": "web:3", "groups": ["sg-0123456789abcdef0"] })),
        ];
        let graph = graph(&looked_up, &nodes);
        let found = Presupposed::of(&graph, ACCOUNT);
        let all = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
        assert_eq!(all(&found.zones), ["a.example"]);
        let exec = format!("arn:aws:iam::{ACCOUNT}:role/team/exec");
        assert_eq!(all(&found.roles), [exec.as_str(), "teams-run"], "the stack creates the other one");
        assert_eq!((all(&found.secrets), all(&found.parameters)), (vec![secret.into()], vec!["/db/password".into()]));
        assert_eq!(all(&found.groups), ["sg-0123456789abcdef0"]);
        assert_eq!(found.tasks["web:3"]["containerDefinitions"][0]["name"], "app");
        let subnets = Choice::Tags([("tier".to_owned(), "private".to_owned())].into());
        assert_eq!(found.network, Some(Network { vpc: Choice::Ids(vec!["vpc-1".to_owned()]), subnets }));
    }

    #[test]
    fn what_is_of_another_account_is_foreign() {
        let other = role("210987654321", "exec");
        let graph = graph(&[], &[("task_definition.app", json!({ "a": other, "b": role(ACCOUNT, "exec") }))]);
        assert_eq!(foreign(&graph, ACCOUNT).into_iter().collect::<Vec<_>>(), [other.as_str().unwrap()]);
        assert!(Presupposed::of(&graph, ACCOUNT).roles.len() == 1, "nobody can provide the foreign one");
    }
}
