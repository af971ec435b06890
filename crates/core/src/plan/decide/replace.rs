//! Whether a thing that cannot be changed in place may be replaced: what guards it, what would be lost or interrupted, and what it is
//! called then. Total and without effects; when it is done is decided elsewhere.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::guard::guard;
use super::super::{Action, Gap, Held, HeldBecause, Intent, Reason, Replaced};
use super::{Decider, Outgoing};
use crate::diff::diff;
use crate::doc::Doc;
use crate::graph::Node;
use crate::id::NodeId;
use crate::kind::{Kind, Replace, Traffic};
use crate::name;
use crate::snapshot::Live;

/// What a replacement would need while the old one still has it.
fn exclusive(kind: &Kind, want: &Doc, have: &Doc) -> Option<HeldBecause> {
    let values = |doc: &Doc, list: &str, key: &str| {
        let members = doc.get(list).and_then(Value::as_array).into_iter().flatten();
        members.filter_map(|member| member.get(key)?.as_str()).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    kind.exclusive.iter().find_map(|(list, key)| {
        let (wanted, there) = (values(want, list, key), values(have, list, key));
        wanted.into_iter().find(|value| !value.is_empty() && there.contains(value)).map(HeldBecause::Exclusive)
    })
}

impl Decider<'_> {
    pub(super) fn replace(&mut self, node: &Node, kind: &Kind, replaced: Replaced, want: Doc, forced: String) {
        let live = &replaced.live;
        let keeps = kind.replace == Replace::Revise;
        let first = kind.replace == Replace::DeleteFirst;
        let obstacle = if keeps { None } else { self.keeps_from_replacing(node, live, &want, first) };
        let obstacle = obstacle.or_else(|| (!first).then(|| exclusive(kind, &want, &live.have)).flatten());
        let obstacle = obstacle.or_else(|| self.interrupts(node, kind, &replaced));
        if let Some(why) = obstacle {
            self.out.known.insert(node.id.clone(), live.outputs.clone());
            self.out.held.push(Held { node: node.id.clone(), what: Intent::Replace(forced), why });
            return;
        }
        // Counting goes on from the old one: the highest generation is the current one, should the run be interrupted.
        let name = match kind.replace {
            Replace::CreateFirst => {
                let next =
                    name::generation(&node.name, &live.name).map_or(1, |generation| generation.saturating_add(1));
                self.free_name(node, kind, next)
            }
            Replace::DeleteFirst | Replace::Revise => node.name.clone(),
        };
        if !keeps {
            self.out.outgoing.push(Outgoing { node: node.id.clone(), live: live.clone(), first });
        }
        let replaces = Some(Box::new(replaced));
        let why = if keeps { Reason::Revised(forced) } else { Reason::Immutable(forced) };
        self.draft(node, name, Action::Create { want, replaces }, why);
    }

    /// Why traffic would be interrupted by a replacement, unless that was consented to.
    fn interrupts(&mut self, node: &Node, kind: &Kind, replaced: &Replaced) -> Option<HeldBecause> {
        let live = &replaced.live;
        let carries = live.handles.iter().any(|handle| self.out.carrying.contains(handle));
        let gap = replaced.changes.iter().find(|change| kind.gap.contains(&change.field()));
        if carries && gap.is_some() {
            self.out.gaps.extend(live.handles.iter().cloned());
        }
        if !carries || self.options.consent.contains(&node.id) {
            return None;
        }
        if let Some(gap) = gap {
            return Some(HeldBecause::Gap(Gap::Apart(gap.field().to_owned())));
        }
        if kind.traffic == Traffic::Front
            && let Some(held) = self.held_follower(node)
        {
            return Some(HeldBecause::Gap(Gap::Follower(held)));
        }
        let named = |other: &Node| {
            let names = self.kinds.get(other.id.kind()).is_some_and(|kind| kind.traffic == Traffic::Names);
            names && self.want.needs_of(&other.id).any(|need| *need == node.id)
        };
        (kind.traffic == Traffic::Front && !self.want.nodes().any(named)).then_some(HeldBecause::Gap(Gap::Address))
    }

    /// What would have to be replaced with a thing, because it is tied to it, and cannot be.
    fn held_follower(&self, node: &Node) -> Option<NodeId> {
        let held = |other: &&Node| {
            let (Some(kind), Some(live)) = (self.kinds.get(other.id.kind()), self.have.live(&other.id)) else {
                return false;
            };
            if live.tied.is_none() || self.options.consent.contains(&other.id) {
                return false;
            }
            let want = self.fill(&other.want);
            let carries = live.handles.iter().any(|handle| self.out.carrying.contains(handle));
            let changes = diff(kind, &want, &live.have);
            let gap = carries && changes.iter().any(|change| kind.gap.contains(&change.field()));
            gap || guard(&other.id, live, Some(other), Some(&want), self.options).is_some()
        };
        let followers = self.want.nodes().filter(|other| other.follows.as_ref() == Some(&node.id));
        followers.filter(|other| held(other)).map(|other| other.id.clone()).next()
    }

    /// Why a thing cannot make room for its successor.
    fn keeps_from_replacing(&self, node: &Node, live: &Live, want: &Doc, first: bool) -> Option<HeldBecause> {
        let own = guard(&node.id, live, Some(node), Some(want), self.options);
        let own = own.or_else(|| self.mentions().keep(node.id.kind(), live));
        own.or_else(|| first.then(|| self.kept_inside(live)).flatten())
    }

    /// Why a thing cannot be deleted before its successor is made: something that nobody can judge, or that must not go,
    /// would go with it. (What is created first can leave its old half standing; this cannot.)
    fn kept_inside(&self, live: &Live) -> Option<HeldBecause> {
        if let Some(kind) = self.have.unreadable.keys().next() {
            return Some(HeldBecause::UsersUnread(kind.clone()));
        }
        let inside: BTreeSet<&NodeId> =
            live.handles.iter().filter_map(|handle| self.inside().get(handle.as_str())).flatten().copied().collect();
        inside.into_iter().filter_map(|node| Some((node, self.have.live(node)?))).find_map(|(node, other)| {
            let kept = guard(node, other, self.want.get(node), None, self.options).is_some();
            kept.then(|| HeldBecause::Takes(node.clone()))
        })
    }
}
