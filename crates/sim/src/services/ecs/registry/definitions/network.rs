//! Ports, links, names and proxies of a task definition: what a network mode allows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::super::checks::{client, invalid};
use super::containers::cyclic;
use crate::call::{Members, Refusal};

/// What no container can have in a task with its own interface, and how that is told.
const NOT_WITH_AWSVPC: [(&str, &str); 5] = [
    ("links", "Links are not supported when networkMode=awsvpc."),
    ("hostname", "hostname is not supported on container when networkMode=awsvpc."),
    ("dnsServers", "DNS servers are not supported on container when networkMode=awsvpc."),
    ("dnsSearchDomains", "DNS search domains are not supported on container when networkMode=awsvpc."),
    ("extraHosts", "Extra hosts are not supported on container when networkMode=awsvpc."),
];

/// The longest name of a port mapping.
const LONGEST_NAME: usize = 64;

/// Checks the network of a definition.
pub(super) fn check(definition: &Map<String, Value>) -> Result<(), Refusal> {
    let mode = definition.text("networkMode").filter(|mode| !mode.is_empty()).unwrap_or("bridge");
    let containers = definition.list("containerDefinitions");
    for container in containers {
        ports(container, mode)?;
        if mode == "awsvpc" {
            awsvpc(container)?;
        } else if mode != "bridge" && !container.list("links").is_empty() {
            return Err(client(format!("Links are not supported when networkMode={mode}.")));
        }
    }
    if mode == "awsvpc" {
        shared(containers)?;
    }
    links(containers)?;
    proxy(definition, mode)
}

fn awsvpc(container: &Value) -> Result<(), Refusal> {
    for (member, text) in NOT_WITH_AWSVPC {
        let empty = container.member(member).is_none_or(|it| match it {
            Value::Array(list) => list.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        });
        if !empty {
            return Err(client(text));
        }
    }
    if container.flag("disableNetworking") == Some(true) {
        return Err(client("Disable Networking is not supported on container when networkMode=awsvpc."));
    }
    Ok(())
}

fn ports(container: &Value, mode: &str) -> Result<(), Refusal> {
    let name = container.text_or_empty("name");
    let bad = |member: &str| client(format!("Invalid '{member}' setting for container '{name}'."));
    for mapping in container.list("portMappings") {
        let (port, host) = (mapping.integer("containerPort"), mapping.integer("hostPort"));
        if let Some(range) = mapping.text("containerPortRange") {
            if port.is_some() || host.is_some() {
                let text = format!(
                    "Invalid port mapping for container '{name}', cannot specify both single port and port range."
                );
                return Err(client(text));
            }
            if bounds(range).is_none() {
                return Err(bad("containerPortRange"));
            }
        } else if !port.is_some_and(|port| (1..=65_535).contains(&port)) {
            return Err(bad("containerPort"));
        }
        if host.is_some_and(|port| !(0..=65_535).contains(&port)) {
            return Err(bad("hostPort"));
        }
        if matches!(mode, "awsvpc" | "host") && host.is_some_and(|host| host != 0 && Some(host) != port) {
            return Err(client(format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            )));
        }
        if let Some(given) = mapping.text("name") {
            let letters = given.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"_-".contains(&it));
            if given.is_empty() || given.len() > LONGEST_NAME || !letters || given.starts_with(['-', '_']) {
                return Err(bad("portMappings.name"));
            }
        }
        if mapping.has("appProtocol") && !mapping.has("name") {
            return Err(bad("appProtocol"));
        }
    }
    Ok(())
}

/// The first and the last port of a range such as `8080-8090`.
fn bounds(range: &str) -> Option<(i64, i64)> {
    let (first, last) = range.split_once('-')?;
    let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
    (first >= 1 && first < last && last <= 65_535).then_some((first, last))
}

/// Containers of one interface share its ports.
fn shared(containers: &[Value]) -> Result<(), Refusal> {
    let (mut names, mut ranges) = (BTreeSet::new(), Vec::<(&str, i64, i64)>::new());
    for mapping in containers.iter().flat_map(|container| container.list("portMappings")) {
        if let Some(name) = mapping.text("name")
            && !names.insert(name)
        {
            return Err(client("When networkMode=awsvpc, port mapping name is already used"));
        }
        let protocol = mapping.text("protocol").unwrap_or("tcp");
        let single = mapping.integer("containerPort").map(|port| (port, port));
        let Some((first, last)) = single.or_else(|| bounds(mapping.text_or_empty("containerPortRange"))) else {
            continue;
        };
        let clash = ranges.iter().find(|(other, from, to)| *other == protocol && first <= *to && *from <= last);
        if let Some((_, from, _)) = clash {
            let port = first.max(*from);
            return Err(client(format!(
                "{} container port '{port}' is used multiple times in task when networkMode=awsvpc.",
                protocol.to_uppercase()
            )));
        }
        ranges.push((protocol, first, last));
    }
    Ok(())
}

fn links(containers: &[Value]) -> Result<(), Refusal> {
    let names: BTreeSet<&str> = containers.iter().map(|it| it.text_or_empty("name")).collect();
    let texts: Vec<(&str, Vec<String>)> =
        containers.iter().map(|it| (it.text_or_empty("name"), it.texts("links"))).collect();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (own, links) in &texts {
        for link in links {
            let name = link.split(':').next().unwrap_or_default();
            if !names.contains(name) {
                return Err(client(format!("Invalid 'links' setting. Unknown container: '{name}'")));
            }
            edges.entry(own).or_default().push(name);
        }
    }
    if cyclic(&edges) { Err(client("Container links should not have a cycle")) } else { Ok(()) }
}

fn proxy(definition: &Map<String, Value>, mode: &str) -> Result<(), Refusal> {
    let Some(proxy) = definition.map("proxyConfiguration") else { return Ok(()) };
    if mode != "awsvpc" {
        return Err(client("APPMESH proxy configuration is only supported in networkMode=awsvpc"));
    }
    let name = proxy.text_or_empty("containerName");
    if !definition.list("containerDefinitions").iter().any(|it| it.text("name") == Some(name)) {
        return Err(client(format!("Proxy container [{name}] does not exist.")));
    }
    let value = |name: &str| {
        let found = proxy.list("properties").iter().find(|it| it.text("name") == Some(name));
        found.and_then(|it| it.text("value")).unwrap_or_default()
    };
    for (name, words) in [("ProxyIngressPort", "Ingress"), ("ProxyEgressPort", "Egress")] {
        if value(name).is_empty() {
            return Err(client(format!("{words} port not found")));
        }
        if value(name).parse::<u16>().is_err() {
            return Err(invalid(format!("{words} port is invalid")));
        }
    }
    if value("IgnoredUID").is_empty() && value("IgnoredGID").is_empty() {
        return Err(client("Either IgnoredUID or IgnoredGID must be specified"));
    }
    Ok(())
}
