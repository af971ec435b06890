//! Networks that somebody takes for granted: a VPC and subnets by id or by tags, security groups by id, made where they are not there.
//! No request asks for ids, so this does not go through the operations. Subnets whose tags say `public` get their way out by the
//! internet gateway, all others by a NAT gateway.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::fresh::{self, ZONES};
use super::nats;
use super::state::{Ec2, Group, RouteTable, Subnet, Vpc};
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
    let private = subnets(ec2, &mut ids, (&vpc, &wanted.subnets), &mut made);
    let ways = (!private.is_empty()).then(|| public_subnet(ec2, &mut ids, &private)).flatten();
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
    if let Some(nat) = ways.and_then(|subnet| nats::provide(world, place, &subnet)) {
        let mut ids = world.ids.clone();
        lead_out(&mut world.region(place).ec2, &mut ids, &private, &nat);
        world.ids = ids;
    }
    made
}

/// Whether subnets that are chosen like this are to be public ones, whose main way out is an internet gateway.
fn are_public(wanted: &Choice) -> bool {
    let says = |text: &String| text.to_lowercase().contains("public");
    matches!(wanted, Choice::Tags(tags) if tags.iter().any(|(key, value)| says(key) || says(value)))
}

/// A public subnet beside private ones, for a NAT gateway: in the zone of the first, and never before it in a list.
fn public_subnet(ec2: &mut Ec2, ids: &mut Ids, private: &[String]) -> Option<String> {
    let first = ec2.subnets.get(private.first()?)?;
    let (vpc, zone) = (first.vpc.clone(), first.zone.clone());
    let cidr = free(ec2, &vpc)?;
    let last = ec2.subnets.keys().max().cloned().unwrap_or_default();
    let id =
        (0..1000).map(|_| fresh::id(ids, "subnet")).find(|id| *id > last).unwrap_or_else(|| fresh::id(ids, "subnet"));
    fresh::subnet_called(ec2, ids, &id, Subnet { vpc, zone, cidr, ..Subnet::default() });
    ec2.tags.entry(id.clone()).or_default().insert("Name".to_owned(), "nat".to_owned());
    Some(id)
}

/// Gives private subnets a route table whose way out is a NAT gateway.
fn lead_out(ec2: &mut Ec2, ids: &mut Ids, private: &[String], nat: &str) {
    let Some(vpc) = private.first().and_then(|id| ec2.subnets.get(id)).map(|subnet| subnet.vpc.clone()) else { return };
    let ranges = ec2.vpcs.get(&vpc).map(|vpc| vpc.ranges.clone()).unwrap_or_default();
    let mut routes: Vec<Value> = ranges.iter().map(|range| fresh::local_route(&range.cidr)).collect();
    routes.push(json!({
        "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat, "Origin": "CreateRoute", "State": "active",
    }));
    let associations = private.iter().map(|subnet| (fresh::id(ids, "rtbassoc"), subnet.clone())).collect();
    ec2.route_tables.insert(fresh::id(ids, "rtb"), RouteTable { vpc, main: None, associations, routes });
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

/// Makes the subnets that are not there; those of them that are private.
fn subnets(ec2: &mut Ec2, ids: &mut Ids, (vpc, wanted): (&str, &Choice), made: &mut Vec<String>) -> Vec<String> {
    let (public, mut private) = (are_public(wanted), Vec::new());
    let there = |ec2: &Ec2, id: &String| ec2.subnets.get(id).is_some_and(|subnet| subnet.vpc == vpc);
    let (names, tags) = match wanted {
        Choice::Default if ec2.subnets.keys().any(|id| there(ec2, id)) => return private,
        Choice::Tags(tags) if ec2.subnets.keys().any(|id| there(ec2, id) && has(ec2, id, tags)) => return private,
        Choice::Ids(list) => (list.iter().map(|id| Some(id.clone())).collect::<Vec<_>>(), None),
        Choice::Default => (vec![None; ZONES.len()], None),
        Choice::Tags(tags) => (vec![None; ZONES.len()], Some(tags)),
    };
    for (number, name) in names.into_iter().enumerate() {
        if name.as_ref().is_some_and(|id| ec2.subnets.contains_key(id)) {
            continue;
        }
        let Some(cidr) = free(ec2, vpc) else { return private };
        let zone = format!("{}{}", ec2.name, ZONES[number % ZONES.len()]);
        let attributes = serde_json::Map::from_iter([("MapPublicIpOnLaunch".to_owned(), public.into())]);
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
        if !public {
            private.push(id.clone());
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
    private
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
    use super::super::reach::{self, End, Obstacle};
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
    fn private_subnets_get_out_by_a_nat_gateway_and_public_ones_by_a_public_address() {
        for (tier, out) in [("private", Ok(())), ("public", Err(Obstacle::Private))] {
            let lab = Lab::new();
            let wanted = Wanted { vpc: tags("Name", "main"), subnets: tags("tier", tier), groups: Vec::new() };
            give(&lab, &wanted);
            let filter = json!({ "Filters": [{ "Name": "tag:tier", "Values": [tier] }] });
            for subnet in lab.ok("ec2.DescribeSubnets", filter)["Subnets"].as_array().expect("a list") {
                let made = lab.ok("ec2.CreateNetworkInterface", json!({ "SubnetId": subnet["SubnetId"] }));
                let id = made["NetworkInterface"]["NetworkInterfaceId"].as_str().expect("an id").to_owned();
                let to = End::Address(reach::address_of("example.com"));
                let way = lab.sim.with_world(|world| {
                    reach::way(&world.region(&lab.place).ec2, End::Interface(&id), to, reach::HTTPS)
                });
                assert_eq!(way, out, "{tier}");
            }
        }
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
