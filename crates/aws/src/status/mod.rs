//! How a stack does that is live: from one reading, and from the requests that only this needs (tasks, health of targets, expiry of
//! certificates), which go side by side. What could not be read is told as such: it is neither healthy nor absent. Knows no format, and
//! changes nothing.

mod certificates;
mod zones;

use std::collections::BTreeMap;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Observed, Readiness, Snapshot};
use serde::Serialize;

use crate::client::Aws;
use crate::kinds::{certificate, database, load_balancer, secret, service};
use crate::services::ecs::service::status as ecs;
use crate::services::ecs::service::status::Doing;

/// How far something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does what it is for.
    Healthy,
    /// It is on its way.
    Pending,
    /// It is not there.
    Missing,
    /// It does not do what it is for.
    Failing,
    /// It could not be read.
    Unknown,
}

/// How a stack does.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Status {
    /// The stack.
    pub stack: String,
    /// Its region.
    pub region: String,
    /// How many resources the stack file wants, those that are only looked up left out.
    pub wanted: usize,
    /// Those of them that are not there.
    pub missing: Vec<String>,
    /// Its services.
    pub services: Vec<Service>,
    /// Load balancers, certificates and databases, and whatever else is not as it should be.
    pub resources: Vec<Resource>,
    /// What a person has to do elsewhere.
    pub next_steps: Vec<String>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// A service.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Service {
    /// Its entry.
    #[serde(flatten)]
    pub resource: Resource,
    /// What it does; nothing if it is not there or could not be read.
    pub doing: Option<Doing>,
}

/// A resource and how far it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Resource {
    /// Its node: `load_balancer.web`.
    pub id: NodeId,
    /// Its name in AWS; empty if it has none.
    pub name: String,
    /// How far it is.
    pub state: State,
    /// That in words.
    pub words: String,
    /// When it expires, seconds since 1970; of a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// Something that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Unread {
    /// What.
    pub what: String,
    /// Why.
    pub error: CloudError,
}

impl Status {
    /// Whether nothing of the stack is there.
    pub fn is_absent(&self) -> bool {
        self.wanted > 0 && self.missing.len() == self.wanted
    }

    /// How the stack does as a whole: as its worst part.
    pub fn state(&self) -> State {
        let unread = self.unread.iter().map(|_| State::Unknown);
        let missing = self.missing.iter().map(|_| State::Missing);
        let services = self.services.iter().map(|service| service.resource.state);
        let all = self.resources.iter().map(|resource| resource.state).chain(services).chain(missing).chain(unread);
        all.max().unwrap_or(State::Healthy)
    }
}

/// Kinds that are shown whether they are healthy or not, with what all of them are called.
pub const SHOWN: &[(&str, &str)] = &[
    (load_balancer::ENTRY.kind.name, "Load balancers"),
    (certificate::KIND, "Certificates"),
    (database::ENTRY.kind.name, "Databases"),
];

/// How the stack of a graph does, of which `snapshot` is a reading.
pub async fn look(aws: &Aws, graph: &Graph, snapshot: &Snapshot) -> Status {
    let services: Vec<&Node> = graph.of_kind(service::KIND).collect();
    let live: Vec<&Live> = services.iter().filter_map(|node| ours(graph, snapshot, &node.id)).collect();
    let ((doing, unread), expiries, zones) = futures::join!(
        ecs::look(aws, &live),
        certificates::look(aws, graph, snapshot),
        zones::look(aws, graph, snapshot)
    );
    let mut doing: BTreeMap<&str, Option<Doing>> = live.iter().map(|live| live.id.as_str()).zip(doing).collect();
    let services = services.iter().map(|node| {
        let found = ours(graph, snapshot, &node.id).and_then(|live| doing.remove(live.id.as_str()).flatten());
        of_service(resource(node, snapshot), found)
    });
    let mut status = Status {
        stack: graph.stack.name.clone(),
        region: graph.stack.region.clone(),
        wanted: graph.nodes().filter(|node| !node.lookup).count(),
        missing: missing(graph, snapshot),
        services: services.collect(),
        resources: Vec::new(),
        next_steps: zones.next_steps,
        unread: unread.into_iter().map(|(what, error)| Unread { what, error }).collect(),
    };
    let kinds = snapshot.unreadable.iter().map(|(kind, error)| Unread { what: kind.clone(), error: error.clone() });
    let looked_up = graph.nodes().filter(|node| node.lookup && !snapshot.unreadable.contains_key(node.id.kind()));
    let looked_up = looked_up.filter_map(|node| match snapshot.nodes.get(&node.id) {
        // What was looked for and is not there was read.
        Some(Observed::Unreadable(error)) if error.class != ErrorClass::Gone => {
            Some(Unread { what: node.id.to_string(), error: error.clone() })
        }
        _ => None,
    });
    status.unread.extend(kinds.chain(looked_up));
    for node in graph.nodes().filter(|node| node.id.kind() != service::KIND) {
        let mut found = resource(node, snapshot);
        if let Some(known) = expiries.found.get(&node.id) {
            known.add_to(&mut found);
        }
        if let Some(words) = zones.open.get(&node.id) {
            (found.state, found.words) = (State::Pending, words.clone());
        }
        let shown = SHOWN.iter().any(|(kind, _)| *kind == node.id.kind())
            || matches!(found.state, State::Pending | State::Failing);
        // What is looked up is another's, and no reading tells how it does unless it was asked.
        let told = !node.lookup || found.expires.is_some() || found.state == State::Missing;
        if shown && told {
            status.resources.push(found);
        }
    }
    status.unread.extend(expiries.unread);
    status.unread = together(status.unread);
    status
}

/// What could not be read for one reason, as one.
fn together(all: Vec<Unread>) -> Vec<Unread> {
    let mut found: Vec<Unread> = Vec::new();
    for unread in all {
        let same = |known: &&mut Unread| {
            let (one, other) = (&known.error, &unread.error);
            (one.class, &one.operation, &one.code) == (other.class, &other.operation, &other.code)
        };
        match found.iter_mut().find(same) {
            Some(known) => known.what += &format!(", {}", unread.what),
            None => found.push(unread),
        }
    }
    found
}

/// The live resource of a node, if it is the stack's or only looked up.
fn ours<'s>(graph: &Graph, snapshot: &'s Snapshot, id: &NodeId) -> Option<&'s Live> {
    let looked_up = graph.get(id).is_some_and(|node| node.lookup);
    snapshot.live(id).filter(|live| looked_up || live.is_of(id))
}

/// The nodes that are not there.
fn missing(graph: &Graph, snapshot: &Snapshot) -> Vec<String> {
    let absent = |node: &&Node| match snapshot.nodes.get(&node.id) {
        Some(Observed::Absent) | None => true,
        // What waits to be gone is as good as gone, as a destruction sees it.
        Some(Observed::Present(live)) => {
            !live.is_of(&node.id) || (node.id.kind() == secret::ENTRY.kind.name && secret::is_going(live))
        }
        Some(Observed::Unreadable(_) | Observed::Ambiguous(_)) => false,
    };
    graph.nodes().filter(|node| !node.lookup).filter(absent).map(|node| node.id.to_string()).collect()
}

/// How far a node is, as the reading tells.
fn resource(node: &Node, snapshot: &Snapshot) -> Resource {
    let (state, words) = match snapshot.nodes.get(&node.id) {
        Some(Observed::Present(live)) if !node.lookup && !live.is_of(&node.id) => {
            (State::Missing, "not there; a resource of its name does not belong to this stack".to_owned())
        }
        Some(Observed::Present(live)) => match &live.readiness {
            Readiness::Ready => (State::Healthy, ready(node.id.kind()).to_owned()),
            Readiness::Pending(what) => (State::Pending, what.clone()),
            Readiness::Failed(why) => (State::Failing, why.clone()),
            Readiness::Gone => (State::Missing, "is being deleted".to_owned()),
        },
        Some(Observed::Absent) | None => (State::Missing, "not there".to_owned()),
        Some(Observed::Unreadable(error)) if node.lookup && error.class == ErrorClass::Gone => {
            (State::Missing, format!("not there, and not of this stack: {}", error.message))
        }
        Some(Observed::Unreadable(_)) => (State::Unknown, "could not be read".to_owned()),
        Some(Observed::Ambiguous(_)) => (State::Unknown, "several resources carry its mark".to_owned()),
    };
    let name = snapshot.live(&node.id).map_or(&node.name, |live| &live.name).clone();
    Resource { id: node.id.clone(), name, state, words, expires: None }
}

/// What something is that does what it is for.
fn ready(kind: &str) -> &'static str {
    match kind {
        "load_balancer" => "active",
        "database" => "available",
        "certificate" => "issued",
        _ => "ready",
    }
}

/// A service: what ECS says of it, and then what its targets say.
fn of_service(mut resource: Resource, doing: Option<Doing>) -> Service {
    let Some(doing) = doing else {
        if matches!(resource.state, State::Healthy | State::Pending) {
            (resource.state, resource.words) = (State::Unknown, "could not be read".to_owned());
        }
        return Service { resource, doing: None };
    };
    if resource.state == State::Healthy {
        let tasks = if doing.desired == 1 { "task" } else { "tasks" };
        resource.words = format!("{} of {} {tasks} running", doing.running, doing.desired);
        let wanted = usize::try_from(doing.desired).unwrap_or(usize::MAX);
        if let Some(group) = doing.target_groups.iter().find(|group| group.healthy < wanted) {
            let fails = group.others.iter().any(|target| target.fails()) || group.others.is_empty();
            resource.state = if fails { State::Failing } else { State::Pending };
            resource.words += &format!("; {} of {wanted} targets healthy in {}", group.healthy, group.name);
        }
    }
    Service { resource, doing: Some(doing) }
}

#[cfg(test)]
mod tests;
