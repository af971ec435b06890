//! Whether security groups let one side reach the other on a port, as far as the stack file tells. Rules of groups that others keep are
//! unknown, and so is who has an address in a range. Sends nothing.

use evenkeel_core::doc::Text;

use std::net::Ipv4Addr;

use super::model::{LoadBalancer, Peer, Rule, SecurityGroup, Stack, TargetGroup};

/// All addresses of the internet.
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Whether something gets through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// A rule opens it; which.
    Open(String),
    /// No rule opens it; what is missing.
    Closed(String),
    /// The file does not tell.
    Unknown,
}

/// Who a security group lets in on a port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Entrant {
    /// Everybody.
    Anywhere,
    /// An address range, a prefix list, or a group that is not of the file.
    Other(String),
    /// A group of the file.
    Group(String),
}

/// A port with its protocol, as rules have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Port<'a> {
    /// The number.
    pub number: u16,
    /// `tcp` or `udp`.
    pub protocol: &'a str,
}

impl Port<'_> {
    /// A port of TCP.
    pub const fn tcp(number: u16) -> Self {
        Port { number, protocol: "tcp" }
    }
}

/// Whether something with the groups `from` reaches something with the groups `to`.
pub fn between(stack: &Stack, from: &[Text], to: &[Text], port: Port<'_>) -> Way {
    let out = passage(stack, from, to, port, |group| &group.egress);
    if let Passage::Closed(names) = out {
        let peers = if to.is_empty() { "anything".to_owned() } else { named(stack, to) };
        return Way::Closed(format!("security group {names} lets nothing out to {peers} on {}", port.number));
    }
    let way_in =
        if from.is_empty() { Passage::Unknown } else { passage(stack, to, from, port, |group| &group.ingress) };
    match (out, way_in) {
        (_, Passage::Closed(names)) => {
            let peers = named(stack, from);
            Way::Closed(format!("security group {names} does not admit {peers} on {}", port.number))
        }
        // An open way in counts if the way out is known as well.
        (Passage::Open { .. }, Passage::Open { name, peer }) => {
            Way::Open(format!("security group {name} admits {peer}"))
        }
        _ => Way::Unknown,
    }
}

/// Whether a load balancer reaches targets with the groups `to`. A network load balancer may have no groups, and may pass packets on with
/// the addresses of the clients (`keeps`); targets then have to admit those, unless they admit a group of the load balancer, which is enough.
/// Source: the guide of Network Load Balancers, "Security groups" and "Client IP preservation".
pub fn through(stack: &Stack, (balancer, keeps): (&LoadBalancer, bool), to: &[Text], port: Port<'_>) -> Way {
    let from = &balancer.security_groups;
    if !balancer.is_network() || to.is_empty() {
        return between(stack, from, to, port);
    }
    let (entrants, complete) = entrants(stack, to, port);
    let ranges: Vec<&str> = entrants
        .iter()
        .filter_map(|one| match one {
            Entrant::Other(range) => Some(range.as_str()),
            Entrant::Anywhere | Entrant::Group(_) => None,
        })
        .collect();
    let anywhere = entrants.contains(&Entrant::Anywhere);
    if from.is_empty() && complete && !anywhere && ranges.is_empty() {
        let who = if keeps { "the addresses of clients" } else { "its addresses" };
        let names = named(stack, to);
        return Way::Closed(format!(
            "it has no security group that {names} could admit, and {names} does not admit {who} on {}",
            port.number
        ));
    }
    let admitted = from.iter().filter_map(group_of).any(|name| entrants.contains(&Entrant::Group(name.to_owned())));
    let inside = !ranges.is_empty() && ranges.iter().all(|range| is_private(range));
    if keeps && balancer.scheme == "internet-facing" && complete && !anywhere && !admitted && inside {
        return Way::Closed(format!(
            "packets keep the addresses of clients from the internet, and security group {} admits {} only on {}",
            named(stack, to),
            ranges.join(", "),
            port.number
        ));
    }
    if from.is_empty() && anywhere {
        return Way::Open(format!("security group {} admits everybody", named(stack, to)));
    }
    between(stack, from, to, port)
}

/// On which ports a load balancer has to reach a target of a group, each with whether packets keep the addresses of clients: that of its
/// traffic, and that of its health check, which comes from the load balancer itself.
pub fn arrivals(group: &TargetGroup, port: u16) -> Vec<(Port<'static>, bool)> {
    let keeps = group.keeps_client_addresses();
    let traffic = group.transports().iter().map(|protocol| (Port { number: port, protocol }, keeps));
    let mut found: Vec<_> = traffic.collect();
    let check = (Port::tcp(group.health_check.port.parse().unwrap_or(port)), false);
    if !found.contains(&check) {
        found.push(check);
    }
    found
}

/// Whether a range is one of private addresses.
fn is_private(range: &str) -> bool {
    let address = range.split('/').next().and_then(|address| address.parse::<Ipv4Addr>().ok());
    address.is_some_and(|address| address.is_private())
}

/// The side whose groups close a way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Those of the source let nothing out.
    Out,
    /// Those of the destination let nothing in.
    In,
}

/// The side that keeps something with the groups `from` from something with the groups `to`, if one is known to.
pub fn closing(stack: &Stack, from: &[Text], to: &[Text], port: Port<'_>) -> Option<Side> {
    if matches!(passage(stack, from, to, port, |group| &group.egress), Passage::Closed(_)) {
        return Some(Side::Out);
    }
    matches!(between(stack, from, to, port), Way::Closed(_)).then_some(Side::In)
}

/// Whether it is certain that groups let nothing out on a port, to whomever.
pub fn shut(stack: &Stack, from: &[Text], port: Port<'_>) -> bool {
    let closed = |text: &Text| {
        entry(stack, text)
            .is_some_and(|(_, group)| group.existing.is_none() && !group.egress.iter().any(|rule| covers(rule, port)))
    };
    !from.is_empty() && from.iter().all(closed)
}

/// What groups let through in one direction.
enum Passage {
    /// A rule of this group opens it, for this peer.
    Open { name: String, peer: String },
    /// No rule of these groups does.
    Closed(String),
    /// The file does not tell.
    Unknown,
}

/// Whether the rules of groups in one direction let something through whose other end has the groups `peers`.
fn passage(
    stack: &Stack,
    groups: &[Text],
    peers: &[Text],
    port: Port<'_>,
    rules: fn(&SecurityGroup) -> &[Rule],
) -> Passage {
    let mut unknown = groups.is_empty();
    for text in groups {
        let Some((name, group)) = entry(stack, text) else {
            unknown = true;
            continue;
        };
        let open = |peer: String| Passage::Open { name: name.to_owned(), peer };
        for rule in rules(group).iter().filter(|rule| covers(rule, port)) {
            match &rule.peer {
                Peer::Group(peer) if peers.contains(peer) => return open(words(stack, peer)),
                Peer::Cidr4(range) | Peer::Cidr6(range) if ANYWHERE.contains(&range.as_str()) => {
                    return open(range.clone());
                }
                Peer::Cidr4(_) | Peer::Cidr6(_) | Peer::PrefixList(_) => unknown = true,
                Peer::Group(peer) => unknown |= group_of(peer).is_none(),
            }
        }
        unknown |= group.existing.is_some();
    }
    // Where nothing is unknown, all of them are groups of the file.
    if unknown { Passage::Unknown } else { Passage::Closed(named(stack, groups)) }
}

/// Who may come in on a port, and whether that is all: of groups that others keep nothing is known.
pub fn entrants(stack: &Stack, to: &[Text], port: Port<'_>) -> (Vec<Entrant>, bool) {
    let (mut found, mut complete) = (Vec::new(), !to.is_empty());
    for text in to {
        let Some((_, group)) = entry(stack, text) else {
            complete = false;
            continue;
        };
        complete &= group.existing.is_none();
        found.extend(group.ingress.iter().filter(|rule| covers(rule, port)).map(|rule| match &rule.peer {
            Peer::Cidr4(range) | Peer::Cidr6(range) if ANYWHERE.contains(&range.as_str()) => Entrant::Anywhere,
            Peer::Cidr4(other) | Peer::Cidr6(other) | Peer::PrefixList(other) => Entrant::Other(other.clone()),
            Peer::Group(peer) => match group_of(peer) {
                Some(name) => Entrant::Group(name.to_owned()),
                None => Entrant::Other(words(stack, peer)),
            },
        }));
    }
    found.sort();
    found.dedup();
    (found, complete)
}

/// The names of groups, for a sentence.
pub fn named(stack: &Stack, groups: &[Text]) -> String {
    groups.iter().map(|group| words(stack, group)).collect::<Vec<_>>().join(", ")
}

fn covers(rule: &Rule, port: Port<'_>) -> bool {
    let number = i32::from(port.number);
    let all = rule.from_port == -1 || (rule.from_port..=rule.to_port).contains(&number);
    rule.protocol == "-1" || (rule.protocol == port.protocol && all)
}

/// The entry that a reference means.
fn group_of(text: &Text) -> Option<&str> {
    match text {
        Text::From(from) if from.node.kind() == "security_group" => Some(from.node.name()),
        Text::From(_) | Text::Known(_) | Text::Join(_) => None,
    }
}

/// The entry that a reference means, with its name.
pub fn entry<'s>(stack: &'s Stack, text: &Text) -> Option<(&'s str, &'s SecurityGroup)> {
    let (name, group) = stack.security_groups.get_key_value(group_of(text)?)?;
    Some((name, group))
}

fn words(stack: &Stack, text: &Text) -> String {
    match (group_of(text), text) {
        (Some(name), _) if stack.security_groups.contains_key(name) => name.to_owned(),
        (_, Text::Known(id)) => id.clone(),
        (_, Text::From(_) | Text::Join(_)) => "another group".to_owned(),
    }
}
