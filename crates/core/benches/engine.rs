//! How long the engine takes from nodes to a plan, for stacks of a hundred to ten thousand resources: once with nothing live
//! and once with everything as it should be. The shape is that of a real stack: services, each with what it needs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use evenkeel_core::doc::{self, Doc};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Kinds, Ready, Replace};
use evenkeel_core::plan::{Plan, PlanOptions, plan};
use evenkeel_core::snapshot::{Candidates, Live, Owner, Snapshot};
use serde_json::{Value, json};

const PLAIN: Kind = Kind {
    name: "cluster",
    title: "",
    outputs: &["arn"],
    replace: Replace::CreateFirst,
    name_limit: 255,
    ready: Ready::AtOnce,
    deadline_secs: 600,
    ..Kind::PLAIN
};

const KINDS: [Kind; 7] = [
    Kind { ready: Ready::BeforeDependants, ..PLAIN },
    Kind { name: "log_group", fields: &[Field::immutable("class")], ..PLAIN },
    Kind {
        name: "task_definition",
        fields: &[Field::keyed("containers", &["name"]), Field::keyed("containers[].environment", &["name"])],
        replace: Replace::Revise,
        ..PLAIN
    },
    Kind { name: "target_group", fields: &[Field::immutable("port")], name_limit: 32, ..PLAIN },
    Kind { name: "listener_rule", fields: &[Field::immutable("priority")], name_limit: 0, ..PLAIN },
    Kind {
        name: "service",
        fields: &[Field::immutable("launch_type"), Field::set("subnets")],
        replace: Replace::DeleteFirst,
        ready: Ready::AtEnd,
        slow_delete: true,
        ..PLAIN
    },
    Kind { name: "record", name_limit: 0, ..PLAIN },
];

fn arn(kind: &str, name: &str) -> Value {
    json!({ "$from": format!("{kind}.{name}#arn") })
}

fn task(name: &str) -> Doc {
    let environment: Vec<Value> =
        (0..10).map(|at| json!({ "name": format!("KEY_{at}"), "value": format!("value {at} of {name}") })).collect();
    json!({ "family": name, "cpu": "256", "memory": "512", "network_mode": "awsvpc", "containers": [{
        "name": "app", "image": format!("registry.example/{name}:1"), "essential": true, "environment": environment,
        "ports": [{ "container_port": 8080, "protocol": "tcp" }],
        "logs": { "driver": "awslogs", "group": arn("log_group", name) } }] })
}

/// The six resources of one service.
fn service(number: usize) -> [Node; 6] {
    let name = format!("app-{number:05}");
    let node = |kind: &str, want: Doc| Node::new(NodeId::new(kind, &name), format!("shop-{name}"), want);
    [
        node("log_group", json!({ "retention_days": 30, "class": "STANDARD" })),
        node("task_definition", task(&name)),
        node(
            "target_group",
            json!({ "port": 8080, "protocol": "HTTP", "health_check": { "path": "/", "interval": 30 } }),
        ),
        node("listener_rule", json!({ "priority": number, "host": [name], "forward": arn("target_group", &name) })),
        node(
            "service",
            json!({ "cluster": arn("cluster", "main"), "task_definition": arn("task_definition", &name),
                "target_group": arn("target_group", &name), "rule": arn("listener_rule", &name), "desired_count": 2,
                "launch_type": "FARGATE", "subnets": ["subnet-1", "subnet-2", "subnet-3"] }),
        ),
        node("record", json!({ "name": name, "type": "A", "rule": arn("listener_rule", &name) })),
    ]
}

fn nodes(count: usize) -> Vec<Node> {
    let cluster = Node::new(NodeId::new("cluster", "main"), "shop", json!({ "insights": "enabled" }));
    std::iter::once(cluster).chain((0..).flat_map(service)).take(count).collect()
}

/// Everything as it should be.
fn live(nodes: &[Node]) -> Candidates {
    let kinds = KINDS.iter().map(|kind| (kind.name.to_owned(), Ok(Vec::new()))).collect();
    let mut found = Candidates { kinds, ..Candidates::default() };
    for node in nodes {
        let have = doc::fill(&node.want, &|hole| Some(json!(format!("arn:{}", hole.node))));
        let arn = format!("arn:{}", node.id);
        let mut live = Live::new(arn.clone(), node.name.clone(), Owner::Ours(node.id.clone()), have).output("arn", arn);
        live.uses = doc::refs(&node.want).into_iter().map(|hole| format!("arn:{}", hole.node)).collect();
        if let Some(Ok(things)) = found.kinds.get_mut(node.id.kind()) {
            things.push(live);
        }
    }
    found
}

fn decide(kinds: &Kinds, nodes: Vec<Node>, found: Candidates) -> (Graph, Snapshot, Plan) {
    let graph = Graph::new(StackInfo::default(), nodes).expect("the nodes make a graph");
    let snapshot = Snapshot::of(kinds, &graph, &graph, found);
    let made = plan(kinds, &graph, &snapshot, &PlanOptions::default());
    (graph, snapshot, made)
}

fn engine(criterion: &mut Criterion) {
    let kinds = Kinds::new(KINDS);
    for (name, there) in [("create", false), ("unchanged", true)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        for count in [100, 1_000, 10_000] {
            let nodes = nodes(count);
            let found = if there { live(&nodes) } else { live(&[]) };
            let (_, _, made) = decide(&kinds, nodes.clone(), found.clone());
            assert_eq!((made.has_changes(), made.unchanged), (!there, if there { count } else { 0 }));
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.iter_batched(
                    || (nodes.clone(), found.clone()),
                    |(nodes, found)| black_box(decide(&kinds, nodes, found)),
                    criterion::BatchSize::LargeInput,
                );
            });
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    engine(&mut criterion);
    criterion.final_summary();
}
