//! What the stack file still names although it would go: what it looks up, and what it refers to by its own id or ARN instead of
//! by its entry. Whoever names it needs it. Pure; a field in which a kind only talks of others (a policy) does not count.

use std::collections::BTreeMap;

use serde_json::Value;

use super::HeldBecause;
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::Kinds;
use crate::snapshot::{Live, Snapshot};

/// Who names what.
#[derive(Debug, Default)]
pub(super) struct Mentions<'a> {
    /// What look-ups have found: by kind and id.
    looked_up: BTreeMap<(&'a str, &'a str), &'a NodeId>,
    /// What is written in documents.
    written: BTreeMap<&'a str, &'a NodeId>,
}

impl<'a> Mentions<'a> {
    /// Those of a graph.
    pub(super) fn of(kinds: &Kinds, want: &'a Graph, have: &'a Snapshot) -> Self {
        let mut all = Self::default();
        for node in want.nodes() {
            if node.lookup {
                let found = have.live(&node.id);
                all.looked_up.extend(found.map(|live| ((node.id.kind(), live.id.as_str()), &node.id)));
                continue;
            }
            let talk = kinds.get(node.id.kind()).map_or(&[][..], |kind| kind.talk);
            for (field, value) in node.want.as_object().into_iter().flatten() {
                if !talk.contains(&field.as_str()) {
                    all.read(value, &node.id);
                }
            }
        }
        all
    }

    fn read(&mut self, value: &'a Value, node: &'a NodeId) {
        match value {
            Value::String(text) => {
                self.written.entry(text).or_insert(node);
            }
            Value::Array(items) => items.iter().for_each(|item| self.read(item, node)),
            Value::Object(map) => map.values().for_each(|item| self.read(item, node)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Why this thing of a kind has to stay, if it is named.
    pub(super) fn keep(&self, kind: &str, live: &Live) -> Option<HeldBecause> {
        if let Some(user) = self.looked_up.get(&(kind, live.id.as_str())) {
            return Some(HeldBecause::LookedUp((*user).clone()));
        }
        // A name says little: things of other kinds have the same.
        let ids = std::iter::once(&live.id).chain(&live.handles).filter(|id| **id != live.name && !id.is_empty());
        let user = ids.filter_map(|id| self.written.get(id.as_str())).next()?;
        Some(HeldBecause::UsedBy((*user).clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::graph::{Node, StackInfo};
    use crate::kind::Kind;
    use crate::snapshot::{Candidates, Owner};

    const KINDS: [Kind; 2] =
        [Kind { name: "role", talk: &["policy"], ..Kind::PLAIN }, Kind { name: "service", ..Kind::PLAIN }];

    #[test]
    fn what_is_looked_up_or_written_out_is_kept() {
        let id = |kind: &str, name: &str| NodeId::new(kind, name);
        let kinds = Kinds::new(KINDS);
        let nodes = [
            Node::lookup(id("role", "look"), "", json!({})),
            Node::new(id("role", "other"), "", json!({ "policy": { "on": "sg-2" } })),
            Node::new(id("service", "web"), "", json!({ "groups": ["sg-1"], "name": "web" })),
        ];
        let want = Graph::new(StackInfo::default(), nodes).expect("a graph");
        let live = |id: &str, name: &str| Live::new(id, name, Owner::Nobody, json!({}));
        let looked_up = [(id("role", "look"), Ok(Some(live("exec", "exec"))))].into();
        let have = Snapshot::of(&kinds, &want, &want, Candidates { looked_up, ..Candidates::default() });
        let mentions = Mentions::of(&kinds, &want, &have);
        assert_eq!(mentions.keep("role", &live("exec", "exec")), Some(HeldBecause::LookedUp(id("role", "look"))));
        assert_eq!(mentions.keep("service", &live("exec", "exec")), None);
        assert_eq!(mentions.keep("group", &live("sg-1", "a")), Some(HeldBecause::UsedBy(id("service", "web"))));
        assert_eq!(mentions.keep("group", &live("sg-2", "a")), None, "a policy only talks of it");
        assert_eq!(mentions.keep("role", &live("web", "web")), None, "a name is no reference");
    }
}
