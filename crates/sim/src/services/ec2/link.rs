//! What other services ask of EC2: subnets, security groups, and network interfaces of their load balancers, tasks, databases.

use serde::{Deserialize, Serialize};

use super::Ec2;
use crate::call::Refusal;
use crate::world::{Ids, Moment, Place, Region, World};

/// A region's network as it is on the first day: the default VPC with three subnets in three zones, its internet gateway,
/// main route table, network ACL and default security group.
pub fn fresh(_ids: &mut Ids, _place: &Place, _now: Moment) -> Ec2 {
    Ec2::default()
}

/// What others need to know of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetFacts {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its zone, such as `us-east-1a`.
    pub zone: String,
    /// Its IPv4 range.
    pub cidr: String,
    /// How many addresses are free.
    pub free: usize,
}

/// The subnet of that id.
pub fn subnet(_region: &Region, _id: &str) -> Option<SubnetFacts> {
    None
}

/// The VPC of a security group; none if there is no such group.
pub fn group_vpc(_region: &Region, _group: &str) -> Option<String> {
    None
}

/// The default security group of a VPC.
pub fn default_group(_region: &Region, _vpc: &str) -> Option<String> {
    None
}

/// The default VPC.
pub fn default_vpc(_region: &Region) -> Option<String> {
    None
}

/// Whether there is such a VPC.
pub fn vpc_exists(_region: &Region, _vpc: &str) -> bool {
    false
}

/// The zones of a region.
pub fn zones(_place: &Place) -> Vec<String> {
    Vec::new()
}

/// A network interface that a service wants.
#[derive(Clone, Debug)]
pub struct NewInterface {
    /// Where.
    pub subnet: String,
    /// Its security groups; the VPC's default group if there are none.
    pub groups: Vec<String>,
    /// `ELB app/web/…`, `arn:aws:ecs:…:attachment/…`, `RDSNetworkInterface`.
    pub description: String,
    /// `amazon-elb`, `amazon-rds`, or the account for ECS.
    pub requester: String,
    /// Whether it gets a public address.
    pub public: bool,
}

/// A network interface that a service got.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attached {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: String,
    /// Its zone.
    pub zone: String,
    /// Its private address.
    pub private_ip: String,
    /// Its public address, if it has one.
    pub public_ip: Option<String>,
    /// Its hardware address.
    pub mac: String,
    /// Its private DNS name.
    pub private_dns: String,
}

/// Makes an interface that is in use at once. While it exists its groups and its subnet cannot be deleted.
///
/// # Errors
/// If the subnet or a group is not there, or the subnet has no free address.
pub fn attach(_world: &mut World, _place: &Place, wanted: NewInterface) -> Result<Attached, Refusal> {
    Err(Refusal::new("InvalidSubnetID.NotFound", format!("The subnet ID '{}' does not exist", wanted.subnet)))
}

/// Removes an interface at once. Services call it some time after their owner of the interface is gone.
pub fn release(_world: &mut World, _place: &Place, _id: &str) {}

/// Gives an interface other groups.
pub fn regroup(_world: &mut World, _place: &Place, _id: &str, _groups: &[String]) {}
