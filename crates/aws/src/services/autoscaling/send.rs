//! The requests that make, change and delete a target with its policies and scheduled actions. Each puts one of them whole, so that
//! sending it twice is sending it once. What goes is deleted first: AWS refuses two policies that track one metric.

use evenkeel_core::error::CloudError;
use serde_json::{Map, Value, json};

use super::convert::SWITCHES;
use super::policy::{Action, Policy};
use super::read::{DIMENSION, NAMESPACE};
use crate::call::gone::{not_yet, unless_gone};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::tags::{Retag, Tags};

/// The members that name a target.
fn named(resource: &str) -> Map<String, Value> {
    let members = [("ServiceNamespace", NAMESPACE), ("ResourceId", resource), ("ScalableDimension", DIMENSION)];
    members.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

/// What is registered; what is left out stays as it is.
#[derive(Default)]
pub(super) struct Registration<'a> {
    /// The fewest and the most tasks.
    pub(super) limits: Option<(u64, u64)>,
    /// What is suspended.
    pub(super) suspended: Option<&'a [String]>,
    /// Tags, which count only when it is new.
    pub(super) tags: Option<&'a Tags>,
}

/// Registers a target; its ARN, where the reply tells.
///
/// # Errors
/// Any error of `application-autoscaling:RegisterScalableTarget`.
pub(super) async fn register(aws: &Aws, resource: &str, what: &Registration<'_>) -> Result<Option<String>, CloudError> {
    let mut body = named(resource);
    if let Some((min, max)) = what.limits {
        body.insert("MinCapacity".to_owned(), min.into());
        body.insert("MaxCapacity".to_owned(), max.into());
    }
    if let Some(suspended) = what.suspended {
        let state =
            SWITCHES.iter().map(|(word, name)| ((*name).to_owned(), suspended.iter().any(|off| off == word).into()));
        body.insert("SuspendedState".to_owned(), Value::Object(state.collect()));
    }
    if let Some(tags) = what.tags {
        body.insert("Tags".to_owned(), json!(tags));
    }
    let body = Value::Object(body);
    let reply =
        exchange!(aws, "application-autoscaling:RegisterScalableTarget", scaling.register_scalable_target, &body)?;
    Ok(reply["ScalableTargetARN"].as_str().map(str::to_owned))
}

/// Makes the policies of a target what they should be.
///
/// # Errors
/// Any error of `application-autoscaling:DeleteScalingPolicy` and `PutScalingPolicy`.
pub(super) async fn policies(aws: &Aws, resource: &str, have: &[Policy], want: &[Policy]) -> Result<(), CloudError> {
    let new: Vec<&Policy> = want.iter().filter(|policy| !have.contains(policy)).collect();
    for old in have.iter().filter(|policy| !want.contains(policy)) {
        let next = want.iter().find(|policy| policy.name == old.name);
        // Two may exchange their metrics, and a policy stays of its sort.
        let taken = |next: &Policy| {
            next.kind != old.kind
                || new.iter().any(|one| one.name != old.name && one.metric == old.metric && one.metric.is_some())
        };
        if next.is_none_or(taken) {
            delete_policy(aws, resource, &old.name).await?;
        }
    }
    for policy in new {
        let mut body = named(resource);
        body.extend(policy.sent());
        let body = Value::Object(body);
        exchange!(aws, "application-autoscaling:PutScalingPolicy", scaling.put_scaling_policy, &body)
            .map_err(not_yet)?;
    }
    Ok(())
}

async fn delete_policy(aws: &Aws, resource: &str, name: &str) -> Result<(), CloudError> {
    let mut body = named(resource);
    body.insert("PolicyName".to_owned(), name.into());
    let body = Value::Object(body);
    unless_gone(exchange!(aws, "application-autoscaling:DeleteScalingPolicy", scaling.delete_scaling_policy, &body))
}

/// Makes the scheduled actions of a target what they should be.
///
/// # Errors
/// Any error of `application-autoscaling:DeleteScheduledAction` and `PutScheduledAction`.
pub(super) async fn schedule(aws: &Aws, resource: &str, have: &[Action], want: &[Action]) -> Result<(), CloudError> {
    for old in have.iter().filter(|old| !want.iter().any(|action| action.name == old.name)) {
        let mut body = named(resource);
        body.insert("ScheduledActionName".to_owned(), old.name.as_str().into());
        let body = Value::Object(body);
        unless_gone(exchange!(
            aws,
            "application-autoscaling:DeleteScheduledAction",
            scaling.delete_scheduled_action,
            &body
        ))?;
    }
    for action in want.iter().filter(|action| !have.contains(action)) {
        let mut body = named(resource);
        let limits = [("MinCapacity", action.min), ("MaxCapacity", action.max)];
        let limits = limits.into_iter().filter_map(|(key, limit)| Some((key.to_owned(), limit?.into())));
        body.insert("ScheduledActionName".to_owned(), action.name.as_str().into());
        body.insert("Schedule".to_owned(), action.at.as_str().into());
        body.insert("Timezone".to_owned(), action.timezone.as_str().into());
        body.insert("ScalableTargetAction".to_owned(), Value::Object(limits.collect()));
        for (key, time) in [("StartTime", &action.start), ("EndTime", &action.end)] {
            if let Some(time) = time {
                body.insert(key.to_owned(), seconds(time)?);
            }
        }
        let body = Value::Object(body);
        exchange!(aws, "application-autoscaling:PutScheduledAction", scaling.put_scheduled_action, &body)
            .map_err(not_yet)?;
    }
    Ok(())
}

/// A time as AWS takes it.
fn seconds(time: &str) -> Result<Value, CloudError> {
    use aws_smithy_types::DateTime;
    use aws_smithy_types::date_time::Format;
    let parsed = DateTime::from_str(time, Format::DateTime);
    parsed
        .map(|time| time.secs().into())
        .map_err(|error| CloudError::bug("application-autoscaling:PutScheduledAction", error.to_string()))
}

/// Writes tags of a target and takes some away; sends nothing for nothing.
///
/// # Errors
/// Any error of `application-autoscaling:TagResource` and `UntagResource`.
pub(super) async fn change_tags(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let body = json!({ "ResourceARN": arn, "Tags": tags.set });
        exchange!(aws, "application-autoscaling:TagResource", scaling.tag_resource, &body)?;
    }
    if !tags.remove.is_empty() {
        let body = json!({ "ResourceARN": arn, "TagKeys": tags.remove });
        exchange!(aws, "application-autoscaling:UntagResource", scaling.untag_resource, &body)?;
    }
    Ok(())
}

/// Deregisters a target; its policies and scheduled actions go with it.
///
/// # Errors
/// Any error of `application-autoscaling:DeregisterScalableTarget`.
pub(super) async fn deregister(aws: &Aws, resource: &str) -> Result<(), CloudError> {
    let body = Value::Object(named(resource));
    exchange!(aws, "application-autoscaling:DeregisterScalableTarget", scaling.deregister_scalable_target, &body)
        .map(drop)
}
