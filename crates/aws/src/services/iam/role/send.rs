//! The requests that change roles, each sent only if something of its kind differs; independent ones side by side.
//! What is added goes before what is taken away, so that the role never has less than both states have in common.

use aws_sdk_iam::types::Tag;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Owner;
use futures::future::{BoxFuture, FutureExt, join_all};

use super::{Spec, policy};
use crate::call::gone::unless_gone;
use crate::client::Aws;
use crate::resource::{Creation, Work};
use crate::services::iam::read::{Found, attached, inline_names, one, path, profiles_of};
use crate::tags::{self, Retag, Tags};

/// Tags as IAM takes them.
///
/// # Errors
/// `Bug`: the SDK does not take one.
pub fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder().key(key).value(value).build().map_err(|error| CloudError::bug("tags", error.to_string()))
        })
        .collect()
}

/// Runs requests side by side; the first error, after all have ended.
async fn all(requests: Vec<BoxFuture<'_, Result<(), CloudError>>>) -> Result<(), CloudError> {
    join_all(requests).await.into_iter().collect()
}

/// What has come of making a role.
pub(super) enum Made {
    /// It is new; its ARN.
    New(String),
    /// It was there already and is of this node: half made, or made by another run. As it is.
    There(Box<Found>),
}

/// Makes the role itself. One that is there for the same node is told as it is: it may have been made otherwise.
///
/// # Errors
/// `Exists` if somebody else's role has the name; any other error of the request.
pub(super) async fn create_role(work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Made, CloudError> {
    let (aws, want) = (work.aws, &order.want);
    let (node, name) = (order.order.node, order.order.name);
    let marks = sdk_tags(&order.tags)?;
    let trust = policy::to_request(&want.trust);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let reply = aws
        .caller
        .send("iam:CreateRole", || {
            aws.iam()
                .create_role()
                .role_name(name)
                .path(path(work.stack, &aws.region))
                .assume_role_policy_document(&trust)
                .set_description(some(&want.description))
                .max_session_duration(seconds(want))
                .set_permissions_boundary(some(&want.boundary))
                .set_tags(Some(marks.clone()))
                .send()
        })
        .await;
    match reply {
        Ok(reply) => Ok(Made::New(reply.role().map(|role| role.arn().to_owned()).unwrap_or_default())),
        Err(error) if error.class == ErrorClass::Exists => {
            let mark = work.mark(true);
            let ours = |found: &Found| tags::owner(&found.tags, &mark, node.kind()) == Owner::Ours(node.clone());
            let found = one(aws, name, &path(work.stack, &aws.region)).await?.filter(ours);
            Ok(Made::There(Box::new(found.ok_or(error)?)))
        }
        Err(error) => Err(error),
    }
}

fn seconds(want: &Spec) -> i32 {
    i32::try_from(want.max_session_secs).unwrap_or(i32::MAX)
}

/// Attaches managed policies and writes inline ones.
///
/// # Errors
/// The first error of the requests.
pub(super) async fn add_policies(
    aws: &Aws,
    role: &str,
    managed: &[&str],
    inline: &[(&String, &Doc)],
) -> Result<(), CloudError> {
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = Vec::new();
    for arn in managed.iter().copied() {
        let request = move || aws.iam().attach_role_policy().role_name(role).policy_arn(arn).send();
        requests.push(async move { aws.caller.send("iam:AttachRolePolicy", request).await.map(drop) }.boxed());
    }
    for (name, document) in inline.iter().copied() {
        let text = policy::to_request(document);
        requests.push(
            async move {
                let request = || {
                    let request = aws.iam().put_role_policy().role_name(role).policy_name(name);
                    request.policy_document(&text).send()
                };
                aws.caller.send("iam:PutRolePolicy", request).await.map(drop)
            }
            .boxed(),
        );
    }
    all(requests).await
}

/// Detaches managed policies and deletes inline ones; those that are gone do not matter.
///
/// # Errors
/// The first other error of the requests.
pub(super) async fn remove_policies(
    aws: &Aws,
    role: &str,
    managed: &[String],
    inline: &[String],
) -> Result<(), CloudError> {
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = Vec::new();
    for arn in managed {
        let request = move || aws.iam().detach_role_policy().role_name(role).policy_arn(arn).send();
        requests
            .push(async move { unless_gone(aws.caller.send("iam:DetachRolePolicy", request).await.map(drop)) }.boxed());
    }
    for name in inline {
        let request = move || aws.iam().delete_role_policy().role_name(role).policy_name(name).send();
        requests
            .push(async move { unless_gone(aws.caller.send("iam:DeleteRolePolicy", request).await.map(drop)) }.boxed());
    }
    all(requests).await
}

/// Brings a role from what it has to what it should have; `specs` is (from, to).
///
/// # Errors
/// The first error of the requests.
pub(super) async fn update(aws: &Aws, role: &str, specs: (&Spec, &Spec), tags: &Retag) -> Result<(), CloudError> {
    let (have, want) = specs;
    let fresh = |have: &[Text], want: &[Text]| -> Vec<String> {
        want.iter().filter(|arn| !have.contains(arn)).filter_map(Text::known).map(str::to_owned).collect()
    };
    let attach = fresh(&have.managed, &want.managed);
    let attach: Vec<&str> = attach.iter().map(String::as_str).collect();
    let put: Vec<(&String, &Doc)> =
        want.inline.iter().filter(|(name, document)| have.inline.get(*name) != Some(document)).collect();
    all(vec![
        add_policies(aws, role, &attach, &put).boxed(),
        settings(aws, role, have, want).boxed(),
        tag(aws, role, tags).boxed(),
    ])
    .await?;
    let delete: Vec<String> = have.inline.keys().filter(|name| !want.inline.contains_key(*name)).cloned().collect();
    remove_policies(aws, role, &fresh(&want.managed, &have.managed), &delete).await
}

async fn settings(aws: &Aws, role: &str, have: &Spec, want: &Spec) -> Result<(), CloudError> {
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = Vec::new();
    if have.trust != want.trust {
        let trust = policy::to_request(&want.trust);
        requests.push(
            async move {
                let request = || aws.iam().update_assume_role_policy().role_name(role).policy_document(&trust).send();
                aws.caller.send("iam:UpdateAssumeRolePolicy", request).await.map(drop)
            }
            .boxed(),
        );
    }
    if (&have.description, have.max_session_secs) != (&want.description, want.max_session_secs) {
        let request = || {
            let request = aws.iam().update_role().role_name(role).description(&want.description);
            request.max_session_duration(seconds(want)).send()
        };
        requests.push(async move { aws.caller.send("iam:UpdateRole", request).await.map(drop) }.boxed());
    }
    if have.boundary != want.boundary {
        requests.push(boundary(aws, role, &want.boundary).boxed());
    }
    all(requests).await
}

async fn boundary(aws: &Aws, role: &str, arn: &str) -> Result<(), CloudError> {
    if arn.is_empty() {
        let request = || aws.iam().delete_role_permissions_boundary().role_name(role).send();
        return unless_gone(aws.caller.send("iam:DeleteRolePermissionsBoundary", request).await.map(drop));
    }
    let request = || aws.iam().put_role_permissions_boundary().role_name(role).permissions_boundary(arn).send();
    aws.caller.send("iam:PutRolePermissionsBoundary", request).await.map(drop)
}

async fn tag(aws: &Aws, role: &str, Retag { set, remove }: &Retag) -> Result<(), CloudError> {
    // To IAM, keys that differ in case only are one: what has a new spelling goes first, or the new one would go with it.
    let respelt = |old: &&String| set.keys().any(|new| new.eq_ignore_ascii_case(old));
    let (first, last): (Vec<&String>, Vec<&String>) = remove.iter().partition(respelt);
    untag(aws, role, first).await?;
    if !set.is_empty() {
        let set = sdk_tags(set)?;
        let request = || aws.iam().tag_role().role_name(role).set_tags(Some(set.clone())).send();
        aws.caller.send("iam:TagRole", request).await?;
    }
    untag(aws, role, last).await
}

async fn untag(aws: &Aws, role: &str, keys: Vec<&String>) -> Result<(), CloudError> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = keys.into_iter().cloned().collect();
    let request = || aws.iam().untag_role().role_name(role).set_tag_keys(Some(keys.clone())).send();
    aws.caller.send("iam:UntagRole", request).await.map(drop)
}

/// Deletes the role itself.
///
/// # Errors
/// `InUse` if it still has policies or is in an instance profile; any other error but that it is gone.
pub(super) async fn delete_role(aws: &Aws, role: &str) -> Result<(), CloudError> {
    let request = || aws.iam().delete_role().role_name(role).send();
    unless_gone(aws.caller.send("iam:DeleteRole", request).await.map(drop))
}

/// Takes a role out of instance profiles; those that are gone do not matter.
///
/// # Errors
/// The first other error of the requests.
pub(super) async fn leave_profiles(aws: &Aws, role: &str, profiles: &[&str]) -> Result<(), CloudError> {
    let leave = profiles.iter().map(|profile| {
        async move {
            let request =
                || aws.iam().remove_role_from_instance_profile().role_name(role).instance_profile_name(*profile).send();
            unless_gone(aws.caller.send("iam:RemoveRoleFromInstanceProfile", request).await.map(drop))
        }
        .boxed()
    });
    all(leave.collect()).await
}

/// What a role still has: managed policies, inline ones, and instance profiles of others.
///
/// # Errors
/// The first error of the requests.
pub(super) async fn what_is_left(
    work: Work<'_>,
    role: &str,
) -> Result<(Vec<String>, Vec<String>, Vec<String>), CloudError> {
    let (aws, own) = (work.aws, path(work.stack, &work.aws.region));
    let (managed, inline, profiles) =
        futures::join!(attached(aws, role), inline_names(aws, role), profiles_of(aws, role, &own));
    Ok((managed?, inline?, profiles?))
}
