//! Who comes in from outside, as security groups tell: everybody, address ranges and groups of others, which are boxes of their own, and
//! services of the stack. Knows no lines.

use std::collections::BTreeMap;

use evenkeel_core::doc::Text;
use evenkeel_stack::model::{Listener, LoadBalancer, Service, Stack};
use evenkeel_stack::reach::{self, Entrant, Port, Way};

use super::boxes::part;
use super::{Part, Shape};
use crate::kinds;

/// The box of everybody.
pub(super) const INTERNET: &str = "internet";
/// The box of those who are in the VPC.
pub(super) const INSIDE: &str = "inside";

/// The boxes of those who are outside, as they are found.
pub(super) struct Entrances<'s> {
    stack: &'s Stack,
    boxes: BTreeMap<String, Part>,
}

impl<'s> Entrances<'s> {
    /// None yet.
    pub(super) fn new(stack: &'s Stack) -> Self {
        Self { stack, boxes: BTreeMap::new() }
    }

    /// Those that were found.
    pub(super) fn boxes(self) -> Vec<Part> {
        self.boxes.into_values().collect()
    }

    /// Who comes to a load balancer: the box, the ports, and whether the security groups let them in.
    pub(super) fn of_balancer(&mut self, balancer: &LoadBalancer) -> Vec<(String, Vec<String>, Way)> {
        let public = balancer.scheme == "internet-facing";
        // One that takes TCP and UDP is drawn by TCP.
        let port = |listener: &Listener| (listener.port, listener.transports().first().copied().unwrap_or("tcp"));
        let mut ports: Vec<(u16, &str)> = balancer.listeners.values().map(port).collect();
        ports.sort_unstable();
        ports.dedup();
        let everybody = if public { Entrant::Anywhere } else { Entrant::Other(String::new()) };
        let mut found: Vec<(Entrant, Vec<u16>, Way)> = Vec::new();
        let mut add = |who: Entrant, port: u16, way: Way| {
            let way_is = |known: &Way| matches!(known, Way::Closed(_)) == matches!(way, Way::Closed(_));
            match found.iter_mut().find(|(known, _, way)| *known == who && way_is(way)) {
                Some((_, ports, _)) => ports.push(port),
                None => found.push((who, vec![port], way)),
            }
        };
        let names = reach::named(self.stack, &balancer.security_groups);
        for (port, protocol) in ports {
            let asked = Port { number: port, protocol };
            let (entrants, complete) = reach::entrants(self.stack, &balancer.security_groups, asked);
            if entrants.is_empty() {
                let nobody = Way::Closed(format!("security group {names} admits nobody on {port}"));
                add(everybody.clone(), port, if complete { nobody } else { Way::Unknown });
            }
            for who in entrants {
                let who = if who == Entrant::Anywhere { everybody.clone() } else { who };
                let way = match &who {
                    Entrant::Group(group) if self.members(group).is_empty() => continue,
                    Entrant::Group(group) => Way::Open(format!("security group {names} admits {group}")),
                    Entrant::Other(range) if !range.is_empty() => {
                        Way::Open(format!("security group {names} admits {range}"))
                    }
                    Entrant::Anywhere | Entrant::Other(_) => {
                        Way::Open(format!("security group {names} admits everybody"))
                    }
                };
                add(who, port, way);
            }
        }
        let text = |ports: Vec<u16>| ports.iter().map(u16::to_string).collect::<Vec<_>>();
        let found = self.together(found);
        let boxes = found.into_iter().flat_map(|(who, ports, way)| {
            let ids = match who {
                Who::Outside(ranges) => vec![self.outsider(&ranges)],
                Who::Services(group) => self.members(&group),
            };
            ids.into_iter().map(move |id| (id, text(ports.clone()), way.clone()))
        });
        boxes.collect::<Vec<_>>()
    }

    /// Ranges with the same ports are one box.
    fn together(&self, found: Vec<(Entrant, Vec<u16>, Way)>) -> Vec<(Who, Vec<u16>, Way)> {
        let mut out: Vec<(Who, Vec<u16>, Way)> = Vec::new();
        for (who, ports, way) in found {
            let range = match who {
                Entrant::Group(group) => {
                    out.push((Who::Services(group), ports, way));
                    continue;
                }
                Entrant::Anywhere => INTERNET.to_owned(),
                Entrant::Other(range) if range.is_empty() => INSIDE.to_owned(),
                Entrant::Other(range) => range,
            };
            let alone = [INTERNET, INSIDE].contains(&range.as_str());
            let fits = |known: &&mut (Who, Vec<u16>, Way)| match &known.0 {
                Who::Outside(ranges) => {
                    !alone && known.1 == ports && !ranges.iter().any(|one| [INTERNET, INSIDE].contains(&one.as_str()))
                }
                Who::Services(_) => false,
            };
            match out.iter_mut().find(fits) {
                Some((Who::Outside(ranges), ..)) => ranges.push(range),
                Some(_) | None => out.push((Who::Outside(vec![range]), ports, way)),
            }
        }
        out
    }

    /// The box of those who come from outside.
    pub(super) fn outsider(&mut self, ranges: &[String]) -> String {
        let (id, title, what, details) = match ranges {
            [one] if one == INTERNET => (INTERNET.to_owned(), "internet".to_owned(), "everybody", Vec::new()),
            [one] if one == INSIDE => (INSIDE.to_owned(), "the VPC".to_owned(), "whoever is in it", Vec::new()),
            [one] => (format!("outside:{one}"), one.clone(), "from outside the stack", Vec::new()),
            many => (
                format!("outside:{}", many.join("+")),
                format!("{} sources", many.len()),
                "from outside the stack",
                many.to_vec(),
            ),
        };
        let make = || part(Shape::Outside, &id, &title, what, None, details);
        self.boxes.entry(id.clone()).or_insert_with(make);
        id
    }

    /// The boxes of the services that have a security group.
    pub(super) fn members(&self, group: &str) -> Vec<String> {
        let has = |service: &Service| service.awsvpc && service.security_groups.iter().any(|text| is(text, group));
        let all = self.stack.services.iter().filter(|(_, service)| has(service));
        all.map(|(name, _)| kinds::service::id(name).to_string()).collect()
    }
}

/// Who comes in.
enum Who {
    /// Those of these ranges.
    Outside(Vec<String>),
    /// Services with this security group.
    Services(String),
}

fn is(text: &Text, group: &str) -> bool {
    matches!(text, Text::From(from) if from.node.kind() == "security_group" && from.node.name() == group)
}
