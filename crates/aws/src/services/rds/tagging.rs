//! Tags of RDS, which all of its resources carry in the same way: by their ARN. Decides nothing.

use aws_sdk_rds::types::Tag;
use evenkeel_core::error::CloudError;

use crate::client::Aws;
use crate::tags::{Retag, Tags};

/// Tags as RDS takes them.
pub(super) fn api(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags as RDS gives them.
pub(super) fn of(tags: &[Tag]) -> Tags {
    let tag = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(tag).collect()
}

/// The tags of a resource.
///
/// # Errors
/// Any error of `rds:ListTagsForResource`; `Gone` if it is not there.
pub(super) async fn read(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let request = || aws.rds().list_tags_for_resource().resource_name(arn).send();
    Ok(of(aws.caller.send("rds:ListTagsForResource", request).await?.tag_list()))
}

/// Writes tags and takes some away.
pub(super) async fn write(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let request = || aws.rds().add_tags_to_resource().resource_name(arn).set_tags(Some(api(&tags.set))).send();
        aws.caller.send("rds:AddTagsToResource", request).await?;
    }
    if !tags.remove.is_empty() {
        let request = || {
            let request = aws.rds().remove_tags_from_resource().resource_name(arn);
            request.set_tag_keys(Some(tags.remove.clone())).send()
        };
        aws.caller.send("rds:RemoveTagsFromResource", request).await?;
    }
    Ok(())
}
