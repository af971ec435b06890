//! The lines of a picture: who reaches whom, on which port, and which security group opens it. Each file section that leads somewhere
//! has one function. Lines only join boxes that are there.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_stack::model::{Service, Stack};

use super::boxes::{self, containers};
use super::entrances::{Entrances, INSIDE, INTERNET};
use super::routes;
use super::uses::{Used, entries, task};
use super::{Edge, Flow, Part};
use crate::kinds;
use evenkeel_stack::reach::{self, Entrant, Port, Way};

/// The lines, and the boxes of those who are outside.
pub(super) struct Lines<'s> {
    stack: &'s Stack,
    edges: Vec<Edge>,
    outside: Entrances<'s>,
}

impl<'s> Lines<'s> {
    /// All lines of a stack.
    pub(super) fn of(stack: &'s Stack, used: &BTreeMap<BTreeSet<String>, Vec<Used>>) -> (Vec<Edge>, Vec<Part>) {
        let mut lines = Self { stack, edges: Vec::new(), outside: Entrances::new(stack) };
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
        (lines.edges, lines.outside.boxes())
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
            for (who, ports, way) in self.outside.of_balancer(balancer) {
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
            if let Some((ingress, _)) = &service.ingress {
                let from = kinds::gateway::id(&ingress.gateway).to_string();
                self.edges.push(Edge::new(from, &id, Flow::Traffic).label([ingress.port.clone()]));
            }
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
        let Some(group) = self.stack.target_groups.get(entry) else { return Way::Unknown };
        let arrivals = reach::arrivals(group, port);
        let mut found = Way::Unknown;
        for balancer in self.stack.load_balancers.values() {
            if !service.awsvpc || !routes::forwards(balancer).iter().any(|(target, _)| target == entry) {
                continue;
            }
            for (port, keeps) in &arrivals {
                match reach::through(self.stack, (balancer, *keeps), &service.security_groups, *port) {
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
                    let who = self.outside.outsider(&ranges);
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
                    Entrant::Group(group) if !linked => (self.outside.members(&group), group),
                    Entrant::Group(_) => continue,
                    Entrant::Anywhere if database.public => {
                        (vec![self.outside.outsider(&[INTERNET.to_owned()])], "everybody".to_owned())
                    }
                    Entrant::Anywhere => (vec![self.outside.outsider(&[INSIDE.to_owned()])], "everybody".to_owned()),
                    Entrant::Other(range) => (vec![self.outside.outsider(std::slice::from_ref(&range))], range),
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

/// A line with what is known of its way.
pub(super) fn with(mut edge: Edge, way: Way) -> Edge {
    match way {
        Way::Open(words) => edge.open = Some(words),
        Way::Closed(words) => edge.closed = Some(words),
        Way::Unknown => {}
    }
    edge
}
