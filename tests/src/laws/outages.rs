//! Traffic never moves to what cannot serve: whatever a run does, a rule (default actions included) and an alias that were
//! served when it began are served at every moment until they are taken away for good. Looked at whenever something has
//! happened in the simulated world, in killed and failed runs as well, and between one run and the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evenkeel_core::doc;
use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_sim::Sim;
use evenkeel_sim::services::elb::{Forwarding, traffic};
use evenkeel_sim::world::{Moment, Place, World};

/// Where a request comes in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Front {
    /// A rule of a load balancer: whose it is, the port, and the priority (none for the default action).
    Rule(String, i64, Option<i64>),
    /// An alias record that points to a load balancer.
    Alias(String),
}

/// What is known of a load balancer: the entry that it was first seen to be of (or its ARN), and its DNS name.
#[derive(Clone, Debug, Default)]
struct Balancer {
    of: String,
    dns_name: String,
}

#[derive(Debug, Default)]
struct State {
    balancers: BTreeMap<String, Balancer>,
    /// What is to be served, and since when it is not.
    demanded: BTreeMap<Front, Option<Moment>>,
    /// What is there, and whether it is served.
    now: BTreeMap<Front, bool>,
}

/// Somebody who watches what is served in one place.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// Watches from now on.
    pub fn over(sim: &Sim, place: &Place) -> Self {
        let watch = Self::default();
        let (seen, place) = (watch.clone(), place.clone());
        sim.watch(move |world| seen.state().look(world, &place));
        watch
    }

    // A law that was broken in one run must not hide what the next does.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins: what is served now and is still wanted has to go on being served. What an earlier run that came to no end
    /// owes is still owed.
    pub fn begin(&self, graph: &Graph) {
        let mut state = self.state();
        let served: Vec<Front> =
            state.now.iter().filter(|(_, served)| **served).map(|(front, _)| front.clone()).collect();
        for front in served {
            state.demanded.entry(front).or_insert(None);
        }
        state.demanded.retain(|front, _| match front {
            Front::Rule(balancer, _, _) => is_to_be_served(graph, balancer),
            Front::Alias(_) => {
                let any = |node: &Node| is_to_be_served(graph, &node.id.to_string());
                graph.of_kind("records").next().is_some() && graph.of_kind("load_balancer").any(any)
            }
        });
    }

    /// A run has ended, by itself or not: what was owed and is there was served all the time.
    ///
    /// # Errors
    /// What was not.
    pub fn end(&self, done: bool) -> Result<(), String> {
        let mut state = self.state();
        let dark = |(front, since): (&Front, &Option<Moment>)| {
            let since = (*since)?;
            let served = *state.now.get(front)?;
            let now = if served { "it is again" } else { "it still is not" };
            Some(format!("{front:?} was not served from {} on; {now}", since.iso()))
        };
        let dark: Vec<String> = state.demanded.iter().filter_map(dark).collect();
        if done || !dark.is_empty() {
            state.demanded.clear();
        }
        if dark.is_empty() { Ok(()) } else { Err(dark.join("\n")) }
    }

    /// Forgets what is owed: somebody else broke it.
    pub fn forgive(&self) {
        self.state().demanded.clear();
    }

    /// What is served now.
    pub fn served(&self) -> BTreeSet<Front> {
        self.state().now.iter().filter(|(_, served)| **served).map(|(front, _)| front.clone()).collect()
    }
}

impl State {
    fn look(&mut self, world: &World, place: &Place) {
        let Some(region) = world.known_region(place) else { return };
        let rules = traffic(region);
        if rules.iter().any(|rule| !self.balancers.contains_key(&rule.balancer)) {
            self.learn(&serde_json::to_value(&region.elb).unwrap_or_default());
        }
        self.now.clear();
        for rule in rules.iter().filter(|rule| rule.forwards()) {
            let Some(balancer) = self.balancers.get(&rule.balancer) else { continue };
            let front = Front::Rule(balancer.of.clone(), rule.port.unwrap_or_default(), rule.priority);
            *self.now.entry(front).or_default() |= rule.serves();
        }
        self.aliases(world, place, &rules);
        for (front, since) in &mut self.demanded {
            if since.is_none() && !self.now.get(front).is_some_and(|served| *served) {
                *since = Some(world.now);
            }
        }
    }

    fn learn(&mut self, elb: &serde_json::Value) {
        for (arn, balancer) in elb["balancers"].as_object().into_iter().flatten() {
            let mark = balancer["tags"]["evenkeel:id"].as_str();
            let dns_name = balancer["dns_name"].as_str().unwrap_or_default().to_ascii_lowercase();
            let of = mark.unwrap_or(arn).to_owned();
            self.balancers.entry(arn.clone()).or_insert(Balancer { of, dns_name });
        }
    }

    fn aliases(&mut self, world: &World, place: &Place, rules: &[Forwarding]) {
        let Some(account) = world.accounts.get(&place.account) else { return };
        for set in account.route53.zones.values().flat_map(|zone| zone.sets.values()) {
            let Some((_, name)) = set.alias().filter(|(_, name)| name.contains(".elb.")) else { continue };
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let name = name.strip_prefix("dualstack.").unwrap_or(&name);
            let serves = |rule: &&Forwarding| {
                rule.serves() && self.balancers.get(&rule.balancer).is_some_and(|balancer| balancer.dns_name == name)
            };
            let served = rules.iter().any(|rule| serves(&rule));
            self.now.insert(Front::Alias(format!("{} {}", set.name, set.kind)), served);
        }
    }
}

/// Whether a balancer's entry is in the file and forwards to some service that is to have tasks all the time.
fn is_to_be_served(graph: &Graph, balancer: &str) -> bool {
    let is = |id: &NodeId| id.to_string() == balancer;
    let Some(entry) = graph.nodes().find(|node| is(&node.id) || node.moved_from.as_ref().is_some_and(is)) else {
        return false;
    };
    let inside = format!("{}/", entry.id.name());
    let parts = graph
        .nodes()
        .filter(|node| matches!(node.id.kind(), "listener" | "listener_rules") && node.id.name().starts_with(&inside));
    let groups: BTreeSet<NodeId> = parts.flat_map(targets).collect();
    graph.of_kind("service").any(|service| {
        let count = service.want.get("desired_count").and_then(serde_json::Value::as_u64);
        let minimum = service.want.pointer("/deployment/minimum_healthy_percent").and_then(serde_json::Value::as_u64);
        count != Some(0)
            && minimum.is_none_or(|percent| percent >= 100)
            && targets(service).any(|it| groups.contains(&it))
    })
}

fn targets(node: &Node) -> impl Iterator<Item = NodeId> + use<> {
    doc::refs(&node.want).into_iter().map(|hole| hole.node).filter(|node| node.kind() == "target_group")
}
