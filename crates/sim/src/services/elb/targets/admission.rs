//! Which targets a target group takes: addresses of its VPC or of private networks, running instances, one function, one
//! application load balancer. It asks EC2 where an address lies; what EC2 cannot tell is not held against the target.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::super::arns::invalid;
use super::super::state::{Group, Kind};
use crate::call::{Call, Members, Refusal};
use crate::services;

/// A target that may be registered.
pub(super) struct Admitted {
    pub(super) id: String,
    pub(super) zone: Option<String>,
    pub(super) answers: bool,
}

/// Checks a target of a request.
pub(super) fn check(call: &mut Call<'_>, group: &Group, target: &Value) -> Result<Admitted, Refusal> {
    let id = target.text_or_empty("Id").to_owned();
    match group.target_type.as_str() {
        "ip" => address(call, group, id, target.text("AvailabilityZone")),
        "lambda" if !id.contains(":function:") => Err(invalid(format!("'{id}' is not a valid Lambda function ARN"))),
        "lambda" => Ok(Admitted { id, zone: Some("all".to_owned()), answers: true }),
        "alb" => {
            let balancer = call.region().elb.balancer(&id)?;
            if balancer.kind != Kind::Application {
                let text = format!("The following targets are not application load balancers: '{id}'");
                return Err(Refusal::new("InvalidTarget", text));
            }
            let listening = call.region().elb.listeners_of(&id).iter().any(|listener| listener.port == group.port);
            if !listening {
                let port = group.port.unwrap_or_default();
                let text = format!("The target '{id}' must have a listener on port '{port}'");
                return Err(Refusal::new("InvalidTarget", text));
            }
            Ok(Admitted { id, zone: None, answers: true })
        }
        _ => instance(call, id),
    }
}

fn instance(call: &mut Call<'_>, id: String) -> Result<Admitted, Refusal> {
    let hex = id.strip_prefix("i-").unwrap_or_default();
    if !matches!(hex.len(), 8 | 17) || !hex.chars().all(|letter| letter.is_ascii_hexdigit()) {
        return Err(invalid(format!("Instance ID '{id}' is not valid")));
    }
    let place = call.place.clone();
    let reply = services::call(call.world, &place, "ec2", "DescribeInstances", json!({ "InstanceIds": [id] }));
    if reply.is_ok_and(|reply| !reply.list("Reservations").is_empty()) {
        return Ok(Admitted { id, zone: None, answers: true });
    }
    let text = format!("The following targets are not in a running state and cannot be registered: '{id}'");
    Err(Refusal::new("InvalidTarget", text))
}

/// Networks outside the VPC whose addresses may be targets.
fn is_private(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private() || (first == 100 && (64..128).contains(&second))
}

fn address(call: &mut Call<'_>, group: &Group, id: String, zone: Option<&str>) -> Result<Admitted, Refusal> {
    let family = if group.ip_address_type.as_deref() == Some("ipv6") { "IPv6" } else { "IPv4" };
    let address: Option<IpAddr> = id.parse().ok();
    let Some(address) = address.filter(|address| address.is_ipv4() == (family == "IPv4")) else {
        return Err(invalid(format!("The IP address '{id}' is not a valid {family} address")));
    };
    let place = call.place.clone();
    let vpc = group.vpc.clone().unwrap_or_default();
    let filter = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
    let Ok(subnets) = services::call(call.world, &place, "ec2", "DescribeSubnets", filter) else {
        return Ok(Admitted { id, zone: zone.map(str::to_owned), answers: false });
    };
    let within = |cidr: &str| cidr.parse::<IpNet>().is_ok_and(|network| network.contains(&address));
    let own = subnets.list("Subnets").iter().find(|subnet| within(subnet.text_or_empty("CidrBlock")));
    if let Some(subnet) = own {
        let filter = json!({ "Filters": [{ "Name": "addresses.private-ip-address", "Values": [id] }] });
        let found = services::call(call.world, &place, "ec2", "DescribeNetworkInterfaces", filter);
        let answers = found.is_ok_and(|reply| !reply.list("NetworkInterfaces").is_empty());
        return Ok(Admitted { id, zone: Some(subnet.text_or_empty("AvailabilityZone").to_owned()), answers });
    }
    let vpcs = services::call(call.world, &place, "ec2", "DescribeVpcs", json!({ "VpcIds": [vpc] }));
    let blocks = vpcs.map(|reply| reply.list("Vpcs").to_vec()).unwrap_or_default();
    let inside = blocks.iter().any(|vpc| {
        let more = vpc.list("CidrBlockAssociationSet").iter().any(|block| within(block.text_or_empty("CidrBlock")));
        more || within(vpc.text_or_empty("CidrBlock"))
    });
    let private = matches!(address, IpAddr::V4(address) if is_private(address));
    match (inside, private, zone) {
        (true, _, _) => Ok(Admitted { id, zone: zone.map(str::to_owned), answers: false }),
        (false, true, Some(zone)) => Ok(Admitted { id, zone: Some(zone.to_owned()), answers: false }),
        (false, true, None) => Err(invalid(format!(
            "You must specify an Availability Zone for the IP address '{id}' because it is outside the VPC"
        ))),
        (false, false, _) => Err(invalid(format!(
            "The IP address '{id}' is not within the VPC CIDR block(s) or a supported private range"
        ))),
    }
}
