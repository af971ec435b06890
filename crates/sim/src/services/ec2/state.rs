//! What a region has of EC2, as plain data: networks, security groups with their rules, interfaces, gateways. Knows nothing of
//! requests or of how anything is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::tags::Tags;
use crate::world::Moment;

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ec2 {
    /// The account, for owners and ARNs.
    pub account: String,
    /// The region's name.
    pub name: String,
    /// Networks by id.
    pub vpcs: BTreeMap<String, Vpc>,
    /// Subnets by id.
    pub subnets: BTreeMap<String, Subnet>,
    /// Internet gateways by id; the VPC that each is attached to.
    pub gateways: BTreeMap<String, Option<String>>,
    /// Route tables by id.
    pub route_tables: BTreeMap<String, RouteTable>,
    /// Network ACLs by id.
    pub acls: BTreeMap<String, Acl>,
    /// Sets of DHCP options, as they are described.
    pub dhcp: BTreeMap<String, Value>,
    /// Security groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Network interfaces by id.
    pub interfaces: BTreeMap<String, Interface>,
    /// Elastic addresses by allocation id.
    pub addresses: BTreeMap<String, Address>,
    /// NAT gateways by id, as they are described.
    pub nats: BTreeMap<String, Value>,
    /// VPC endpoints by id, as they are described.
    pub endpoints: BTreeMap<String, Value>,
    /// Prefix lists by id.
    pub prefix_lists: BTreeMap<String, PrefixList>,
    /// The tags of anything that has some, by its id.
    pub tags: BTreeMap<String, Tags>,
    /// What was made under a client token: operation and token, and the id.
    pub tokens: BTreeMap<String, String>,
    /// What was asked under a client token: operation and token, and a digest of the request.
    pub asked: BTreeMap<String, String>,
}

/// A range of addresses with the id of its association.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Range {
    /// `vpc-cidr-assoc-…` or `subnet-cidr-assoc-…`.
    pub id: String,
    /// The range.
    pub cidr: String,
}

/// A network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Vpc {
    /// Its IPv4 ranges, the first one first.
    pub ranges: Vec<Range>,
    /// Its IPv6 ranges.
    pub ipv6: Vec<Range>,
    /// Whether it is the default VPC.
    pub default: bool,
    /// Still being made.
    pub pending: bool,
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// Its DHCP options.
    pub dhcp: String,
    /// The attributes that are asked for singly.
    pub attributes: BTreeMap<String, bool>,
}

/// A subnet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Subnet {
    /// Its VPC.
    pub vpc: String,
    /// Its zone.
    pub zone: String,
    /// Its IPv4 range.
    pub cidr: String,
    /// Its IPv6 range.
    pub ipv6: Option<Range>,
    /// Whether it is the default of its zone.
    pub default: bool,
    /// The members that can be modified, as they are described.
    pub attributes: Map<String, Value>,
}

/// A route table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteTable {
    /// Its VPC.
    pub vpc: String,
    /// The association that makes it the main one.
    pub main: Option<String>,
    /// Subnets and gateways by association id.
    pub associations: BTreeMap<String, String>,
    /// Its routes, as they are described.
    pub routes: Vec<Value>,
}

/// A network ACL.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Acl {
    /// Its VPC.
    pub vpc: String,
    /// Whether new subnets get it.
    pub default: bool,
    /// Subnets by association id.
    pub associations: BTreeMap<String, String>,
    /// Its entries, as they are described.
    pub entries: Vec<Value>,
}

/// A security group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its VPC.
    pub vpc: String,
    /// Its rules by id.
    pub rules: BTreeMap<String, Rule>,
    /// The ids of the rules that were added, in that order: lists of ranges keep to it.
    pub order: Vec<String>,
}

impl Group {
    /// Its rules: those that it was made with, then the others as they were added.
    pub fn ordered(&self) -> impl Iterator<Item = &Rule> {
        let first = self.rules.iter().filter(|(id, _)| !self.order.contains(id)).map(|(_, rule)| rule);
        first.chain(self.order.iter().filter_map(|id| self.rules.get(id)))
    }
}

/// One rule: one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Of what goes out.
    pub egress: bool,
    /// What it allows.
    pub traffic: Traffic,
    /// With whom.
    pub peer: Peer,
    /// What somebody wrote about it.
    pub description: Option<String>,
}

/// Protocol and ports. Protocols have their names where EC2 gives them one; without ports both are -1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traffic {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or -1 for all.
    pub protocol: String,
    /// First port, or ICMP type.
    pub from: i64,
    /// Last port, or ICMP code.
    pub to: i64,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// An IPv4 range.
    V4(String),
    /// An IPv6 range.
    V6(String),
    /// A prefix list.
    List(String),
    /// A security group.
    Group(String),
}

/// A network interface.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Interface {
    /// Its subnet.
    pub subnet: String,
    /// Its VPC.
    pub vpc: String,
    /// Its zone.
    pub zone: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Its description.
    pub description: String,
    /// The service or account that made it.
    pub requester: Option<String>,
    /// Whether a service manages it.
    pub managed: bool,
    /// Its addresses, the primary one first.
    pub private: Vec<String>,
    /// Its public address.
    pub public: Option<Public>,
    /// Its hardware address.
    pub mac: String,
    /// `interface`, `nat_gateway`, `vpc_endpoint`, `network_load_balancer`.
    pub kind: String,
    /// Whether traffic for others is dropped.
    pub source_dest_check: bool,
    /// What it is attached to.
    pub attachment: Option<Attachment>,
}

/// A public address of an interface.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Public {
    /// The address.
    pub ip: String,
    /// Whose it is: `amazon`, `amazon-elb`, or the account for an elastic one.
    pub owner: String,
    /// The association of an elastic one.
    pub association: Option<String>,
    /// The allocation of an elastic one.
    pub allocation: Option<String>,
}

/// What an interface is attached to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attachment {
    /// `ela-attach-…` or `eni-attach-…`.
    pub id: String,
    /// Who owns the instance behind it.
    pub owner: String,
    /// Since when.
    pub time: Moment,
}

/// An elastic address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// The address.
    pub ip: String,
    /// The association with an interface, and that interface.
    pub association: Option<(String, String)>,
}

/// A prefix list.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PrefixList {
    /// Its name.
    pub name: String,
    /// Whether it is Amazon's.
    pub aws: bool,
    /// `IPv4` or `IPv6`.
    pub family: String,
    /// `create-complete` and the like.
    pub state: String,
    /// How many entries it may have.
    pub max: Option<i64>,
    /// Entries of each version, the first one first: ranges and their descriptions.
    pub versions: Vec<BTreeMap<String, Option<String>>>,
}
