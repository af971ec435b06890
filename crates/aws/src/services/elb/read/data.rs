//! What a reading of Elastic Load Balancing gives: things with what AWS keeps apart from them, and the names that were looked for.
//! Sends nothing and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TargetGroup};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;
use serde::Deserialize as _;

use super::super::existing;
use super::super::sought::Sought;
use crate::read::{Part, Scope};
use crate::tags::Tags;

/// The tag of a listener that has, or once had, rules of ours. Rules cost a call for each listener, so they are read where the file
/// has some and where this tag is.
pub const RULES: &str = "evenkeel:rules";

/// A thing with what AWS keeps apart from it.
#[derive(Clone, Debug)]
pub struct Item<T> {
    /// The thing as AWS described it.
    pub raw: T,
    /// All its tags.
    pub tags: Tags,
    /// Its attributes, only those that somebody manages.
    pub attributes: BTreeMap<String, String>,
    /// Of a listener: its certificates beside the default one.
    pub certificates: Vec<String>,
}

impl<T> Item<T> {
    /// A thing of which nothing else is known yet.
    pub fn new(raw: T) -> Self {
        Self { raw, tags: Tags::new(), attributes: BTreeMap::new(), certificates: Vec::new() }
    }
}

/// What was fetched from Elastic Load Balancing.
#[derive(Clone, Debug)]
pub struct Elb {
    /// Target groups, ours and those of a wanted name.
    pub target_groups: Part<Vec<Item<TargetGroup>>>,
    /// Load balancers, ours and those of a wanted name.
    pub load_balancers: Part<Vec<Item<LoadBalancer>>>,
    /// All listeners of those load balancers.
    pub listeners: Part<Vec<Item<Listener>>>,
    /// All rules of those listeners but the default ones, by the listener's ARN.
    pub rules: Part<BTreeMap<String, Vec<Item<Rule>>>>,
    /// The names of all load balancers of the region, where one of others is looked for.
    pub balancer_names: Vec<String>,
    /// The names of all target groups of the region, likewise.
    pub group_names: Vec<String>,
    /// ARNs of load balancers that AWS protects from deletion, as far as that was asked.
    pub protected: BTreeSet<String>,
    /// Why what no name leads to could not be looked for beneath load balancers of others.
    pub blind: Option<CloudError>,
    /// What the graph names.
    pub wanted: Wanted,
}

/// The names in the graph that a reading looks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Base names of target groups.
    pub target_groups: BTreeSet<String>,
    /// Base names of load balancers.
    pub load_balancers: BTreeSet<String>,
    /// Nodes of listeners of the stack by their names, `<load balancer>:<port>`.
    pub listeners: BTreeMap<String, NodeId>,
    /// The same with listeners of others that are looked up.
    pub hosts: BTreeMap<String, NodeId>,
    /// Nodes of listener rules.
    pub rules: BTreeSet<NodeId>,
    /// Names of listeners, `<load balancer>:<port>`, that should have rules.
    pub(super) ruled: BTreeSet<String>,
    /// Load balancers of others.
    pub(super) existing: BTreeSet<Sought>,
    /// Target groups of others.
    pub(super) existing_groups: BTreeSet<Sought>,
}

impl Wanted {
    /// Those of a scope.
    pub(super) fn of(scope: &Scope<'_>) -> Self {
        let of = |kind| scope.graph.of_kind(kind);
        let made = |kind| of(kind).filter(|node| !node.lookup);
        let names = |kind| made(kind).map(|node| node.name.clone());
        let by_name = |node: &Node| (node.name.clone(), node.id.clone());
        let mut wanted = Self {
            target_groups: names("target_group").collect(),
            load_balancers: names("load_balancer").collect(),
            listeners: made("listener").map(by_name).collect(),
            hosts: of("listener").map(by_name).collect(),
            rules: made("listener_rules").map(|node| node.id.clone()).collect(),
            ruled: names("listener_rules").collect(),
            existing: BTreeSet::new(),
            existing_groups: of("target_group").filter_map(sought).collect(),
        };
        // A listener that is read back comes without its load balancer's node; its document or its name leads there.
        for node in of("load_balancer").chain(of("listener")).chain(of("listener_rules")) {
            if let Some(existing) = sought(node) {
                wanted.existing.insert(existing);
            } else if let Some((load_balancer, _)) = node.name.rsplit_once(':') {
                wanted.load_balancers.insert(load_balancer.to_owned());
            }
        }
        wanted
    }

    /// Whether the graph wants a target group of that name.
    pub fn has_group(&self, name: &str) -> bool {
        generation_of(&self.target_groups, name).is_some()
    }

    /// What a load balancer of others is called here, if it is one that is looked for.
    pub(in super::super) fn existing(&self, item: &Item<LoadBalancer>) -> Option<String> {
        let one = existing::of_balancer(item);
        self.existing.iter().find(|sought| sought.fits(&one)).map(Sought::label)
    }

    /// Whether a target group of others is looked for.
    pub(super) fn is_existing_group(&self, item: &Item<TargetGroup>) -> bool {
        let one = existing::of_group(item);
        self.existing_groups.iter().any(|sought| sought.fits(&one))
    }

    /// Whether only tags tell which load balancer or target group of others is meant.
    pub(super) fn goes_by_tags(&self) -> bool {
        self.existing.iter().chain(&self.existing_groups).any(Sought::is_by_tags)
    }

    /// The base name and the generation, if the graph wants a load balancer of that name.
    pub fn load_balancer(&self, name: &str) -> Option<(&str, u32)> {
        generation_of(&self.load_balancers, name)
    }
}

/// What of others a node looks for, or is on.
fn sought(node: &Node) -> Option<Sought> {
    Sought::deserialize(node.want.get("existing")?).ok()
}

/// The base name among these of which a name is a generation, and which.
pub(super) fn generation_of<'a>(bases: &'a BTreeSet<String>, name: &str) -> Option<(&'a str, u32)> {
    // `web-2` may be an entry's own name, or the second `web`; the own name goes before.
    let exact = bases.get(name).map(|base| (base.as_str(), 1));
    exact.or_else(|| bases.iter().find_map(|base| Some((base.as_str(), name::generation(base, name)?))))
}
