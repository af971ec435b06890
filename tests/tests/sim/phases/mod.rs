//! Phases of a stack's life in which a thing of each kind leaves the file, is replaced, is renamed with and without a word, or
//! changes places with another; one request of each fails in some way, and the next run brings about what one clean run does.
//! Which edits there are is in `table`; that no kind is forgotten, and that each edit does what it says, is tested here.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use evenkeel_aws::kinds;
use evenkeel_core::graph::Graph;
use evenkeel_core::kind::OnChange;
use evenkeel_sim::world::World;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use evenkeel_tests::things::{Key, mark, things};
use serde_json::Value;

use self::table::{AROUND, CHANGES, Change, EDITS, Edit, GAPS, LATER, NEVER, edited};
use super::sweep::{Phase, Turn, strikes};

/// Where the stack lives.
pub const REGION: &str = "us-east-1";

/// The file that all phases begin with.
pub fn base() -> &'static Value {
    static BASE: OnceLock<Value> = OnceLock::new();
    BASE.get_or_init(|| serde_saphyr::from_str(include_str!("base.yaml")).expect("the base is YAML"))
}

/// The file that the phases of kinds begin with that came later.
fn more() -> &'static Value {
    static MORE: OnceLock<Value> = OnceLock::new();
    MORE.get_or_init(|| {
        let mut file = base().clone();
        let later: Value = serde_saphyr::from_str(include_str!("later.yaml")).expect("it is YAML");
        for (section, entries) in later.as_object().into_iter().flatten() {
            match file.get_mut(section).and_then(Value::as_object_mut) {
                Some(there) => there.extend(entries.as_object().cloned().unwrap_or_default()),
                None => file[section] = entries.clone(),
            }
        }
        file
    })
}

/// The file that an edit is made to.
pub fn base_of(edit: &Edit) -> &'static Value {
    if edit.kinds.iter().any(|kind| LATER.contains(kind)) { more() } else { base() }
}

/// All files that phases begin with.
pub fn bases() -> [&'static Value; 2] {
    [base(), more()]
}

/// The graph of a file.
pub fn graph(file: &Value) -> Graph {
    graph_of(&file.to_string(), Path::new("."))
}

/// A world in which the file of an edit is applied, and what was there before.
pub fn applied_of(edit: &Edit) -> &'static (World, World) {
    static MORE: OnceLock<(World, World)> = OnceLock::new();
    if edit.kinds.iter().any(|kind| LATER.contains(kind)) { MORE.get_or_init(|| begun(more())) } else { applied() }
}

/// A world in which the base is applied, and what was there before.
pub fn applied() -> &'static (World, World) {
    static APPLIED: OnceLock<(World, World)> = OnceLock::new();
    APPLIED.get_or_init(|| begun(base()))
}

fn begun(file: &Value) -> (World, World) {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        super::scenes::foreign(&bench);
        bench.sim.pass(std::time::Duration::from_secs(600));
        let before = bench.world();
        bench.done(&graph(file), Goal::Apply).await;
        bench.settled(&graph(file), Goal::Apply).await;
        (before, bench.world())
    })
}

/// The phase of an edit, with its clean run.
fn phase(edit: &Edit) -> Phase {
    let (others, before) = applied_of(edit);
    let name = format!("{:?} {}", edit.change, edit.kinds.join(" and "));
    let wanted = graph(&edited(base_of(edit), edit.ops));
    // A database always holds data.
    let holds = |graph: &Graph| graph.of_kind("database").map(|node| node.id.clone()).collect::<BTreeSet<_>>();
    let consent = if edit.kinds.contains(&"database") { holds(&graph(base())) } else { BTreeSet::new() };
    let mut phase = Phase::consented(name, before.clone(), REGION, (wanted, Goal::Apply), things(others), consent);
    phase.exchanges = edit.change == Change::Swapped;
    phase
}

fn sweep(change: Change) {
    let mut wrong = Vec::new();
    let mut struck = 0;
    for (number, edit) in EDITS.iter().enumerate().filter(|(_, edit)| edit.change == change) {
        let name = format!("{change:?} of {}", edit.kinds.join(" and "));
        match std::panic::catch_unwind(|| {
            let phase = phase(edit);
            effect(edit, &phase).map(|()| phase)
        }) {
            Ok(Ok(phase)) => {
                let (times, found) = strikes(&phase, &mut Turn::few(number));
                struck += times;
                wrong.extend(found);
            }
            Ok(Err(text)) => wrong.push(format!("{name}: the clean run: {text}")),
            Err(panic) => wrong.push(format!("{name}: the clean run: {}", super::sweep::told(&*panic))),
        }
    }
    assert!(wrong.is_empty(), "{} went wrong after {struck} strikes:\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(struck > 10, "only {struck} strikes");
}

/// A thing: where it is kept, and when it was made.
type Made = (Key, String);

/// The things of a kind by their marks; of what has none of its own nothing.
fn marked(world: &World, kind: &str) -> BTreeMap<String, BTreeSet<Made>> {
    let mut found: BTreeMap<String, BTreeSet<Made>> = BTreeMap::new();
    for (key, thing) in things(world) {
        if let Some((_, id)) = mark(&thing).filter(|(_, id)| id.split('.').next() == Some(kind)) {
            let made = (key, thing["created"].to_string());
            found.entry(id.to_owned()).or_default().insert(made);
        }
    }
    found
}

/// Whether a clean run has done to the world what the edit says.
fn effect(edit: &Edit, phase: &Phase) -> Result<(), String> {
    let ids = |graph: &Graph, kind: &str| graph.of_kind(kind).map(|node| node.id.clone()).collect::<BTreeSet<_>>();
    let before = graph(base_of(edit));
    for kind in edit.kinds {
        let (was, is) = (ids(&before, kind), ids(&phase.graph, kind));
        let (had, has) = (marked(&phase.before, kind), marked(&phase.after, kind));
        let lost: Vec<_> = was.difference(&is).collect();
        let new: Vec<_> = is.difference(&was).collect();
        let fits = match edit.change {
            Change::Leaves => !lost.is_empty() && new.is_empty(),
            Change::Renamed | Change::Moved => !lost.is_empty() && lost.len() == new.len(),
            Change::Replaced | Change::Swapped => was == is,
        };
        if !fits {
            return Err(format!("{kind}: the file has {was:?}, then {is:?}"));
        }
        let changed = |id: &String| had.get(id) != has.get(id);
        let done = match edit.change {
            Change::Leaves => lost.iter().all(|id| !has.contains_key(&id.to_string())),
            Change::Replaced => had.is_empty() || had.keys().any(changed),
            // The same things under another mark: nothing was made.
            Change::Moved => {
                let all = |things: &BTreeMap<String, BTreeSet<Made>>| {
                    things.values().flatten().cloned().collect::<BTreeSet<_>>()
                };
                all(&had) == all(&has) || *kind == "task_definition"
            }
            Change::Renamed => new.iter().all(|id| had.is_empty() || has.contains_key(&id.to_string())),
            Change::Swapped => phase.graph != before,
        };
        if !done {
            return Err(format!("{kind}: there was {had:#?}, and now there is {has:#?}"));
        }
    }
    Ok(())
}

#[test]
fn every_kind_has_its_phases() {
    let mut wrong = Vec::new();
    for entry in kinds::ALL.iter().filter(|entry| entry.driver.makes()) {
        let kind = entry.kind.name;
        for change in CHANGES {
            let edits = EDITS.iter().filter(|edit| edit.change == *change && edit.kinds.contains(&kind)).count();
            let gap = GAPS.contains(&(kind, *change));
            let never = gap || NEVER.iter().any(|(name, what, _)| *name == kind && what == change);
            if (edits == 0) != never {
                wrong.push(format!("{kind} {change:?}: {edits} edits, and never: {never}"));
            }
        }
        let replaces = entry.kind.fields.iter().any(|field| field.on_change == OnChange::Replace);
        let says = NEVER.iter().any(|(name, what, why)| *name == kind && *what == Change::Replaced && *why != AROUND);
        assert!(!replaces || !says || entry.kind.name_limit == 255 || kind == "records", "{kind} can be replaced");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let known = |kind: &str| kinds::get(kind).is_some_and(|entry| entry.driver.makes());
    assert!(EDITS.iter().flat_map(|edit| edit.kinds).all(|kind| known(kind)), "an edit is of no kind");
    assert!(NEVER.iter().all(|(kind, _, _)| known(kind)), "what never happens is of no kind");
}

#[test]
fn everything_goes_with_its_stack() {
    let (before, world) = applied();
    in_virtual_time(async {
        let bench = Bench::of(world.clone(), REGION);
        bench.done(&graph(base()), Goal::Destroy).await;
        bench.settled(&graph(base()), Goal::Destroy).await;
        let left: Vec<Key> =
            things(&bench.world()).into_keys().filter(|key| !things(before).contains_key(key)).collect();
        let ours = |key: &Key| mark(&things(&bench.world())[key]).is_some();
        assert!(!left.iter().any(ours), "{left:#?}");
    });
}

#[test]
fn what_leaves_the_file_goes_whatever_happens() {
    sweep(Change::Leaves);
}

#[test]
fn what_is_replaced_is_replaced_whatever_happens() {
    sweep(Change::Replaced);
}

#[test]
fn what_is_renamed_is_made_anew_whatever_happens() {
    sweep(Change::Renamed);
}

#[test]
fn what_is_moved_is_kept_whatever_happens() {
    sweep(Change::Moved);
}

#[test]
fn what_changes_places_does_so_whatever_happens() {
    sweep(Change::Swapped);
}
