//! Replacing what carries traffic, in each way that there is: with a good image and with one that never comes up, undisturbed
//! and killed at a request in the middle, and then again. The law itself (`laws::outages`) watches every run of every test here;
//! these stories are those in which something is replaced that is served.
//!
//! EVENKEEL_OUTAGES=all kills each story at every request (`scripts/soak`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use evenkeel_aws::kinds;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::HeldBecause;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::world::World;
use evenkeel_tests::laws::outages::Front;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};

use super::sweep::told;

const REGION: &str = "us-east-1";

/// How often each story is killed in the usual run.
const DEATHS: u64 = 3;

const STACK: &str = r#"
stack: shop
region: us-east-1
security_groups: { alb: { ingress: [{ ports: [80, 81, 8080], from: 0.0.0.0/0 }] }, app: { ingress: [{ ports: [8000, 9000], from: alb }] } }
target_groups:
  app: { port: 8000, health_check: /up, deregistration_delay: 30s, stickiness: 1h }
  api: { port: 8000, deregistration_delay: 30s }
  spare: { port: 8000, deregistration_delay: 30s }
load_balancers:
  web:
    security_groups: [alb]
    listeners:
      http: { port: 80, forward: app, rules: [{ priority: 10, path: /api/*, forward: api }] }
      alt: { port: 8080, forward: { api: 1, spare: 0 } }
cluster: shop
services:
  app:
    cpu: 256
    memory: 512
    desired_count: 2
    containers: { app: { image: "ghcr.io/example/app:1", port: 8000 } }
    security_groups: [app]
    target_group: app
  api:
    cpu: 256
    memory: 512
    containers: { api: { image: "ghcr.io/example/api:1", port: 8000 } }
    security_groups: [app]
    target_group: api
  spare:
    cpu: 256
    memory: 512
    desired_count: 0
    containers: { spare: { image: "ghcr.io/example/spare:1", port: 8000 } }
    security_groups: [app]
    target_group: spare
dns: [{ zone: shop.example, create: true, records: [{ name: www, alias: web }] }]
"#;

/// What makes an image missing: of the service that most stories are about, and of the one that is to take over.
const BAD: &[(&str, &str)] = &[("example/app:1", "example/app:missing"), ("example/spare:1", "example/spare:missing")];

/// Every way in which something served can be replaced.
const STORIES: &[(&str, &[(&str, &str)])] = &[
    ("target group: name", &[("app: { port: 8000, health", "app: { name: shop-other, port: 8000, health")]),
    (
        "target group: protocol version",
        &[("app: { port: 8000, health", "app: { protocol_version: HTTP2, port: 8000, health")],
    ),
    ("target group: health path", &[("health_check: /up", "health_check: /healthz")]),
    (
        "target group: port",
        &[("app: { port: 8000, health", "app: { port: 9000, health"), ("app:1\", port: 8000", "app:1\", port: 9000")],
    ),
    ("target group: port alone", &[("app: { port: 8000, health", "app: { port: 9000, health")]),
    (
        "target group: entry",
        &[
            ("app: { port: 8000, health", "front: { port: 8000, health"),
            ("forward: app", "forward: front"),
            ("target_group: app", "target_group: front"),
        ],
    ),
    ("balancer: scheme", &[("  web:\n", "  web:\n    scheme: internal\n")]),
    (
        "balancer: entry",
        &[
            ("  web:\n    security_groups: [alb]", "  front:\n    security_groups: [alb]"),
            ("alias: web", "alias: front"),
        ],
    ),
    (
        "balancer: a second one",
        &[
            (
                "cluster: shop\n",
                "  two: { security_groups: [alb], listeners: { http: { forward: two } } }\ncluster: shop\n",
            ),
            ("target_groups:\n", "target_groups:\n  two: { port: 8000 }\n"),
            (
                "  spare:\n    cpu",
                "  two: { cpu: 256, memory: 512, containers: { app: { image: \"example/spare:1\", port: 8000 } }, \
                 security_groups: [app], target_group: two }\n  spare:\n    cpu",
            ),
            ("alias: web", "alias: two"),
        ],
    ),
    ("balancer: name", &[("  web:\n", "  web:\n    name: shop-other\n")]),
    ("listener: key", &[("      alt:", "      other:")]),
    ("listener: port", &[("http: { port: 80,", "http: { port: 81,")]),
    (
        "listener: ports exchanged",
        &[("http: { port: 80,", "http: { port: 8080,"), ("alt: { port: 8080,", "alt: { port: 80,")],
    ),
    ("rule: priority", &[("priority: 10", "priority: 20")]),
    ("rule: path and target", &[("path: /api/*, forward: api", "path: [/api/*, /v2/*], forward: app")]),
    (
        "rule: path and target group",
        &[
            ("path: /api/*, forward: api", "path: [/api/*, /v2/*], forward: api"),
            ("api: { port: 8000, dereg", "api: { name: shop-other-api, port: 8000, dereg"),
        ],
    ),
    ("target group: stickiness", &[(", stickiness: 1h", "")]),
    ("rule: target", &[("path: /api/*, forward: api", "path: /api/*, forward: app")]),
    (
        "rule: weights, to a service that has no tasks",
        &[("{ api: 1, spare: 0 }", "{ api: 0, spare: 1 }"), ("    desired_count: 0\n", "    desired_count: 1\n")],
    ),
    ("service: entry", &[("  app:\n    cpu", "  front:\n    cpu")]),
    (
        "service: groups exchanged",
        &[
            (
                "    security_groups: [app]\n    target_group: app\n",
                "    security_groups: [app]\n    target_group: x\n",
            ),
            ("    target_group: api\n", "    target_group: app\n"),
            ("    target_group: x\n", "    target_group: api\n"),
        ],
    ),
    ("service: name", &[("    desired_count: 2\n", "    desired_count: 2\n    name: shop-other\n")]),
    (
        "service: launch type",
        &[
            ("    desired_count: 2\n", "    desired_count: 2\n    capacity_provider_strategy: { FARGATE: 1 }\n"),
            ("cluster: shop", "cluster: { name: shop, capacity_providers: [FARGATE] }"),
        ],
    ),
    ("cluster: name", &[("cluster: shop", "cluster: market")]),
    ("security group: name", &[("app: { ingress", "app: { name: shop-other, ingress")]),
    ("image", &[("example/api:1", "example/api:2")]),
];

fn graph(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the stack has no {from:?}");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

/// The world in which the stack runs.
fn running() -> &'static World {
    static RUNNING: OnceLock<World> = OnceLock::new();
    RUNNING.get_or_init(|| {
        in_virtual_time(async {
            let bench = Bench::new(REGION);
            bench.done(&graph(&[]), Goal::Apply).await;
            bench.sim.pass(std::time::Duration::from_secs(900));
            let served = bench.watch.served();
            let alias = served.iter().any(|front| matches!(front, Front::Alias(_)));
            assert!(alias && served.len() == 4, "two listeners, a rule and an alias are served: {served:?}");
            bench.world()
        })
    })
}

fn bench() -> Bench {
    Bench::of(running().clone(), REGION)
}

/// Whether a plan waits for consent to an interruption, which only some fields of some kinds cannot do without.
async fn waits(bench: &Bench, wanted: &Graph) -> bool {
    let plan = bench.plan(wanted, &bench.read(wanted, Goal::Apply).await, Goal::Apply);
    let gaps = |node: &NodeId| kinds::get(node.kind()).is_some_and(|entry| !entry.kind.gap.is_empty());
    plan.held.iter().any(|held| matches!(held.why, HeldBecause::Gap(_)) && gaps(&held.node))
}

/// Runs it undisturbed; how many requests that takes.
async fn undisturbed(wanted: &Graph, good: bool) -> Result<u64, String> {
    let bench = bench();
    let ended = bench.run(wanted, Goal::Apply).await;
    let length = bench.take_requests().len() as u64;
    if good && !ended.is_done() {
        return Err(format!("it is not done: {ended:#?}"));
    }
    if !good && matches!(ended, Ended::Nothing) {
        return Err("a broken image is taken for done".to_owned());
    }
    if good && !waits(&bench, wanted).await {
        bench.settled(wanted, Goal::Apply).await;
    }
    // What comes of itself afterwards is looked at as well.
    bench.watch.begin(wanted);
    bench.sim.pass(std::time::Duration::from_secs(900));
    bench.watch.end(true)?;
    Ok(length)
}

/// Killed before or after a request, then run again: what was broken stays served, what was good comes about.
async fn killed(wanted: &Graph, good: bool, request: u64, fault: Fault) -> Result<(), String> {
    let bench = bench();
    bench.faults(Faults::new(vec![Rule::nth(request, fault)], 1));
    let ended = bench.run(wanted, Goal::Apply).await;
    bench.faults(Faults::default());
    // Whoever starts it again takes a while.
    bench.sim.pass(std::time::Duration::from_secs(120));
    let again = bench.run(wanted, Goal::Apply).await;
    if good && !again.is_done() {
        return Err(format!("the second run is not done: {again:#?}\nthe first: {ended:#?}"));
    }
    if good && !waits(&bench, wanted).await {
        bench.settled(wanted, Goal::Apply).await;
    }
    Ok(())
}

fn tell(stories: impl Iterator<Item = (usize, &'static (&'static str, &'static [(&'static str, &'static str)]))>) {
    // Made before any of the stories has a time of its own.
    running();
    let all = std::env::var("EVENKEEL_OUTAGES").is_ok_and(|said| said == "all");
    let mut wrong = Vec::new();
    for (number, (name, changes)) in stories {
        for good in [true, false] {
            let bad = BAD.iter().filter(|_| !good).copied();
            let changes: Vec<(&str, &str)> = changes.iter().copied().chain(bad).collect();
            let wanted = graph(&changes);
            let title = format!("{name}, with a {} image", if good { "good" } else { "bad" });
            let caught = |what: &str, tale: &dyn Fn() -> Result<u64, String>| match catch_unwind(AssertUnwindSafe(tale))
                .unwrap_or_else(|panic| Err(told(&*panic)))
            {
                Ok(length) => (length, None),
                Err(text) => (0, Some(format!("{title}, {what}: {text}"))),
            };
            let (length, found) = caught("undisturbed", &|| in_virtual_time(undisturbed(&wanted, good)));
            wrong.extend(found);
            let deaths: Vec<u64> = match (all, length) {
                (_, 0) => Vec::new(),
                (true, _) => (1..=length).collect(),
                (false, _) => {
                    (1..=DEATHS).map(|death| 1 + (death * length / (DEATHS + 1) + number as u64) % length).collect()
                }
            };
            for request in deaths {
                let fault = if request % 2 == 0 { Fault::DieBefore } else { Fault::DieAfter };
                let tale = || in_virtual_time(killed(&wanted, good, request, fault)).map(|()| 1);
                wrong.extend(caught(&format!("{fault:?} {request} of {length}"), &tale).1);
            }
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn traffic_is_served_while_target_groups_and_balancers_are_replaced() {
    tell(
        STORIES.iter().enumerate().filter(|(_, (name, _))| name.starts_with("target") || name.starts_with("balancer")),
    );
}

#[test]
fn traffic_is_served_while_everything_else_is_replaced() {
    tell(
        STORIES
            .iter()
            .enumerate()
            .filter(|(_, (name, _))| !name.starts_with("target") && !name.starts_with("balancer")),
    );
}
