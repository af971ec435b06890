//! Whether security groups let one side reach the other on a port, as far as the stack file tells. Rules of groups that others keep are
//! unknown, and so is who has an address in a range. Sends nothing.

use evenkeel_core::doc::Text;

use super::model::{Peer, Rule, SecurityGroup, Stack};

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
    let out = leaves(stack, from, to, port);
    if let Way::Closed(_) = out {
        return out;
    }
    let (mut unknown, mut names) = (to.is_empty() || from.is_empty(), Vec::new());
    for text in to {
        let Some((name, group)) = group(stack, text) else {
            unknown = true;
            continue;
        };
        for rule in group.ingress.iter().filter(|rule| covers(rule, port)) {
            match &rule.peer {
                Peer::Group(peer) if from.contains(peer) => {
                    return settled(out, format!("security group {name} admits {}", words(stack, peer)));
                }
                Peer::Cidr4(range) | Peer::Cidr6(range) if ANYWHERE.contains(&range.as_str()) => {
                    return settled(out, format!("security group {name} admits {range}"));
                }
                Peer::Cidr4(_) | Peer::Cidr6(_) | Peer::PrefixList(_) => unknown = true,
                Peer::Group(peer) => unknown |= group_of(peer).is_none(),
            }
        }
        unknown |= group.existing.is_some();
        names.push(name);
    }
    if unknown {
        return Way::Unknown;
    }
    let peers: Vec<String> = from.iter().map(|peer| words(stack, peer)).collect();
    Way::Closed(format!("security group {} does not admit {} on {}", names.join(", "), peers.join(", "), port.number))
}

/// An open way in counts if the way out is known as well.
fn settled(out: Way, words: String) -> Way {
    match out {
        Way::Unknown => Way::Unknown,
        Way::Open(_) | Way::Closed(_) => Way::Open(words),
    }
}

/// Whether the groups `from` let anything out to the groups `to`.
fn leaves(stack: &Stack, from: &[Text], to: &[Text], port: Port<'_>) -> Way {
    let (mut unknown, mut names) = (from.is_empty(), Vec::new());
    for text in from {
        let Some((name, group)) = group(stack, text) else {
            unknown = true;
            continue;
        };
        for rule in group.egress.iter().filter(|rule| covers(rule, port)) {
            match &rule.peer {
                Peer::Group(peer) if to.contains(peer) => return Way::Open(name.to_owned()),
                Peer::Cidr4(range) | Peer::Cidr6(range) if ANYWHERE.contains(&range.as_str()) => {
                    return Way::Open(name.to_owned());
                }
                Peer::Cidr4(_) | Peer::Cidr6(_) | Peer::PrefixList(_) => unknown = true,
                Peer::Group(peer) => unknown |= group_of(peer).is_none(),
            }
        }
        unknown |= group.existing.is_some();
        names.push(name);
    }
    if unknown {
        return Way::Unknown;
    }
    let peers: Vec<String> = to.iter().map(|peer| words(stack, peer)).collect();
    let peers = if peers.is_empty() { "anything".to_owned() } else { peers.join(", ") };
    Way::Closed(format!("security group {} lets nothing out to {peers} on {}", names.join(", "), port.number))
}

/// Who may come in on a port, and whether that is all: of groups that others keep nothing is known.
pub fn entrants(stack: &Stack, to: &[Text], port: Port<'_>) -> (Vec<Entrant>, bool) {
    let (mut found, mut complete) = (Vec::new(), !to.is_empty());
    for text in to {
        let Some((_, group)) = group(stack, text) else {
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

fn group<'s>(stack: &'s Stack, text: &Text) -> Option<(&'s str, &'s SecurityGroup)> {
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
