//! The live half of a story, as `live.yaml` tells it: a stack that was applied in full, and what has become of it since.
//! Decides how that is written; what an applied stack looks like is in `applied.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::PlanOptions;
use evenkeel_core::snapshot::{Candidates, ForeignMember, Guard, Live, Owner, Readiness};
use serde::Deserialize;
use serde_json::Value;

use super::{applied, graph};

/// `live.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// One sentence: what this story is about.
    #[serde(rename = "story")]
    _story: String,
    /// The stack file to plan, from the story's directory.
    #[serde(default = "stack_yaml")]
    pub stack: String,
    /// The stack file that is live, applied in full; `None`: only what every account has.
    from: Option<String>,
    /// Entries that are not live after all; `kind.*` for all of a kind.
    #[serde(default)]
    gone: BTreeSet<String>,
    /// What is otherwise than it was applied.
    #[serde(default)]
    changed: BTreeMap<NodeId, Patch>,
    /// Other things: copies of an applied one, with differences.
    #[serde(default)]
    also: Vec<Also>,
    /// Kinds that cannot be read, and the request that was refused.
    #[serde(default)]
    unreadable: BTreeMap<String, String>,
    /// How the plan is asked for.
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    target: BTreeSet<NodeId>,
    adopt: BTreeSet<String>,
    consent: BTreeSet<NodeId>,
    destroy: bool,
    no_wait: bool,
}

#[derive(Deserialize)]
struct Also {
    copy: NodeId,
    #[serde(flatten)]
    patch: Patch,
}

/// Differences from a thing as it was applied.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Patch {
    id: Option<String>,
    name: Option<String>,
    /// `nobody`, `stack NAME`, or the id of an entry.
    owner: Option<String>,
    /// Merged into the document, map by map.
    have: Value,
    /// Added to the lists of the document of these names.
    add: BTreeMap<String, Vec<Value>>,
    /// `pending: …` or `failed: …`.
    readiness: Option<Readiness>,
    /// What an update makes anew once this has failed.
    renews: Option<String>,
    /// The id of the thing whose place it took.
    replaces: Option<String>,
    data: Option<String>,
    /// A protection against deletion that AWS itself holds.
    guard: Option<Guard>,
    kept_by: Option<String>,
    foreign: Vec<ForeignMember>,
    /// Handles of what this one uses, in place of those that were derived.
    uses: Option<Vec<String>>,
}

fn stack_yaml() -> String {
    "stack.yaml".to_owned()
}

impl Story {
    /// Reads the story of a directory.
    pub fn read(directory: &Path) -> Self {
        let path = directory.join("live.yaml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// How to plan.
    pub fn options(&self) -> PlanOptions {
        let Options { target, adopt, consent, destroy, no_wait } = &self.options;
        PlanOptions {
            target: target.clone(),
            adopt: adopt.clone(),
            consent: consent.clone(),
            destroy: *destroy,
            no_wait: *no_wait,
            ..PlanOptions::default()
        }
    }

    /// What a reading would have found.
    pub fn candidates(&self, directory: &Path, wanted: &Graph) -> Candidates {
        let is_lookup = |graph: &Graph, id: &NodeId| graph.get(id).is_some_and(|node| node.lookup);
        let file = graph(&directory.join(self.from.as_ref().unwrap_or(&self.stack)));
        let mut things = applied::things(&file);
        if self.from.is_none() {
            // Looked-up things are there before the stack is.
            things.retain(|id, _| is_lookup(&file, id));
        }
        let also: Vec<(NodeId, Live)> = self
            .also
            .iter()
            .map(|Also { copy, patch }| {
                let live = things.get(copy).unwrap_or_else(|| panic!("{copy} is not there to be copied"));
                (copy.clone(), patch.apply(live.clone()))
            })
            .collect();
        for (node, patch) in &self.changed {
            let live = things.get_mut(node).unwrap_or_else(|| panic!("{node} is not there to be changed"));
            *live = patch.apply(live.clone());
        }
        for gone in &self.gone {
            let before = things.len();
            things.retain(|node, _| node.to_string() != *gone && format!("{}.*", node.kind()) != *gone);
            assert!(things.len() < before, "{gone} is not there to be gone");
        }
        let kinds = evenkeel_aws::kinds::ALL.iter().map(|entry| (entry.kind.name.to_owned(), Ok(Vec::new())));
        let mut found = Candidates { kinds: kinds.collect(), ..Candidates::default() };
        for (id, live) in things.into_iter().chain(also) {
            // Nobody looks up what is not wanted.
            if is_lookup(wanted, &id) {
                found.looked_up.insert(id, Ok(Some(live)));
            } else if !is_lookup(&file, &id)
                && let Some(Ok(list)) = found.kinds.get_mut(id.kind())
            {
                list.push(live);
            }
        }
        for (kind, operation) in &self.unreadable {
            let mut error = CloudError::local(ErrorClass::Denied, operation, "you may not do this");
            error.code = "AccessDenied".to_owned();
            for node in wanted.of_kind(kind).filter(|node| node.lookup) {
                found.looked_up.insert(node.id.clone(), Err(error.clone()));
            }
            assert!(found.kinds.insert(kind.clone(), Err(error)).is_some(), "{kind} is a kind");
        }
        found
    }
}

impl Patch {
    fn apply(&self, mut live: Live) -> Live {
        if let Some(id) = &self.id {
            live.handles.iter_mut().filter(|handle| **handle == live.id).for_each(|handle| handle.clone_from(id));
            for output in live.outputs.values_mut().filter(|output| **output == live.id.as_str()) {
                *output = id.as_str().into();
            }
            live.id.clone_from(id);
        }
        if self.replaces.is_some() {
            live.replaces.clone_from(&self.replaces);
        }
        if let Some(name) = &self.name {
            live.name.clone_from(name);
        }
        match self.owner.as_deref() {
            Some("nobody") => live.owner = Owner::Nobody,
            Some(owner) => {
                live.owner = match owner.strip_prefix("stack ") {
                    Some(stack) => Owner::OtherStack(stack.to_owned()),
                    None => Owner::Ours(owner.parse().expect("an owner is `nobody`, `stack NAME` or an id")),
                }
            }
            None => {}
        }
        merge(&mut live.have, &self.have);
        for (list, members) in &self.add {
            let list = live.have.get_mut(list).and_then(Value::as_array_mut);
            list.expect("members are added to a list").extend(members.iter().cloned());
        }
        live.readiness = self.readiness.clone().unwrap_or(live.readiness);
        live.renews = self.renews.clone().or(live.renews);
        live.kept_by = self.kept_by.clone().or(live.kept_by);
        live.data = self.data.clone().or(live.data);
        live.guard = self.guard.clone().or(live.guard);
        live.foreign.extend(self.foreign.iter().cloned());
        live.uses = self.uses.clone().unwrap_or(live.uses);
        live
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (_, Value::Null) => {}
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
