//! Writes to Elastic Load Balancing that several kinds share: tags, which are set and removed apart from everything else.
//! Decides nothing about the things themselves.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use evenkeel_core::error::CloudError;

use crate::client::Aws;
use crate::services::elb::read::attributes;
use crate::tags::{Retag, Tags};

/// Tags as the API takes them.
pub fn api_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The mark that says which attributes of a new thing are managed.
pub fn attribute_marks(kind: &str, set: &BTreeMap<String, String>) -> Tags {
    let tag = attributes::table(kind).encode(set.keys());
    tag.map(|tag| (attributes::TAG.to_owned(), tag)).into_iter().collect()
}

/// Sets and removes tags of one thing; no request if there is nothing to do.
///
/// # Errors
/// Any error of the two requests.
pub async fn write_tags(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let request = || aws.elb().add_tags().resource_arns(arn).set_tags(Some(api_tags(&tags.set))).send();
        aws.caller.send("elb:AddTags", request).await?;
    }
    if !tags.remove.is_empty() {
        let request = || aws.elb().remove_tags().resource_arns(arn).set_tag_keys(Some(tags.remove.clone())).send();
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

impl AttributeSteps {
    /// The mark that remembers, to be written before anything else; none if all is remembered.
    pub fn marks(self) -> Tags {
        self.remember.map(|tag| (attributes::TAG.to_owned(), tag)).into_iter().collect()
    }
}

/// Works out the steps from one set of managed attributes to another.
pub fn attribute_steps(
    table: attributes::Table,
    have: &BTreeMap<String, String>,
    want: &BTreeMap<String, String>,
    marking: bool,
) -> AttributeSteps {
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
        Some(Some(tag)) => write_tags(aws, arn, &Retag::set(Tags::from([(key, tag)]))).await,
        Some(None) => write_tags(aws, arn, &Retag { set: Tags::new(), remove: vec![key] }).await,
    }
}

/// The part of a load balancer's ARN that tells it apart: `app/name/0123456789abcdef`.
pub fn full_name(arn: &str) -> &str {
    arn.split_once(":loadbalancer/").map_or(arn, |(_, full)| full)
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
        let steps = attribute_steps(attributes::table("target_group"), &slow, &delay, false);
        assert_eq!(steps.remember.as_deref(), Some("delay slow_start"));
        assert_eq!(
            steps.write,
            map(&[("deregistration_delay.timeout_seconds", "5"), ("slow_start.duration_seconds", "0")])
        );
        assert_eq!(steps.forget, Some(Some("delay".to_owned())));
        let gone = attribute_steps(attributes::table("target_group"), &slow, &BTreeMap::new(), false);
        assert_eq!((gone.remember, gone.forget), (None, Some(None)));
        assert_eq!(attribute_steps(attributes::table("target_group"), &slow, &slow, false), AttributeSteps::default());
    }
}
