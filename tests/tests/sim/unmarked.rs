//! A stack made by hand, name for name and value for value, is nobody's: without our marks, or with those of another stack, a
//! destruction finds nothing of ours in it, and neither does one that knows the file no more. The worlds are those of the stack with one
//! of each kind and of all shipped stacks, applied and then stripped of every mark, whatever keeps it.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_sim::world::World;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use evenkeel_tests::things::things;
use serde_json::Value;

use super::scenes::{cruddur, cruddur_http, flask_todo, private_network};
use super::strangers::STACK;

const REGION: &str = "us-east-1";
/// What marks begin with: keys of tags, and names of the records that speak for records.
const MARKS: [&str; 2] = ["evenkeel:", "_evenkeel"];

fn is_mark(text: &str) -> bool {
    text.starts_with(MARKS[0]) || text.contains(MARKS[1])
}

/// Takes every mark out of a serialised world: members and items that are marks by their key or name.
pub(super) fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !is_mark(key));
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => {
            let named = |item: &Value| ["key", "Key"].iter().any(|key| item[*key].as_str().is_some_and(is_mark));
            items.retain(|item| !named(item));
            items.iter_mut().for_each(strip);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Lets every mark name another stack; records lose theirs, and the note on their zone.
fn give_away(value: &mut Value, from: &str) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !key.contains(MARKS[1]) && !key.starts_with("evenkeel:records/"));
            members.values_mut().for_each(|value| give_away(value, from));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| give_away(value, from)),
        Value::String(text) => {
            let of = |end: &str| format!("{from}{end}");
            if *text == from || text.starts_with(&of("@")) {
                *text = text.replacen(from, "others", 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

async fn is_let_be(graph: &Graph, region: &str, world: Value) {
    let world: World = serde_json::from_value(world).expect("a world without marks is one");
    let bench = Bench::of(world, region);
    let before = things(&bench.world());
    assert_eq!(bench.steps(graph, Goal::Destroy).await, [""; 0]);
    bench.run(graph, Goal::Destroy).await;
    bench.run(&Graph::empty(graph.stack.clone()), Goal::Destroy).await;
    assert!(things(&bench.world()) == before, "something changed");
}

#[test]
fn what_looks_like_a_stack_and_has_no_mark_of_it_is_let_be() {
    let scenes = [cruddur(), cruddur_http(), flask_todo(), private_network()];
    let shipped = scenes.iter().map(|scene| (scene.graph(), scene.region.as_str(), scene.bench()));
    let all_kinds = (graph_of(STACK, Path::new(".")), REGION, Bench::new(REGION));
    for (graph, region, bench) in shipped.chain([all_kinds]) {
        in_virtual_time(async {
            bench.done(&graph, Goal::Apply).await;
            let world = serde_json::to_value(bench.world()).expect("a world is a document");
            let (mut stripped, mut others) = (world.clone(), world.clone());
            strip(&mut stripped);
            assert!(stripped != world, "{} has marks", graph.stack.name);
            is_let_be(&graph, region, stripped).await;
            give_away(&mut others, &graph.stack.name);
            is_let_be(&graph, region, others).await;
        });
    }
}
