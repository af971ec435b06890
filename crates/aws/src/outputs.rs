//! What a user wants to know of a stack that is live: its URLs, load balancers, zones, cluster and services. Found in the graph and
//! in the outputs of a run; leaves out what it does not find. Knows no format.

use std::collections::BTreeMap;

use evenkeel_core::doc::{self, Outputs};
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Action, Plan};
use serde::Serialize;
use serde_json::Value;

use crate::kinds::{cluster, database, hosted_zone, listener, listener_rules, load_balancer, own, service};
use crate::resource::Entry;

/// Something worth knowing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Output {
    /// What it is: `url`, `load balancer`, `name servers`, `next step`, `database`, `waits`, `VPC`,
    /// `NAT address`, `cluster`, `service`, `left in AWS`.
    pub what: &'static str,
    /// The value.
    pub value: String,
}

/// Everything worth knowing, in a fixed order.
pub fn outputs(graph: &Graph, known: &BTreeMap<NodeId, Outputs>) -> Vec<Output> {
    let mut found = Vec::new();
    for balancer in of_kind(graph, &load_balancer::ENTRY) {
        let Some(dns_name) = text(known, &balancer.id, "dns_name") else { continue };
        let urls = urls_of(graph, balancer, &dns_name).into_iter();
        found.extend(urls.map(|value| Output { what: "url", value }));
        found.push(Output { what: "load balancer", value: dns_name });
    }
    for service in of_kind(graph, &service::ENTRY) {
        found.extend(text(known, &service.id, "url").map(|value| Output { what: "url", value }));
    }
    for zone in of_kind(graph, &hosted_zone::ENTRY) {
        let servers = known.get(&zone.id).and_then(|outputs| listed(outputs.get("name_servers")?));
        let Some(servers) = servers else { continue };
        found.push(Output { what: "name servers", value: format!("{}: {servers}", zone.id.name()) });
        found.push(Output { what: "next step", value: hosted_zone::next_step(zone.id.name()) });
    }
    for database in of_kind(graph, &database::ENTRY) {
        let of = |output| text(known, &database.id, output).filter(|text| !text.is_empty());
        if let (Some(endpoint), Some(port)) = (of("endpoint"), of("port")) {
            found.push(Output { what: "database", value: format!("{endpoint}:{port}") });
        }
        found.extend(of("waits").map(|value| Output { what: "waits", value: format!("{}: {value}", database.id) }));
    }
    for vpc in of_kind(graph, &own::vpc::ENTRY) {
        found.extend(text(known, &vpc.id, "id").map(|value| Output { what: "VPC", value }));
    }
    // Firewalls of others let these in.
    for address in of_kind(graph, &own::elastic_ip::ENTRY) {
        found.extend(text(known, &address.id, "address").map(|value| Output { what: "NAT address", value }));
    }
    for (entry, what) in [(&cluster::ENTRY, "cluster"), (&service::ENTRY, "service")] {
        let there = of_kind(graph, entry).filter(|node| known.contains_key(&node.id));
        // An entry that was renamed keeps its thing, and that its name.
        let name = |node: &Node| text(known, &node.id, "name").unwrap_or_else(|| node.name.clone());
        found.extend(there.map(|node| Output { what, value: name(node) }));
    }
    found
}

/// A URL under which a stack answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    /// The load balancer that answers, or the service behind a gateway.
    pub balancer: NodeId,
    /// The URL, without a path.
    pub url: String,
}

/// The URLs of a stack, those of each load balancer together.
pub fn urls(graph: &Graph, known: &BTreeMap<NodeId, Outputs>) -> Vec<Url> {
    let of = |balancer: &Node| {
        let dns_name = text(known, &balancer.id, "dns_name");
        let urls = dns_name.map(|dns_name| urls_of(graph, balancer, &dns_name)).unwrap_or_default();
        urls.into_iter().map(|url| Url { balancer: balancer.id.clone(), url }).collect::<Vec<_>>()
    };
    let behind = of_kind(graph, &service::ENTRY)
        .filter_map(|service| Some(Url { balancer: service.id.clone(), url: text(known, &service.id, "url")? }));
    of_kind(graph, &load_balancer::ENTRY).flat_map(of).chain(behind).collect()
}

/// What the deletions of a plan leave in AWS.
pub fn left(plan: &Plan) -> Vec<Output> {
    let left = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Delete { live, .. } => Some(Output { what: "left in AWS", value: live.leaves.clone()? }),
        Action::Create { .. } | Action::Update { .. } | Action::Adopt { .. } | Action::Wait { .. } => None,
    });
    left.collect()
}

fn of_kind<'g>(graph: &'g Graph, entry: &Entry) -> impl Iterator<Item = &'g Node> {
    graph.of_kind(entry.kind.name)
}

/// A list of texts as one, or a text; nothing of nothing.
fn listed(value: &Value) -> Option<String> {
    let text = match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

fn text(known: &BTreeMap<NodeId, Outputs>, node: &NodeId, output: &str) -> Option<String> {
    known.get(node)?.get(output)?.as_str().map(str::to_owned)
}

/// One URL for each host, by the safest listener; a port only where it is not the usual one. What is ours on a load balancer of others is
/// found where its rules lead; and the name that AWS gives a load balancer is in no certificate, so HTTPS answers under others only.
fn urls_of(graph: &Graph, balancer: &Node, dns_name: &str) -> Vec<String> {
    let prefix = format!("{}/", balancer.id.name());
    let mut listeners: Vec<(bool, u64, &str)> = of_kind(graph, &listener::ENTRY)
        .filter(|node| node.id.name().starts_with(&prefix))
        .filter_map(|node| {
            let port = node.want.get("port")?.as_u64()?;
            // One that is looked up is known by its port.
            let Some(protocol) = node.want.get("protocol") else { return Some((port == 443, port, node.id.name())) };
            // What speaks no HTTP has no URL.
            let protocol = protocol.as_str().filter(|protocol| protocol.starts_with("HTTP"))?;
            Some((protocol == "HTTPS", port, node.id.name()))
        })
        .collect();
    // HTTPS first, then the lowest port.
    listeners.sort_by_key(|(secure, port, _)| (!secure, *port));
    let Some((secure, port, listener)) = listeners.first() else { return Vec::new() };
    let (scheme, usual) = if *secure { ("https", 443) } else { ("http", 80) };
    let port = if *port == usual { String::new() } else { format!(":{port}") };
    let mut hosts = hosts(graph, &balancer.id);
    let mut paths = vec![String::new()];
    if balancer.lookup {
        let rules = graph.get(&NodeId::new(listener_rules::ENTRY.kind.name, listener));
        if hosts.is_empty() {
            hosts = plain(rules, "host");
        }
        let under = plain(rules, "path");
        if hosts.is_empty() && !under.is_empty() {
            paths = under;
        }
    }
    if hosts.is_empty() && !secure {
        hosts.push(dns_name.to_owned());
    }
    let mut urls = Vec::new();
    for host in hosts {
        urls.extend(paths.iter().map(|path| format!("{scheme}://{host}{port}{path}")));
    }
    urls
}

/// What the conditions of rules name without a wildcard but one at the end of a path.
fn plain(rules: Option<&Node>, condition: &str) -> Vec<String> {
    let rules = rules.and_then(|node| node.want.get("rules")?.as_array()).into_iter().flatten();
    let given = rules.filter_map(|rule| rule.get("conditions")?.get(condition)?.as_array()).flatten();
    let given = given.filter_map(Value::as_str).map(|text| text.strip_suffix('*').unwrap_or(text));
    given.filter(|text| !text.is_empty() && !text.contains(['*', '?'])).map(str::to_owned).collect()
}

/// The names of records that point to a load balancer: those without a wildcard, shortest first.
fn hosts(graph: &Graph, balancer: &NodeId) -> Vec<String> {
    let mut hosts: Vec<String> = graph
        .nodes()
        .filter_map(|node| node.want.get("records")?.as_array())
        .flatten()
        .filter(|record| doc::refs(record).iter().any(|hole| hole.node == *balancer && hole.output == "dns_name"))
        .filter_map(|record| record.get("name")?.as_str())
        .filter(|name| !name.contains('*'))
        .map(str::to_owned)
        .collect();
    hosts.sort_by_key(|host| (host.split('.').count(), host.clone()));
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use evenkeel_core::doc::Text;
    use evenkeel_core::graph::StackInfo;
    use serde_json::json;

    use super::*;

    #[test]
    fn urls_come_from_listeners_and_records() {
        let balancer = NodeId::new("load_balancer", "web");
        let dns = Text::output(balancer.clone(), "dns_name");
        let node = |kind: &str, name: &str, want: Value| Node::new(NodeId::new(kind, name), name, want);
        let graph = Graph::new(
            StackInfo::default(),
            [
                node("load_balancer", "web", json!({})),
                node("listener", "web/http", json!({ "port": 80, "protocol": "HTTP" })),
                node("listener", "web/https", json!({ "port": 443, "protocol": "HTTPS" })),
                node(
                    "records",
                    "a.example",
                    json!({ "records": [
                    { "name": "api.a.example", "type": "A", "alias": { "dns_name": dns } },
                    { "name": "a.example", "type": "A", "alias": { "dns_name": dns } },
                    { "name": "x.a.example", "type": "TXT", "values": ["x"] },
                ] }),
                ),
            ],
        )
        .unwrap();
        let known = BTreeMap::from([(balancer, Outputs::from([("dns_name".to_owned(), json!("web-1.elb.example"))]))]);
        let shown: Vec<String> = outputs(&graph, &known).into_iter().map(|output| output.value).collect();
        assert_eq!(shown, ["https://a.example", "https://api.a.example", "web-1.elb.example"]);
    }

    #[test]
    fn what_is_on_a_load_balancer_of_others_is_found_where_its_rules_lead() {
        let balancer = NodeId::new("load_balancer", "web");
        let shown = |conditions: Value, secure: bool| {
            let port = if secure { 443 } else { 80 };
            let nodes = [
                Node::lookup(balancer.clone(), "shared", json!({})),
                Node::lookup(NodeId::new("listener", "web/l"), "shared:80", json!({ "port": port })),
                Node::new(
                    NodeId::new("listener_rules", "web/l"),
                    "",
                    json!({ "rules": [{ "conditions": conditions }] }),
                ),
            ];
            let graph = Graph::new(StackInfo::default(), nodes).unwrap();
            let known = Outputs::from([("dns_name".to_owned(), json!("lb.example"))]);
            let urls = urls(&graph, &BTreeMap::from([(balancer.clone(), known)]));
            urls.into_iter().map(|url| url.url).collect::<Vec<_>>()
        };
        assert_eq!(shown(json!({ "path": ["/a/*"] }), false), ["http://lb.example/a/"]);
        assert_eq!(shown(json!({ "host": ["a.example"], "path": ["/a"] }), true), ["https://a.example"]);
        assert_eq!(shown(json!({ "host": ["*.example"] }), false), ["http://lb.example"]);
        assert_eq!(shown(json!({ "path": ["/a"] }), true), [""; 0], "no certificate has the name that AWS gives");
    }

    #[test]
    fn a_service_has_the_name_that_is_live() {
        let id = NodeId::new("service", "new");
        let graph = Graph::new(StackInfo::default(), [Node::new(id.clone(), "shop-new", json!({}))]).unwrap();
        let named = |outputs: Outputs| outputs_of(&graph, &id, outputs);
        assert_eq!(named(Outputs::from([("name".to_owned(), json!("shop-old"))])), ["shop-old"]);
        assert_eq!(named(Outputs::new()), ["shop-new"]);
    }

    fn outputs_of(graph: &Graph, id: &NodeId, known: Outputs) -> Vec<String> {
        outputs(graph, &BTreeMap::from([(id.clone(), known)])).into_iter().map(|output| output.value).collect()
    }
}
