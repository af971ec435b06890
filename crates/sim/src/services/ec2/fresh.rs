//! Makes networks: a VPC with everything that comes with it (main route table, ACL, default group), subnets, and the network
//! that every region has on its first day. Asks nobody; who may make what is decided by the operations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::state::{Acl, Ec2, Group, Peer, PrefixList, Range, RouteTable, Rule, Subnet, Traffic, Vpc};
use crate::world::{Ids, Moment, Place};

/// Which zones a simulated region has.
pub(super) const ZONES: [&str; 3] = ["a", "b", "c"];

/// A region's network as it is on the first day: the default VPC with three subnets in three zones, its internet gateway,
/// main route table, network ACL and default security group.
pub fn fresh(ids: &mut Ids, place: &Place, _now: Moment) -> Ec2 {
    let mut ec2 = Ec2 { account: place.account.to_string(), name: place.region.to_string(), ..Ec2::default() };
    ec2.prefix_lists = amazons(&place.region);
    let dhcp = id(ids, "dopt");
    let domain = internal_domain(&place.region);
    ec2.dhcp.insert(
        dhcp.clone(),
        json!({
            "DhcpConfigurations": [
                { "Key": "domain-name", "Values": [{ "Value": domain }] },
                { "Key": "domain-name-servers", "Values": [{ "Value": "AmazonProvidedDNS" }] },
            ],
            "DhcpOptionsId": dhcp,
            "OwnerId": ec2.account,
        }),
    );
    default_network(&mut ec2, ids);
    ec2
}

/// Makes the default VPC with its subnets and its way out; its id.
pub(super) fn default_network(ec2: &mut Ec2, ids: &mut Ids) -> String {
    let vpc = vpc(ec2, ids, "172.31.0.0/16", &Vpc { default: true, tenancy: "default".into(), ..Vpc::default() });
    for (number, zone) in ZONES.iter().enumerate() {
        let zone = format!("{}{zone}", ec2.name);
        let range = format!("172.31.{}.0/20", 16 * number);
        subnet(ec2, ids, Subnet { vpc: vpc.clone(), zone, cidr: range, default: true, ..Subnet::default() });
    }
    way_out(ec2, ids, &vpc);
    vpc
}

/// Gives a VPC an internet gateway, and a route to it in its main route table.
pub(super) fn way_out(ec2: &mut Ec2, ids: &mut Ids, vpc: &str) {
    let gateway = id(ids, "igw");
    ec2.gateways.insert(gateway.clone(), Some(vpc.to_owned()));
    if let Some(table) = ec2.route_tables.values_mut().find(|table| table.vpc == vpc) {
        table.routes.push(json!({
            "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway, "Origin": "CreateRoute", "State": "active",
        }));
    }
}

/// A new id.
pub(super) fn id(ids: &mut Ids, prefix: &str) -> String {
    format!("{prefix}-0{}", ids.hex(16))
}

/// Makes a VPC of that range like `like`, with its main route table, ACL and default group; its id.
pub(super) fn vpc(ec2: &mut Ec2, ids: &mut Ids, cidr: &str, like: &Vpc) -> String {
    let vpc = id(ids, "vpc");
    vpc_called(ec2, ids, &vpc, cidr, like);
    vpc
}

/// The same, with an id that is given.
pub(super) fn vpc_called(ec2: &mut Ec2, ids: &mut Ids, vpc: &str, cidr: &str, like: &Vpc) {
    let vpc = vpc.to_owned();
    let attributes = BTreeMap::from([
        ("EnableDnsSupport".to_owned(), true),
        ("EnableDnsHostnames".to_owned(), like.default),
        ("EnableNetworkAddressUsageMetrics".to_owned(), false),
    ]);
    let mut made = like.clone();
    made.ranges = vec![Range { id: id(ids, "vpc-cidr-assoc"), cidr: cidr.to_owned() }];
    made.dhcp = ec2.dhcp.keys().next().cloned().unwrap_or_else(|| "default".to_owned());
    made.attributes = attributes;
    let v6: Vec<String> = made.ipv6.iter().map(|range| range.cidr.clone()).collect();
    let routes = std::iter::once(local_route(cidr)).chain(v6.iter().map(|range| local_route(range))).collect();
    let main = Some(id(ids, "rtbassoc"));
    ec2.route_tables
        .insert(id(ids, "rtb"), RouteTable { vpc: vpc.clone(), main, associations: BTreeMap::new(), routes });
    let entries = acl_entries(!v6.is_empty());
    ec2.acls.insert(id(ids, "acl"), Acl { vpc: vpc.clone(), default: true, associations: BTreeMap::new(), entries });
    let group = id(ids, "sg");
    let mut rules = open_egress(ids, !v6.is_empty());
    let own = Rule { egress: false, traffic: everything(), peer: Peer::Group(group.clone()), description: None };
    rules.insert(id(ids, "sgr"), own);
    let description = "default VPC security group".to_owned();
    ec2.groups
        .insert(group, Group { name: "default".to_owned(), description, vpc: vpc.clone(), rules, ..Group::default() });
    ec2.vpcs.insert(vpc, made);
}

/// The route of a VPC to itself.
pub(super) fn local_route(cidr: &str) -> Value {
    let destination = if cidr.contains(':') { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
    json!({ destination: cidr, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active" })
}

/// All traffic.
pub(super) fn everything() -> Traffic {
    Traffic { protocol: "-1".to_owned(), from: -1, to: -1 }
}

/// The rules of a new group: everything may go out.
pub(super) fn open_egress(ids: &mut Ids, v6: bool) -> BTreeMap<String, Rule> {
    let rule = |peer| Rule { egress: true, traffic: everything(), peer, description: None };
    let mut rules = BTreeMap::from([(id(ids, "sgr"), rule(Peer::V4("0.0.0.0/0".to_owned())))]);
    if v6 {
        rules.insert(id(ids, "sgr"), rule(Peer::V6("::/0".to_owned())));
    }
    rules
}

/// Makes a subnet with the usual attributes; its id.
pub(super) fn subnet(ec2: &mut Ec2, ids: &mut Ids, subnet: Subnet) -> String {
    let made = id(ids, "subnet");
    subnet_called(ec2, ids, &made, subnet);
    made
}

/// The same, with an id that is given.
pub(super) fn subnet_called(ec2: &mut Ec2, ids: &mut Ids, made: &str, mut subnet: Subnet) {
    let made = made.to_owned();
    let attributes = json!({
        "MapPublicIpOnLaunch": subnet.default, "AssignIpv6AddressOnCreation": false, "EnableDns64": false,
        "Ipv6Native": false, "MapCustomerOwnedIpOnLaunch": false,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name", "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
        },
    });
    let wanted = std::mem::take(&mut subnet.attributes);
    subnet.attributes = attributes.as_object().cloned().unwrap_or_default();
    subnet.attributes.extend(wanted);
    let acl = ec2.acls.values_mut().find(|acl| acl.default && acl.vpc == subnet.vpc);
    if let Some(acl) = acl {
        acl.associations.insert(id(ids, "aclassoc"), made.clone());
    }
    ec2.subnets.insert(made, subnet);
}

fn acl_entries(v6: bool) -> Vec<Value> {
    let mut entries = Vec::new();
    for egress in [true, false] {
        let families = [Some(("CidrBlock", "0.0.0.0/0", 0)), v6.then_some(("Ipv6CidrBlock", "::/0", 1))];
        for (action, number) in [("allow", 100), ("deny", 32767)] {
            for (member, range, more) in families.into_iter().flatten() {
                let number = number + more;
                let mut entry =
                    json!({ "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": number });
                entry[member] = range.into();
                entries.push(entry);
            }
        }
    }
    entries
}

/// The domain of private names in a region.
pub(super) fn internal_domain(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}

/// The ids of the lists of S3, DynamoDB and CloudFront where they are well known: people write them into their configurations.
const PUBLISHED: [(&str, [&str; 3]); 6] = [
    ("us-east-1", ["63a5400a", "02cd2c6b", "3b927c52"]),
    ("us-east-2", ["7ba54012", "4ca54025", "b6a144df"]),
    ("us-west-2", ["68a54001", "00a54069", "82a045eb"]),
    ("eu-west-1", ["6da54004", "6fa54006", "4fa04526"]),
    ("eu-central-1", ["6ea54007", "66a5400f", "a3a144ca"]),
    ("ap-southeast-2", ["6ca54005", "62a5400b", "b8a742d1"]),
];

/// Amazon's prefix lists, whose ids are the same in every account of a region.
fn amazons(region: &str) -> BTreeMap<String, PrefixList> {
    let mut ids =
        Ids::new(region.bytes().fold(17, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))));
    let regional = |name: &str| format!("com.amazonaws.{region}.{name}");
    let global = |name: &str| format!("com.amazonaws.global.{name}");
    let lists: [(String, &str, &[&str]); 7] = [
        (regional("s3"), "IPv4", &["3.5.0.0/19", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
        (regional("dynamodb"), "IPv4", &["3.218.180.0/22", "35.71.64.0/22", "52.94.0.0/22"]),
        (regional("ec2-instance-connect"), "IPv4", &["18.206.107.24/29"]),
        (regional("vpc-lattice"), "IPv4", &["169.254.171.0/24"]),
        (regional("ipv6.vpc-lattice"), "IPv6", &["fd00:ec2:80::/64"]),
        (global("cloudfront.origin-facing"), "IPv4", &["13.124.199.0/24", "64.252.64.0/18", "130.176.0.0/17"]),
        (global("groundstation"), "IPv4", &["3.2.16.0/20"]),
    ];
    let known = PUBLISHED.iter().find(|(known, _)| *known == region).map(|(_, ids)| *ids);
    let id = |name: &str| {
        let [s3, dynamodb, cloudfront] = known?;
        let name = name.rsplit('.').next()?;
        [("s3", s3), ("dynamodb", dynamodb), ("origin-facing", cloudfront)].into_iter().find(|(last, _)| *last == name)
    };
    let made = lists.into_iter().map(|(name, family, ranges)| {
        let made_up = ids.hex(8);
        let id = id(&name).map_or(made_up, |(_, id)| id.to_owned());
        let entries = ranges.iter().map(|range| ((*range).to_owned(), None)).collect();
        let list = PrefixList {
            name,
            aws: true,
            family: family.to_owned(),
            state: "create-complete".to_owned(),
            max: None,
            versions: vec![entries],
        };
        (format!("pl-{id}"), list)
    });
    made.collect()
}

/// Members of a map from a document.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
