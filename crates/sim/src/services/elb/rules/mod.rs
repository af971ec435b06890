//! Rules of listeners: making, listing, changing and deleting them. Conditions are in `conditions`, the order of rules in
//! `priorities`; the default rule of a listener shows the listener's default actions and cannot be changed here.

mod conditions;
pub(super) mod priorities;

use serde_json::{Map, Value, json};

use super::arns::{What, check, check_count, invalid, page};
use super::listeners::{actions, uses};
use super::state::{Balancer, Elb, Kind, Listener, Rule};
use super::tagging;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on rules.
pub(super) const OPERATIONS: Table =
    &[("CreateRule", create), ("DescribeRules", describe), ("ModifyRule", modify), ("DeleteRule", delete)];

/// How many rules a load balancer may have, the default ones apart.
const QUOTA: usize = 100;

/// A rule as it reads back.
fn document(elb: &Elb, rule: &Rule) -> Value {
    let default = rule.priority.is_none();
    let actions = match elb.listeners.get(&rule.listener) {
        Some(listener) if default => listener.actions.clone(),
        _ => rule.actions.clone(),
    };
    let mut document = Map::new();
    document.insert("RuleArn".to_owned(), rule.arn.clone().into());
    let priority = rule.priority.map_or_else(|| "default".to_owned(), |priority| priority.to_string());
    document.insert("Priority".to_owned(), priority.into());
    document.insert("Conditions".to_owned(), rule.conditions.clone().into());
    document.insert("Actions".to_owned(), actions.into());
    document.insert("IsDefault".to_owned(), default.into());
    if !rule.transforms.is_empty() {
        document.insert("Transforms".to_owned(), rule.transforms.clone().into());
    }
    document.into()
}

/// The listener of a rule with its load balancer.
fn above(call: &mut Call<'_>, listener: &str) -> Result<(Listener, Balancer), Refusal> {
    let elb = &call.region().elb;
    let listener = elb.listener(listener)?;
    Ok((listener.clone(), elb.balancer(&listener.balancer)?.clone()))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let (listener, balancer) = above(call, input.text_or_empty("ListenerArn"))?;
    match balancer.kind {
        Kind::Gateway => {
            return Err(Refusal::new("UnsupportedProtocol", "Rules are not supported on gateway load balancers"));
        }
        Kind::Network if balancer.ip_address_type == "ipv4" => {
            let text = "Rules are not supported on listeners of network load balancers with the IP address type 'ipv4'";
            return Err(Refusal::new("InvalidConfigurationRequest", text));
        }
        Kind::Application | Kind::Network => {}
    }
    let tags = tagging::DIALECT.given(input)?;
    let priority = input.integer("Priority").unwrap_or_default();
    let conditions = conditions::read(input.list("Conditions"), balancer.kind)?;
    let transforms = transforms(input.list("Transforms"))?;
    let context = actions::Context {
        balancer: &balancer,
        protocol: listener.protocol.as_deref(),
        port: listener.port,
        before: &[],
    };
    let actions = actions::read(call, input.list("Actions"), &context)?;
    let elb = &call.region().elb;
    if elb.rules_of(&listener.arn).iter().any(|rule| rule.priority == Some(priority)) {
        return Err(priorities::in_use(priority));
    }
    let of_balancer = |rule: &&Rule| {
        rule.priority.is_some()
            && elb.listeners.get(&rule.listener).is_some_and(|listener| listener.balancer == balancer.arn)
    };
    if elb.rules.values().filter(of_balancer).count() >= QUOTA {
        let text = format!("The maximum number of rules on load balancer '{}' has been reached", balancer.arn);
        return Err(Refusal::new("TooManyRules", text));
    }
    uses::check(call, &balancer, "", &actions)?;
    let path = listener.arn.rsplit(":listener/").next().unwrap_or_default().to_owned();
    let id = call.world.ids.hex(16);
    let rule = Rule {
        arn: call.arn("elasticloadbalancing", &format!("listener-rule/{path}/{id}")),
        listener: listener.arn,
        priority: Some(priority),
        conditions,
        actions,
        transforms,
        tags,
    };
    let place = call.place.clone();
    uses::claim(call.world, &place, &rule.arn, &balancer.arn, &rule.actions);
    Ok(put(call, rule))
}

/// Keeps a rule as it is now; the answer that shows it.
fn put(call: &mut Call<'_>, rule: Rule) -> Value {
    let elb = &mut call.region().elb;
    let answer = document(elb, &rule);
    elb.rules.insert(rule.arn.clone(), rule);
    json!({ "Rules": [answer] })
}

fn transforms(list: &[Value]) -> Result<Vec<Value>, Refusal> {
    for (index, transform) in list.iter().enumerate() {
        let kind = transform.text_or_empty("Type");
        let name = if kind == "url-rewrite" { "UrlRewriteConfig" } else { "HostHeaderRewriteConfig" };
        if list[..index].iter().any(|other| other.text("Type") == Some(kind)) {
            return Err(invalid(format!("A rule can only have one '{kind}' transform")));
        }
        if transform.map(name).is_none_or(|config| config.list("Rewrites").is_empty()) {
            return Err(invalid(format!("A '{name}' must be specified with '{kind}'")));
        }
    }
    Ok(list.to_vec())
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let arns = input.texts("RuleArns");
    let elb = &call.region().elb;
    let found: Vec<&Rule> = match (input.text("ListenerArn"), arns.is_empty()) {
        (Some(_), false) => {
            let text = "Listener rule ARNs and a listener ARN cannot be specified at the same time";
            return Err(invalid(text));
        }
        (None, true) => return Err(invalid("You must specify either listener rule ARNs or a listener ARN")),
        (Some(listener), true) => elb.rules_of(&elb.listener(listener)?.arn),
        (None, false) => {
            check_count(arns.len(), "rules")?;
            arns.iter().map(|arn| elb.rule(arn)).collect::<Result<Vec<_>, _>>()?
        }
    };
    let found: Vec<(String, Value)> = found.into_iter().map(|rule| (rule.arn.clone(), document(elb, rule))).collect();
    let scope = format!("{arns:?} {:?}", input.text("ListenerArn"));
    let page = page(call, input, found, |(arn, _)| arn.clone(), &scope)?;
    let list: Vec<Value> = page.items.into_iter().map(|(_, document)| document).collect();
    Ok(json!({ "Rules": list, "NextMarker": page.next }))
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let mut rule = call.region().elb.rule(input.text_or_empty("RuleArn"))?.clone();
    if rule.priority.is_none() {
        let text = format!("Default rule '{}' cannot be modified", rule.arn);
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    let resets = input.flag("ResetTransforms") == Some(true);
    if !["Conditions", "Actions", "Transforms"].iter().any(|name| input.has(name)) && !resets {
        return Err(invalid("Either conditions or actions must be specified"));
    }
    let (listener, balancer) = above(call, &rule.listener)?;
    if input.has("Conditions") {
        rule.conditions = conditions::read(input.list("Conditions"), balancer.kind)?;
    }
    if resets {
        rule.transforms.clear();
    }
    if input.has("Transforms") {
        rule.transforms = transforms(input.list("Transforms"))?;
    }
    if input.has("Actions") {
        let context = actions::Context {
            balancer: &balancer,
            protocol: listener.protocol.as_deref(),
            port: listener.port,
            before: &rule.actions,
        };
        let actions = actions::read(call, input.list("Actions"), &context)?;
        uses::check(call, &balancer, &rule.arn, &actions)?;
        rule.actions = actions;
        let place = call.place.clone();
        uses::claim(call.world, &place, &rule.arn, &balancer.arn, &rule.actions);
    }
    Ok(put(call, rule))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("RuleArn");
    check(What::Rule, arn)?;
    let rule = call.region().elb.rule(arn)?;
    if rule.priority.is_none() {
        let text = format!("Default rule '{arn}' cannot be deleted");
        return Err(Refusal::new("OperationNotPermitted", text));
    }
    call.region().elb.rules.remove(arn);
    let place = call.place.clone();
    uses::release(call.world, &place, arn);
    Ok(json!({}))
}
