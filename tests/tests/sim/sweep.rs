//! The fault sweep: while a stack is created, changed and destroyed, one request fails in one way (or the program dies there);
//! the run is repeated without faults, and the world has to be as after one clean run. Nothing may be there twice, nothing that
//! is not ours may be touched, and a plan has nothing left to do. What passes by itself must not even end the first run.
//!
//! The usual run takes each operation of each phase with some of the faults; EVENKEEL_SWEEP=all takes every request with all,
//! and EVENKEEL_SWEEP=N each operation of each phase with N of either sort.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use evenkeel_core::graph::Graph;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::services;
use evenkeel_sim::world::World;
use evenkeel_tests::laws;
use evenkeel_tests::picture::{Picture, difference, picture};
use evenkeel_tests::simulated::{Bench, Ended, Goal, in_virtual_time};

use super::scenes::{self, Scene};

/// After these the program does not know, or cannot know, what has come of its request.
const HARD: &[Fault] =
    &[Fault::DieAfter, Fault::ReplyLost, Fault::DieBefore, Fault::ReplyCut, Fault::Timeout, Fault::Reset];

/// Of these it is told, or they pass.
const SOFT: &[Fault] =
    &[Fault::Throttle, Fault::ServerError, Fault::AccessDenied, Fault::StaleRead, Fault::Unavailable, Fault::Slow];

/// What only happens to a request that changes something; AWS means it to be asked again.
const SOFT_CHANGING: &[Fault] = &[Fault::Conflict, Fault::RoleNotReady];

/// How many faults of both sorts each operation meets in each phase of the usual run.
const EACH: usize = 1;

/// One phase of a stack's life: from this world, to that goal, with this picture after a clean run.
struct Phase {
    name: &'static str,
    before: World,
    graph: Graph,
    goal: Goal,
    clean: Picture,
    /// What was there before the stack.
    others: Picture,
    requests: Vec<String>,
}

impl Phase {
    /// A request by its number, from 1: `service:operation`.
    fn request(&self, number: u64) -> &str {
        usize::try_from(number).ok().and_then(|n| self.requests.get(n - 1)).map_or("", String::as_str)
    }
}

/// A clean life: the phases with what they ask and what they leave.
fn life(scene: &Scene) -> Vec<Phase> {
    let bench = scene.bench();
    let others = picture(&bench.world(), &bench.place);
    let mut phases = Vec::new();
    let mut before = bench.world();
    for (name, graph, goal) in [
        ("create", scene.graph(), Goal::Apply),
        ("change", scene.changed(), Goal::Apply),
        ("destroy", scene.changed(), Goal::Destroy),
    ] {
        let (requests, after) = in_virtual_time(clean(&before, &scene.region, &graph, goal));
        let clean = picture(&after, &bench.place);
        laws::others_are_untouched(&others, &clean);
        laws::nothing_is_there_twice(&after, &bench.place);
        phases.push(Phase { name, before, graph, goal, clean, others: others.clone(), requests });
        before = after;
    }
    phases
}

/// A run without faults: what it asks, and the world afterwards.
async fn clean(before: &World, region: &str, graph: &Graph, goal: Goal) -> (Vec<String>, World) {
    let bench = Bench::of(before.clone(), region);
    bench.done(graph, goal).await;
    let requests = bench.take_requests();
    bench.settled(graph, goal).await;
    (requests.into_iter().map(|(service, operation)| format!("{service}:{operation}")).collect(), bench.world())
}

/// The soft faults that a request can meet: `service:operation`.
fn soft(request: &str) -> Vec<Fault> {
    let changes = request.split_once(':').is_some_and(|(_, operation)| !services::reads_only(operation));
    SOFT.iter().chain(SOFT_CHANGING.iter().filter(|_| changes)).copied().collect()
}

/// Whether a fault passes by itself within the first run.
fn passes(fault: Fault, request: &str) -> bool {
    match fault {
        Fault::AccessDenied | Fault::StaleRead | Fault::DieBefore | Fault::DieAfter => false,
        // To the others it is a denial.
        Fault::RoleNotReady => request == "ecs:CreateService",
        _ => true,
    }
}

/// Which requests (from 1) meet which faults.
fn chosen(phase: &Phase, turn: &mut usize) -> Vec<(u64, Fault)> {
    let asked = std::env::var("EVENKEEL_SWEEP").ok();
    if asked.as_deref() == Some("all") {
        let both = |request: &str| HARD.iter().copied().chain(soft(request)).collect::<Vec<_>>();
        let requests = (1..).zip(&phase.requests);
        return requests.flat_map(|(number, request)| both(request).into_iter().map(move |f| (number, f))).collect();
    }
    let each = asked.and_then(|each| each.parse().ok()).unwrap_or(EACH);
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (number, request) in (1..).zip(&phase.requests) {
        places.entry(request).or_default().push(number);
    }
    let mut chosen = Vec::new();
    for (request, numbers) in &places {
        let soft = soft(request);
        // Turns go on from phase to phase and from stack to stack, so that each operation meets many faults in the end, and not
        // only at the first of its requests.
        for step in 0..each {
            chosen.push((numbers[(*turn + step) % numbers.len()], HARD[(*turn + step) % HARD.len()]));
            chosen.push((numbers[(*turn / 2 + step) % numbers.len()], soft[(*turn + step) % soft.len()]));
        }
        *turn += 1;
    }
    chosen
}

async fn strike(phase: &Phase, region: &str, number: u64, fault: Fault) -> Result<(), String> {
    let bench = Bench::of(phase.before.clone(), region);
    bench.faults(Faults::new(vec![Rule::nth(number, fault)], 1));
    let ended = bench.run(&phase.graph, phase.goal).await;
    let fired: Vec<String> =
        bench.sim.fired().iter().map(|fired| format!("{}:{}", fired.service, fired.operation)).collect();
    if fired != [phase.request(number)] {
        return Err(format!("the fault has struck {fired:?}"));
    }
    if matches!(fault, Fault::DieBefore | Fault::DieAfter) && !matches!(ended, Ended::Killed) {
        return Err(format!("it did not die: {ended:?}"));
    }
    bench.faults(Faults::default());
    if passes(fault, phase.request(number)) && !ended.is_done() {
        return Err(format!("it should have passed: {ended:#?}"));
    }
    if !ended.is_done() {
        let again = bench.run(&phase.graph, phase.goal).await;
        if !again.is_done() {
            return Err(format!("the second run is not done either: {again:#?}\nthe first: {ended:#?}"));
        }
    }
    bench.settled(&phase.graph, phase.goal).await;
    let after = picture(&bench.world(), &bench.place);
    laws::others_are_untouched(&phase.others, &after);
    laws::nothing_is_there_twice(&bench.world(), &bench.place);
    let found = difference(&phase.clean, &after);
    if found.is_empty() { Ok(()) } else { Err(format!("compared with a clean run:\n{}", found.join("\n"))) }
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn sweep(scene: &Scene, turn: usize) {
    let mut turn = turn;
    let mut wrong = Vec::new();
    let mut struck = 0;
    let mut met = BTreeSet::new();
    for phase in life(scene) {
        for (number, fault) in chosen(&phase, &mut turn) {
            let request = phase.request(number);
            struck += 1;
            met.insert(format!("{fault:?}"));
            // A law that is broken panics; the others are to be told as well.
            let strike = || in_virtual_time(strike(&phase, &scene.region, number, fault));
            if let Err(text) = catch_unwind(AssertUnwindSafe(strike)).unwrap_or_else(|panic| Err(told(&*panic))) {
                wrong.push(format!("{} {}: {fault:?} at request {number}, {request}: {text}", scene.name, phase.name));
            }
        }
    }
    assert!(struck > 80, "a sweep strikes often, not {struck} times");
    assert_eq!(met.len(), HARD.len() + SOFT.len() + SOFT_CHANGING.len(), "every fault happens: {met:?}");
    assert!(wrong.is_empty(), "{} of {struck} went wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn cruddur_survives_a_fault_at_any_request() {
    sweep(&scenes::cruddur(), 0);
}

#[test]
fn cruddur_without_a_certificate_survives_a_fault_at_any_request() {
    sweep(&scenes::cruddur_http(), 3);
}

#[test]
fn flask_todo_survives_a_fault_at_any_request() {
    sweep(&scenes::flask_todo(), 7);
}
