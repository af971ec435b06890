//! What the tests of the Elastic Load Balancing kinds share: reading as a plan does, changing by named fields, and a load
//! balancer to stand on.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds;
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::{Driver, Work};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Live;
use serde_json::json;

pub const STACK: &str = "t";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

pub fn driver(kind: &str) -> &'static dyn Driver {
    kinds::get(kind).expect("the kind is in the table").driver
}

/// The live things of a kind, as a plan for these nodes sees them.
pub async fn observe(aws: &Aws, kind: &str, nodes: &[&Node]) -> Vec<Live> {
    let graph = Graph::detached(
        StackInfo { name: STACK.to_owned(), region: "us-east-1".to_owned() },
        nodes.iter().copied().cloned(),
    );
    let scope = Scope { stack: STACK, graph: &graph, thorough: false, closely: false, only: None };
    let fetched = reading::fetch(aws, &scope).await;
    driver(kind).observe(&fetched).expect("everything can be read")
}

/// The one live thing of a kind.
pub async fn only(aws: &Aws, kind: &str, nodes: &[&Node]) -> Live {
    let mut found = observe(aws, kind, nodes).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

pub async fn create(aws: &Aws, node: &Node, name: &str) -> Result<Live, CloudError> {
    let order = Create { node: &node.id, name, want: &node.want, replaces: None, token: TOKEN };
    driver(node.id.kind()).create(Work { aws, stack: STACK }, order).await
}

/// Changes a thing; `paths` are those that a plan would name.
pub async fn update(aws: &Aws, node: &Node, live: &Live, paths: &[&str]) -> Result<Live, CloudError> {
    let change = |path: &&str| Change { path: (*path).to_owned(), from: None, to: None, effect: Effect::Update };
    let changes: Vec<Change> = paths.iter().map(change).collect();
    update_with(aws, node, live, &changes).await
}

pub async fn update_with(aws: &Aws, node: &Node, live: &Live, changes: &[Change]) -> Result<Live, CloudError> {
    let order = Update { node: &node.id, live, want: &node.want, changes, token: TOKEN };
    driver(node.id.kind()).update(Work { aws, stack: STACK }, order).await
}

pub async fn delete(aws: &Aws, node: &Node, live: &Live) -> Result<(), CloudError> {
    driver(node.id.kind()).delete(Work { aws, stack: STACK }, &node.id, live).await
}

/// The node with one field of its document set.
pub fn with(node: &Node, field: &str, value: Doc) -> Node {
    let mut node = node.clone();
    node.want[field] = value;
    node
}

/// The subnets of the default VPC, and that VPC.
pub async fn network(aws: &Aws) -> (Vec<String>, String) {
    let reply = aws.ec2().describe_subnets().send().await.expect("moto has a default VPC");
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let mut ids: Vec<String> = reply.subnets().iter().map(|subnet| text(subnet.subnet_id())).collect();
    ids.sort();
    (ids, text(reply.subnets()[0].vpc_id()))
}

pub async fn group(aws: &Aws, name: &str, vpc: &str) -> String {
    let request = aws.ec2().create_security_group().group_name(name).description(name).vpc_id(vpc);
    request.send().await.expect("a group can be made").group_id().unwrap_or_default().to_owned()
}

pub fn target_group(entry: &str, vpc: &str) -> Node {
    let want = json!({
        "port": 3000,
        "protocol": "HTTP",
        "protocol_version": "HTTP1",
        "vpc": vpc,
        "target_type": "ip",
        "health_check": {
            "protocol": "HTTP",
            "port": "traffic-port",
            "path": "/health",
            "interval_secs": 20,
            "timeout_secs": 4,
            "healthy_threshold": 3,
            "unhealthy_threshold": 4,
            "matcher": "200-299",
        },
        "attributes": {},
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("target_group", entry), format!("{STACK}-{entry}"), want)
}

pub fn load_balancer(entry: &str, subnets: &[String], groups: &[String]) -> Node {
    let want = json!({
        "type": "application",
        "scheme": "internal",
        "ip_address_type": "ipv4",
        "subnets": subnets,
        "subnet_mappings": null,
        "security_groups": groups,
        "attributes": {},
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("load_balancer", entry), format!("{STACK}-{entry}"), want)
}

pub fn forward(arns: &[(&str, u32)]) -> Doc {
    let targets: Vec<Doc> = arns.iter().map(|(arn, weight)| json!({ "target_group": arn, "weight": weight })).collect();
    json!({ "type": "forward", "targets": targets, "stickiness_secs": 0 })
}
