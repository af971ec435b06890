//! The rules that ECS changes in deployments. What a listener does if no rule fits is a rule too, whose ARN only DescribeRules tells:
//! a document names the listener in its place. Here one is put in the place of the other. Decides nothing about deployments.

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use serde_json::Value;

use super::Spec;
use crate::client::Aws;
use crate::services::elb::read::Elb;

/// What the ARN of a listener of an application load balancer has in it; network load balancers have no rules.
const LISTENER: &str = ":listener/app/";
/// What the ARN of a rule has in its place.
const RULE: &str = ":listener-rule/app/";

/// The same, with rules in the place of listeners, as ECS takes it.
///
/// # Errors
/// Any error of `elb:DescribeRules`, and `Gone` if a listener has no rule.
pub(super) async fn resolved(aws: &Aws, want: &Spec) -> Result<Spec, CloudError> {
    let mut want = want.clone();
    for shifts in want.load_balancers.iter_mut().filter_map(|target| target.shifts.as_mut()) {
        for rule in [Some(&mut shifts.production_rule), shifts.test_rule.as_mut()].into_iter().flatten() {
            let Some(listener) = rule.known().filter(|arn| arn.contains(LISTENER)) else { continue };
            *rule = default_rule(aws, listener).await?;
        }
    }
    Ok(want)
}

async fn default_rule(aws: &Aws, listener: &str) -> Result<Text, CloudError> {
    let mut marker = None;
    loop {
        let request = || aws.elb().describe_rules().listener_arn(listener).set_marker(marker.clone()).send();
        let page = aws.caller.send("elb:DescribeRules", request).await?;
        let found =
            page.rules().iter().find(|rule| rule.is_default() == Some(true) || rule.priority() == Some("default"));
        if let Some(arn) = found.and_then(|rule| rule.rule_arn()) {
            return Ok(arn.into());
        }
        marker = page.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
        if marker.is_none() {
            let text = format!("{listener} has no rule of its own");
            return Err(CloudError::local(ErrorClass::Gone, "elb:DescribeRules", text));
        }
    }
}

/// Puts listeners in the place of rules that are none of those which a listener of the stack was read to have.
pub(super) fn as_listeners(have: &mut Doc, elb: Option<&Elb>) {
    let Some((listeners, rules)) = elb.and_then(|elb| Some((elb.listeners.as_ref().ok()?, elb.rules.as_ref().ok()?)))
    else {
        return;
    };
    let balancers = have.get_mut("load_balancers").and_then(Value::as_array_mut);
    for shifts in balancers.into_iter().flatten().filter_map(|balancer| balancer.get_mut("shifts")) {
        for key in ["production_rule", "test_rule"] {
            let Some(arn) = shifts.get(key).and_then(Value::as_str) else { continue };
            let Some((listener, _)) = arn.rsplit_once('/').filter(|_| arn.contains(RULE)) else { continue };
            let listener = listener.replacen(RULE, LISTENER, 1);
            let is_known = listeners.iter().any(|item| item.raw.listener_arn() == Some(listener.as_str()));
            let own =
                rules.get(&listener).is_some_and(|rules| rules.iter().any(|rule| rule.raw.rule_arn() == Some(arn)));
            if is_known && !own {
                shifts[key] = listener.into();
            }
        }
    }
}
