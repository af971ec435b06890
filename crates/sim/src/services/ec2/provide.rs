//! Networks that somebody takes for granted: a VPC and subnets by id or by tags, security groups by id, made where they are not there.
//! No request asks for ids, so this does not go through the operations.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::fresh::{self, ZONES};
use super::state::{Ec2, Group, Subnet, Vpc};
use crate::world::{Ids, Place, World};

/// Which one, or ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The default VPC; the default subnets, or one in each zone.
    #[default]
    Default,
    /// Those with these ids.
    Ids(Vec<String>),
    /// Those with all these tags.
    Tags(BTreeMap<String, String>),
}

/// A network that is to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The VPC.
    pub vpc: Choice,
    /// Its subnets.
    pub subnets: Choice,
    /// Security groups in it, by id or name.
    pub groups: Vec<String>,
}

/// The range of a VPC that is made.
const RANGE: &str = "10.0.0.0/16";
/// How large a subnet is that is made.
const SUBNET: u8 = 20;

/// Makes what is not there of a network; what was made, in words.
pub fn provide(world: &mut World, place: &Place, wanted: &Wanted) -> Vec<String> {
    let mut ids = world.ids.clone();
    let mut made = Vec::new();
    let ec2 = &mut world.region(place).ec2;
    let vpc = vpc(ec2, &mut ids, &wanted.vpc, &mut made);
    subnets(ec2, &mut ids, (&vpc, &wanted.subnets), &mut made);
    for named in &wanted.groups {
        let there =
            |(id, group): (&String, &Group)| id == named || group.vpc == vpc && group.name.eq_ignore_ascii_case(named);
        if ec2.groups.iter().any(there) {
            continue;
        }
        let id = if named.starts_with("sg-") { named.clone() } else { fresh::id(&mut ids, "sg") };
        let rules = fresh::open_egress(&mut ids, false);
        let description = "made for a stack that names it".to_owned();
        ec2.groups.insert(id, Group { name: named.clone(), description, vpc: vpc.clone(), rules, ..Group::default() });
        made.push(format!("security group {named}"));
    }
    world.ids = ids;
    made
}

fn words(tags: &BTreeMap<String, String>) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

fn has(ec2: &Ec2, id: &str, tags: &BTreeMap<String, String>) -> bool {
    let own = ec2.tags.get(id);
    tags.iter().all(|(key, value)| own.and_then(|own| own.get(key)) == Some(value))
}

fn vpc(ec2: &mut Ec2, ids: &mut Ids, wanted: &Choice, made: &mut Vec<String>) -> String {
    let like = Vpc { tenancy: "default".to_owned(), ..Vpc::default() };
    match wanted {
        Choice::Default => match ec2.vpcs.iter().find(|(_, vpc)| vpc.default) {
            Some((id, _)) => id.clone(),
            None => {
                let id = fresh::default_network(ec2, ids);
                made.push("default VPC".to_owned());
                id
            }
        },
        Choice::Ids(list) => {
            let id = list.first().cloned().unwrap_or_default();
            if !ec2.vpcs.contains_key(&id) {
                fresh::vpc_called(ec2, ids, &id, RANGE, &like);
                fresh::way_out(ec2, ids, &id);
                made.push(format!("VPC {id}"));
            }
            id
        }
        Choice::Tags(tags) => {
            if let Some(id) = ec2.vpcs.keys().find(|id| has(ec2, id, tags)) {
                return id.clone();
            }
            let id = fresh::vpc(ec2, ids, RANGE, &like);
            fresh::way_out(ec2, ids, &id);
            ec2.tags.entry(id.clone()).or_default().extend(tags.clone());
            made.push(format!("VPC with {}", words(tags)));
            id
        }
    }
}

fn subnets(ec2: &mut Ec2, ids: &mut Ids, (vpc, wanted): (&str, &Choice), made: &mut Vec<String>) {
    let there = |ec2: &Ec2, id: &String| ec2.subnets.get(id).is_some_and(|subnet| subnet.vpc == vpc);
    let (names, tags) = match wanted {
        Choice::Default if ec2.subnets.keys().any(|id| there(ec2, id)) => return,
        Choice::Tags(tags) if ec2.subnets.keys().any(|id| there(ec2, id) && has(ec2, id, tags)) => return,
        Choice::Ids(list) => (list.iter().map(|id| Some(id.clone())).collect::<Vec<_>>(), None),
        Choice::Default => (vec![None; ZONES.len()], None),
        Choice::Tags(tags) => (vec![None; ZONES.len()], Some(tags)),
    };
    for (number, name) in names.into_iter().enumerate() {
        if name.as_ref().is_some_and(|id| ec2.subnets.contains_key(id)) {
            continue;
        }
        let Some(cidr) = free(ec2, vpc) else { return };
        let zone = format!("{}{}", ec2.name, ZONES[number % ZONES.len()]);
        let attributes = serde_json::Map::from_iter([("MapPublicIpOnLaunch".to_owned(), true.into())]);
        let subnet = Subnet { vpc: vpc.to_owned(), zone, cidr, attributes, ..Subnet::default() };
        let id = match name {
            Some(id) => {
                fresh::subnet_called(ec2, ids, &id, subnet);
                id
            }
            None => fresh::subnet(ec2, ids, subnet),
        };
        if let Some(tags) = tags {
            ec2.tags.entry(id.clone()).or_default().extend(tags.clone());
        }
        if matches!(wanted, Choice::Ids(_)) {
            made.push(format!("subnet {id}"));
        }
    }
    match wanted {
        Choice::Ids(_) => {}
        Choice::Tags(tags) => made.push(format!("subnets with {}", words(tags))),
        Choice::Default => made.push("subnets in its three zones".to_owned()),
    }
}

/// A range in a VPC that no subnet has.
fn free(ec2: &Ec2, vpc: &str) -> Option<String> {
    let taken: Vec<Ipv4Net> =
        ec2.subnets.values().filter(|subnet| subnet.vpc == vpc).filter_map(|subnet| subnet.cidr.parse().ok()).collect();
    let outer: Ipv4Net = ec2.vpcs.get(vpc)?.ranges.first()?.cidr.parse().ok()?;
    let mut inner = outer.subnets(SUBNET.max(outer.prefix_len())).ok()?;
    let clash = |net: &Ipv4Net| taken.iter().any(|other| other.contains(net) || net.contains(other));
    inner.find(|net| !clash(net)).map(|net| net.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lab::Lab;

    fn tags(name: &str, value: &str) -> Choice {
        Choice::Tags(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    fn give(lab: &Lab, wanted: &Wanted) -> Vec<String> {
        lab.sim.with_world(|world| provide(world, &lab.place, wanted))
    }

    #[test]
    fn a_network_by_tags_is_made_once_and_can_be_used() {
        let lab = Lab::new();
        let wanted = Wanted { vpc: tags("Name", "main"), subnets: tags("tier", "public"), groups: Vec::new() };
        assert_eq!(give(&lab, &wanted), ["VPC with Name=main", "subnets with tier=public"]);
        assert_eq!(give(&lab, &wanted), Vec::<String>::new());
        let filter = json!({ "Filters": [{ "Name": "tag:tier", "Values": ["public"] }] });
        let read = lab.ok("ec2.DescribeSubnets", filter)["Subnets"].clone();
        let zones: Vec<&Value> =
            read.as_array().expect("a list").iter().map(|subnet| &subnet["AvailabilityZone"]).collect();
        assert_eq!(zones.len(), 3);
        assert!(zones[0] != zones[1]);
        let subnets: Vec<Value> = read.as_array().expect("a list").iter().map(|it| it["SubnetId"].clone()).collect();
        lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": "web", "Subnets": subnets }));
        let vpc = read[0]["VpcId"].as_str().expect("an id").to_owned();
        assert!(lab.sim.with_world(|world| super::super::default_group(world.region(&lab.place), &vpc).is_some()));
    }

    #[test]
    fn what_is_named_by_id_is_made_with_that_id() {
        let lab = Lab::new();
        let id = |prefix: &str, digit: &str| format!("{prefix}-{}", digit.repeat(17));
        let wanted = Wanted {
            vpc: Choice::Ids(vec![id("vpc", "1")]),
            subnets: Choice::Ids(vec![id("subnet", "2"), id("subnet", "3")]),
            groups: vec![id("sg", "4")],
        };
        assert_eq!(give(&lab, &wanted).len(), 4);
        let read = lab.ok("ec2.DescribeSubnets", json!({ "SubnetIds": [id("subnet", "2"), id("subnet", "3")] }));
        assert_eq!(
            (&read["Subnets"][0]["VpcId"], read["Subnets"].as_array().map(Vec::len)),
            (&json!(id("vpc", "1")), Some(2))
        );
        lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": [id("sg", "4")] }));
        assert_eq!(give(&lab, &wanted), Vec::<String>::new());
        assert_eq!(give(&lab, &Wanted::default()), Vec::<String>::new(), "the default network is there");
    }
}
