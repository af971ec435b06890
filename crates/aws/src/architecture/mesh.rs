//! The lines of Service Connect and of discovery by DNS: a service that only calls others leads to the namespace, and the namespace to
//! those that offer something, so that a mesh of many services has as many lines as services. Knows no boxes.

use evenkeel_core::doc;
use evenkeel_stack::model::{Service, Stack};
use serde_json::Value;

use super::boxes::containers;
use super::lines::with;
use super::uses::task;
use super::{Edge, Flow};
use crate::kinds;
use evenkeel_stack::reach::{self, Port, Way};

/// A service in a namespace of Service Connect.
struct Member<'s> {
    id: String,
    service: &'s Service,
    namespace: String,
    offers: Vec<Offer>,
}

/// What it offers.
struct Offer {
    names: Vec<String>,
    port: Option<u16>,
}

/// Adds the lines.
pub(super) fn lines(stack: &Stack, edges: &mut Vec<Edge>) {
    let members: Vec<Member<'_>> = stack.services.iter().filter_map(|(name, it)| member(name, it)).collect();
    for member in &members {
        let others = members.iter().filter(|other| other.namespace == member.namespace && other.id != member.id);
        if member.offers.is_empty() && others.clone().any(|other| !other.offers.is_empty()) {
            let edge = Edge::new(&member.id, &member.namespace, Flow::Traffic);
            edges.push(edge.label(["Service Connect".to_owned()]));
        }
        if member.offers.is_empty() {
            continue;
        }
        let label = member.offers.iter().flat_map(|offer| offer.names.clone());
        let ways = others.flat_map(|other| member.offers.iter().map(|offer| way(stack, other, member, offer)));
        // One client that is kept out is worth more words than all that are let in.
        let (mut known, mut closed) = (Way::Unknown, Vec::new());
        for way in ways {
            match way {
                Way::Closed(why) => closed.push(why),
                Way::Open(_) => known = way,
                Way::Unknown => {}
            }
        }
        closed.dedup();
        let way = if closed.is_empty() { known } else { Way::Closed(closed.join("; ")) };
        edges.push(with(Edge::new(&member.namespace, &member.id, Flow::Traffic).label(label), way));
    }
    for (name, service) in &stack.services {
        let Some(discovery) = &service.discovery else { continue };
        let Some(namespace) = namespace(&discovery.namespace.to_value()) else { continue };
        let label = discovery.name.clone().unwrap_or_else(|| name.clone());
        let id = kinds::service::id(name).to_string();
        edges.push(Edge::new(namespace, id, Flow::Traffic).label([format!("{label} (DNS)")]));
    }
}

/// The box of the namespace that a document names; one that is only an ARN has none.
fn namespace(document: &Value) -> Option<String> {
    let found = doc::refs(document).into_iter().find(|found| found.node.kind() == "namespace");
    found.map(|found| found.node.to_string())
}

fn member<'s>(name: &str, service: &'s Service) -> Option<Member<'s>> {
    let document = &service.service_connect.as_ref()?.document;
    let ports: Vec<_> = task(service).into_iter().flat_map(containers).flat_map(|container| container.ports).collect();
    let offers = document["services"].as_array().into_iter().flatten().map(|offer| {
        let name = offer["discoveryName"].as_str().or(offer["portName"].as_str()).unwrap_or_default();
        let aliases = offer["clientAliases"].as_array().into_iter().flatten();
        let alias = |alias: &Value| format!("{}:{}", alias["dnsName"].as_str().unwrap_or(name), alias["port"]);
        let mut names: Vec<String> = aliases.map(alias).collect();
        if names.is_empty() {
            names.push(name.to_owned());
        }
        let port = ports.iter().find(|(_, _, named)| named.as_deref() == offer["portName"].as_str());
        Offer { names, port: port.map(|(number, ..)| *number) }
    });
    Some(Member {
        id: kinds::service::id(name).to_string(),
        service,
        namespace: namespace(&document["namespace"])?,
        offers: offers.collect(),
    })
}

/// Whether a client reaches what is offered.
fn way(stack: &Stack, client: &Member<'_>, server: &Member<'_>, offer: &Offer) -> Way {
    let (from, to) = (client.service, server.service);
    match offer.port {
        Some(port) if from.awsvpc && to.awsvpc => {
            reach::between(stack, &from.security_groups, &to.security_groups, Port::tcp(port))
        }
        Some(_) | None => Way::Unknown,
    }
}
