//! The lines of a picture: who reaches whom, on which port, and which security group opens it. Each file section that leads somewhere
//! has one function. Lines only join boxes that are there.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc::Text;
use evenkeel_stack::model::{LoadBalancer, Service, Stack};

use super::boxes::{self, containers, part};
use super::routes;
use super::uses::{Used, entries, task};
use super::{Edge, Flow, Part, Shape};
use crate::kinds;
use evenkeel_stack::reach::{self, Entrant, Port, Way};

/// The box of everybody.
pub(super) const INTERNET: &str = "internet";
/// The box of those who are in the VPC.
const INSIDE: &str = "inside";

/// The lines, and the boxes of those who are outside.
pub(super) struct Lines<'s> {
    stack: &'s Stack,
    edges: Vec<Edge>,
    outside: BTreeMap<String, Part>,
}

impl<'s> Lines<'s> {
    /// All lines of a stack.
    pub(super) fn of(stack: &'s Stack, used: &BTreeMap<BTreeSet<String>, Vec<Used>>) -> (Vec<Edge>, Vec<Part>) {
        let mut lines = Self { stack, edges: Vec::new(), outside: BTreeMap::new() };
        lines.load_balancers();
        lines.target_groups();
        lines.services();
        super::mesh::lines(stack, &mut lines.edges);
        lines.databases();
        for users in used.keys() {
            let id = boxes::values_id(users);
            lines.edges.extend(users.iter().map(|user| Edge::new(user, &id, Flow::Fetch)));
        }
        lines.images();
        (lines.edges, lines.outside.into_values().collect())
    }

    /// From outside through names to listeners.
    fn load_balancers(&mut self) {
        let stack = self.stack;
        for (name, balancer) in &stack.load_balancers {
            let id = kinds::load_balancer::id(name).to_string();
            let zones: Vec<String> = stack
                .dns
                .iter()
                .filter(|zone| zone.records.iter().any(|record| boxes::targets(&record.data).contains(name)))
                .map(|zone| kinds::records::id(&zone.name).to_string())
                .collect();
            for (who, ports, way) in self.fronts(balancer) {
                let label = [routes::cut(ports).join(", ")];
                if zones.is_empty() || who.starts_with("service.") {
                    self.edges.push(with(Edge::new(&who, &id, Flow::Traffic).label(label), way));
                    continue;
                }
                for zone in &zones {
                    self.join(Edge::new(&who, zone, Flow::Traffic));
                    self.join(with(Edge::new(zone, &id, Flow::Traffic).label(label.clone()), way.clone()));
                }
            }
        }
    }

    /// A line that may be there already; two ways between the same boxes are told on one line.
    fn join(&mut self, edge: Edge) {
        let same = |known: &&mut Edge| (&known.from, &known.to, known.flow) == (&edge.from, &edge.to, edge.flow);
        match self.edges.iter_mut().find(same) {
            Some(known) => {
                known.label.extend(edge.label.into_iter().filter(|line| !line.is_empty()));
                known.label.dedup();
                known.closed = known.closed.take().or(edge.closed);
                known.open = known.open.take().or(edge.open);
            }
            None => self.edges.push(edge),
        }
    }

    /// Who comes to a load balancer: the box, the ports, and whether the security groups let them in.
    fn fronts(&mut self, balancer: &LoadBalancer) -> Vec<(String, Vec<String>, Way)> {
        let public = balancer.scheme == "internet-facing";
        let mut ports: Vec<u16> = balancer.listeners.values().map(|listener| listener.port).collect();
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
        for port in ports {
            let (entrants, complete) = reach::entrants(self.stack, &balancer.security_groups, Port::tcp(port));
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
    fn outsider(&mut self, ranges: &[String]) -> String {
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
        self.outside.entry(id.clone()).or_insert_with(make);
        id
    }

    /// The boxes of the services that have a security group.
    fn members(&self, group: &str) -> Vec<String> {
        let has = |service: &Service| service.awsvpc && service.security_groups.iter().any(|text| is(text, group));
        let all = self.stack.services.iter().filter(|(_, service)| has(service));
        all.map(|(name, _)| kinds::service::id(name).to_string()).collect()
    }

    /// From load balancers to target groups, and on to services.
    fn target_groups(&mut self) {
        for (name, balancer) in &self.stack.load_balancers {
            let id = kinds::load_balancer::id(name);
            for (target, label) in routes::forwards(balancer) {
                let target = kinds::target_group::id(&target);
                self.edges.push(Edge::new(id.to_string(), target.to_string(), Flow::Traffic).label(label));
            }
        }
        for (name, service) in &self.stack.services {
            let id = kinds::service::id(name).to_string();
            for target in &service.load_balancers {
                let label = [target.port.to_string()];
                let Some(entry) = &target.entry else { continue };
                let way = self.behind(entry, service, target.port);
                let from = kinds::target_group::id(entry).to_string();
                self.edges.push(with(Edge::new(from, &id, Flow::Traffic).label(label), way));
            }
        }
    }

    /// Whether the load balancers of a target group reach the tasks that are registered in it.
    fn behind(&self, entry: &str, service: &Service, port: u16) -> Way {
        let check = self.stack.target_groups.get(entry).and_then(|group| group.health_check.port.parse().ok());
        let ports: BTreeSet<u16> = [port].into_iter().chain(check).collect();
        let mut found = Way::Unknown;
        for balancer in self.stack.load_balancers.values() {
            if !service.awsvpc || !routes::forwards(balancer).iter().any(|(target, _)| target == entry) {
                continue;
            }
            for port in &ports {
                let (from, to) = (&balancer.security_groups, &service.security_groups);
                match reach::between(self.stack, from, to, Port::tcp(*port)) {
                    Way::Closed(why) => return Way::Closed(why),
                    Way::Open(words) => found = Way::Open(words),
                    Way::Unknown => {}
                }
            }
        }
        found
    }

    /// From outside to the tasks themselves, where a security group lets anybody in.
    fn services(&mut self) {
        let stack = self.stack;
        for (name, service) in stack.services.iter().filter(|(_, service)| service.awsvpc) {
            let id = kinds::service::id(name).to_string();
            let ports = task(service).into_iter().flat_map(containers).flat_map(|container| container.ports);
            for (number, protocol, _) in ports {
                let port = Port { number, protocol: &protocol };
                let (entrants, _) = reach::entrants(stack, &service.security_groups, port);
                let ranges: Vec<String> = entrants
                    .into_iter()
                    .filter_map(|who| match who {
                        Entrant::Anywhere => Some(if service.assign_public_ip { INTERNET } else { INSIDE }.to_owned()),
                        Entrant::Other(range) => Some(range),
                        Entrant::Group(_) => None,
                    })
                    .collect();
                if !ranges.is_empty() {
                    let who = self.outsider(&ranges);
                    let group = reach::named(stack, &service.security_groups);
                    let way = Way::Open(format!("security group {group} admits it"));
                    self.join(with(Edge::new(who, &id, Flow::Traffic).label([number.to_string()]), way));
                }
            }
        }
    }

    /// From services to the databases that they are told of, or that let them in.
    fn databases(&mut self) {
        let stack = self.stack;
        for (name, database) in &stack.databases {
            let id = kinds::database::id(name).to_string();
            let port = Port::tcp(database.port);
            let (entrants, _) = reach::entrants(stack, &database.security_groups, port);
            let mut linked = false;
            for (service, it) in &stack.services {
                if !task(it).is_some_and(|document| entries(document, "database").contains(name)) {
                    continue;
                }
                linked = true;
                let way = if it.awsvpc {
                    reach::between(stack, &it.security_groups, &database.security_groups, port)
                } else {
                    Way::Unknown
                };
                let from = kinds::service::id(service).to_string();
                self.edges.push(with(Edge::new(from, &id, Flow::Traffic).label([port.number.to_string()]), way));
            }
            for who in entrants {
                let (from, words) = match who {
                    Entrant::Group(group) if !linked => (self.members(&group), group),
                    Entrant::Group(_) => continue,
                    Entrant::Anywhere if database.public => {
                        (vec![self.outsider(&[INTERNET.to_owned()])], "everybody".to_owned())
                    }
                    Entrant::Anywhere => (vec![self.outsider(&[INSIDE.to_owned()])], "everybody".to_owned()),
                    Entrant::Other(range) => (vec![self.outsider(std::slice::from_ref(&range))], range),
                };
                let group = reach::named(stack, &database.security_groups);
                let way = Way::Open(format!("security group {group} admits {words}"));
                for from in from {
                    let edge = Edge::new(from, &id, Flow::Traffic).label([port.number.to_string()]);
                    self.join(with(edge, way.clone()));
                }
            }
        }
    }

    /// From services to the repositories of their images.
    fn images(&mut self) {
        for (name, service) in &self.stack.services {
            let repositories = task(service).map(|document| entries(document, "repository")).unwrap_or_default();
            for repository in repositories {
                let (from, to) = (kinds::service::id(name), format!("repository.{repository}"));
                self.edges.push(Edge::new(from.to_string(), to, Flow::Fetch).label(["image".to_owned()]));
            }
        }
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

/// A line with what is known of its way.
pub(super) fn with(mut edge: Edge, way: Way) -> Edge {
    match way {
        Way::Open(words) => edge.open = Some(words),
        Way::Closed(words) => edge.closed = Some(words),
        Way::Unknown => {}
    }
    edge
}
