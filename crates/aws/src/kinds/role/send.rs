//! The requests that change roles, each sent only if something of its kind differs; independent ones side by side.
//! What is added goes before what is taken away, so that the role never has less than both states have in common.

use aws_sdk_iam::types::Tag;
use evenkeel_core::cloud::Create;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use futures::future::{BoxFuture, FutureExt, join_all};

use super::{Spec, policy};
use crate::client::Aws;
use crate::read::iam::{attached, inline_names, one, path};
use crate::tags::{self, Tags};

fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, CloudError> {
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

fn unless_gone(result: Result<(), CloudError>) -> Result<(), CloudError> {
    match result {
        Err(error) if error.class == ErrorClass::Gone => Ok(()),
        other => other,
    }
}

/// Makes the role itself and returns its ARN. One that was half made for the same node is taken up.
///
/// # Errors
/// `Exists` if somebody else's role has the name; any other error of the request.
pub async fn create_role(aws: &Aws, stack: &str, order: &Create<'_>, want: &Spec) -> Result<String, CloudError> {
    let marks = sdk_tags(&want.marked(stack, order.node))?;
    let trust = policy::to_request(&want.trust);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let reply = aws
        .caller
        .send("iam:CreateRole", || {
            aws.iam
                .create_role()
                .role_name(order.name)
                .path(path(stack))
                .assume_role_policy_document(&trust)
                .set_description(some(&want.description))
                .max_session_duration(seconds(want))
                .set_permissions_boundary(some(&want.boundary))
                .set_tags(Some(marks.clone()))
                .send()
        })
        .await;
    match reply {
        Ok(reply) => Ok(reply.role().map(|role| role.arn().to_owned()).unwrap_or_default()),
        Err(error) if error.class == ErrorClass::Exists => {
            half_made(aws, stack, order.node, order.name).await?.ok_or(error)
        }
        Err(error) => Err(error),
    }
}

async fn half_made(aws: &Aws, stack: &str, node: &NodeId, name: &str) -> Result<Option<String>, CloudError> {
    let ours = |tags: &Tags| tags::owner(tags, stack, node.kind()) == Owner::Ours(node.clone());
    let found = one(aws, name).await?.filter(|found| ours(&found.tags));
    Ok(found.map(|found| found.arn))
}

fn seconds(want: &Spec) -> i32 {
    i32::try_from(want.max_session_secs).unwrap_or(i32::MAX)
}

/// Attaches managed policies and writes inline ones.
///
/// # Errors
/// The first error of the requests.
pub async fn add_policies(
    aws: &Aws,
    role: &str,
    managed: &[&str],
    inline: &[(&String, &Doc)],
) -> Result<(), CloudError> {
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = Vec::new();
    for arn in managed.iter().copied() {
        let request = move || aws.iam.attach_role_policy().role_name(role).policy_arn(arn).send();
        requests.push(async move { aws.caller.send("iam:AttachRolePolicy", request).await.map(drop) }.boxed());
    }
    for (name, document) in inline.iter().copied() {
        let text = policy::to_request(document);
        requests.push(
            async move {
                let request = || {
                    let request = aws.iam.put_role_policy().role_name(role).policy_name(name);
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
pub async fn remove_policies(aws: &Aws, role: &str, managed: &[String], inline: &[String]) -> Result<(), CloudError> {
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = Vec::new();
    for arn in managed {
        let request = move || aws.iam.detach_role_policy().role_name(role).policy_arn(arn).send();
        requests
            .push(async move { unless_gone(aws.caller.send("iam:DetachRolePolicy", request).await.map(drop)) }.boxed());
    }
    for name in inline {
        let request = move || aws.iam.delete_role_policy().role_name(role).policy_name(name).send();
        requests
            .push(async move { unless_gone(aws.caller.send("iam:DeleteRolePolicy", request).await.map(drop)) }.boxed());
    }
    all(requests).await
}

/// Brings a role from what it has to what it should have; `specs` and `marked` are each (from, to).
///
/// # Errors
/// The first error of the requests.
pub async fn update(aws: &Aws, role: &str, specs: (&Spec, &Spec), marked: (&Tags, &Tags)) -> Result<(), CloudError> {
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
        tag(aws, role, marked).boxed(),
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
                let request = || aws.iam.update_assume_role_policy().role_name(role).policy_document(&trust).send();
                aws.caller.send("iam:UpdateAssumeRolePolicy", request).await.map(drop)
            }
            .boxed(),
        );
    }
    if (&have.description, have.max_session_secs) != (&want.description, want.max_session_secs) {
        let request = || {
            let request = aws.iam.update_role().role_name(role).description(&want.description);
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
        let request = || aws.iam.delete_role_permissions_boundary().role_name(role).send();
        return unless_gone(aws.caller.send("iam:DeleteRolePermissionsBoundary", request).await.map(drop));
    }
    let request = || aws.iam.put_role_permissions_boundary().role_name(role).permissions_boundary(arn).send();
    aws.caller.send("iam:PutRolePermissionsBoundary", request).await.map(drop)
}

async fn tag(aws: &Aws, role: &str, (from, to): (&Tags, &Tags)) -> Result<(), CloudError> {
    let (set, remove) = tags::changes(from, to);
    if !set.is_empty() {
        let set = sdk_tags(&set)?;
        let request = || aws.iam.tag_role().role_name(role).set_tags(Some(set.clone())).send();
        aws.caller.send("iam:TagRole", request).await?;
    }
    if !remove.is_empty() {
        let request = || aws.iam.untag_role().role_name(role).set_tag_keys(Some(remove.clone())).send();
        aws.caller.send("iam:UntagRole", request).await?;
    }
    Ok(())
}

/// Deletes the role itself.
///
/// # Errors
/// `InUse` if it still has policies or is in an instance profile; any other error but that it is gone.
pub async fn delete_role(aws: &Aws, role: &str) -> Result<(), CloudError> {
    let request = || aws.iam.delete_role().role_name(role).send();
    unless_gone(aws.caller.send("iam:DeleteRole", request).await.map(drop))
}

/// Asks what a role still has, and takes it away: policies, and its places in instance profiles.
///
/// # Errors
/// The first error of the requests.
pub async fn remove_whatever_is_left(aws: &Aws, role: &str) -> Result<(), CloudError> {
    let (managed, inline, profiles) = futures::join!(attached(aws, role), inline_names(aws, role), profiles(aws, role));
    let (managed, inline, profiles) = (managed?, inline?, profiles?);
    let leave = profiles.iter().map(|profile| {
        async move {
            let request =
                || aws.iam.remove_role_from_instance_profile().role_name(role).instance_profile_name(profile).send();
            unless_gone(aws.caller.send("iam:RemoveRoleFromInstanceProfile", request).await.map(drop))
        }
        .boxed()
    });
    let mut requests: Vec<BoxFuture<'_, Result<(), CloudError>>> = leave.collect();
    requests.push(remove_policies(aws, role, &managed, &inline).boxed());
    all(requests).await
}

async fn profiles(aws: &Aws, role: &str) -> Result<Vec<String>, CloudError> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListInstanceProfilesForRole", || {
                aws.iam.list_instance_profiles_for_role().role_name(role).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.instance_profiles().iter().map(|profile| profile.instance_profile_name().to_owned()));
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}
