//! A picture of a simulated world: every resource with all that its service shows of it, made-up ids replaced by names and
//! moments left out, so that two worlds in which the same was done by other ways can be compared.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_sim::services;
use evenkeel_sim::world::{Place, World};
use serde_json::{Map, Value, json};

use crate::laws;

/// Members that differ between two worlds in which the same is there: moments, tokens, counters, what is made up.
const VOLATILE: &[&str] = &[
    "CreatedTime",
    "createdAt",
    "updatedAt",
    "CreateDate",
    "registeredAt",
    "creationTime",
    "events",
    "deployments",
    "RoleId",
    "RoleLastUsed",
    "CallerReference",
    "currentServiceDeployment",
    "currentServiceRevisions",
    "taskSets",
    "storedBytes",
    "DNSName",
    "CanonicalHostedZoneId",
    "PrivateIpAddress",
    "ResourceRecordSetCount",
    "registeredBy",
    "createdBy",
    "LastUsedDate",
    "UpdateDate",
    "PolicyId",
    "revision",
    "latestRevision",
    "deregisteredAt",
];

/// A list in a reply: service, operation, input, member, how an item is named, and the member that holds its id.
struct List {
    service: &'static str,
    operation: &'static str,
    member: &'static str,
    name: &'static str,
    id: &'static str,
}

const LISTS: &[List] = &[
    List {
        service: "ec2",
        operation: "DescribeSecurityGroups",
        member: "SecurityGroups",
        name: "GroupName",
        id: "GroupId",
    },
    List {
        service: "elbv2",
        operation: "DescribeLoadBalancers",
        member: "LoadBalancers",
        name: "LoadBalancerName",
        id: "LoadBalancerArn",
    },
    List {
        service: "elbv2",
        operation: "DescribeTargetGroups",
        member: "TargetGroups",
        name: "TargetGroupName",
        id: "TargetGroupArn",
    },
    List { service: "iam", operation: "ListRoles", member: "Roles", name: "RoleName", id: "Arn" },
    List {
        service: "logs",
        operation: "DescribeLogGroups",
        member: "logGroups",
        name: "logGroupName",
        id: "logGroupArn",
    },
    List { service: "route53", operation: "ListHostedZones", member: "HostedZones", name: "Name", id: "Id" },
];

/// A picture: `service name` to what there is.
pub type Picture = BTreeMap<String, Value>;

struct Painter<'w> {
    world: &'w mut World,
    place: Place,
    names: BTreeMap<String, String>,
    picture: Picture,
}

/// Paints what a place has.
pub fn picture(world: &World, place: &Place) -> Picture {
    let mut world = world.clone();
    let mut painter =
        Painter { world: &mut world, place: place.clone(), names: BTreeMap::new(), picture: Picture::new() };
    painter.paint();
    let names = painter.names;
    let mut things: Vec<(String, Value)> =
        painter.picture.iter().map(|(name, value)| (renamed(name, &names), scrubbed(value, &names))).collect();
    // Made-up ids have no say in which of several things of one name comes first.
    things.sort_by_cached_key(|(name, value)| (name.clone(), value.to_string()));
    let mut picture = Picture::new();
    for (name, value) in things {
        insert(&mut picture, name, value);
    }
    picture
}

/// Two things of one name must not hide each other.
fn insert(picture: &mut Picture, name: String, value: Value) {
    let mut unique = name;
    while picture.contains_key(&unique) {
        unique.push_str(" (again)");
    }
    picture.insert(unique, value);
}

/// What differs between two pictures, line by line; empty if nothing does.
pub fn difference(one: &Picture, other: &Picture) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let mut lines = Vec::new();
    for name in names {
        match (one.get(name), other.get(name)) {
            (Some(a), Some(b)) if a != b => differing(name, a, b, &mut lines),
            (Some(_), None) => lines.push(format!("only in the first: {name}")),
            (None, Some(_)) => lines.push(format!("only in the second: {name}")),
            _ => {}
        }
    }
    lines
}

fn differing(path: &str, one: &Value, other: &Value, lines: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differing(&format!("{path}.{key}"), a, b, lines);
            }
        }
        (a, b) if a == b => {}
        (a, b) => lines.push(format!("{path}: {a} and {b}")),
    }
}

impl Painter<'_> {
    fn ask(&mut self, service: &str, operation: &str, input: Value) -> Value {
        services::call(self.world, &self.place, service, operation, input).unwrap_or_default()
    }

    fn put(&mut self, name: String, value: Value) {
        insert(&mut self.picture, name, value);
    }

    fn paint(&mut self) {
        for list in LISTS {
            let reply = self.ask(list.service, list.operation, json!({}));
            for item in reply[list.member].as_array().cloned().unwrap_or_default() {
                let name = item[list.name].as_str().unwrap_or_default().to_owned();
                // Roles that AWS makes for its services stay for ever and are nobody's.
                if item["Path"].as_str().is_some_and(|path| path.starts_with("/aws-service-role/")) {
                    continue;
                }
                let id = item[list.id].as_str().unwrap_or_default().to_owned();
                // ARNs have the id of a hosted zone without what stands before it in replies.
                let bare = id.strip_prefix("/hostedzone/").unwrap_or(&id).to_owned();
                self.names.insert(bare, format!("<{} {name}>", list.member));
                self.put(format!("{} {name}", list.member), item);
                self.details(list, &id, &name);
            }
        }
        self.clusters();
        self.definitions();
        for (arn, tags) in laws::tagged(self.world, &self.place) {
            self.put(format!("tags of {arn}"), sorted(tags.into()));
        }
    }

    fn details(&mut self, list: &List, id: &str, name: &str) {
        let attributes = |painter: &mut Self, operation: &str, key: &str| {
            let reply = painter.ask("elbv2", operation, json!({ key: id }));
            painter.put(format!("{operation} {name}"), sorted(reply["Attributes"].clone()));
        };
        match list.member {
            "LoadBalancers" => {
                attributes(self, "DescribeLoadBalancerAttributes", "LoadBalancerArn");
                self.listeners(id, name);
            }
            "TargetGroups" => attributes(self, "DescribeTargetGroupAttributes", "TargetGroupArn"),
            "Roles" => {
                let attached = self.ask("iam", "ListAttachedRolePolicies", json!({ "RoleName": name }));
                self.put(format!("policies of role {name}"), attached);
                let inline = self.ask("iam", "ListRolePolicies", json!({ "RoleName": name }));
                for policy in inline["PolicyNames"].as_array().cloned().unwrap_or_default() {
                    let reply = self.ask("iam", "GetRolePolicy", json!({ "RoleName": name, "PolicyName": policy }));
                    self.put(format!("policy of role {name}: {policy}"), reply);
                }
            }
            "HostedZones" => {
                let reply = self.ask("route53", "ListResourceRecordSets", json!({ "HostedZoneId": id }));
                for record in reply["ResourceRecordSets"].as_array().cloned().unwrap_or_default() {
                    let kind = record["Type"].as_str().unwrap_or_default().to_owned();
                    let record_name = record["Name"].as_str().unwrap_or_default().to_owned();
                    if !(record_name == name && matches!(kind.as_str(), "NS" | "SOA")) {
                        self.put(format!("record {record_name} {kind}"), record);
                    }
                }
            }
            _ => {}
        }
    }

    fn listeners(&mut self, balancer: &str, name: &str) {
        let reply = self.ask("elbv2", "DescribeListeners", json!({ "LoadBalancerArn": balancer }));
        for listener in reply["Listeners"].as_array().cloned().unwrap_or_default() {
            let arn = listener["ListenerArn"].as_str().unwrap_or_default().to_owned();
            let place = format!("{name}:{}", listener["Port"]);
            self.names.insert(arn.clone(), format!("<listener {place}>"));
            self.put(format!("listener {place}"), listener);
            let rules = self.ask("elbv2", "DescribeRules", json!({ "ListenerArn": arn }));
            for rule in rules["Rules"].as_array().cloned().unwrap_or_default() {
                let title = format!("rule {place} {}", rule["Priority"].as_str().unwrap_or_default());
                self.names.insert(rule["RuleArn"].as_str().unwrap_or_default().to_owned(), format!("<{title}>"));
                self.put(title, rule);
            }
        }
    }

    fn clusters(&mut self) {
        let arns = self.ask("ecs", "ListClusters", json!({}))["clusterArns"].clone();
        let include = json!(["TAGS", "SETTINGS", "CONFIGURATIONS"]);
        let reply = self.ask("ecs", "DescribeClusters", json!({ "clusters": arns, "include": include }));
        for cluster in reply["clusters"].as_array().cloned().unwrap_or_default() {
            let name = cluster["clusterName"].as_str().unwrap_or_default().to_owned();
            self.put(format!("cluster {name}"), cluster);
            let arns = self.ask("ecs", "ListServices", json!({ "cluster": name, "maxResults": 100 }));
            for arn in arns["serviceArns"].as_array().cloned().unwrap_or_default() {
                let input = json!({ "cluster": name, "services": [arn], "include": ["TAGS"] });
                let service = self.ask("ecs", "DescribeServices", input)["services"][0].clone();
                // A revision counts by what it says, not by its number.
                let definition = service["taskDefinition"].clone();
                let said = self.ask("ecs", "DescribeTaskDefinition", json!({ "taskDefinition": definition }));
                let title = service["serviceName"].as_str().unwrap_or_default().to_owned();
                self.put(format!("service {title}"), service);
                self.put(format!("task definition of service {title}"), said["taskDefinition"].clone());
            }
        }
    }

    fn definitions(&mut self) {
        let arns = self.ask("ecs", "ListTaskDefinitions", json!({ "status": "ACTIVE" }));
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for arn in arns["taskDefinitionArns"].as_array().cloned().unwrap_or_default() {
            let arn = arn.as_str().unwrap_or_default().to_owned();
            let family = arn.rsplit('/').next().and_then(|last| last.split(':').next()).unwrap_or_default().to_owned();
            self.names.insert(arn, format!("<revision of {family}>"));
            *count.entry(family).or_default() += 1;
        }
        for (family, revisions) in count {
            self.put(format!("active revisions of {family}"), revisions.into());
        }
    }
}

/// A list in an order of its own.
fn sorted(list: Value) -> Value {
    let mut items = list.as_array().cloned().unwrap_or_default();
    items.sort_by_key(ToString::to_string);
    items.into()
}

fn renamed(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    // Longer ids first: an ARN may begin with another one.
    for (id, name) in names.iter().rev().filter(|(id, _)| !id.is_empty()) {
        if text.contains(id.as_str()) {
            text = text.replace(id.as_str(), name);
        }
    }
    text
}

fn scrubbed(value: &Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => renamed(text, names).into(),
        Value::Array(items) => items.iter().map(|item| scrubbed(item, names)).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !VOLATILE.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), scrubbed(value, names))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
