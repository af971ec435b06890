//! The kinds of resources: what their ids look like, what they are called, and how EC2 says that there is no such thing.
//! Knows the state only to tell whether an id exists.

use super::state::Ec2;
use crate::call::Refusal;

/// One kind of resource.
#[derive(Debug)]
pub(super) struct Kind {
    /// What ids begin with.
    pub prefix: &'static str,
    /// The resource type in tags and ARNs.
    pub resource: &'static str,
    /// The code for an id that nothing has.
    missing: &'static str,
    /// The text for it, with `{}` for the id.
    missing_text: &'static str,
    /// The code for something that is no id.
    malformed: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $prefix:literal $resource:literal $missing:literal $text:literal $malformed:literal;)*) => {
        $(
            #[doc = concat!("`", $prefix, "-…`.")]
            pub(super) const $name: Kind = Kind {
                prefix: $prefix, resource: $resource, missing: $missing, missing_text: $text, malformed: $malformed,
            };
        )*
        const ALL: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    VPC = "vpc" "vpc" "InvalidVpcID.NotFound" "The vpc ID '{}' does not exist" "InvalidVpcId.Malformed";
    SUBNET = "subnet" "subnet" "InvalidSubnetID.NotFound" "The subnet ID '{}' does not exist" "InvalidSubnetID.Malformed";
    GATEWAY = "igw" "internet-gateway" "InvalidInternetGatewayID.NotFound"
        "The internetGateway ID '{}' does not exist" "InvalidInternetGatewayId.Malformed";
    ROUTE_TABLE = "rtb" "route-table" "InvalidRouteTableID.NotFound"
        "The routeTable ID '{}' does not exist" "InvalidRouteTableId.Malformed";
    ACL = "acl" "network-acl" "InvalidNetworkAclID.NotFound"
        "The networkAcl ID '{}' does not exist" "InvalidNetworkAclId.Malformed";
    DHCP = "dopt" "dhcp-options" "InvalidDhcpOptionID.NotFound"
        "The dhcpOption ID '{}' does not exist" "InvalidDhcpOptionsId.Malformed";
    GROUP = "sg" "security-group" "InvalidGroup.NotFound" "The security group '{}' does not exist" "InvalidGroupId.Malformed";
    RULE = "sgr" "security-group-rule" "InvalidSecurityGroupRuleId.NotFound"
        "The security group rule ID '{}' does not exist" "InvalidSecurityGroupRuleId.Malformed";
    INTERFACE = "eni" "network-interface" "InvalidNetworkInterfaceID.NotFound"
        "The networkInterface ID '{}' does not exist" "InvalidNetworkInterfaceId.Malformed";
    ADDRESS = "eipalloc" "elastic-ip" "InvalidAllocationID.NotFound"
        "The allocation ID '{}' does not exist" "InvalidAllocationId.Malformed";
    NAT = "nat" "natgateway" "NatGatewayNotFound" "NAT gateway {} was not found" "NatGatewayMalformed";
    ENDPOINT = "vpce" "vpc-endpoint" "InvalidVpcEndpointId.NotFound"
        "The Vpc Endpoint Id '{}' does not exist" "InvalidVpcEndpointId.Malformed";
    PREFIX_LIST = "pl" "prefix-list" "InvalidPrefixListID.NotFound"
        "The prefix list ID '{}' does not exist" "InvalidPrefixListId.Malformed";
    IMAGE = "ami" "image" "InvalidAMIID.NotFound" "The image id '[{}]' does not exist" "InvalidAMIID.Malformed";
    INSTANCE = "i" "instance" "InvalidInstanceID.NotFound" "The instance ID '{}' does not exist" "InvalidInstanceID.Malformed";
}

impl Kind {
    /// Whether this could be an id: the prefix, then 8 or 17 hexadecimal digits.
    pub(super) fn fits(&self, id: &str) -> bool {
        let rest = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|rest| matches!(rest.len(), 8 | 17) && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// The refusal of an id that nothing has, or that is none.
    pub(super) fn missing(&self, id: &str) -> Refusal {
        if self.fits(id) {
            return Refusal::new(self.missing, self.missing_text.replace("{}", id));
        }
        // Something of another kind is told apart from something that only looks like an id of this one.
        let text = if id.strip_prefix(self.prefix).is_some_and(|rest| rest.starts_with('-')) {
            let text =
                self.missing_text.replace("does not exist", "is malformed").replace("was not found", "is malformed");
            text.replace("group '{}'", "group ID '{}'").replace("{}", id)
        } else {
            format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix)
        };
        Refusal::new(self.malformed, text)
    }
}

/// The kind that such ids belong to.
pub(super) fn of(id: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.fits(id)).copied()
}

/// Whether there is a resource of that id.
pub(super) fn exists(ec2: &Ec2, id: &str) -> bool {
    match of(id).map(|kind| kind.prefix) {
        Some("vpc") => ec2.vpcs.contains_key(id),
        Some("subnet") => ec2.subnets.contains_key(id),
        Some("igw") => ec2.gateways.contains_key(id),
        Some("rtb") => ec2.route_tables.contains_key(id),
        Some("acl") => ec2.acls.contains_key(id),
        Some("dopt") => ec2.dhcp.contains_key(id),
        Some("sg") => ec2.groups.contains_key(id),
        Some("sgr") => ec2.groups.values().any(|group| group.rules.contains_key(id)),
        Some("eni") => ec2.interfaces.contains_key(id),
        Some("eipalloc") => ec2.addresses.contains_key(id),
        Some("nat") => ec2.nats.contains_key(id),
        Some("vpce") => ec2.endpoints.contains_key(id),
        Some("pl") => ec2.prefix_lists.get(id).is_some_and(|list| !list.aws),
        _ => false,
    }
}
