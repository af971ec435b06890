//! What can only be looked at: network ACLs and DHCP options as every network has them; instances and images, of which there
//! are none.

use serde_json::{Value, json};

use super::describe::{self, Filters, View};
use super::kinds::Kind;
use super::state::{Acl, Ec2};
use super::{invalid, kinds, operations, state, tagging};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = operations![
    "DescribeNetworkAcls" => acls,
    "DescribeDhcpOptions" => dhcp,
    "DescribeImages" => images,
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
/// The names of the filters of instances. With no instances they decide nothing.
const INSTANCE_FILTERS: &str = "affinity architecture availability-zone availability-zone-id block-device-mapping.attach-time \
     block-device-mapping.delete-on-termination block-device-mapping.device-name block-device-mapping.status \
     block-device-mapping.volume-id boot-mode capacity-reservation-id \
     capacity-reservation-specification.capacity-reservation-preference \
     capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id \
     capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn \
     client-token current-instance-boot-mode dns-name ebs-optimized ena-support enclave-options.enabled \
     hibernation-options.configured host-id hypervisor iam-instance-profile.arn iam-instance-profile.id image-id \
     instance-id instance-lifecycle instance-state-code instance-state-name instance-type instance.group-id \
     instance.group-name ip-address ipv6-address kernel-id key-name launch-index launch-time \
     maintenance-options.auto-recovery metadata-options.http-endpoint metadata-options.http-protocol-ipv4 \
     metadata-options.http-protocol-ipv6 metadata-options.http-put-response-hop-limit metadata-options.http-tokens \
     metadata-options.instance-metadata-tags metadata-options.state monitoring-state \
     network-interface.addresses.association.allocation-id network-interface.addresses.association.association-id \
     network-interface.addresses.association.carrier-ip network-interface.addresses.association.customer-owned-ip \
     network-interface.addresses.association.ip-owner-id network-interface.addresses.association.public-dns-name \
     network-interface.addresses.association.public-ip network-interface.addresses.primary \
     network-interface.addresses.private-dns-name network-interface.addresses.private-ip-address \
     network-interface.association.allocation-id network-interface.association.association-id \
     network-interface.association.carrier-ip network-interface.association.customer-owned-ip \
     network-interface.association.ip-owner-id network-interface.association.public-dns-name \
     network-interface.association.public-ip network-interface.attachment.attach-time \
     network-interface.attachment.attachment-id network-interface.attachment.delete-on-termination \
     network-interface.attachment.device-index network-interface.attachment.instance-id \
     network-interface.attachment.instance-owner-id network-interface.attachment.network-card-index \
     network-interface.attachment.status network-interface.availability-zone network-interface.deny-all-igw-traffic \
     network-interface.description network-interface.group-id network-interface.group-name \
     network-interface.ipv4-prefixes.ipv4-prefix network-interface.ipv6-address \
     network-interface.ipv6-addresses.ipv6-address network-interface.ipv6-addresses.is-primary-ipv6 \
     network-interface.ipv6-native network-interface.ipv6-prefixes.ipv6-prefix network-interface.mac-address \
     network-interface.network-interface-id network-interface.operator.managed network-interface.operator.principal \
     network-interface.outpost-arn network-interface.owner-id network-interface.private-dns-name \
     network-interface.private-ip-address network-interface.public-dns-name network-interface.requester-id \
     network-interface.requester-managed network-interface.status network-interface.source-dest-check \
     network-interface.subnet-id network-interface.tag-key network-interface.tag-value network-interface.vpc-id \
     network-performance-options.bandwidth-weighting operator.managed operator.principal outpost-arn owner-id \
     placement-group-name placement-partition-number platform platform-details private-dns-name \
     private-dns-name-options.enable-resource-name-dns-a-record \
     private-dns-name-options.enable-resource-name-dns-aaaa-record private-dns-name-options.hostname-type \
     private-ip-address product-code product-code.type ramdisk-id reason requester-id reservation-id root-device-name \
     root-device-type source-dest-check spot-instance-request-id state-reason-code state-reason-message subnet-id \
     tenancy tpm-support usage-operation usage-operation-update-time virtualization-type vpc-id";

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
    let known = |name: &str| {
        name.starts_with("tag:") || name == "tag-key" || INSTANCE_FILTERS.split(' ').any(|one| one == name)
    };
    let mut names = input.list("Filters").iter().map(|filter| filter.text("Name").unwrap_or("null"));
    if let Some(name) = names.find(|name| !known(name)) {
        return Err(invalid(format!("The filter '{name}' is invalid")));
    }
    let ids = input.texts("InstanceIds");
    if !ids.is_empty() && input.has("MaxResults") {
        let text = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(Refusal::new("InvalidParameterCombination", text));
    }
    none_of(input, "Reservations", &ids, &kinds::INSTANCE, |ids| format!("The instance IDs '{ids}' do not exist"))
}

fn images(_call: &mut Call<'_>, input: &Input) -> Reply {
    let ids = input.texts("ImageIds");
    none_of(input, "Images", &ids, &kinds::IMAGE, |ids| format!("The image ids '[{ids}]' do not exist"))
}

/// The empty list of what there is none of, or the refusal of the ids that are asked for; several are told together.
fn none_of(input: &Input, list: &str, ids: &[String], kind: &Kind, several: fn(&str) -> String) -> Reply {
    if let Some(bad) = ids.iter().find(|id| !kind.fits(id)) {
        return Err(kind.missing(bad));
    }
    match ids {
        [] => describe::page(input, list, Vec::new(), |_| String::new()),
        [one] => Err(kind.missing(one)),
        [first, ..] => Err(Refusal { message: several(&ids.join(", ")), ..kind.missing(first) }),
    }
}
