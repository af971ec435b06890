//! Of what sort each group is, and which routers cannot have the groups that they have beside those that they get. Pure; knows sorts as the
//! values of a field that the kinds name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::everything;
use super::lists;
use crate::doc::{Doc, Text};
use crate::graph::Graph;
use crate::kind::{Kind, Kinds, Traffic, Unmixed};
use crate::snapshot::Snapshot;

/// The sorts of groups, by every text that names a group.
#[derive(Debug, Default)]
pub(in crate::plan) struct Sorts(BTreeMap<String, String>);

impl Sorts {
    /// Those of what is live and of what is wanted.
    pub(in crate::plan) fn of(kinds: &Kinds, want: &Graph, have: &Snapshot) -> Self {
        let mut found = BTreeMap::new();
        let Some(unmixed) = kinds.iter().find_map(|kind| kind.unmixed) else { return Self(found) };
        let is_group = |kind: &str| kinds.get(kind).filter(|kind| matches!(kind.traffic, Traffic::Group(_)));
        let sort = |doc: &Doc| doc.get(unmixed.sort).and_then(Value::as_str).map(str::to_owned);
        for (node, live) in everything(have).filter(|(node, _)| is_group(node.kind()).is_some()) {
            let handles = live.handles.iter().chain([&live.id]);
            // What is only looked up says what it is in its own way.
            let sort = sort(&live.have).filter(|_| want.get(node).is_none_or(|node| !node.lookup));
            found.extend(handles.filter_map(|handle| Some((handle.clone(), sort.clone()?))));
        }
        for node in want.nodes().filter(|node| !node.lookup) {
            let (Some(kind), Some(sort)) = (is_group(node.id.kind()), sort(&node.want)) else { continue };
            let hole = |output: &&str| json!(Text::output(node.id.clone(), output)).to_string();
            found.extend(kind.outputs.iter().map(|output| (hole(output), sort.clone())));
        }
        Self(found)
    }

    /// Whether a router of this kind, as it is, cannot have a group that it is to have beside one that it has.
    pub(in crate::plan) fn apart(&self, kind: &Kind, before: &Doc, after: &Doc) -> bool {
        let (Some(unmixed), Traffic::Router(paths)) = (kind.unmixed, kind.traffic) else { return false };
        if !alone(unmixed, before) && !alone(unmixed, after) {
            return false;
        }
        let (have, want) = lists::paired(before, after, paths);
        let sort = |group: &String| self.0.get(group);
        have.iter().any(|(item, had)| {
            let wanted = want.get(item).into_iter().flat_map(BTreeMap::keys);
            wanted.filter_map(sort).any(|wanted| had.keys().filter_map(sort).any(|had| had != wanted))
        })
    }
}

fn alone(unmixed: Unmixed, doc: &Doc) -> bool {
    doc.get(unmixed.field).and_then(Value::as_str).is_some_and(|value| unmixed.values.contains(&value))
}
