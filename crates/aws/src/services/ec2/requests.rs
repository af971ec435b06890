//! Requests that several kinds of EC2 send alike: the tags of a thing, and the network interfaces that are in it. Knows no kind.

use aws_sdk_ec2::types::{Filter, NetworkInterface, Tag};
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Readiness;

use super::replies::sdk_tags;
use crate::client::Aws;
use crate::tags::Retag;

/// Writes tags and takes some away.
///
/// # Errors
/// Any error of the requests.
pub(super) async fn write_tags(aws: &Aws, id: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let request = || aws.ec2().create_tags().resources(id).set_tags(Some(sdk_tags(&tags.set))).send();
        aws.caller.send("ec2:CreateTags", request).await?;
    }
    if !tags.remove.is_empty() {
        let keys: Vec<Tag> = tags.remove.iter().map(|key| Tag::builder().key(key).build()).collect();
        let request = || aws.ec2().delete_tags().resources(id).set_tags(Some(keys.clone())).send();
        aws.caller.send("ec2:DeleteTags", request).await?;
    }
    Ok(())
}

/// Network interfaces that a filter lets through.
///
/// # Errors
/// Any error of the request.
pub(super) async fn interfaces(aws: &Aws, only: Filter) -> Result<Vec<NetworkInterface>, CloudError> {
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let request = || {
            let request = aws.ec2().describe_network_interfaces().filters(only.clone());
            request.max_results(1000).set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("ec2:DescribeNetworkInterfaces", request).await?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.network_interfaces.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// Whether something is vacant of these, which are in it.
pub(super) fn vacancy(inside: &[String]) -> Readiness {
    match inside {
        [] => Readiness::Ready,
        [one] => Readiness::Pending(one.clone()),
        [one, more @ ..] => Readiness::Pending(format!("{one} and {} more", more.len())),
    }
}
