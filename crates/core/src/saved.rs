//! A plan that was written down to be applied later. Nothing of the file is obeyed but what was wanted and how it was planned:
//! the steps are made anew from that and from a fresh reading, and are carried out only if they are the steps of the file.
//! Whatever the plan relied on stands in its steps, so whatever moved shows there, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::graph::Graph;
use crate::id::NodeId;
use crate::plan::{Intent, Plan, PlanOptions, Step, Verb};

/// The format of the file; another one is refused.
pub const FORMAT: &str = "evenkeel-plan";
/// The version of the format.
pub const VERSION: u32 = 1;

/// A plan with what it was made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedPlan {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of evenkeel that wrote it.
    pub written_by: String,
    /// Where it was made: it is applied nowhere else.
    pub place: Place,
    /// What was wanted.
    pub graph: Graph,
    /// What the stack file had, of a plan that takes the stack down: its names help to find things.
    pub file: Option<Graph>,
    /// How it was planned.
    pub options: PlanOptions,
    /// What was to be done: what was shown, and what has to come out again.
    pub plan: Plan,
}

/// Where a plan was made. The region is that of its stack.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Place {
    /// The account, if it could be found out.
    pub account: Option<String>,
    /// What answered in the place of AWS, for a person; `None` for AWS itself.
    pub instead_of_aws: Option<String>,
}

/// A text is not a saved plan that this version can apply.
#[derive(Debug, thiserror::Error)]
pub enum NotAPlan {
    /// It is not JSON, or lacks parts.
    #[error("it is not a saved plan: {0}")]
    Broken(#[from] serde_json::Error),
    /// What it wants makes no sense; no evenkeel wrote that.
    #[error("it is not a saved plan: {0}")]
    Unsound(String),
    /// It was written by another version.
    #[error("it has format {format} version {version}, but this evenkeel reads {FORMAT} version {VERSION}; plan again")]
    OtherVersion {
        /// Its format.
        format: String,
        /// Its version.
        version: u32,
    },
}

/// Something that is not as it was when the plan was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// What.
    pub node: NodeId,
    /// Which field; empty for the step itself.
    pub path: String,
    /// What it was.
    pub was: Side,
    /// What it is.
    pub is: Side,
}

/// One side of what moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The value of a field.
    Value(Value),
    /// A step of that verb.
    Step(Verb),
    /// No step: this is in the way.
    Conflict(String),
    /// No step: this is held.
    Held(Intent),
    /// No step.
    Nothing,
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl SavedPlan {
    /// Puts together what has to be kept.
    pub fn new(graph: &Graph, file: Option<&Graph>, options: &PlanOptions, plan: &Plan, place: Place) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            place,
            graph: graph.clone(),
            file: file.cloned(),
            options: options.clone(),
            plan: plan.clone(),
        }
    }

    /// Whether a text looks like a saved plan, of whatever version.
    pub fn recognises(text: &str) -> bool {
        serde_json::from_str::<Head>(text).is_ok_and(|head| head.format == FORMAT)
    }

    /// Reads a saved plan.
    ///
    /// # Errors
    /// If it is none, or of another version.
    pub fn from_json(text: &str) -> Result<Self, NotAPlan> {
        let head: Head = serde_json::from_str(text)?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(NotAPlan::OtherVersion { format: head.format, version: head.version });
        }
        let saved: Self = serde_json::from_str(text)?;
        saved.graph_is_sound()?;
        Ok(saved)
    }

    /// Whatever is built on graphs relies on what [`Graph::new`] makes sure of.
    fn graph_is_sound(&self) -> Result<(), NotAPlan> {
        for graph in std::iter::once(&self.graph).chain(&self.file) {
            if let Some(node) = graph.nodes().find(|node| graph.get(&node.id) != Some(node)) {
                return Err(NotAPlan::Unsound(format!("{} is listed under another name", node.id)));
            }
            if let Err(errors) = Graph::new(graph.stack.clone(), graph.nodes().cloned()) {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                return Err(NotAPlan::Unsound(errors.join("; ")));
            }
        }
        if self.options.destroy && !self.graph.is_empty() {
            return Err(NotAPlan::Unsound("it deletes a stack and creates resources at the same time".to_owned()));
        }
        Ok(())
    }

    /// The stack file that it was made from, as that was named then.
    pub fn stack_file(&self) -> Option<&str> {
        let mut nodes = std::iter::once(&self.graph).chain(&self.file).flat_map(Graph::nodes);
        let (file, _line) = nodes.find_map(|node| node.origin.as_deref())?.rsplit_once(':')?;
        Some(file)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// Never for a plan that was made here.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// How the steps of a plan that was made just now differ from the saved ones; empty only if they are the same.
    pub fn moved(&self, fresh: &Plan) -> Vec<Moved> {
        differences(&self.plan, fresh)
    }
}

/// Which steps of one plan are not those of another. They are compared completely, apart from the words in which progress is
/// told: `1 of 2 tasks running` changes while nothing of the plan does.
pub fn differences(was: &Plan, is: &Plan) -> Vec<Moved> {
    let (old, new) = (written(was), written(is));
    if old == new {
        return Vec::new();
    }
    let (mut before, mut after) = (keyed(&was.steps, old), keyed(&is.steps, new));
    let keys: BTreeSet<Key> = before.keys().chain(after.keys()).cloned().collect();
    let mut moved = Vec::new();
    for key in keys {
        let node = &key.0;
        match (before.remove(&key), after.remove(&key)) {
            (Some(old), Some(new)) => moved.extend(fields(node, &old, &new)),
            (Some(_), None) => moved.push(existence(node, Side::Step(key.1), instead(is, node))),
            (None, Some(_)) => moved.push(existence(node, instead(was, node), Side::Step(key.1))),
            (None, None) => {}
        }
    }
    if moved.is_empty() {
        // The same steps in another order.
        let order =
            |plan: &Plan| Side::Value(plan.steps.iter().map(|step| Value::from(step.node.to_string())).collect());
        let node = is.steps.iter().zip(&was.steps).find(|(is, was)| is != was).map(|(step, _)| step.node.clone());
        moved.extend(node.map(|node| Moved { node, path: "order".to_owned(), was: order(was), is: order(is) }));
    }
    moved
}

/// Node, verb, and which of several.
type Key = (NodeId, Verb, usize);

/// Each step as it is compared.
fn written(plan: &Plan) -> Vec<Value> {
    plan.steps.iter().map(step).collect()
}

fn step(step: &Step) -> Value {
    // A step is plain data, so it has a JSON form; without one it would differ from every other.
    let mut value = serde_json::to_value(step).unwrap_or_default();
    tag_only(value.get_mut("why"));
    for live in ["/action/live", "/action/replaces/live"] {
        tag_only(value.pointer_mut(live).and_then(|live| live.get_mut("readiness")));
    }
    if let Value::Object(map) = &mut value {
        map.insert("verb".to_owned(), step.verb().code().into());
    }
    value
}

/// `{"pending": "1 of 2 tasks running"}` as `pending`.
fn tag_only(value: Option<&mut Value>) {
    if let Some(value) = value
        && let Some(tag) = value.as_object().and_then(|map| map.keys().next()).cloned()
    {
        *value = tag.into();
    }
}

fn keyed(steps: &[Step], values: Vec<Value>) -> BTreeMap<Key, Value> {
    let mut keyed = BTreeMap::new();
    for (step, value) in steps.iter().zip(values) {
        let mut key = (step.node.clone(), step.verb(), 0);
        while keyed.contains_key(&key) {
            key.2 += 1;
        }
        keyed.insert(key, value);
    }
    keyed
}

/// What a plan has for a node in the place of a step.
fn instead(plan: &Plan, node: &NodeId) -> Side {
    let conflict = plan.conflicts.iter().find(|conflict| conflict.node == *node);
    let held = plan.held.iter().find(|held| held.node == *node);
    match (conflict, held) {
        (Some(conflict), _) => Side::Conflict(conflict.there.clone()),
        (None, Some(held)) => Side::Held(held.what.clone()),
        (None, None) => Side::Nothing,
    }
}

fn existence(node: &NodeId, was: Side, is: Side) -> Moved {
    Moved { node: node.clone(), path: String::new(), was, is }
}

/// The fields in which two forms of one step differ, as a person knows them. Numbers are left to the comparison of the order.
fn fields(node: &NodeId, was: &Value, is: &Value) -> Vec<Moved> {
    let mut moved = Vec::new();
    documents(node, "", was, is, &mut moved);
    moved.retain(|one| one.path != "id" && one.path != "after");
    // What a list of changes says follows from what is live and what is wanted.
    if moved.iter().any(|one| !follows(&one.path)) {
        moved.retain(|one| !follows(&one.path));
    }
    for one in &mut moved {
        let path = one.path.trim_start_matches("action.");
        let path = path.strip_prefix("replaces.").unwrap_or(path);
        let path = path.strip_prefix("live.").unwrap_or(path);
        one.path = path.strip_prefix("have.").unwrap_or(path).to_owned();
    }
    moved
}

fn follows(path: &str) -> bool {
    ["action.changes", "action.replaces.changes", "why"].contains(&path)
}

fn documents(node: &NodeId, path: &str, was: &Value, is: &Value, moved: &mut Vec<Moved>) {
    match (was, is) {
        _ if was == is => {}
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let value = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                documents(node, &path, &value(old, key), &value(new, key), moved);
            }
        }
        _ => {
            let (was, is) = (Side::Value(was.clone()), Side::Value(is.clone()));
            moved.push(Moved { node: node.clone(), path: path.to_owned(), was, is });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::{Node, StackInfo};
    use crate::id::StepId;
    use crate::plan::{Action, Held, HeldBecause, Reason};
    use crate::snapshot::{ForeignMember, Live, Owner, Readiness};

    fn id(name: &str) -> NodeId {
        NodeId::new("group", name)
    }

    fn live(name: &str) -> Live {
        Live::new(format!("sg-{name}"), name, Owner::Ours(id(name)), json!({ "days": 7 }))
    }

    fn deletion(number: u32, name: &str) -> Step {
        Step {
            id: StepId(number),
            node: id(name),
            name: name.to_owned(),
            action: Action::Delete { live: Box::new(live(name)), replaced: false, with: Vec::new() },
            after: BTreeSet::new(),
            why: Reason::Dropped,
            data: None,
        }
    }

    fn plan() -> Plan {
        Plan { steps: vec![deletion(1, "a"), deletion(2, "b")], ..Plan::default() }
    }

    fn named(edit: impl FnOnce(&mut Plan)) -> Vec<String> {
        let mut fresh = plan();
        edit(&mut fresh);
        differences(&plan(), &fresh)
            .iter()
            .map(|it| format!("{} {} {} {}", it.node, it.path, side(&it.was), side(&it.is)))
            .collect()
    }

    fn side(side: &Side) -> String {
        match side {
            Side::Value(value) => value.to_string(),
            other => format!("{other:?}"),
        }
    }

    fn of(step: &mut Step) -> &mut Live {
        match &mut step.action {
            Action::Delete { live, .. } => live,
            _ => unreachable!("only deletions here"),
        }
    }

    #[test]
    fn the_same_steps_are_the_same_whatever_is_said_of_their_progress() {
        assert!(differences(&plan(), &plan()).is_empty());
        let mut was = plan();
        of(&mut was.steps[0]).readiness = Readiness::Pending("1 of 2".to_owned());
        was.steps[1].why = Reason::UnderWay("1 of 2".to_owned());
        let mut is = was.clone();
        of(&mut is.steps[0]).readiness = Readiness::Pending("2 of 2".to_owned());
        is.steps[1].why = Reason::UnderWay("2 of 2".to_owned());
        assert!(differences(&was, &is).is_empty());
        of(&mut is.steps[0]).readiness = Readiness::Ready;
        assert_eq!(differences(&was, &is)[0].path, "readiness");
    }

    #[test]
    fn everything_that_a_step_relies_on_counts() {
        assert_eq!(
            named(|plan| of(&mut plan.steps[0]).data = Some("1 MB".to_owned())),
            [r#"group.a data null "1 MB""#]
        );
        assert_eq!(named(|plan| of(&mut plan.steps[0]).have["days"] = json!(9)), ["group.a days 7 9"]);
        assert_eq!(named(|plan| of(&mut plan.steps[1]).id = "sg-x".to_owned()), [r#"group.b id "sg-b" "sg-x""#]);
        assert_eq!(
            named(|plan| of(&mut plan.steps[1]).kept_by = Some("x".to_owned())),
            [r#"group.b kept_by null "x""#]
        );
        assert_eq!(named(|plan| of(&mut plan.steps[1]).owner = Owner::Nobody).len(), 1);
        let foreign =
            ForeignMember { key: "k".to_owned(), list: "l".to_owned(), same: Vec::new(), have: json!({}), stack: None };
        assert_eq!(named(|plan| of(&mut plan.steps[1]).foreign = vec![foreign]).len(), 1);
    }

    #[test]
    fn a_step_that_is_gone_or_new_is_named() {
        assert_eq!(named(|plan| drop(plan.steps.pop())), ["group.b  Step(Delete) Nothing"]);
        let held = Held { node: id("b"), what: Intent::Delete, why: HeldBecause::Protected };
        let hold = |plan: &mut Plan| {
            plan.steps.pop();
            plan.held.push(held);
        };
        assert_eq!(named(hold), ["group.b  Step(Delete) Held(Delete)"]);
        assert_eq!(named(|plan| plan.steps.push(deletion(3, "c"))), ["group.c  Nothing Step(Delete)"]);
        // A second one of the same node is another one.
        assert_eq!(named(|plan| plan.steps.push(deletion(3, "b"))).len(), 1);
    }

    #[test]
    fn another_order_is_another_plan() {
        let swap = |plan: &mut Plan| plan.steps = vec![deletion(1, "b"), deletion(2, "a")];
        assert_eq!(named(swap), [r#"group.b order ["group.a","group.b"] ["group.b","group.a"]"#]);
        let later = |plan: &mut Plan| plan.steps[1].after = BTreeSet::from([StepId(1)]);
        assert_eq!(named(later).len(), 1);
    }

    #[test]
    fn a_file_that_no_evenkeel_wrote_is_no_plan() {
        let graph = Graph::new(StackInfo::default(), [Node::new(id("a"), "a", json!({}))]).unwrap();
        let saved = SavedPlan::new(&graph, None, &PlanOptions::default(), &plan(), Place::default());
        let text = saved.to_json().unwrap();
        assert!(SavedPlan::recognises(&text));
        assert_eq!(SavedPlan::from_json(&text).unwrap(), saved);
        let other = text.replace("\"id\": \"group.a\",\n        \"name\"", "\"id\": \"group.z\",\n        \"name\"");
        assert_ne!(other, text);
        assert!(matches!(SavedPlan::from_json(&other), Err(NotAPlan::Unsound(_))));
        let dangling = text.replace("\"needs\": []", "\"needs\": [\"group.nowhere\"]");
        assert_ne!(dangling, text);
        assert!(matches!(SavedPlan::from_json(&dangling), Err(NotAPlan::Unsound(_))));
        let both = text.replace("\"destroy\": false", "\"destroy\": true");
        assert!(matches!(SavedPlan::from_json(&both), Err(NotAPlan::Unsound(_))));
    }
}
