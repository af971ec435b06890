//! The availability zones of a network of the stack's own. Only looked up (DescribeAvailabilityZones). If the file says how many, each
//! number keeps the zone in which its subnets are, and takes the next free one by name if they are nowhere yet: a zone that AWS adds to the
//! region moves nothing.

use std::collections::BTreeMap;

use evenkeel_core::doc::Text;
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::model::{Stack, Zones as Wanted};
use serde::{Deserialize, Serialize};

use super::super::read::missing;
use super::fetched::networks;
use super::read::Networks;
use super::subnet::{self, Tier};
use crate::read::Fetched;
use crate::resource::{Entry, Lookup, OnlyLookedUp, Paced, doc, spec};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "availability_zones",
        title: "availability zones",
        fields: &[],
        outputs: &["zone_1", "zone_2", "zone_3", "zone_4", "zone_5", "zone_6"],
        replace: Replace::CreateFirst,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute,
    driver: &OnlyLookedUp(Zones),
    paced: Paced::NOT,
    actions: &["ec2:DescribeAvailabilityZones"],
};

/// The node of the zones.
pub fn id() -> NodeId {
    NodeId::new("availability_zones", "main")
}

/// The name of a zone; they are counted from 1.
pub fn zone(number: usize) -> Text {
    Text::output(id(), &format!("zone_{number}"))
}

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// How many.
    pub count: usize,
    /// Which; none if any are right.
    pub names: Vec<String>,
    /// The ranges of the subnets in them, by their entries.
    pub ranges: BTreeMap<String, String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(own) = &stack.network.create else { return };
    let names = match &own.zones {
        Wanted::Count(_) => Vec::new(),
        Wanted::Names(names) => names.clone(),
    };
    let each = |tier: Tier| subnet::of_tier(own, tier).zip(tier.ranges(own));
    let ranges = each(Tier::Public).chain(each(Tier::Private));
    let ranges = ranges.map(|(id, range)| (id.name().to_owned(), range.clone())).collect();
    let mut node = Node::lookup(id(), "", doc(&Spec { count: own.zones.count(), names, ranges }));
    node.origin = Some(own.place.to_string());
    nodes.push(node);
}

/// The zone of each number; `taken` has those of the subnets that are there.
///
/// # Errors
/// `Invalid`: the region has too few, or not one that is named.
fn choose(spec: &Spec, region: &str, all: &[String], taken: &[Option<String>]) -> Result<Vec<String>, CloudError> {
    if let Some(unknown) = spec.names.iter().find(|name| !all.contains(name)) {
        let text =
            format!("region {region} has no availability zone {unknown} for this account; it has {}", all.join(", "));
        return Err(missing(text, "correct `zones` of the network in the stack file"));
    }
    if !spec.names.is_empty() {
        return Ok(spec.names.clone());
    }
    if all.len() < spec.count {
        let text = format!("region {region} has {} availability zones: {}", all.len(), all.join(", "));
        return Err(missing(text, "write a smaller number for `zones` of the network in the stack file"));
    }
    let kept = |at: usize| taken.get(at).cloned().flatten();
    let mut free = all.iter().filter(|zone| !(0..spec.count).any(|at| kept(at).as_ref() == Some(zone)));
    let each = (0..spec.count).filter_map(|at| kept(at).or_else(|| free.next().cloned()));
    Ok(each.collect())
}

/// Whether the subnets that are to come are in the range of the VPC that is there: it never changes.
///
/// # Errors
/// `Invalid`: one is not.
fn fit(spec: &Spec, own: &Networks, stack: &str) -> Result<(), CloudError> {
    let Some((vpc, range)) = own.range(stack) else { return Ok(()) };
    let Ok(outer) = range.parse::<ipnet::Ipv4Net>() else { return Ok(()) };
    let outside = |text: &String| text.parse::<ipnet::Ipv4Net>().is_ok_and(|net| !outer.contains(&net));
    let there = own.entries_of_subnets(stack);
    let Some((entry, text)) = spec.ranges.iter().find(|(entry, text)| !there.contains(*entry) && outside(text)) else {
        return Ok(());
    };
    let text = format!("subnet {entry} would get {text}, and {vpc} has {range}, which never changes");
    Err(missing(text, &format!("write cidr: {range} for the network in the stack file")))
}

struct Zones;

impl Lookup for Zones {
    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let spec: Spec = spec(&node.want)?;
        let own = networks(fetched)?;
        let all = own.zones.as_ref().map_err(Clone::clone)?;
        let taken = own.zones_of_subnets(&fetched.stack, spec.count)?;
        fit(&spec, own, &fetched.stack)?;
        let chosen = choose(&spec, &fetched.region, all, &taken)?;
        let mut live = Live::new(chosen.join(","), "", Owner::Nobody, node.want.clone());
        for (at, zone) in chosen.iter().enumerate() {
            live = live.output(&format!("zone_{}", at + 1), zone.as_str());
        }
        Ok(Some(live))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_keep_their_numbers_and_what_is_lacking_is_told() {
        let all: Vec<String> = ["x-1a", "x-1c", "x-1d"].map(str::to_owned).into();
        let spec = |count| Spec { count, names: Vec::new(), ranges: BTreeMap::new() };
        assert_eq!(choose(&spec(2), "x-1", &all, &[]).unwrap(), ["x-1a", "x-1c"]);
        let taken = [Some("x-1c".to_owned()), None];
        assert_eq!(choose(&spec(3), "x-1", &all, &taken).unwrap(), ["x-1c", "x-1a", "x-1d"]);
        assert!(choose(&spec(4), "x-1", &all, &[]).unwrap_err().message.contains("has 3 availability zones"));
        let named = Spec { count: 1, names: vec!["x-1b".to_owned()], ranges: BTreeMap::new() };
        assert!(choose(&named, "x-1", &all, &[]).unwrap_err().message.contains("no availability zone x-1b"));
    }
}
