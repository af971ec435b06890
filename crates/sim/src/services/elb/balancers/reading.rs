//! How a load balancer reads back.

use serde_json::{Map, Value, json};

use super::super::state::{Balancer, Kind, Zone};

/// The zones of a load balancer.
pub(super) fn zones(balancer: &Balancer) -> Vec<Value> {
    let zone = |zone: &Zone| json!({ "ZoneName": zone.name, "SubnetId": zone.subnet, "LoadBalancerAddresses": zone.addresses });
    balancer.zones.iter().map(zone).collect()
}

/// A load balancer, as Describe and Create show it.
pub(in crate::services::elb) fn document(balancer: &Balancer) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("LoadBalancerArn", balancer.arn.clone().into());
    if balancer.kind != Kind::Gateway {
        put("DNSName", balancer.dns_name.clone().into());
        put("CanonicalHostedZoneId", balancer.zone_id.clone().into());
        put("Scheme", if balancer.internal { "internal" } else { "internet-facing" }.into());
    }
    put("CreatedTime", balancer.created.value());
    put("LoadBalancerName", balancer.name.clone().into());
    put("VpcId", balancer.vpc.clone().into());
    put("State", json!({ "Code": if balancer.active { "active" } else { "provisioning" } }));
    put("Type", balancer.kind.name().into());
    put("AvailabilityZones", zones(balancer).into());
    if let Some(groups) = &balancer.security_groups {
        put("SecurityGroups", groups.clone().into());
    }
    put("IpAddressType", balancer.ip_address_type.clone().into());
    if let Some(value) = &balancer.source_nat {
        put("EnablePrefixForIpv6SourceNat", value.clone().into());
    }
    if let Some(value) = &balancer.private_link_rules {
        put("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", value.clone().into());
    }
    if let Some(pool) = &balancer.ipam_pool {
        put("IpamPools", json!({ "Ipv4IpamPoolId": pool }));
    }
    Value::Object(document)
}
