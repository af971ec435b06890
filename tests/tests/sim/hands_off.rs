//! What AWS itself or another controller runs is let be, whatever marks it carries: every thing of a world in which the stack with one of
//! each kind is applied gets the tags of each such controller, and neither a destruction nor an apply, not even one that takes everything
//! over, touches one of them. And the plan says who runs it.

use std::path::Path;

use evenkeel_aws::hands;
use evenkeel_core::plan::Obstacle;
use evenkeel_sim::world::World;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use evenkeel_tests::things::{Things, things};
use serde_json::{Value, json};

use super::strangers::STACK;

const REGION: &str = "us-east-1";

/// Gives every thing with our mark one tag more.
fn forge(value: &mut Value, (key, tag): (&str, &str)) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|value| forge(value, (key, tag)));
            // Marks of kinds that are no tags have another form.
            if members.get("evenkeel:id").is_some_and(Value::is_string) {
                members.insert(key.to_owned(), tag.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| forge(value, (key, tag))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The things that carry a tag.
fn carrying(world: &World, key: &str) -> Things {
    fn has(value: &Value, key: &str) -> bool {
        match value {
            Value::Object(members) => members.contains_key(key) || members.values().any(|value| has(value, key)),
            Value::Array(items) => items.iter().any(|value| has(value, key)),
            _ => false,
        }
    }
    // A zone of whomever gets a note that the stack has records in it.
    things(world).into_iter().filter(|(place, thing)| place.collection != "route53.zones" && has(thing, key)).collect()
}

#[test]
fn what_another_controller_runs_is_let_be_whatever_marks_it_carries() {
    let graph = graph_of(STACK, Path::new("."));
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        bench.done(&graph, Goal::Apply).await;
        let world = serde_json::to_value(bench.world()).expect("a world is a document");
        for (key, tag) in hands::samples() {
            let mut forged = world.clone();
            forge(&mut forged, (&key, &tag));
            for goal in [Goal::Destroy, Goal::Apply] {
                let forged: World = serde_json::from_value(forged.clone()).expect("it is one all the same");
                let mut bench = Bench::of(forged, REGION);
                bench.options.adopt.extend(graph.nodes().map(|node| node.id.to_string()));
                let before = carrying(&bench.world(), &key);
                assert!(before.len() > 15, "{key} is on {} things", before.len());
                bench.run(&graph, goal).await;
                let after = things(&bench.world());
                for (place, thing) in before {
                    assert_eq!(after.get(&place), Some(&thing), "{key}: {goal:?}: {place}");
                }
            }
        }
    });
}

const SMALL: &str = "
stack: small
region: us-east-1
log_groups: { app: { name: small-app } }
cluster: { name: small }
services:
  web:
    cpu: 256
    memory: 512
    containers: { web: { image: \"ghcr.io/example/web:1\", port: 80 } }
";

#[tokio::test(start_paused = true)]
async fn the_plan_says_who_runs_what_is_in_the_way() {
    let graph = graph_of(SMALL, Path::new("."));
    let mut bench = Bench::new(REGION);
    let tags = json!({ "elasticbeanstalk:environment-name": "legacy" });
    bench.ask("logs.CreateLogGroup", json!({ "logGroupName": "small-app", "tags": tags }));
    bench.options.adopt.insert("log_group.app".to_owned());
    let snapshot = bench.read(&graph, Goal::Apply).await;
    let plan = bench.plan(&graph, &snapshot, Goal::Apply);
    let conflict = plan.conflicts.first().expect("it is in the way");
    let by = "the Elastic Beanstalk environment legacy".to_owned();
    assert_eq!(conflict.obstacle, Some(Obstacle::RunBy(by)));
}
