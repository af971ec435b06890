//! The order of rules: SetRulePriorities moves many at once, as long as no two of a listener end at the same place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::arns::invalid;
use super::document;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operation.
pub(in crate::services::elb) const OPERATIONS: Table = &[("SetRulePriorities", set)];

/// The refusal of a priority that another rule has.
pub(super) fn in_use(priority: i64) -> Refusal {
    Refusal::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

fn set(call: &mut Call<'_>, input: &Input) -> Reply {
    let pairs = input.list("RulePriorities");
    if pairs.is_empty() {
        return Err(invalid("At least one rule priority must be specified"));
    }
    let elb = &mut call.region().elb;
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    let mut given = BTreeSet::new();
    let mut listeners = BTreeSet::new();
    for pair in pairs {
        let arn = pair.text_or_empty("RuleArn");
        let Some(priority) = pair.integer("Priority") else {
            return Err(invalid("A priority must be specified for every rule"));
        };
        let rule = elb.rule(arn)?;
        if rule.priority.is_none() {
            let text = format!("The priority of default rule '{arn}' cannot be modified");
            return Err(Refusal::new("OperationNotPermitted", text));
        }
        if wanted.insert(arn.to_owned(), priority).is_some() {
            return Err(invalid(format!("Rule '{arn}' was provided multiple times")));
        }
        if !given.insert((rule.listener.clone(), priority)) {
            return Err(invalid(format!("Priority '{priority}' was provided multiple times")));
        }
        listeners.insert(rule.listener.clone());
    }
    if listeners.len() > 1 {
        return Err(invalid("All rules must belong to the same listener"));
    }
    for listener in &listeners {
        let rules = elb.rules_of(listener);
        let staying = rules.iter().filter(|rule| !wanted.contains_key(&rule.arn));
        for priority in staying.filter_map(|rule| rule.priority) {
            if given.contains(&(listener.clone(), priority)) {
                return Err(in_use(priority));
            }
        }
    }
    for (arn, priority) in &wanted {
        if let Some(rule) = elb.rules.get_mut(arn) {
            rule.priority = Some(*priority);
        }
    }
    let mut moved: Vec<_> = wanted.keys().filter_map(|arn| elb.rules.get(arn)).collect();
    moved.sort_by_key(|rule| rule.priority);
    let list: Vec<Value> = moved.into_iter().map(|rule| document(elb, rule)).collect();
    Ok(json!({ "Rules": list }))
}
