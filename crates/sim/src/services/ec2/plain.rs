//! What can only be looked at: network ACLs and DHCP options as every network has them, and instances, of which there are none.

use serde_json::{Value, json};

use super::describe::{self, Filters, View};
use super::state::{Acl, Ec2};
use super::{kinds, operations, state, tagging};
use crate::call::{Call, Input, Reply, Table};

/// The operations.
pub const OPERATIONS: Table = operations![
    "DescribeNetworkAcls" => acls,
    "DescribeDhcpOptions" => dhcp,
    "DescribeInstances" => instances,
];

const ACL_FILTERS: Filters = &[
    ("association.association-id", "Associations.NetworkAclAssociationId"),
    ("association.network-acl-id", "Associations.NetworkAclId"),
    ("association.subnet-id", "Associations.SubnetId"),
    ("default", "IsDefault"),
    ("entry.cidr", "Entries.CidrBlock"),
    ("entry.icmp.code", "Entries.IcmpTypeCode.Code"),
    ("entry.icmp.type", "Entries.IcmpTypeCode.Type"),
    ("entry.ipv6-cidr", "Entries.Ipv6CidrBlock"),
    ("entry.port-range.from", "Entries.PortRange.From"),
    ("entry.port-range.to", "Entries.PortRange.To"),
    ("entry.protocol", "Entries.Protocol"),
    ("entry.rule-action", "Entries.RuleAction"),
    ("entry.egress", "Entries.Egress"),
    ("entry.rule-number", "Entries.RuleNumber"),
    ("network-acl-id", "NetworkAclId"),
    ("owner-id", "OwnerId"),
    ("vpc-id", "VpcId"),
    ("tag-key", ""),
];
const DHCP_FILTERS: Filters = &[
    ("dhcp-options-id", "DhcpOptionsId"),
    ("key", "DhcpConfigurations.Key"),
    ("value", "DhcpConfigurations.Values.Value"),
    ("owner-id", "OwnerId"),
    ("tag-key", ""),
];
/// With no instances these decide nothing but whether a name is known.
const INSTANCE_FILTERS: Filters = &[
    ("architecture", ""),
    ("availability-zone", ""),
    ("dns-name", ""),
    ("iam-instance-profile.arn", ""),
    ("image-id", ""),
    ("instance-id", ""),
    ("instance-lifecycle", ""),
    ("instance-state-code", ""),
    ("instance-state-name", ""),
    ("instance-type", ""),
    ("instance.group-id", ""),
    ("instance.group-name", ""),
    ("ip-address", ""),
    ("key-name", ""),
    ("launch-time", ""),
    ("network-interface.group-id", ""),
    ("network-interface.network-interface-id", ""),
    ("network-interface.subnet-id", ""),
    ("network-interface.vpc-id", ""),
    ("owner-id", ""),
    ("platform", ""),
    ("private-dns-name", ""),
    ("private-ip-address", ""),
    ("requester-id", ""),
    ("reservation-id", ""),
    ("subnet-id", ""),
    ("tenancy", ""),
    ("vpc-id", ""),
    ("tag-key", ""),
];

fn acl(ec2: &Ec2, id: &str, acl: &Acl) -> Value {
    let associations = acl.associations.iter().map(|(association, subnet)| {
        json!({ "NetworkAclAssociationId": association, "NetworkAclId": id, "SubnetId": subnet })
    });
    json!({
        "NetworkAclId": id, "VpcId": acl.vpc, "OwnerId": ec2.account, "IsDefault": acl.default, "Entries": acl.entries,
        "Associations": associations.collect::<Vec<_>>(), "Tags": tagging::of(ec2, id),
    })
}

fn acls(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.acls.iter().map(|(id, one)| acl(ec2, id, one)).collect();
    let ids = ("NetworkAclIds", "NetworkAclId");
    describe::answer(input, &View { list: "NetworkAcls", ids, kind: &kinds::ACL, filters: ACL_FILTERS }, items)
}

fn dhcp(call: &mut Call<'_>, input: &Input) -> Reply {
    let ec2 = state(call);
    let items = ec2.dhcp.iter().map(|(id, options)| {
        let mut options = options.clone();
        options["Tags"] = tagging::of(ec2, id);
        options
    });
    let items = items.collect();
    let ids = ("DhcpOptionsIds", "DhcpOptionsId");
    describe::answer(input, &View { list: "DhcpOptions", ids, kind: &kinds::DHCP, filters: DHCP_FILTERS }, items)
}

fn instances(_call: &mut Call<'_>, input: &Input) -> Reply {
    let ids = ("InstanceIds", "InstanceId");
    let view = View { list: "Reservations", ids, kind: &kinds::INSTANCE, filters: INSTANCE_FILTERS };
    describe::answer(input, &view, Vec::new())
}
