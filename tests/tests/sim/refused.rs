//! What AWS refuses is told with the entry, the request and AWS's words, for every kind: the request that makes a thing of it is refused,
//! the run names just that step, everything that does not need it is done, and once it is allowed the next run completes the stack.

use std::collections::BTreeSet;
use std::path::Path;

use evenkeel_aws::kinds;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Graph;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::laws::requests::action;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};

use super::scenes::{Scene, managed_instances, private_network};
use super::strangers::STACK;

const REGION: &str = "us-east-1";

/// How the operations begin that make things, those that tell most first.
const MAKES: &[&str] =
    &["Create", "Register", "Allocate", "Put", "Request", "Authorize", "Change", "Modify", "Update", "Add", "Set"];

/// Kinds of which no request of their own makes anything.
pub const MADE_WITH_OTHERS: &[(&str, &str)] = &[];

/// The first request that makes a thing of a kind, of those that a run has sent.
fn making(kind: &str, sent: &[(&'static str, String)]) -> Option<(String, String)> {
    let actions: BTreeSet<&str> = kinds::get(kind)?.actions.iter().copied().collect();
    // Its own service before those that work for it.
    let own = kinds::get(kind)?.actions.first()?.split(':').next()?;
    let of_service = |only: Option<&str>| {
        MAKES.iter().find_map(|verb| {
            let fits = |(of, operation): &&(&'static str, String)| {
                let asked = action(of, operation);
                operation.starts_with(verb)
                    && !operation.contains("Tags")
                    && only.is_none_or(|only| asked.split(':').next() == Some(only))
                    && actions.contains(asked.as_str())
            };
            sent.iter().find(fits).map(|(of, operation)| ((*of).to_owned(), operation.clone()))
        })
    };
    of_service(Some(own)).or_else(|| of_service(None))
}

/// The stacks in which there is one of each kind, and whether each has the world of a scene.
fn stacks() -> Vec<(Graph, Option<Scene>)> {
    let scenes = [private_network(), managed_instances()];
    let own = (graph_of(STACK, Path::new(".")), None);
    [own].into_iter().chain(scenes.into_iter().map(|scene| (scene.graph(), Some(scene)))).collect()
}

/// The kinds that are refused here.
pub fn kinds_of_stacks() -> BTreeSet<String> {
    let nodes = |(graph, _): (Graph, _)| {
        graph.nodes().filter(|node| !node.lookup).map(|node| node.id.kind().to_owned()).collect::<Vec<_>>()
    };
    stacks().into_iter().flat_map(nodes).collect()
}

#[test]
fn what_aws_refuses_is_told_at_the_step_that_asked_for_it() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (graph, scene) in stacks() {
        let world = || scene.as_ref().map_or_else(|| Bench::new(REGION), Scene::bench);
        refused(&graph, &world, &mut seen, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Refuses what makes each kind that has not been seen yet.
fn refused(graph: &Graph, world: &dyn Fn() -> Bench, seen: &mut BTreeSet<String>, wrong: &mut Vec<String>) {
    let sent = in_virtual_time(async {
        let bench = world();
        bench.done(graph, Goal::Apply).await;
        bench.take_requests()
    });
    let kinds: BTreeSet<&str> = graph.nodes().filter(|node| !node.lookup).map(|node| node.id.kind()).collect();
    let excused = |kind: &&str| MADE_WITH_OTHERS.iter().any(|(other, _)| other == kind);
    for kind in kinds.into_iter().filter(|kind| !excused(kind)) {
        if !seen.insert(kind.to_owned()) {
            continue;
        }
        let Some((service, operation)) = making(kind, &sent) else {
            wrong.push(format!("{kind}: nothing that was sent makes one"));
            continue;
        };
        in_virtual_time(async {
            let bench = world();
            bench.faults(Faults::new(vec![Rule::operation(&service, &operation, Fault::AccessDenied)], 1));
            let ended = bench.run(graph, Goal::Apply).await;
            let Ended::Outcome(outcome, _) = &ended else {
                wrong.push(format!("{kind}: {operation} was refused, and the run ended as {ended:?}"));
                return;
            };
            // Kinds that share a request are refused at whichever asks first.
            let shares =
                |other: &str| making(other, &sent).is_some_and(|of| of == (service.clone(), operation.clone()));
            let told = outcome.summary().failed.iter().find(|failed| {
                (failed.node.kind() == kind || shares(failed.node.kind()))
                    && failed.error.class == ErrorClass::Denied
                    && failed.error.operation.ends_with(&operation)
                    && !failed.error.message.is_empty()
            });
            if told.is_none() {
                wrong.push(format!("{kind}: {operation} was refused, and the run ended as {ended:?}"));
            }
            bench.faults(Faults::default());
            bench.sim.pass(std::time::Duration::from_secs(900));
            bench.done(graph, Goal::Apply).await;
            bench.settled(graph, Goal::Apply).await;
        });
    }
}
