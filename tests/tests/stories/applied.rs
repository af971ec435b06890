//! What is live after a full apply of a graph, with made-up ids in its holes, in the form in which the readers give it. Knows
//! what each kind offers and by which strings live things refer to each other; no server is asked.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc::{self, Doc};
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";

/// Every node of the graph, as it is after an apply.
pub fn things(graph: &Graph) -> BTreeMap<NodeId, Live> {
    let mut made: BTreeMap<NodeId, Live> = BTreeMap::new();
    for node in graph.in_order() {
        let have = doc::fill(&node.want, &|hole| made.get(&hole.node)?.outputs.get(&hole.output).cloned());
        assert!(!doc::is_open(&have), "{} has a hole that no output fills: {have}", node.id);
        let mut live = identity(graph, node, have);
        let handles: BTreeSet<&str> = made.values().flat_map(|live| &live.handles).map(String::as_str).collect();
        live.uses = uses(&live, &handles);
        live.tied = node.follows.as_ref().and_then(|follows| made.get(follows)).map(|live| live.id.clone());
        made.insert(node.id.clone(), live);
    }
    // Security groups may name each other, so rules are looked at once more when all are there.
    let handles: BTreeSet<String> = made.values().flat_map(|live| live.handles.clone()).collect();
    let handles: BTreeSet<&str> = handles.iter().map(String::as_str).collect();
    made.values_mut().for_each(|live| live.uses = uses(live, &handles));
    made
}

/// Ids, outputs and handles as AWS would give them.
#[expect(clippy::too_many_lines, reason = "one arm for each kind, nothing to share")]
fn identity(graph: &Graph, node: &Node, have: Doc) -> Live {
    let (region, stack, name) = (&graph.stack.region, &graph.stack.name, node.name.as_str());
    let entry: String = node.id.name().replace(['/', '.'], "-");
    let arn = |service: &str, rest: String| format!("arn:aws:{service}:{region}:{ACCOUNT}:{rest}");
    let text = |key: &str| have.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (listener, group, zone, cluster) = (text("listener"), text("group"), text("zone_id"), text("cluster"));
    let balancer = text("load_balancer");
    let new = |id: &str| Live::new(id, name, Owner::Ours(node.id.clone()), have.clone());
    match node.id.kind() {
        "network" => new("vpc-1")
            .output("vpc_id", "vpc-1")
            .output("subnets", json!(["subnet-a", "subnet-b"]))
            .output("zones", json!([format!("{region}a"), format!("{region}b")])),
        "availability_zones" => (1..=6_u8).fold(new("zones"), |live, at| {
            live.output(&format!("zone_{at}"), format!("{region}{}", char::from(b'`' + at)))
        }),
        "vpc" => new("vpc-main").output("id", "vpc-main").output("cidr", text("cidr")),
        "elastic_ip" => new(&format!("eipalloc-{entry}"))
            .output("id", format!("eipalloc-{entry}"))
            .output("address", "198.51.100.7"),
        kind @ ("subnet" | "internet_gateway" | "nat_gateway" | "route_table" | "vpc_endpoint") => {
            let prefixes =
                [("subnet", "subnet"), ("internet_gateway", "igw"), ("nat_gateway", "nat"), ("route_table", "rtb")];
            let prefix = prefixes.iter().find(|(of, _)| *of == kind).map_or("vpce", |(_, prefix)| prefix);
            let id = format!("{prefix}-{entry}");
            new(&id).output("id", id.as_str())
        }
        "role" if node.lookup => {
            new(&entry).output("arn", format!("arn:aws:iam::{ACCOUNT}:role/{entry}")).output("name", entry.as_str())
        }
        "role" => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:role/evenkeel/{stack}/{region}/{name}");
            let mut live = new(name).output("arn", arn.as_str()).output("name", name);
            live.handles = vec![arn, format!("role/{name}")];
            live
        }
        "log_group" => {
            let arn = arn("logs", format!("log-group:{name}"));
            let mut live = new(&arn).output("arn", arn.as_str()).output("name", name);
            live.handles.push(format!("log_group/{name}"));
            live
        }
        "repository" => {
            let arn = arn("ecr", format!("repository/{name}"));
            let uri = format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{name}");
            let mut live = new(&arn).output("uri", uri.as_str()).output("arn", arn.as_str()).output("name", name);
            live.handles = vec![format!("repository/{name}"), arn, uri];
            live
        }
        "namespace" | "discovery_service" => {
            let (short, long) = if node.id.kind() == "namespace" { ("ns", "namespace") } else { ("srv", "service") };
            let id = format!("{short}-{entry}");
            let arn = arn("servicediscovery", format!("{long}/{id}"));
            let mut live = new(&id).output("arn", arn.as_str()).output("id", id.as_str()).output("name", name);
            live.handles.push(arn);
            live.uses.extend(Some(text("namespace")).filter(|namespace| !namespace.is_empty()));
            live
        }
        "parameter" | "secret" => {
            let service = if node.id.kind() == "secret" { "secretsmanager" } else { "ssm" };
            let arn = arn(service, format!("{}:{name}", node.id.kind()));
            new(&arn).output("arn", arn.as_str()).output("name", name)
        }
        "db_subnet_group" | "db_parameter_group" => {
            let of = if node.id.kind() == "db_subnet_group" { "subgrp" } else { "pg" };
            let arn = arn("rds", format!("{of}:{name}"));
            let mut live = new(&arn).output("arn", arn.as_str()).output("name", name);
            live.handles.push(format!("{}/{name}", node.id.kind()));
            live
        }
        "database" => {
            let arn = arn("rds", format!("db:{name}"));
            let secret = format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:rds!db-{entry}");
            let live =
                new(&arn).output("arn", arn.as_str()).output("name", name).output("port", have["port"].to_string());
            let live = live
                .output("endpoint", format!("{name}.example.rds.amazonaws.com"))
                .output("username", text("username"));
            let live = live.output("password", format!("{secret}:password::")).output("database", text("database"));
            live.output("secret", secret)
        }
        "certificate" => {
            let arn = arn("acm", format!("certificate/{entry}"));
            new(&arn).output("arn", arn.as_str()).output("domain", text("domain"))
        }
        "security_group" => new(&format!("sg-{entry}")).output("id", format!("sg-{entry}")),
        "security_group_rules" => {
            let mut live = new(&group);
            live.handles.clear();
            live.within = Some(group);
            live
        }
        "existing_group_rules" => {
            let mut live = new(&group);
            live.handles.clear();
            live
        }
        "target_group" => {
            let arn = arn("elasticloadbalancing", format!("targetgroup/{name}/1"));
            new(&arn).output("arn", arn.as_str()).output("name", name)
        }
        "load_balancer" => load_balancer(new(&arn("elasticloadbalancing", format!("loadbalancer/app/{name}/1")))),
        "listener" => {
            let arn = format!("{}/{entry}", balancer.replace(":loadbalancer/", ":listener/"));
            let mut live = new(&arn).output("arn", arn.as_str());
            live.within = Some(balancer);
            live
        }
        "rule_priorities" => {
            // More than the file has: another one is planned against it.
            (0..8).fold(new(&entry), |live, at| live.output(&format!("priority.{at}"), 10 * (at + 1)))
        }
        "listener_rules" => {
            let mut live = new(&listener);
            live.handles = vec![format!("{}/rules", listener.replace(":listener/", ":listener-rule/"))];
            live.within = Some(listener);
            live
        }
        "cluster" => {
            let arn = arn("ecs", format!("cluster/{name}"));
            let mut live = new(&arn).output("arn", arn.as_str()).output("name", name);
            live.handles.push(format!("cluster/{name}"));
            live
        }
        "gateway" => {
            let arn = arn("ecs", format!("gateway/{name}"));
            let live = new(&arn).output("arn", arn.as_str()).output("name", name);
            let mut live = live.output("access", if text("scheme") == "internal" { "PRIVATE" } else { "PUBLIC" });
            live.handles.push(format!("gateway/{name}"));
            live
        }
        "task_definition" => {
            let arn = arn("ecs", format!("task-definition/{name}:1"));
            new(&arn)
                .output("arn", arn.as_str())
                .output("family", name)
                .output("revision", "1")
                .output("fingerprint", doc::fingerprint(&have))
        }
        "service" => {
            let arn = arn("ecs", format!("service/{cluster}/{name}"));
            let host = format!("{name}.ecs.{region}.on.aws");
            let live = new(&arn).output("arn", arn.as_str()).output("name", name);
            let mut live = live.output("url", format!("https://{host}")).output("host", host);
            live.handles.push(format!("service/{cluster}/{name}"));
            live
        }
        "scaling" => {
            let arn = arn("application-autoscaling", format!("scalable-target/{entry}"));
            new(&arn).output("arn", arn.as_str())
        }
        "zone" | "hosted_zone" => new(&format!("Z-{entry}"))
            .output("zone_id", format!("Z-{entry}"))
            .output("name", node.id.name())
            .output("name_servers", json!(["ns-1.awsdns-01.com", "ns-2.awsdns-02.net"])),
        "records" => {
            let mut live = new(&zone);
            live.handles = vec![format!("records_of/{stack}@{region}")];
            live
        }
        kind => panic!("say here what a {kind} looks like after an apply"),
    }
}

fn load_balancer(live: Live) -> Live {
    let (arn, name) = (live.id.clone(), live.name.clone());
    let dns = format!("{name}-1.elb.amazonaws.com");
    let mut live = live
        .output("arn", arn.as_str())
        .output("name", name.as_str())
        .output("dns_name", dns.as_str())
        .output("zone_id", "ZELB")
        .output("full", format!("app/{name}/1"));
    live.handles.extend([dns.clone(), format!("dualstack.{dns}")]);
    live
}

/// The handles that stand in the document: as a whole text, as a word of one, or as a name.
fn uses(live: &Live, handles: &BTreeSet<&str>) -> Vec<String> {
    let mut words = BTreeSet::new();
    collect(&live.have, "", &mut words);
    // The autoscaling of a service is called as that is referred to.
    words.extend(Some(live.name.clone()).filter(|name| name.starts_with("service/")));
    let own = |word: &String| live.handles.contains(word) || live.within.as_ref() == Some(word);
    words.into_iter().filter(|word| handles.contains(word.as_str()) && !own(word)).collect()
}

fn collect(value: &Value, key: &str, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            words.extend(text.split(' ').map(str::to_owned));
            match key {
                "awslogs-group" => drop(words.insert(format!("log_group/{text}"))),
                "cluster" => drop(words.insert(format!("cluster/{text}"))),
                "subnet_group" | "parameter_group" => drop(words.insert(format!("db_{key}/{text}"))),
                _ => {}
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, words)),
        Value::Object(map) => map.iter().for_each(|(key, item)| collect(item, key, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
