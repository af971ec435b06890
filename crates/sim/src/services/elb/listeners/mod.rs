//! Listeners: making, listing, changing and deleting them. What they do with requests is in `actions`, their certificates in
//! `certificates`, who uses which target group in `uses`.

pub(super) mod actions;
pub(super) mod certificates;
mod tls;
pub(super) mod uses;

use serde_json::{Map, Value, json};

use super::arns::{check_count, invalid, page};
use super::state::{Kind, Listener, Rule};
use super::tagging;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::acm;
use crate::world::{Place, World};

/// The operations on listeners.
pub(super) const OPERATIONS: Table = &[
    ("CreateListener", create),
    ("DescribeListeners", describe),
    ("ModifyListener", modify),
    ("DeleteListener", delete),
];

/// How many listeners a load balancer may have.
const QUOTA: usize = 50;

/// A listener as it reads back.
fn document(listener: &Listener) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("ListenerArn", listener.arn.clone().into());
    put("LoadBalancerArn", listener.balancer.clone().into());
    put("Port", json!(listener.port));
    put("Protocol", json!(listener.protocol));
    if let Some(certificate) = &listener.certificate {
        put("Certificates", json!([{ "CertificateArn": certificate }]));
    }
    put("SslPolicy", json!(listener.ssl_policy));
    put("DefaultActions", listener.actions.clone().into());
    if let Some(policy) = &listener.alpn {
        put("AlpnPolicy", json!([policy]));
    }
    put("MutualAuthentication", json!(listener.mutual));
    document.retain(|_, value| !value.is_null());
    document.into()
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let balancer = call.region().elb.balancer(input.text_or_empty("LoadBalancerArn"))?.clone();
    let tags = tagging::DIALECT.given(input)?;
    let mut listener = Listener { balancer: balancer.arn.clone(), ..Listener::default() };
    addressing(&mut listener, input, balancer.kind, true)?;
    tls::read(call, &mut listener, input, None)?;
    let context = actions::Context {
        balancer: &balancer,
        protocol: listener.protocol.as_deref(),
        port: listener.port,
        before: &[],
    };
    listener.actions = actions::read(call, input.list("DefaultActions"), &context)?;
    let elb = &call.region().elb;
    let others = elb.listeners_of(&balancer.arn);
    if let Some(other) = others.iter().find(|other| other.port == listener.port) {
        let same = other.protocol == listener.protocol
            && other.certificate == listener.certificate
            && other.ssl_policy == listener.ssl_policy
            && other.alpn == listener.alpn
            && other.mutual == listener.mutual
            && other.actions == listener.actions;
        if same {
            return Ok(json!({ "Listeners": [document(other)] }));
        }
        let text = format!("A listener already exists on this port for this load balancer '{}'", balancer.arn);
        return Err(Refusal::new("DuplicateListener", text));
    }
    if others.len() >= QUOTA {
        let text = format!("The maximum number of listeners on load balancer '{}' has been reached", balancer.arn);
        return Err(Refusal::new("TooManyListeners", text));
    }
    uses::check(call, &balancer, "", &listener.actions)?;
    let path = balancer.arn.rsplit(":loadbalancer/").next().unwrap_or_default().to_owned();
    let (id, rule_id) = (call.world.ids.hex(16), call.world.ids.hex(16));
    listener.arn = call.arn("elasticloadbalancing", &format!("listener/{path}/{id}"));
    listener.tags = tags;
    listener.made = call.region().elb.next();
    let rule = Rule {
        arn: call.arn("elasticloadbalancing", &format!("listener-rule/{path}/{id}/{rule_id}")),
        listener: listener.arn.clone(),
        ..Rule::default()
    };
    let answer = document(&listener);
    let place = call.place.clone();
    uses::claim(call.world, &place, &listener.arn, &balancer.arn, &listener.actions);
    if let Some(certificate) = &listener.certificate {
        acm::use_by(call.world, &place, certificate, &balancer.arn);
    }
    let elb = &mut call.region().elb;
    elb.rules.insert(rule.arn.clone(), rule);
    elb.listeners.insert(listener.arn.clone(), listener);
    Ok(json!({ "Listeners": [answer] }))
}

/// Reads protocol and port of a request.
fn addressing(listener: &mut Listener, input: &Input, kind: Kind, new: bool) -> Result<(), Refusal> {
    if kind == Kind::Gateway {
        for (member, word) in [("Port", "port"), ("Protocol", "protocol")] {
            if input.has(member) {
                return Err(invalid(format!("A {word} cannot be specified for gateway listeners")));
            }
        }
        return Ok(());
    }
    if new && !input.has("Port") {
        return Err(invalid("A listener port must be specified"));
    }
    if new && !input.has("Protocol") {
        return Err(invalid("A listener protocol must be specified"));
    }
    if let Some(protocol) = input.text("Protocol") {
        let known: &[&str] = if kind == Kind::Application {
            &["HTTP", "HTTPS"]
        } else {
            &["TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"]
        };
        if !known.contains(&protocol) {
            let text = format!("Listener protocol '{protocol}' must be one of '{}'", known.join(", "));
            return Err(invalid(text));
        }
        listener.protocol = Some(protocol.to_owned());
    }
    listener.port = input.integer("Port").or(listener.port);
    Ok(())
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let arns = input.texts("ListenerArns");
    let elb = &call.region().elb;
    let found: Vec<&Listener> = match (input.text("LoadBalancerArn"), arns.is_empty()) {
        (Some(_), false) => {
            let text = "Listener ARNs and a load balancer ARN cannot be specified at the same time";
            return Err(invalid(text));
        }
        (None, true) => return Err(invalid("You must specify either listener ARNs or a load balancer ARN")),
        (Some(balancer), true) => elb.listeners_of(&elb.balancer(balancer)?.arn),
        (None, false) => {
            check_count(arns.len(), "listeners")?;
            let mut found = arns.iter().map(|arn| elb.listener(arn)).collect::<Result<Vec<_>, _>>()?;
            found.sort_by_key(|listener| listener.made);
            found.dedup_by_key(|listener| listener.made);
            found
        }
    };
    let found: Vec<(String, Value)> = found.into_iter().map(|one| (one.arn.clone(), document(one))).collect();
    let scope = format!("{arns:?} {:?}", input.text("LoadBalancerArn"));
    let page = page(call, input, found, |(arn, _)| arn.clone(), &scope)?;
    let list: Vec<Value> = page.items.into_iter().map(|(_, document)| document).collect();
    Ok(json!({ "Listeners": list, "NextMarker": page.next }))
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let old = call.region().elb.listener(input.text_or_empty("ListenerArn"))?.clone();
    let balancer = call.region().elb.balancer(&old.balancer)?.clone();
    let mut new = old.clone();
    addressing(&mut new, input, balancer.kind, false)?;
    let taken = |other: &&Listener| other.arn != old.arn && other.port == new.port;
    if call.region().elb.listeners_of(&balancer.arn).iter().any(taken) {
        let port = new.port.unwrap_or_default();
        return Err(invalid(format!("Listener port '{port}' is already in use")));
    }
    tls::read(call, &mut new, input, Some(&old))?;
    if input.has("DefaultActions") {
        let context = actions::Context {
            balancer: &balancer,
            protocol: new.protocol.as_deref(),
            port: new.port,
            before: &old.actions,
        };
        new.actions = actions::read(call, input.list("DefaultActions"), &context)?;
        uses::check(call, &balancer, &old.arn, &new.actions)?;
        let place = call.place.clone();
        uses::claim(call.world, &place, &new.arn, &balancer.arn, &new.actions);
    }
    if old.protocol != new.protocol {
        if !input.has("DefaultActions") {
            actions::fit(call, &balancer, &new)?;
        }
        new.attributes.clear();
    }
    let answer = document(&new);
    call.region().elb.listeners.insert(new.arn.clone(), new.clone());
    let place = call.place.clone();
    certificates::settle(call.world, &place, &balancer.arn, &old, Some(&new));
    Ok(json!({ "Listeners": [answer] }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener(input.text_or_empty("ListenerArn"))?;
    let (arn, balancer, port) = (listener.arn.clone(), listener.balancer.clone(), listener.port);
    if let Some(port) = call.region().elb.alb_port_in_use(&balancer, port) {
        let text = format!("Listener port '{port}' is in use by registered target '{balancer}' and cannot be removed.");
        return Err(Refusal::new("ResourceInUse", text));
    }
    let place = call.place.clone();
    remove(call.world, &place, &arn);
    Ok(json!({}))
}

/// Removes a listener with its rules.
pub(super) fn remove(world: &mut World, place: &Place, arn: &str) {
    let elb = &mut world.region(place).elb;
    let Some(listener) = elb.listeners.remove(arn) else { return };
    let rules: Vec<String> = elb.rules_of(arn).iter().map(|rule| rule.arn.clone()).collect();
    for rule in rules {
        world.region(place).elb.rules.remove(&rule);
        uses::release(world, place, &rule);
    }
    uses::release(world, place, arn);
    certificates::settle(world, place, &listener.balancer.clone(), &listener, None);
}
