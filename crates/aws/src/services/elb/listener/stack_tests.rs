//! What the Elastic Load Balancing kinds make of a stack file: nodes, their names, references and delegated weights.

use std::path::PathBuf;

use evenkeel_core::diff::diff;
use evenkeel_core::doc::Text;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use serde_json::{Value, json};

use crate::kinds::{listener, listener_rules, load_balancer, target_group};
use evenkeel_stack::model::{Alternate, RuleRef, Stack};
use evenkeel_stack::{Files, LoadOptions, load_text};

const TEXT: &str = r#"
stack: shop
region: us-east-1
security_groups:
  alb: { ingress: [ { port: 80, from: 0.0.0.0/0 } ] }
target_groups:
  blue: { port: 3000, health_check: { path: /up } }
  green: { port: 3000, name: emerald }
load_balancers:
  web:
    moved_from: old
    security_groups: [alb]
    listeners:
      http:
        port: 80
        forward: { blue: 100, green: 0 }
        rules:
          - { priority: 10, host: api.example, forward: { blue: 1, green: 3 } }
          - { priority: 20, path: [/b, /a], redirect: https }
cluster: {}
services:
  app:
    cpu: 256
    memory: 512
    containers: { app: { image: app, port: 3000 } }
    target_group: { name: blue, container: app, port: 3000 }
"#;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<evenkeel_core::diagnostic::Source, evenkeel_stack::FileProblem> {
        panic!("{} is not read", PathBuf::from(path).display())
    }
}

fn stack() -> Stack {
    load_text("stack.yaml", TEXT, &LoadOptions::default(), &NoFiles).unwrap().stack
}

fn nodes(stack: &Stack) -> Vec<Node> {
    let mut nodes = Vec::new();
    for entry in [&target_group::ENTRY, &load_balancer::ENTRY, &listener::ENTRY, &listener_rules::ENTRY] {
        (entry.contribute)(stack, &mut nodes);
    }
    nodes
}

fn find(nodes: &[Node], id: &str) -> Node {
    nodes.iter().find(|node| node.id.to_string() == id).unwrap().clone()
}

fn from(id: &str, output: &str) -> Value {
    let id: NodeId = id.parse().unwrap();
    Text::output(id, output).to_value()
}

#[test]
fn nodes_are_named_and_refer_to_one_another() {
    let nodes = nodes(&stack());
    let names: Vec<(String, &str)> = nodes.iter().map(|node| (node.id.to_string(), node.name.as_str())).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|(id, name)| (id.as_str(), *name)).collect();
    assert_eq!(
        names,
        [
            ("target_group.blue", "shop-blue"),
            ("target_group.green", "emerald"),
            ("load_balancer.web", "shop-web"),
            ("listener.web/http", "shop-web:80"),
            ("listener_rules.web/http", "shop-web:80"),
        ]
    );
    assert_eq!(nodes.iter().map(|node| node.named).collect::<Vec<_>>(), [false, true, false, false, false]);
    let moved: Vec<Option<String>> =
        nodes.iter().map(|node| node.moved_from.as_ref().map(ToString::to_string)).collect();
    assert_eq!(
        moved[2..],
        ["load_balancer.old", "listener.old/http", "listener_rules.old/http"].map(|id| Some(id.to_owned()))
    );
    let balancer = find(&nodes, "load_balancer.web");
    assert_eq!(balancer.want["subnets"], from("network.main", "subnets"));
    assert_eq!(balancer.want["security_groups"], json!([from("security_group.alb", "id")]));
    assert_eq!(find(&nodes, "target_group.blue").want["vpc"], from("network.main", "vpc_id"));
    let listener = find(&nodes, "listener.web/http");
    assert_eq!(listener.want["load_balancer"], from("load_balancer.web", "arn"));
    assert_eq!(listener.want["default"]["targets"][0]["target_group"], from("target_group.blue", "arn"));
    let rules = find(&nodes, "listener_rules.web/http");
    assert_eq!(rules.want["listener"], from("listener.web/http", "arn"));
    assert_eq!(rules.want["rules"][1]["conditions"], json!({ "path": ["/a", "/b"] }));
}

#[test]
fn weights_are_left_to_ecs_where_it_shifts_traffic() {
    let mut stack = stack();
    assert!(nodes(&stack).iter().all(|node| node.delegated.is_empty()));
    if let Some(service) = stack.services.get_mut("app") {
        service.deployment.strategy = "BLUE_GREEN".to_owned();
        let (balancer, listener) = ("web".to_owned(), "http".to_owned());
        service.load_balancers[0].alternate = Some(Alternate {
            target_group: Text::output(target_group::id("green"), "arn"),
            entry: Some("green".to_owned()),
            production: RuleRef::Default { balancer: balancer.clone(), listener: listener.clone() },
            test: Some(RuleRef::Rule { balancer, listener, at: 0 }),
            role: "arn:aws:iam::123456789012:role/traffic".into(),
        });
    }
    let nodes = nodes(&stack);
    for (id, kind, weight) in [
        ("listener.web/http", listener::ENTRY.kind, "/default/targets/0/weight"),
        ("listener_rules.web/http", listener_rules::ENTRY.kind, "/rules/0/action/targets/0/weight"),
    ] {
        let node = find(&nodes, id);
        let mut have = node.want.clone();
        *have.pointer_mut(weight).unwrap() = json!(7);
        let changes = diff(&kind, &node.want, &have);
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(node.delegated.len(), 1);
        assert!(node.delegated.keys().all(|path| changes[0].is_within(path)), "{changes:?} {:?}", node.delegated);
    }
}
