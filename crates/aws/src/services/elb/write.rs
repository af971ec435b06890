//! Writes to Elastic Load Balancing that several kinds share: tags, which are set and removed apart from everything else.
//! Decides nothing about the things themselves.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::CloudError;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Owner};

use crate::client::Aws;
use crate::services::elb::read::attributes;
use crate::tags::{self, Tags};

/// Tags as the API takes them.
pub fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// All tags to put on a new thing: the user's, our marks, and which attributes are managed.
pub fn all_tags(user: &Tags, stack: &str, node: &NodeId, set: &BTreeMap<String, String>) -> Tags {
    let mut tags = tags::marked(user, stack, node);
    if let Some(tag) = attributes::table(node.kind()).encode(set.keys()) {
        tags.insert(attributes::TAG.to_owned(), tag);
    }
    tags
}

/// All tags to put on what an order makes: as [`all_tags`], and whose place it takes.
pub fn new_tags(user: &Tags, stack: &str, order: &Create<'_>, set: &BTreeMap<String, String>) -> Tags {
    let mut tags = all_tags(user, stack, order.node, set);
    tags.extend(order.replaces.map(|id| (tags::REPLACES.to_owned(), id.to_owned())));
    tags
}

/// The tags to write on something that is to be changed: the user's as far as they differ, and our marks if it has others.
///
/// Returns what to set and which keys to remove.
pub fn tag_changes(stack: &str, order: &Update<'_>, have: &Tags, want: &Tags) -> (Tags, Vec<String>) {
    let (mut set, remove) = tags::changes(have, want);
    if order.live.owner != Owner::Ours(order.node.clone()) {
        set.extend(tags::marked(&Tags::new(), stack, order.node));
    }
    (set, remove)
}

/// Sets and removes tags of one thing; no request if there is nothing to do.
///
/// # Errors
/// Any error of the two requests.
pub async fn write_tags(aws: &Aws, arn: &str, set: &Tags, remove: &[String]) -> Result<(), CloudError> {
    if !set.is_empty() {
        let request = || aws.elb().add_tags().resource_arns(arn).set_tags(Some(api_tags(set))).send();
        aws.caller.send("elb:AddTags", request).await?;
    }
    if !remove.is_empty() {
        let request = || aws.elb().remove_tags().resource_arns(arn).set_tag_keys(Some(remove.to_vec())).send();
        aws.caller.send("elb:RemoveTags", request).await?;
    }
    Ok(())
}

/// What managed attributes need when they change: in this order a run that is cut short is completed by the next one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AttributeSteps {
    /// First remember everything that is or was set.
    pub remember: Option<String>,
    /// Then write the values.
    pub write: BTreeMap<String, String>,
    /// Then forget what was reset: the new value of the tag, or none to remove it.
    pub forget: Option<Option<String>>,
}

/// Works out the steps from one set of managed attributes to another.
pub fn attribute_steps(
    kind: &str,
    have: &BTreeMap<String, String>,
    want: &BTreeMap<String, String>,
    marking: bool,
) -> AttributeSteps {
    let table = attributes::table(kind);
    let added = want.keys().any(|key| !have.contains_key(key));
    let removed = have.keys().any(|key| !want.contains_key(key));
    let target = table.encode(want.keys());
    let write = table.changes(have, want);
    // A value that AWS had already may never have been remembered, so every writing remembers.
    let remember = (added || marking || !write.is_empty() && !removed)
        .then(|| table.encode(want.keys().chain(have.keys())))
        .flatten();
    AttributeSteps { remember, write, forget: removed.then_some(target) }
}

/// Carries out [`AttributeSteps::forget`].
///
/// # Errors
/// Any error of the request.
pub async fn forget_attributes(aws: &Aws, arn: &str, forget: Option<Option<String>>) -> Result<(), CloudError> {
    let key = attributes::TAG.to_owned();
    match forget {
        None => Ok(()),
        Some(Some(tag)) => write_tags(aws, arn, &Tags::from([(key, tag)]), &[]).await,
        Some(None) => write_tags(aws, arn, &Tags::new(), &[key]).await,
    }
}

/// The part of a load balancer's ARN that tells it apart: `app/name/0123456789abcdef`.
pub fn full_name(arn: &str) -> &str {
    arn.split_once(":loadbalancer/").map_or(arn, |(_, full)| full)
}

/// The thing as it is after an update that was carried out.
pub fn updated(order: &Update<'_>) -> Live {
    Live { have: order.want.clone(), owner: Owner::Ours(order.node.clone()), ..order.live.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn attributes_are_remembered_before_and_forgotten_after() {
        let slow = map(&[("slow_start.duration_seconds", "30")]);
        let delay = map(&[("deregistration_delay.timeout_seconds", "5")]);
        let steps = attribute_steps("target_group", &slow, &delay, false);
        assert_eq!(steps.remember.as_deref(), Some("delay slow_start"));
        assert_eq!(
            steps.write,
            map(&[("deregistration_delay.timeout_seconds", "5"), ("slow_start.duration_seconds", "0")])
        );
        assert_eq!(steps.forget, Some(Some("delay".to_owned())));
        let gone = attribute_steps("target_group", &slow, &BTreeMap::new(), false);
        assert_eq!((gone.remember, gone.forget), (None, Some(None)));
        assert_eq!(attribute_steps("target_group", &slow, &slow, false), AttributeSteps::default());
    }
}
