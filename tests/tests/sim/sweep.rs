//! The fault sweep: while a stack is created, changed and destroyed, one request fails in one way (or the program dies there);
//! the run is repeated without faults, and the world has to be as after one clean run. Nothing may be there twice, nothing that
//! is not ours may be touched, and a plan has nothing left to do. What passes by itself must not even end the first run.
//!
//! The usual run takes each operation of each phase with some of the faults; EVENKEEL_SWEEP=all takes every request with all,
//! and EVENKEEL_SWEEP=N each operation of each phase with N of either sort.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::services;
use evenkeel_sim::world::World;
use evenkeel_tests::laws;
use evenkeel_tests::picture::{Picture, difference, picture, picture_since};
use evenkeel_tests::simulated::{Bench, Ended, Goal, in_virtual_time};
use evenkeel_tests::things::{Things, things};

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

/// After this time nothing is under way any more: interfaces and names are given up, old tasks are gone.
const SETTLING: Duration = Duration::from_secs(1800);

/// How many differences are told.
const TOLD: usize = 12;

/// How many faults each phase of a single kind meets in the usual run.
const FEW: usize = 3;

/// One phase of a stack's life: from this world, to that goal, with this picture after a clean run.
pub struct Phase {
    name: String,
    region: String,
    /// The world before it.
    pub before: World,
    /// What is wanted.
    pub graph: Graph,
    goal: Goal,
    /// What may lose its data.
    consent: BTreeSet<NodeId>,
    /// The world after a clean run.
    pub after: World,
    clean: Picture,
    /// Whether things exchange their places.
    pub exchanges: bool,
    /// What was there before the stack.
    others: Things,
    requests: Vec<String>,
}

impl Phase {
    /// A phase from a world on, with its clean run.
    pub fn of(name: String, before: World, region: &str, graph: Graph, goal: Goal, others: Things) -> Self {
        Self::consented(name, before, region, (graph, goal), others, BTreeSet::new())
    }

    /// The same, where these nodes may lose their data.
    pub fn consented(
        name: String,
        before: World,
        region: &str,
        (graph, goal): (Graph, Goal),
        others: Things,
        consent: BTreeSet<NodeId>,
    ) -> Self {
        let (requests, after) = in_virtual_time(clean(&before, region, &graph, goal, &consent));
        laws::others_are_untouched(&others, &things(&after));
        laws::nothing_is_there_twice(&after);
        let clean = picture_since(&before, &after);
        let exchanges = false;
        let region = region.to_owned();
        Self { name, region, before, graph, goal, consent, after, clean, exchanges, others, requests }
    }

    /// A request by its number, from 1: `service:operation`.
    fn request(&self, number: u64) -> &str {
        usize::try_from(number).ok().and_then(|n| self.requests.get(n - 1)).map_or("", String::as_str)
    }
}

/// A clean life: the phases with what they ask and what they leave.
fn life(scene: &Scene) -> Vec<Phase> {
    let bench = scene.bench();
    let mut before = bench.world();
    let others = things(&before);
    let mut phases = Vec::new();
    for (name, graph, goal) in [
        ("create", scene.graph(), Goal::Apply),
        ("change", scene.changed(), Goal::Apply),
        ("destroy", scene.changed(), Goal::Destroy),
    ] {
        let name = format!("{} {name}", scene.name);
        let phase = Phase::of(name, before, &scene.region, graph, goal, others.clone());
        before = phase.after.clone();
        phases.push(phase);
    }
    phases
}

/// A run without faults: what it asks, and the world afterwards.
async fn clean(
    before: &World,
    region: &str,
    graph: &Graph,
    goal: Goal,
    consent: &BTreeSet<NodeId>,
) -> (Vec<String>, World) {
    let mut bench = Bench::of(before.clone(), region);
    bench.options.consent.clone_from(consent);
    bench.done(graph, goal).await;
    let requests = bench.take_requests();
    bench.settled(graph, goal).await;
    bench.sim.pass(SETTLING);
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

/// Where the faults go on from phase to phase and from stack to stack, so that each operation meets many of them in the end, and
/// not only at the first of its requests.
pub struct Turn {
    number: usize,
    /// How many faults of both sorts each operation meets, or how many all operations together.
    each: usize,
    together: bool,
    /// The faults so far.
    met: BTreeSet<String>,
}

impl Turn {
    /// Each operation meets a fault of either sort.
    fn each(number: usize) -> Self {
        Self { number, each: EACH, together: false, met: BTreeSet::new() }
    }

    /// All operations together meet a few, other ones in each phase.
    pub fn few(number: usize) -> Self {
        Self { number: number * 7, each: FEW, together: true, met: BTreeSet::new() }
    }
}

/// Which requests (from 1) meet which faults.
fn chosen(phase: &Phase, turn: &mut Turn) -> Vec<(u64, Fault)> {
    let asked = std::env::var("EVENKEEL_SWEEP").ok();
    if asked.as_deref() == Some("all") {
        let both = |request: &str| HARD.iter().copied().chain(soft(request)).collect::<Vec<_>>();
        let requests = (1..).zip(&phase.requests);
        return requests.flat_map(|(number, request)| both(request).into_iter().map(move |f| (number, f))).collect();
    }
    let asked = asked.and_then(|each| each.parse().ok());
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (number, request) in (1..).zip(&phase.requests) {
        places.entry(request).or_default().push(number);
    }
    if turn.together && asked.is_none() {
        // What changes something is where an interruption hurts.
        let changing = |request: &&str| !request.split_once(':').is_some_and(|(_, name)| services::reads_only(name));
        let operations: Vec<&str> = places.keys().copied().filter(changing).collect();
        let mut few = Vec::new();
        for step in 0..turn.each.min(operations.len() * 2) {
            let at = turn.number + step;
            let request = operations[at % operations.len()];
            let (numbers, soft) = (&places[request], soft(request));
            let fault = if step % 3 == 2 { soft[at % soft.len()] } else { HARD[at % HARD.len()] };
            few.push((numbers[at % numbers.len()], fault));
        }
        turn.number += turn.each;
        return few;
    }
    let mut chosen = Vec::new();
    for (request, numbers) in &places {
        let soft = soft(request);
        let at = turn.number;
        for step in 0..asked.unwrap_or(if turn.together { EACH } else { turn.each }) {
            chosen.push((numbers[(at + step) % numbers.len()], HARD[(at + step) % HARD.len()]));
            chosen.push((numbers[(at / 2 + step) % numbers.len()], soft[(at + step) % soft.len()]));
        }
        turn.number += 1;
    }
    chosen
}

/// Strikes a phase where it is this turn's; how often, and what went wrong.
pub fn strikes(phase: &Phase, turn: &mut Turn) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let chosen = chosen(phase, turn);
    turn.met.extend(chosen.iter().map(|(_, fault)| format!("{fault:?}")));
    for (number, fault) in &chosen {
        // A law that is broken panics; the others are to be told as well.
        let strike = || in_virtual_time(strike(phase, *number, *fault));
        if let Err(text) = catch_unwind(AssertUnwindSafe(strike)).unwrap_or_else(|panic| Err(told(&*panic))) {
            let request = phase.request(*number);
            wrong.push(format!("{}: {fault:?} at request {number}, {request}: {text}", phase.name));
        }
    }
    (chosen.len(), wrong)
}

async fn strike(phase: &Phase, number: u64, fault: Fault) -> Result<(), String> {
    let mut bench = Bench::of(phase.before.clone(), &phase.region);
    bench.options.consent.clone_from(&phase.consent);
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
    bench.sim.pass(SETTLING);
    let after = bench.world();
    laws::others_are_untouched(&phase.others, &things(&after));
    laws::nothing_is_there_twice(&after);
    let mut found = difference(&phase.clean, &picture_since(&phase.before, &after));
    if phase.exchanges {
        // Cut short between two marks, an exchange may end with a member made anew: what counts is what is there.
        found = difference(&picture(&phase.after), &picture(&after));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("compared with a clean run, {}:\n{}", found.len(), found[..found.len().min(TOLD)].join("\n")))
    }
}

/// What a panic says.
pub fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn sweep(scene: &Scene, number: usize) {
    let mut turn = Turn::each(number);
    let mut wrong = Vec::new();
    let mut struck = 0;
    for phase in life(scene) {
        let (times, found) = strikes(&phase, &mut turn);
        struck += times;
        wrong.extend(found);
    }
    assert!(struck > 80, "a sweep strikes often, not {struck} times");
    let met = &turn.met;
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
fn a_network_of_its_own_survives_a_fault_at_any_request() {
    sweep(&scenes::private_network(), 5);
}

#[test]
fn flask_todo_survives_a_fault_at_any_request() {
    sweep(&scenes::flask_todo(), 7);
}

#[test]
fn a_service_whose_traffic_ecs_moves_survives_a_fault_at_any_request() {
    sweep(&scenes::blue_green(), 9);
}

#[test]
fn managed_instances_survive_a_fault_at_any_request() {
    sweep(&scenes::managed_instances(), 5);
}
