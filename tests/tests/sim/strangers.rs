//! A stranger writes between any two requests of a run: forged marks of every sort on things of every kind, our names, members
//! inside ours. Whatever he does, nothing of his is changed or taken away, the run ends in success or says clearly why not, and
//! once his things are gone a run brings about what was asked for.
//!
//! EVENKEEL_STRANGERS says how many days of his are told (`scripts/soak N`), EVENKEEL_STRANGERS_SEED which.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use evenkeel_aws::kinds;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_sim::services;
use evenkeel_sim::world::World;
use evenkeel_tests::laws;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use evenkeel_tests::stranger::{Mischief, Stranger, mischiefs, tidy, without_makers};
use evenkeel_tests::things::{Key, Things, things};
use serde_json::{Value, json};

use super::sweep::told;

const REGION: &str = "us-east-1";

/// One of each kind.
pub(crate) const STACK: &str = r#"
stack: victim
region: us-east-1
roles:
  execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] }
  gateway: { trust: ecs, managed_policies: [AmazonECSInfrastructureRoleForGatewayHostSharedALB] }
gateways: { public: { role: gateway } }
capacity_providers: { own: { managed_instances: {} } }
log_groups: { app: { retention: 14d } }
repositories: { app: { lifecycle_policy: { keep: 10 } } }
parameters: { level: { value: info } }
secrets: { db: { generate: 32 } }
databases: { main: { engine: postgres, version: "16", parameters: { log_statement: all }, protect: false, final_snapshot: false } }
certificates: { site: { domain: victim.example } }
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  app: { ingress: [{ port: 8000, from: alb }] }
  theirs: { existing: default, ingress: [{ port: 5432, from: app }] }
target_groups: { app: { port: 8000, deregistration_delay: 10s } }
load_balancers:
  web:
    security_groups: [alb]
    listeners: { http: { port: 80, forward: app, rules: [{ priority: 10, path: /x, forward: app }] } }
namespaces: { app: { type: private-dns, name: victim.internal } }
cluster: { name: victim, namespace: app }
services:
  app:
    cpu: 256
    memory: 512
    execution_role: execution
    containers: { app: { image: "ghcr.io/example/app:1", port: 8000, logs: app } }
    security_groups: [app]
    target_group: app
    autoscaling: { min: 1, max: 2, cpu: 60 }
    discovery: { namespace: app, records: { type: A, ttl: 60s } }
dns: [{ zone: victim.example, create: true, records: [{ name: www, alias: web }] }]
"#;

/// A phase: its name, whether the stack is there before, what the run is for, and what is written otherwise in the file.
type Story = (&'static str, bool, Goal, &'static [(&'static str, &'static str)]);

/// The phases: what is wanted, from the world before the stack or from the one in which it is applied.
const PHASES: &[Story] = &[
    ("create", false, Goal::Apply, &[]),
    (
        "change",
        true,
        Goal::Apply,
        &[
            ("retention: 14d", "retention: 7d"),
            ("keep: 10", "keep: 20"),
            ("log_statement: all", "log_statement: none"),
            ("port: 80, from", "port: 81, from"),
            ("port: 5432, from", "port: 5433, from"),
            ("example/app:1", "example/app:2"),
            ("path: /x", "path: /y"),
            ("cpu: 60", "cpu: 50"),
            ("ttl: 60s", "ttl: 30s"),
            ("deregistration_delay: 10s", "deregistration_delay: 20s"),
        ],
    ),
    (
        "replace",
        true,
        Goal::Apply,
        &[
            ("web:\n", "web:\n    scheme: internal\n"),
            ("keep: 10 }", "keep: 10 }, encryption: KMS"),
            ("namespace: app, records", "namespace: app, routing_policy: weighted, records"),
            ("app: { port: 8000, dereg", "app: { name: victim-other, port: 8000, dereg"),
        ],
    ),
    (
        "drop",
        true,
        Goal::Apply,
        &[
            ("log_groups: { app: { retention: 14d } }", "log_groups: {}"),
            ("repositories: { app: { lifecycle_policy: { keep: 10 } } }", "repositories: {}"),
            (", logs: app", ""),
            ("    autoscaling: { min: 1, max: 2, cpu: 60 }\n", ""),
            ("    discovery: { namespace: app, records: { type: A, ttl: 60s } }\n", ""),
            (", rules: [{ priority: 10, path: /x, forward: app }]", ""),
            (", records: [{ name: www, alias: web }]", ""),
        ],
    ),
    ("destroy", true, Goal::Destroy, &[]),
];

fn graph(changes: &[(&str, &str)]) -> Graph {
    let text = changes.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the stack has no {from:?}");
        text.replacen(from, to, 1)
    });
    graph_of(&text, Path::new("."))
}

/// The world before the stack, and the one in which it is applied.
fn worlds() -> &'static (World, World) {
    static WORLDS: OnceLock<(World, World)> = OnceLock::new();
    WORLDS.get_or_init(|| {
        in_virtual_time(async {
            let bench = Bench::new(REGION);
            super::scenes::foreign(&bench);
            // What the first database of an account makes, whosever that is.
            bench.ask("iam.CreateServiceLinkedRole", json!({ "AWSServiceName": "rds.amazonaws.com" }));
            bench.sim.pass(std::time::Duration::from_secs(600));
            let before = bench.world();
            bench.done(&graph(&[]), Goal::Apply).await;
            (before, bench.world())
        })
    })
}

/// How many requests a phase takes undisturbed, reading included; and how many the reading.
fn lengths(phase: usize) -> (u64, u64) {
    static LENGTHS: OnceLock<Vec<(u64, u64)>> = OnceLock::new();
    LENGTHS.get_or_init(|| {
        let count = |(_, applied, goal, changes): &(&str, bool, Goal, &[(&str, &str)])| {
            in_virtual_time(async {
                let bench = bench(*applied);
                drop(bench.run(&graph(changes), *goal).await);
                let all = bench.take_requests();
                let reading = all.iter().take_while(|(_, operation)| services::reads_only(operation)).count();
                ((all.len() as u64).max(20), reading as u64)
            })
        };
        PHASES.iter().map(count).collect()
    })[phase]
}

/// His things but those that went with what they were inside of: AWS deletes a load balancer with all of its listeners and rules,
/// whoever has put one there since the plan was made.
fn apart_from_taken_along(his: &Things, now: &Things) -> Things {
    let parent = |thing: &Value| {
        thing.get("listener").or_else(|| thing.get("balancer")).and_then(Value::as_str).map(str::to_owned)
    };
    let taken_along = |key: &Key, thing: &Value| {
        let within = parent(thing).filter(|_| !now.contains_key(key));
        within.is_some_and(|within| !now.values().any(|other| other["arn"] == within.as_str()))
    };
    his.iter()
        .filter(|(key, thing)| !taken_along(key, thing))
        .map(|(key, thing)| (key.clone(), thing.clone()))
        .collect()
}

fn bench(applied: bool) -> Bench {
    let (before, after) = worlds();
    let mut bench = Bench::of(if applied { after.clone() } else { before.clone() }, REGION);
    bench.consents = false;
    bench.watched = false;
    // What is in its own log group is the stack's to lose.
    bench.options.consent = [NodeId::new("log_group", "app")].into();
    bench
}

/// What went wrong in a run that had no right to.
fn clear(ended: &Ended) -> Result<(), String> {
    match ended {
        Ended::Nothing | Ended::Killed => Ok(()),
        Ended::Refused(plan) if plan.conflicts.is_empty() && plan.held.is_empty() => {
            Err(format!("it refuses without a reason: {plan:#?}"))
        }
        Ended::Refused(_) => Ok(()),
        Ended::Outcome(outcome, _) => {
            let summary = outcome.summary();
            let bug = summary.failed.iter().find(|failure| failure.error.class == ErrorClass::Bug);
            bug.map_or(Ok(()), |bug| Err(format!("a mistake in evenkeel: {bug:#?}")))
        }
    }
}

/// One day: he acts before a request of a phase. Gives whether he came at all.
async fn day(mischief: &Mischief, phase: usize, request: u64) -> Result<bool, String> {
    let (_, applied, goal, changes) = PHASES[phase];
    let bench = bench(applied);
    let wanted = graph(changes);
    let stranger = Stranger::new(mischief.clone(), &graph(&[]));
    let nothing = Graph::empty(wanted.stack.clone());
    // Of a stack that is not there yet, no entry has a thing of its own when it is read.
    let new = !applied && request <= lengths(phase).1;
    let kept = match goal {
        Goal::Apply => !stranger.gives(if new { &nothing } else { &wanted }),
        Goal::Destroy => !stranger.gives(&nothing),
    };
    let (others, place) = (bench.others.clone(), bench.place.clone());
    bench.sim.visit(request, move |world| stranger.act(world, &place, &others));
    let ended = bench.run(&wanted, goal).await;
    if bench.sim.dismiss() {
        return Ok(false);
    }
    clear(&ended)?;
    if new && !kept {
        // What he gave is the stack's by now.
        return Ok(true);
    }
    let his = bench.others.things();
    let untouched = || {
        if kept {
            let now = things(&bench.world());
            laws::others_are_untouched(&apart_from_taken_along(&his, &now), &now);
        }
    };
    untouched();
    // Again, with his things there from the beginning.
    clear(&bench.run(&wanted, goal).await)?;
    untouched();
    let tidied = || bench.sim.with_world(|world| tidy(world, &bench.place, &bench.others));
    if !tidied().is_empty() {
        // Tasks that end keep their cluster for a while.
        bench.sim.pass(std::time::Duration::from_secs(900));
    }
    let left = tidied();
    if !left.is_empty() {
        return Err(format!("his things would not go: {left:?}"));
    }
    bench.sim.pass(std::time::Duration::from_secs(900));
    let last = bench.run(&wanted, goal).await;
    if !last.is_done() {
        return Err(format!("with his things gone it is not done either: {last:#?}"));
    }
    bench.settled(&wanted, goal).await;
    laws::nothing_is_there_twice(&bench.world());
    Ok(true)
}

#[test]
fn a_stranger_comes_with_every_kind() {
    for kind in without_makers() {
        let entry = kinds::get(kind).expect("it is in the table");
        assert!(!entry.driver.makes(), "nobody plays the stranger with a {kind}");
    }
}

#[test]
fn whatever_a_stranger_does_his_things_stay_and_the_stack_comes_about() {
    // Made before any of his days has a time of its own.
    worlds();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let seed = number("EVENKEEL_STRANGERS_SEED").unwrap_or(0);
    let all = mischiefs(&graph(&[]));
    let days = number("EVENKEEL_STRANGERS").unwrap_or(all.len());
    let mut wrong = Vec::new();
    let mut came = 0;
    for at in 0..days {
        let chance = (at + seed).wrapping_mul(0x9e37_79b9) >> 7;
        let mischief = &all[(at + seed) % all.len()];
        let phase = (at + seed + (at + seed) / all.len()) % PHASES.len();
        let request = 1 + chance as u64 % lengths(phase).0;
        let what = format!("{mischief:?} before request {request} of {}", PHASES[phase].0);
        match catch_unwind(AssertUnwindSafe(|| in_virtual_time(day(mischief, phase, request)))) {
            Ok(Ok(there)) => came += usize::from(there),
            Ok(Err(text)) => wrong.push(format!("{what}: {text}")),
            Err(panic) => wrong.push(format!("{what}: {}", told(&*panic))),
        }
    }
    assert!(wrong.is_empty(), "{} of {days} days went wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(came > days / 2, "he came only {came} times in {days} days");
}
