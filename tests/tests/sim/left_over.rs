//! What an interrupted replacement leaves over is guarded as the thing itself was: of each kind that is created before the old one
//! goes, a protected one is replaced with consent, the run dies before the old one is deleted, and the next run, without
//! consent, leaves it. With consent it goes. Which kinds these are, and how each is replaced, is read off the tables.

use evenkeel_aws::kinds;
use evenkeel_core::graph::Graph;
use evenkeel_core::kind::Replace;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_tests::laws::requests::unmaking;
use evenkeel_tests::simulated::{Bench, Ended, Goal, in_virtual_time};
use evenkeel_tests::things::{Key, mark, things};
use serde_json::Value;

use super::phases::table::{Change, EDITS, Edit, NEVER, Op, edited};
use super::phases::{REGION, applied, applied_of, base_of, graph};

/// The file with the entry protected that an edit is about.
fn protected(file: &Value, edit: &Edit) -> Graph {
    let Some(Op::Set(place, _)) = edit.ops.first() else { panic!("a replacement sets a field") };
    let entry = place.rsplit_once('/').expect("a pointer").0;
    let mut file = file.clone();
    file.pointer_mut(entry).expect("the entry is there")["protect"] = true.into();
    graph(&file)
}

/// Where the stack's things of a kind are kept.
fn kept(bench: &Bench, kind: &str) -> Vec<Key> {
    let ours = |thing: &Value| mark(thing).is_some_and(|(_, id)| id.split('.').next() == Some(kind));
    things(&bench.world()).into_iter().filter(|(_, thing)| ours(thing)).map(|(key, _)| key).collect()
}

async fn interrupted(kind: &'static str, edit: &Edit) -> Result<(), String> {
    let mut bench = Bench::of(applied_of(edit).1.clone(), REGION);
    bench.done(&protected(base_of(edit), edit), Goal::Apply).await;
    let wanted = protected(&edited(base_of(edit), edit.ops), edit);
    let all = |graph: &Graph| graph.nodes().map(|node| node.id.clone()).collect();
    bench.options.consent = all(&wanted);
    // Who consents to everything consents to an interruption.
    bench.watched = false;
    let (service, operation) = unmaking(kind).ok_or("nothing deletes it")?;
    let dies = Rule { nth: Some(1), ..Rule::operation(service, operation, Fault::DieBefore) };
    bench.faults(Faults::new(vec![dies], 1));
    let ended = bench.run(&wanted, Goal::Apply).await;
    if !matches!(ended, Ended::Killed) {
        return Err(format!("the old one was not about to be deleted: {ended:?}"));
    }
    bench.faults(Faults::default());
    bench.options.consent.clear();
    let there = kept(&bench, kind);
    let ended = bench.run(&wanted, Goal::Apply).await;
    let now = kept(&bench, kind);
    if let Some(lost) = there.iter().find(|key| !now.contains(key)) {
        return Err(format!("{lost} was deleted without consent: {ended:?}"));
    }
    let plan = bench.plan(&wanted, &bench.read(&wanted, Goal::Apply).await, Goal::Apply);
    if plan.held.is_empty() {
        return Err(format!("nothing is held: {plan:#?}"));
    }
    bench.options.consent = all(&wanted);
    bench.done(&wanted, Goal::Apply).await;
    bench.settled(&wanted, Goal::Apply).await;
    Ok(())
}

#[test]
fn what_is_left_over_is_guarded_as_the_thing_was() {
    applied();
    let mut wrong = Vec::new();
    let mut told = 0;
    for entry in kinds::ALL.iter() {
        let kind = entry.kind.name;
        if !entry.driver.makes() || entry.kind.replace != Replace::CreateFirst || entry.kind.name_limit == 0 {
            continue;
        }
        // They hold nothing, and what protects their database is not theirs.
        if ["db_subnet_group", "db_parameter_group"].contains(&kind) {
            continue;
        }
        // The entry that is protected is the one that the edit is about first of all.
        let edit = EDITS.iter().find(|edit| edit.change == Change::Replaced && edit.kinds.first() == Some(&kind));
        if edit.is_none() && NEVER.iter().any(|(of, change, _)| *of == kind && *change == Change::Replaced) {
            continue;
        }
        let edit = edit.unwrap_or_else(|| panic!("nothing replaces a {kind}"));
        told += 1;
        // Made before the tale has a time of its own.
        applied_of(edit);
        let tale = || in_virtual_time(interrupted(kind, edit));
        let tale = std::panic::catch_unwind(std::panic::AssertUnwindSafe(tale));
        if let Err(text) = tale.unwrap_or_else(|panic| Err(super::sweep::told(&*panic))) {
            wrong.push(format!("{kind}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(told >= 5, "only {told} kinds are created before the old one goes");
}
