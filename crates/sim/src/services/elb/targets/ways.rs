//! What the health checks of a target come to: whether the packets of its load balancers get there, whether something listens on the
//! port that is checked, and whether that answers. Which packets get where is known by EC2; when a target's state follows, by `health`.

use std::net::IpAddr;

use super::super::attributes;
use super::super::state::{Balancer, Group, Kind, Outcome, Target};
use crate::services::ec2::reach::{self, End, Packet};
use crate::world::Region;

/// What the checks of a target come to as things are now.
pub(super) fn outcome(region: &Region, group: &str, id: &str, port: u16) -> Outcome {
    let found = region.elb.groups.get(group);
    let Some((group, target)) = found.and_then(|group| Some((group, group.targets.get(&(id.to_owned(), port))?)))
    else {
        return Outcome::Timeout;
    };
    let checked = group.check.port.as_deref().and_then(|port| port.parse().ok()).unwrap_or(port);
    if !arrives(region, group, (id, target), checked) {
        return Outcome::Timeout;
    }
    let heard = target.ears.iter().find(|ear| (ear.from..=ear.to).contains(&checked));
    let answers = heard.map_or(target.answers, |ear| ear.answers);
    match answers {
        _ if heard.is_none() && !target.ears.is_empty() => Outcome::Refused,
        true => Outcome::Success,
        false => Outcome::Timeout,
    }
}

/// Whether a packet for a port of a target arrives from every load balancer that checks it. Of functions, of load balancers behind
/// load balancers and of addresses that no interface has, EC2 knows nothing that would stop it.
pub(in crate::services::elb) fn arrives(
    region: &Region,
    group: &Group,
    (id, target): (&str, &Target),
    port: u16,
) -> bool {
    if group.target_type != "ip" {
        return true;
    }
    let (ec2, elb) = (&region.ec2, &region.elb);
    let known = target.interface.as_deref().filter(|id| ec2.interfaces.contains_key(*id));
    let there = match (known, id.parse::<IpAddr>()) {
        (Some(known), _) => Some(End::Interface(known)),
        (None, Ok(address)) => group.vpc.as_deref().and_then(|vpc| reach::at(ec2, vpc, address)).map(End::Interface),
        (None, Err(_)) => None,
    };
    let Some(there) = there else { return true };
    let balancers = elb.balancers_of(&group.arn);
    let active = balancers.iter().filter_map(|arn| elb.balancers.get(arn)).filter(|balancer| balancer.active);
    active.into_iter().all(|balancer| {
        let mut nodes = nodes(balancer, group, target.zone.as_deref()).into_iter();
        nodes.all(|node| reach::way(ec2, End::Interface(node), there, Packet::tcp(port)).is_ok())
    })
}

/// The interfaces from which a load balancer checks a target: all of an application load balancer; of others that in the target's
/// zone, unless they balance across zones.
fn nodes<'b>(balancer: &'b Balancer, group: &Group, zone: Option<&str>) -> Vec<&'b str> {
    let own = |name: &str| attributes::value_of(group, name).filter(|value| value != "use_load_balancer_configuration");
    let across = balancer.attributes.get("load_balancing.cross_zone.enabled").is_some_and(|value| value == "true");
    let across = own("load_balancing.cross_zone.enabled").map_or(across, |value| value == "true");
    let all = balancer.kind == Kind::Application || across;
    let zones = balancer.zones.iter().filter(|one| all || zone.is_none_or(|zone| zone == one.name));
    zones.filter_map(|zone| zone.interface.as_ref().map(|interface| interface.id.as_str())).collect()
}
