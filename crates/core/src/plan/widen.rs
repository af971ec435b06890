//! What lets others work is widened before they change and narrowed after they have: a port of a security group that old tasks
//! still listen on, a capacity provider that a service is about to leave. The update is cut in two where both happen.

use std::collections::BTreeSet;

use serde_json::Value;

use super::decide::{Decisions, Draft};
use super::{Action, Phase, Reason};
use crate::diff::{Effect, diff};
use crate::doc::Doc;
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kind, Kinds, List};
use crate::snapshot::{Live, Owner, Snapshot};

/// Cuts updates of what others rely on.
pub(super) fn widen(kinds: &Kinds, want: &Graph, have: &Snapshot, decisions: &mut Decisions) {
    for at in 0..decisions.drafts.len() {
        let draft = &decisions.drafts[at];
        let Some(kind) = kinds.get(draft.node.kind()).filter(|kind| !kind.widens.is_empty()) else { continue };
        let (Action::Update { live, want: after, .. }, None) = (&draft.action, draft.staged) else { continue };
        let wide = union(kind, &live.have, after);
        if wide == *after {
            continue;
        }
        let node = draft.node.clone();
        let removed = removed(kind, &live.have, after);
        let users = users(&node, &removed, want, have, decisions);
        if !users.is_empty() {
            cut(kind, at, wide, decisions);
            let narrow = decisions.last.get(&node).copied().unwrap_or(at);
            decisions.narrows.push((narrow, users));
        }
    }
}

/// The members of a list that are in one document and not in the other, told apart as the kind says.
fn gone<'d>(kind: &Kind, list: &str, before: &'d Doc, after: &'d Doc) -> Vec<&'d Value> {
    let items = |doc: &'d Doc| doc.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let rule = kind.fields.iter().find(|field| field.path == list).map(|field| field.list);
    let same = |a: &Value, b: &Value| match rule {
        Some(List::Keyed(keys) | List::Recurring(keys)) => keys.iter().all(|key| a.get(key) == b.get(key)),
        Some(List::Set | List::Ordered) | None => a == b,
    };
    items(before).iter().filter(|member| !items(after).iter().any(|other| same(member, other))).collect()
}

fn removed(kind: &Kind, before: &Doc, after: &Doc) -> String {
    let all = kind.widens.iter().flat_map(|list| gone(kind, list, before, after));
    all.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is wanted, with every member of the lists that is still there.
fn union(kind: &Kind, before: &Doc, after: &Doc) -> Doc {
    let mut wide = after.clone();
    for list in kind.widens {
        let more: Vec<Value> = gone(kind, list, before, after).into_iter().cloned().collect();
        if let Some(items) = wide.get_mut(*list).and_then(Value::as_array_mut) {
            items.extend(more);
        }
    }
    wide
}

/// Nodes that change in this plan and need the thing, or that now use something that a removed member names.
fn users(node: &NodeId, removed: &str, want: &Graph, have: &Snapshot, decisions: &Decisions) -> BTreeSet<NodeId> {
    let uses = |other: &NodeId| {
        want.needs_of(other).any(|need| need == node)
            || have.live(other).is_some_and(|live| live.uses.iter().any(|used| removed.contains(used.as_str())))
    };
    // What is only made by this plan never relied on what goes; what an earlier run changed may still do.
    let changes = |at: &usize| {
        matches!(&decisions.drafts[*at].action, Action::Update { .. } | Action::Create { replaces: Some(_), .. })
    };
    let changed = decisions.main.iter().filter(|(_, at)| changes(at)).map(|(other, _)| other);
    let under_way = decisions.under_way.iter().map(|(other, ..)| other);
    changed.chain(under_way).filter(|other| *other != node && uses(other)).cloned().collect()
}

/// Makes the draft the widening one, and adds the narrowing one.
fn cut(kind: &Kind, at: usize, wide: Doc, decisions: &mut Decisions) {
    let draft = &mut decisions.drafts[at];
    let Action::Update { live, want, changes } = &draft.action else { return };
    let first: Vec<_> = diff(kind, &wide, &live.have).into_iter().filter(|it| it.effect == Effect::Update).collect();
    let node = draft.node.clone();
    if first.is_empty() && matches!(live.owner, Owner::Ours(ref mark) if *mark == node) {
        // Only narrowed: nobody has to wait for that.
        decisions.main.remove(&node);
        decisions.last.insert(node, at);
        return;
    }
    let after = Live { have: wide.clone(), owner: Owner::Ours(node.clone()), ..(**live).clone() };
    let second: Vec<_> = diff(kind, want, &after.have).into_iter().filter(|it| it.effect == Effect::Update).collect();
    let told = |change: &crate::diff::Change| changes.iter().find(|it| it.path == change.path && it.to == change.to);
    let first = first.into_iter().map(|change| told(&change).cloned().unwrap_or(change)).collect();
    let narrow = Action::Update { live: Box::new(after), want: want.clone(), changes: second };
    let name = draft.name.clone();
    draft.action = Action::Update { live: live.clone(), want: wide, changes: first };
    if matches!(draft.why, Reason::Differs(_)) {
        draft.why = Reason::Staged(Phase::Attach);
    }
    decisions.last.insert(node.clone(), decisions.drafts.len());
    decisions.drafts.push(Draft { name, ..Draft::new(node, narrow, Reason::Staged(Phase::Detach)) });
}
