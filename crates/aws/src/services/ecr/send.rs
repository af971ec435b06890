//! The requests that change repositories, each sent only if something of its kind differs. Decides nothing.

use aws_sdk_ecr::types::{
    EncryptionConfiguration, ImageScanningConfiguration, ImageTagMutability, ImageTagMutabilityExclusionFilter,
    ImageTagMutabilityExclusionFilterType, Tag,
};
use aws_smithy_types::error::operation::BuildError;
use evenkeel_core::doc::Doc;
use evenkeel_core::error::CloudError;
use serde_json::Value;

use super::repository::Spec;
use crate::client::Aws;
use crate::services::iam::role::policy;
use crate::tags::{Retag, Tags};

fn built<T>(built: Result<T, BuildError>) -> Result<T, CloudError> {
    built.map_err(|error| CloudError::bug("ecr", error.to_string()))
}

fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}

/// The word for the mutability, and the tags that are excluded from it.
fn mutability(want: &Spec) -> Result<(ImageTagMutability, Option<Vec<ImageTagMutabilityExclusionFilter>>), CloudError> {
    if want.exclusions.is_empty() {
        return Ok((ImageTagMutability::from(want.mutability.as_str()), None));
    }
    let filter = |pattern: &String| {
        let kind = ImageTagMutabilityExclusionFilterType::Wildcard;
        built(ImageTagMutabilityExclusionFilter::builder().filter_type(kind).filter(pattern).build())
    };
    let filters = want.exclusions.iter().map(filter).collect::<Result<_, _>>()?;
    Ok((ImageTagMutability::from(format!("{}_WITH_EXCLUSION", want.mutability).as_str()), Some(filters)))
}

/// Makes the repository itself; gives its ARN and where images are pulled from.
pub(super) async fn create(aws: &Aws, name: &str, want: &Spec, tags: &Tags) -> Result<(String, String), CloudError> {
    let tags = sdk_tags(tags)?;
    let (word, filters) = mutability(want)?;
    let encryption = EncryptionConfiguration::builder().encryption_type(want.encryption.as_str().into());
    let encryption = built(encryption.set_kms_key(want.kms_key.clone()).build())?;
    let scanning = ImageScanningConfiguration::builder().scan_on_push(want.scan_on_push).build();
    let request = || {
        aws.ecr()
            .create_repository()
            .repository_name(name)
            .set_tags(Some(tags.clone()))
            .image_tag_mutability(word.clone())
            .set_image_tag_mutability_exclusion_filters(filters.clone())
            .image_scanning_configuration(scanning.clone())
            .encryption_configuration(encryption.clone())
            .send()
    };
    let made = aws.caller.send("ecr:CreateRepository", request).await?;
    let made =
        made.repository().ok_or_else(|| CloudError::bug("ecr:CreateRepository", "the reply has no repository"))?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok((text(made.repository_arn()), text(made.repository_uri())))
}

/// Sets whether tags can be moved.
pub(super) async fn put_mutability(aws: &Aws, name: &str, want: &Spec) -> Result<(), CloudError> {
    let (word, filters) = mutability(want)?;
    let request = || {
        aws.ecr()
            .put_image_tag_mutability()
            .repository_name(name)
            .image_tag_mutability(word.clone())
            .set_image_tag_mutability_exclusion_filters(filters.clone())
            .send()
    };
    aws.caller.send("ecr:PutImageTagMutability", request).await.map(drop)
}

/// Sets whether images are scanned.
pub(super) async fn put_scanning(aws: &Aws, name: &str, want: &Spec) -> Result<(), CloudError> {
    let scanning = ImageScanningConfiguration::builder().scan_on_push(want.scan_on_push).build();
    let request = || {
        aws.ecr()
            .put_image_scanning_configuration()
            .repository_name(name)
            .image_scanning_configuration(scanning.clone())
            .send()
    };
    aws.caller.send("ecr:PutImageScanningConfiguration", request).await.map(drop)
}

/// Whether a document stands for no policy.
pub(super) fn is_none(document: &Doc) -> bool {
    document.as_object().is_some_and(serde_json::Map::is_empty)
}

/// A policy that is gone already is gone.
fn unless_gone<T>(reply: Result<T, CloudError>, none: &str) -> Result<(), CloudError> {
    match reply {
        Err(error) if error.code == none => Ok(()),
        other => other.map(drop),
    }
}

/// Sets the lifecycle policy, or takes it away.
pub(super) async fn put_lifecycle(aws: &Aws, name: &str, policy: &Doc) -> Result<(), CloudError> {
    if is_none(policy) {
        let request = || aws.ecr().delete_lifecycle_policy().repository_name(name).send();
        let reply = aws.caller.send("ecr:DeleteLifecyclePolicy", request).await;
        return unless_gone(reply, "LifecyclePolicyNotFoundException");
    }
    let text = Value::to_string(policy);
    let request = || aws.ecr().put_lifecycle_policy().repository_name(name).lifecycle_policy_text(&text).send();
    aws.caller.send("ecr:PutLifecyclePolicy", request).await.map(drop)
}

/// Sets the policy, or takes it away.
pub(super) async fn put_policy(aws: &Aws, name: &str, document: &Doc) -> Result<(), CloudError> {
    if is_none(document) {
        let request = || aws.ecr().delete_repository_policy().repository_name(name).send();
        let reply = aws.caller.send("ecr:DeleteRepositoryPolicy", request).await;
        return unless_gone(reply, "RepositoryPolicyNotFoundException");
    }
    let text = policy::to_request(document);
    let request = || aws.ecr().set_repository_policy().repository_name(name).policy_text(&text).send();
    aws.caller.send("ecr:SetRepositoryPolicy", request).await.map(drop)
}

/// Writes tags and takes some away.
pub(super) async fn retag(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let set = sdk_tags(&tags.set)?;
        let request = || aws.ecr().tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send();
        aws.caller.send("ecr:TagResource", request).await?;
    }
    if !tags.remove.is_empty() {
        let request = || aws.ecr().untag_resource().resource_arn(arn).set_tag_keys(Some(tags.remove.clone())).send();
        aws.caller.send("ecr:UntagResource", request).await?;
    }
    Ok(())
}

/// Deletes the repository; `force` lets its images go with it.
pub(super) async fn delete(aws: &Aws, name: &str, force: bool) -> Result<(), CloudError> {
    let request = || aws.ecr().delete_repository().repository_name(name).force(force).send();
    aws.caller.send("ecr:DeleteRepository", request).await.map(drop).map_err(|error| match error.code.as_str() {
        "RepositoryNotEmptyException" => {
            let hint = "an image was pushed after the plan was made; run the plan again".to_owned();
            CloudError { hint: Some(hint), ..error }
        }
        _ => error,
    })
}
