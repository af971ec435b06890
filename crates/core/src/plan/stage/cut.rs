//! The steps of a movement: attach, serve, switch, hold, leave, detach. Each is a draft with its phase; a step that would change
//! nothing is left out, so that a run goes on from whatever is live.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::decide::{Decisions, Draft};
use super::super::{Action, Phase, Reason};
use super::facts::{Facts, Front, Server};
use super::lists::{self, Shares, groups};
use super::movements::Movement;
use super::{Moved, Staged};
use crate::cloud::Goal;
use crate::diff::{Change, diff, is_in_place};
use crate::doc::Doc;
use crate::graph::Graph;
use crate::id::NodeId;
use crate::kind::{Kinds, Traffic};
use crate::snapshot::{Live, Owner, Snapshot};

/// How long a switch takes to reach every node of a load balancer, with a margin: seconds.
const HOLD_SHARES: u32 = 60;
/// How long a changed alias is kept by resolvers (60 s to live) and takes to spread (60 s): seconds.
const HOLD_NAMES: u32 = 120;

/// Cuts drafts into steps.
pub(super) struct Cutter<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) want: &'a Graph,
    pub(super) have: &'a Snapshot,
    pub(super) facts: &'a Facts,
}

impl Cutter<'_> {
    /// Replaces the drafts of a movement by its steps; tells what it is about.
    pub(super) fn cut(&self, number: usize, movement: &Movement, decisions: &mut Decisions) -> Moved {
        let mut routed: BTreeSet<String> = BTreeSet::new();
        for router in movement.routers.iter().map(|at| &self.facts.routers[*at]) {
            routed.extend(router.have.values().flat_map(|item| item.keys().cloned()));
        }
        // Where traffic moves to nothing, nothing is kept for it.
        let moves =
            movement.routers.iter().any(|at| self.facts.routers[*at].want.values().any(|item| !item.is_empty()));
        if !moves {
            routed.clear();
        }
        // A group that cannot be served beside its successor is left at once: that was consented to.
        routed.retain(|group| !decisions.gaps.contains(group));
        let lost = self.lost(movement);
        routed.retain(|group| !lost.contains(group));
        let staged = |phase| Staged { movement: number, phase };
        let begun = decisions.drafts.len();
        let hooks = self.hooks(movement, decisions);
        for at in &movement.routers {
            self.cut_router(*at, hooks.get(at), decisions, &staged);
        }
        let mut leaves = false;
        for server in movement.servers.iter().map(|at| &self.facts.servers[*at]) {
            leaves |= self.cut_server(server, movement, (&routed, &lost), decisions, &staged);
        }
        let fronts: Vec<&Front> = movement.fronts.iter().map(|at| &self.facts.fronts[*at]).collect();
        let renamed = self.cut_names(&fronts, decisions, &staged);
        let names = !renamed.is_empty();
        // All that can be of this movement: what was cut, and what was added.
        let nodes = movement.routers.iter().map(|at| &self.facts.routers[*at].node);
        let nodes = nodes.chain(movement.servers.iter().map(|at| &self.facts.servers[*at].node));
        let mut cut: BTreeSet<usize> = nodes.filter_map(|node| decisions.main.get(node).copied()).collect();
        cut.extend(renamed.into_iter().chain(begun..decisions.drafts.len()));
        decisions.gates.extend(fronts.iter().filter(|_| names).map(|front| front.to.clone()));
        let switches = cut.iter().any(|at| decisions.drafts[*at].staged == Some(staged(Phase::Switch)));
        let goes = movement.servers.iter().any(|at| self.facts.servers[*at].goes);
        // A group that a server leaves has lost its share a moment ago, perhaps in an earlier run.
        let shares = leaves && (switches || !movement.losing.is_empty()) || goes && switches;
        let leads = names && (leaves || goes || fronts.iter().any(|front| front.goes));
        if shares || leads {
            let secs = if names { HOLD_NAMES } else { HOLD_SHARES };
            if let Some(node) = self.anchor(movement) {
                let action = Action::Wait { goal: Goal::Hold, of: None, live: None, deadline_secs: secs };
                cut.insert(decisions.drafts.len());
                decisions.drafts.push(Draft::staged(node, action, staged(Phase::Hold)));
            }
        }
        let mut handles = movement.groups.clone();
        handles.extend(fronts.into_iter().flat_map(|front| front.handles.iter().cloned()));
        let of_it = |draft: &&Draft| draft.staged.is_some_and(|staged| staged.movement == number);
        let drafts = cut.into_iter().map(|at| &decisions.drafts[at]);
        Moved { handles, nodes: drafts.filter(of_it).map(|draft| draft.node.clone()).collect() }
    }

    /// Groups that a router loses when it gets those that it cannot have beside them.
    fn lost(&self, movement: &Movement) -> BTreeSet<String> {
        let routers = movement.routers.iter().map(|at| &self.facts.routers[*at]).filter(|router| router.apart);
        let items = routers.flat_map(|router| router.have.iter().map(|(item, had)| (had, router.want.get(item))));
        let lost = items.flat_map(|(had, wanted)| {
            had.keys().filter(move |group| wanted.is_none_or(|wanted| !wanted.contains_key(*group)))
        });
        lost.cloned().collect()
    }

    /// Whose wait it is while a switch takes effect.
    fn anchor(&self, movement: &Movement) -> Option<NodeId> {
        let mut servers = movement.servers.iter().map(|at| &self.facts.servers[*at].node);
        let routers = || movement.routers.iter().map(|at| &self.facts.routers[*at].node);
        let wanted = |node: &&NodeId| self.want.get(node).is_some();
        servers.find(wanted).or_else(|| routers().find(wanted)).or_else(|| routers().next()).cloned()
    }

    /// The groups that routers have without a share until something beneath them has come that gives them one: whoever registers in
    /// a group needs a load balancer that knows it. A router that would stay as it is gets a draft for that.
    fn hooks(&self, movement: &Movement, decisions: &mut Decisions) -> BTreeMap<usize, BTreeSet<String>> {
        let mut hooks: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for (parent, late) in movement.routers.iter().filter_map(|at| self.facts.late(*at)) {
            hooks.entry(*parent).or_default().extend(late.values().flatten().cloned());
            let node = &self.facts.routers[*parent].node;
            if let (None, Some(live)) = (decisions.main.get(node), self.have.live(node)) {
                let (name, want) = (live.name.clone(), live.have.clone());
                let action = Action::Update { live: Box::new(live.clone()), want, changes: Vec::new() };
                decisions.main.insert(node.clone(), decisions.drafts.len());
                decisions
                    .drafts
                    .push(Draft { name, ..Draft::new(node.clone(), action, Reason::Staged(Phase::Attach)) });
                decisions.unchanged = decisions.unchanged.saturating_sub(1);
            }
        }
        hooks
    }

    fn cut_router(
        &self,
        number: usize,
        hooked: Option<&BTreeSet<String>>,
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) {
        let router = &self.facts.routers[number];
        let Some(at) = decisions.main.get(&router.node).copied() else { return };
        let Some(Traffic::Router(paths)) = self.kinds.get(router.node.kind()).map(|kind| kind.traffic) else { return };
        let late: BTreeSet<&String> = self.facts.late(number).into_iter().flat_map(|(_, late)| late.keys()).collect();
        if router.made {
            let phase = if late.is_empty() { Phase::Attach } else { Phase::Switch };
            decisions.drafts[at].staged = Some(staged(phase));
            return;
        }
        let Some(want) = decisions.drafts[at].want().cloned() else { return };
        if router.apart {
            return self.expand(&router.node, at, vec![(Phase::Attach, want)], decisions, staged);
        }
        let attach = lists::with_shares(&want, paths, &self.facts.sticky, |item, wanted| match router.have.get(item) {
            // What forwarded nothing before has nothing to lose.
            Some(had) if !had.is_empty() => {
                let mut both = had.clone();
                for group in wanted.keys() {
                    both.entry(group.clone()).or_insert(0);
                }
                hook(&mut both, hooked);
                both
            }
            _ => wanted.clone(),
        });
        let attach = lists::without(&attach, paths, &late);
        let switch = lists::with_shares(&want, paths, &self.facts.sticky, |item, wanted| {
            let mut both = wanted.clone();
            for group in router.have.get(item).into_iter().flat_map(BTreeMap::keys) {
                both.entry(group.clone()).or_insert(0);
            }
            if router.have.contains_key(item) {
                hook(&mut both, hooked);
            }
            both
        });
        let steps = vec![(Phase::Attach, attach), (Phase::Switch, switch), (Phase::Detach, want)];
        self.expand(&router.node, at, steps, decisions, staged);
    }

    /// Returns whether it leaves a group in a step of its own.
    fn cut_server(
        &self,
        server: &Server,
        movement: &Movement,
        (routed, lost): (&BTreeSet<String>, &BTreeSet<String>),
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) -> bool {
        let Some(at) = decisions.main.get(&server.node).copied() else {
            if groups(&server.want).iter().any(|group| movement.gaining.contains(group)) {
                self.prove(server, decisions, staged);
            }
            return false;
        };
        let Some(want) = decisions.drafts[at].want().cloned() else { return false };
        if !matches!(decisions.drafts[at].action, Action::Update { .. } | Action::Adopt { .. }) {
            decisions.drafts[at].staged = Some(staged(Phase::Serve));
            return false;
        }
        let both = lists::both(&server.have, &server.want, routed, server.serving);
        let leaves = both.len() > server.want.len();
        let mut steps = Vec::new();
        // Nothing is served by a group that has lost its router: who registers there leaves it first.
        if groups(&server.have).difference(&groups(&server.want)).any(|group| lost.contains(group)) {
            let had = groups(&server.have);
            let stays = |member: &&Value| lists::key(member).is_some_and(|group| had.contains(&group));
            let mut prepare = want.clone();
            prepare[server.serving.list] = both.iter().filter(stays).cloned().collect();
            steps.push((Phase::Prepare, prepare));
        }
        let mut serve = want.clone();
        serve[server.serving.list] = Value::Array(both);
        steps.extend([(Phase::Serve, serve), (Phase::Leave, want)]);
        self.expand(&server.node, at, steps, decisions, staged);
        let serves = decisions.drafts[at].staged.is_some_and(|it| it.phase == Phase::Serve);
        if leaves && !serves {
            // Both are served as far as the service says; whether they are healthy is to be seen before traffic moves.
            self.prove(server, decisions, staged);
        }
        leaves
    }

    /// Waits until what is live serves.
    fn prove(&self, server: &Server, decisions: &mut Decisions, staged: &dyn Fn(Phase) -> Staged) {
        let (Some(live), Some(kind)) = (self.have.live(&server.node), self.kinds.get(server.node.kind())) else {
            return;
        };
        // The movement does not begin where what moves is held.
        if decisions.held.iter().any(|held| held.node == server.node) {
            return;
        }
        decisions.proved.insert(server.node.clone());
        let live = Some(Box::new(live.clone()));
        let action = Action::Wait { goal: Goal::Ready, of: None, live, deadline_secs: kind.deadline_secs };
        decisions.drafts.push(Draft::staged(server.node.clone(), action, staged(Phase::Serve)));
    }

    /// Names that leave a front for another one change when traffic switches. Returns the drafts that do.
    fn cut_names(&self, fronts: &[&Front], decisions: &mut Decisions, staged: &dyn Fn(Phase) -> Staged) -> Vec<usize> {
        let mut cut = Vec::new();
        if fronts.is_empty() {
            return cut;
        }
        for (at, draft) in decisions.drafts.iter_mut().enumerate() {
            let names = self.kinds.get(draft.node.kind()).is_some_and(|kind| kind.traffic == Traffic::Names);
            let (Action::Update { live, .. }, true) = (&draft.action, names) else { continue };
            if fronts.iter().any(|front| live.uses.iter().any(|used| front.handles.contains(used))) {
                draft.staged = Some(staged(Phase::Switch));
                cut.push(at);
            }
        }
        cut
    }

    /// Puts the steps from what is live to `steps` in place of a draft; a step that would change nothing is left out.
    pub(super) fn expand(
        &self,
        node: &NodeId,
        at: usize,
        steps: Vec<(Phase, Doc)>,
        decisions: &mut Decisions,
        staged: &dyn Fn(Phase) -> Staged,
    ) {
        let Some(kind) = self.kinds.get(node.kind()) else { return };
        let wanted = self.want.get(node);
        let (live, asked) = match &decisions.drafts[at].action {
            Action::Update { live, changes, .. } | Action::Adopt { live, changes, .. } => {
                (live.clone(), changes.clone())
            }
            Action::Create { .. } | Action::Delete { .. } | Action::Wait { .. } => return,
        };
        let mut current = live;
        let mut made: Vec<(Phase, Action)> = Vec::new();
        let first_mark = decisions.drafts[at].why.clone();
        let marks = matches!(first_mark, Reason::Moved(_) | Reason::Adopted);
        for (phase, want) in steps {
            let mut changes = diff(kind, &want, &current.have);
            let theirs = |change: &Change| wanted.and_then(|node| node.manager(change, &current.have)).is_some();
            changes.retain(|change| is_in_place(kind, change) && !theirs(change));
            for change in &mut changes {
                // What is taken over was told apart before; later steps begin with what the earlier ones leave.
                let known = asked.iter().find(|it| made.is_empty() && it.path == change.path && it.to == change.to);
                change.from = known.map_or(change.from.take(), |known| known.from.clone());
            }
            if made.is_empty() {
                // What is to be done anew although it is as the file says.
                let renewed = asked.iter().filter(|change| current.renews.as_ref() == Some(&change.path));
                changes.extend(renewed.cloned());
            }
            if changes.is_empty() && !(marks && made.is_empty()) {
                continue;
            }
            let after = Live { have: want.clone(), owner: Owner::Ours(node.clone()), ..(*current).clone() };
            let before = std::mem::replace(&mut current, Box::new(after));
            let adopts = made.is_empty() && first_mark == Reason::Adopted;
            let action = if adopts {
                Action::Adopt { live: before, want, changes }
            } else {
                Action::Update { live: before, want, changes }
            };
            made.push((phase, action));
        }
        let single = made.len() == 1;
        for (index, (phase, action)) in made.into_iter().enumerate() {
            if index == 0 {
                let draft = &mut decisions.drafts[at];
                draft.action = action;
                draft.staged = Some(staged(phase));
                if !single && !marks {
                    draft.why = Reason::Staged(phase);
                }
            } else {
                let name = decisions.drafts[at].name.clone();
                let mut draft = Draft::staged(node.clone(), action, staged(phase));
                draft.name = name;
                decisions.last.insert(node.clone(), decisions.drafts.len());
                decisions.drafts.push(draft);
            }
        }
    }
}

/// Adds groups without a share.
fn hook(shares: &mut Shares, groups: Option<&BTreeSet<String>>) {
    for group in groups.into_iter().flatten() {
        shares.entry(group.clone()).or_insert(0);
    }
}
