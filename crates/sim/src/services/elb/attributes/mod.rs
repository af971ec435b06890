//! Attributes of load balancers, target groups and listeners: texts by key, of which every thing of a sort always shows all.
//! The keys, their defaults and their limits are in `tables`; what goes together in a target group is in `groups`.

mod groups;
mod tables;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::tables::{Attribute, Limit};
use super::arns::{configuration, invalid};
use super::listeners::uses;
use super::state::{Balancer, Group, Kind, Listener};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on attributes.
pub(super) const OPERATIONS: Table = &[
    ("DescribeLoadBalancerAttributes", describe_balancer),
    ("ModifyLoadBalancerAttributes", modify_balancer),
    ("DescribeTargetGroupAttributes", describe_group),
    ("ModifyTargetGroupAttributes", modify_group),
    ("DescribeListenerAttributes", describe_listener),
    ("ModifyListenerAttributes", modify_listener),
];

/// Attributes as requests and replies have them: the table's in its order, with what was set.
fn document(table: &[Attribute], set: &BTreeMap<String, String>) -> Value {
    let of = |attribute: &Attribute| set.get(attribute.key).map_or(attribute.default, String::as_str);
    let list: Vec<Value> =
        table.iter().map(|attribute| json!({ "Key": attribute.key, "Value": of(attribute) })).collect();
    json!({ "Attributes": list })
}

/// Reads the attributes of a request and checks each against the table. `strange` words the refusal of a key that is not in it.
fn read(
    input: &Input,
    table: &[Attribute],
    strange: impl Fn(&str) -> Refusal,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut wanted = BTreeMap::new();
    for pair in input.list("Attributes") {
        let (key, value) = (pair.text_or_empty("Key"), pair.text_or_empty("Value"));
        let attribute = table.iter().find(|attribute| attribute.key == key).ok_or_else(|| strange(key))?;
        check(attribute, value)?;
        if wanted.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Attribute key '{key}' was specified more than once")));
        }
    }
    if wanted.is_empty() {
        return Err(invalid("At least one attribute must be specified"));
    }
    Ok(wanted)
}

fn check(attribute: &Attribute, value: &str) -> Result<(), Refusal> {
    let key = attribute.key;
    let within = |range: &std::ops::RangeInclusive<i64>| value.parse().is_ok_and(|number| range.contains(&number));
    let between = |range: &std::ops::RangeInclusive<i64>| {
        invalid(format!("'{key}' value '{value}' must be between '{}-{}' inclusive", range.start(), range.end()))
    };
    match &attribute.limit {
        Limit::Any => Ok(()),
        Limit::Range(range) if within(range) => Ok(()),
        Limit::Range(range) => Err(between(range)),
        Limit::OffOr(range) if value == "off" || within(range) => Ok(()),
        Limit::OffOr(range) => Err(between(range)),
        Limit::ZeroOr(range) if value == "0" || within(range) => Ok(()),
        Limit::ZeroOr(range) => Err(between(range)),
        Limit::OneOf(values) if values.contains(&value) => Ok(()),
        Limit::OneOf(values) => Err(invalid(format!("'{key}' value '{value}' must be one of [{}]", values.join(", ")))),
    }
}

/// The attributes that a load balancer has.
fn of_balancer(balancer: &Balancer) -> Vec<Attribute> {
    let mut table = tables::balancer(balancer.kind);
    if balancer.ip_address_type == "ipv4" {
        table.retain(|attribute| attribute.key != "ipv6.deny_all_igw_traffic");
    } else if balancer.internal {
        for attribute in table.iter_mut().filter(|attribute| attribute.key == "ipv6.deny_all_igw_traffic") {
            attribute.default = "true";
        }
    }
    table
}

fn describe_balancer(call: &mut Call<'_>, input: &Input) -> Reply {
    let balancer = call.region().elb.balancer(input.text_or_empty("LoadBalancerArn"))?;
    Ok(document(&of_balancer(balancer), &balancer.attributes))
}

fn modify_balancer(call: &mut Call<'_>, input: &Input) -> Reply {
    let balancer = call.region().elb.balancer_mut(input.text_or_empty("LoadBalancerArn"))?;
    let kind = balancer.kind;
    let strange = |key: &str| {
        let elsewhere = [Kind::Application, Kind::Network, Kind::Gateway]
            .into_iter()
            .any(|kind| tables::balancer(kind).iter().any(|attribute| attribute.key == key));
        if elsewhere {
            configuration(format!(
                "Load balancer attribute key '{key}' is not supported on load balancers with type '{}'",
                kind.name()
            ))
        } else {
            invalid(format!("Load balancer attribute key '{key}' is not recognized"))
        }
    };
    let wanted = read(input, &tables::balancer(kind), strange)?;
    let mut all = balancer.attributes.clone();
    all.extend(wanted);
    let set = |key: &str, value: &str| all.get(key).is_some_and(|one| one == value);
    if kind == Kind::Application && set("load_balancing.cross_zone.enabled", "false") {
        return Err(configuration(
            "Load balancer attribute key 'load_balancing.cross_zone.enabled' cannot be set to 'false' on load balancers \
             with type 'application'",
        ));
    }
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let bucket = all.get(&format!("{logs}.s3.bucket")).is_some_and(|bucket| !bucket.is_empty());
        if set(&format!("{logs}.s3.enabled"), "true") && !bucket {
            return Err(invalid(format!("The value of '{logs}.s3.bucket' cannot be empty")));
        }
    }
    balancer.attributes = all;
    Ok(document(&of_balancer(balancer), &balancer.attributes))
}

fn describe_group(call: &mut Call<'_>, input: &Input) -> Reply {
    let group = call.region().elb.group(input.text_or_empty("TargetGroupArn"))?;
    Ok(document(&tables::group(group), &group.attributes))
}

fn modify_group(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("TargetGroupArn");
    let elb = &call.region().elb;
    // What listeners of network load balancers share between is kept apart by addresses, if at all.
    let web = elb.groups.get(arn).is_some_and(|group| matches!(group.protocol.as_deref(), Some("HTTP" | "HTTPS")));
    let shared = web && uses::shares_without_stickiness(elb, arn);
    let group = call.region().elb.group_mut(input.text_or_empty("TargetGroupArn"))?;
    let table = tables::group(group);
    let wanted = read(input, &table, |key| groups::strange(group, key))?;
    if wanted.values().any(String::is_empty) {
        return Err(invalid("A target group attribute value must be specified"));
    }
    let mut all = group.attributes.clone();
    all.extend(wanted.clone());
    groups::check(group, &wanted, &all)?;
    if shared && wanted.get("stickiness.enabled").is_some_and(|value| value == "true") {
        return Err(configuration(format!(
            "This target group appears behind a rule with group stickiness disabled ({arn}). You must enable group \
             stickiness before enabling target stickiness"
        )));
    }
    group.attributes = all;
    Ok(document(&table, &group.attributes))
}

fn of_listener(listener: &Listener) -> Vec<Attribute> {
    tables::listener(listener.protocol.as_deref())
}

fn describe_listener(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener(input.text_or_empty("ListenerArn"))?;
    Ok(document(&of_listener(listener), &listener.attributes))
}

fn modify_listener(call: &mut Call<'_>, input: &Input) -> Reply {
    let listener = call.region().elb.listener_mut(input.text_or_empty("ListenerArn"))?;
    let protocol = listener.protocol.clone().unwrap_or_else(|| "GENEVE".to_owned());
    let strange = |key: &str| {
        let elsewhere = [Some("HTTPS"), Some("TCP"), None]
            .into_iter()
            .any(|protocol| tables::listener(protocol).iter().any(|attribute| attribute.key == key));
        if elsewhere {
            let text =
                format!("Listener attribute key '{key}' is not supported on listeners with the {protocol} protocol");
            configuration(text)
        } else {
            invalid(format!("Listener attribute key '{key}' is not recognized"))
        }
    };
    let wanted = read(input, &of_listener(listener), strange)?;
    // The idle timeout of TLS is shown, and fixed.
    if let Some(key) = wanted.keys().find(|key| protocol == "TLS" && *key == "tcp.idle_timeout.seconds") {
        return Err(strange(key));
    }
    listener.attributes.extend(wanted);
    Ok(document(&of_listener(listener), &listener.attributes))
}

/// The value of an attribute of a target group.
pub(super) fn value_of(group: &Group, key: &str) -> Option<String> {
    let default = || Some(tables::group(group).iter().find(|attribute| attribute.key == key)?.default.to_owned());
    group.attributes.get(key).cloned().or_else(default)
}
