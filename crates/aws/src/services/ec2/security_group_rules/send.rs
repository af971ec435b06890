//! The requests that change rules: one to a direction and a verb. Adds before it takes away. A rule that is there already
//! (`InvalidPermission.Duplicate` refuses the whole request) makes it look again and send the rest.

use aws_sdk_ec2::types::{IpPermission, SecurityGroup, TagSpecification};
use evenkeel_core::error::{CloudError, ErrorClass};

use super::convert::{Rules, to_api};
use super::{ANYWHERE_V6, Rule, default_egress};
use crate::client::Aws;
use crate::services::ec2::groups;
use crate::services::ec2::replies::filter;

/// Which way traffic goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::services::ec2) enum Direction {
    /// Into the group's members.
    Ingress,
    /// Out of them.
    Egress,
}

/// Brings one direction of a group from what it has to what it should have.
///
/// # Errors
/// `Gone` if the group or a peer is not there (yet); any other error of the requests.
pub(super) async fn change(
    aws: &Aws,
    group: &str,
    direction: Direction,
    have: &[Rule],
    want: &[Rule],
) -> Result<(), CloudError> {
    let find = |list: &[Rule], rule: &Rule| list.iter().find(|other| other.same(rule)).cloned();
    let missing: Vec<Rule> = want.iter().filter(|rule| find(have, rule).is_none()).cloned().collect();
    match authorize(aws, group, direction, &missing, None).await {
        // What is there is not what was thought: start again from what is.
        Err(error) if error.class == ErrorClass::Exists => {
            let have = read(aws, group, direction).await?;
            let missing: Vec<Rule> = want.iter().filter(|rule| find(&have, rule).is_none()).cloned().collect();
            authorize(aws, group, direction, &missing, None).await?;
            finish(aws, group, direction, &have, want).await
        }
        Err(error) => Err(error),
        Ok(()) => finish(aws, group, direction, have, want).await,
    }
}

/// Changes descriptions and takes away what should not be there.
async fn finish(aws: &Aws, group: &str, direction: Direction, have: &[Rule], want: &[Rule]) -> Result<(), CloudError> {
    let described: Vec<Rule> = want
        .iter()
        .filter(|rule| have.iter().any(|other| other.same(rule) && other.description != rule.description))
        .cloned()
        .collect();
    let surplus: Vec<Rule> = have.iter().filter(|rule| !want.iter().any(|other| other.same(rule))).cloned().collect();
    let (described, revoked) =
        futures::join!(describe(aws, group, direction, &described), revoke(aws, group, direction, &surplus));
    described.and(revoked)
}

/// Takes away the allow-all egress for IPv6 that AWS made if the VPC has IPv6; which only AWS knows.
///
/// # Errors
/// Any error of the request but those that say that there is no such rule.
pub(super) async fn revoke_second_default(aws: &Aws, group: &str, want: &[Rule]) -> Result<(), CloudError> {
    let v6 = default_egress(ANYWHERE_V6);
    if want.iter().any(|rule| rule.same(&v6)) {
        return Ok(());
    }
    match revoke(aws, group, Direction::Egress, &[v6]).await {
        // A VPC without IPv6 may answer InvalidParameterValue (remote-ipv6-range).
        Err(error) if error.class == ErrorClass::Invalid => Ok(()),
        other => other,
    }
}

async fn read(aws: &Aws, group: &str, direction: Direction) -> Result<Vec<Rule>, CloudError> {
    let found = groups::all(aws, &[filter("group-id", group)]).await?;
    let rules = found.iter().find(|found: &&SecurityGroup| found.group_id() == Some(group)).map(Rules::of);
    let rules = rules.ok_or_else(|| {
        CloudError::local(ErrorClass::Gone, "ec2:DescribeSecurityGroups", format!("{group} does not exist"))
    })?;
    Ok(match direction {
        Direction::Ingress => rules.ingress,
        Direction::Egress => rules.egress,
    })
}

/// Adds rules, with these tags on each if there are some.
///
/// # Errors
/// `Exists`: one is there already, and none was added. Any other error of the request.
pub(in crate::services::ec2) async fn authorize(
    aws: &Aws,
    group: &str,
    direction: Direction,
    rules: &[Rule],
    tags: Option<TagSpecification>,
) -> Result<(), CloudError> {
    if rules.is_empty() {
        return Ok(());
    }
    let (permissions, tags) = (Some(to_api(rules)), tags.map(|tags| vec![tags]));
    match direction {
        Direction::Ingress => {
            let request = || {
                let request = aws.ec2().authorize_security_group_ingress().group_id(group);
                request.set_ip_permissions(permissions.clone()).set_tag_specifications(tags.clone()).send()
            };
            aws.caller.send("ec2:AuthorizeSecurityGroupIngress", request).await.map(drop)
        }
        Direction::Egress => {
            let request = || {
                let request = aws.ec2().authorize_security_group_egress().group_id(group);
                request.set_ip_permissions(permissions.clone()).set_tag_specifications(tags.clone()).send()
            };
            aws.caller.send("ec2:AuthorizeSecurityGroupEgress", request).await.map(drop)
        }
    }
}

/// Takes rules away; those that are gone already do not matter.
///
/// # Errors
/// Any other error of the requests.
pub(super) async fn revoke(aws: &Aws, group: &str, direction: Direction, rules: &[Rule]) -> Result<(), CloudError> {
    if rules.is_empty() {
        return Ok(());
    }
    match revoke_once(aws, group, direction, to_api(rules)).await {
        Err(error) if error.class == ErrorClass::Gone && rules.len() == 1 => Ok(()),
        Err(error) if error.class == ErrorClass::Gone => {
            // Outside default VPCs one rule that is gone refuses the whole request.
            let have = match read(aws, group, direction).await {
                Err(error) if error.class == ErrorClass::Gone => return Ok(()),
                have => have?,
            };
            let left: Vec<Rule> =
                rules.iter().filter(|rule| have.iter().any(|other| other.same(rule))).cloned().collect();
            if left.is_empty() {
                return Ok(());
            }
            revoke_once(aws, group, direction, to_api(&left)).await
        }
        other => other,
    }
}

async fn revoke_once(
    aws: &Aws,
    group: &str,
    direction: Direction,
    permissions: Vec<IpPermission>,
) -> Result<(), CloudError> {
    let permissions = Some(permissions);
    match direction {
        Direction::Ingress => {
            let request = || {
                let request = aws.ec2().revoke_security_group_ingress().group_id(group);
                request.set_ip_permissions(permissions.clone()).send()
            };
            aws.caller.send("ec2:RevokeSecurityGroupIngress", request).await.map(drop)
        }
        Direction::Egress => {
            let request = || {
                let request = aws.ec2().revoke_security_group_egress().group_id(group);
                request.set_ip_permissions(permissions.clone()).send()
            };
            aws.caller.send("ec2:RevokeSecurityGroupEgress", request).await.map(drop)
        }
    }
}

/// Changes the descriptions of rules that are there.
///
/// # Errors
/// Any error of the request.
pub(in crate::services::ec2) async fn describe(
    aws: &Aws,
    group: &str,
    direction: Direction,
    rules: &[Rule],
) -> Result<(), CloudError> {
    if rules.is_empty() {
        return Ok(());
    }
    let permissions = Some(to_api(rules));
    match direction {
        Direction::Ingress => {
            let request = || {
                let request = aws.ec2().update_security_group_rule_descriptions_ingress().group_id(group);
                request.set_ip_permissions(permissions.clone()).send()
            };
            aws.caller.send("ec2:UpdateSecurityGroupRuleDescriptionsIngress", request).await.map(drop)
        }
        Direction::Egress => {
            let request = || {
                let request = aws.ec2().update_security_group_rule_descriptions_egress().group_id(group);
                request.set_ip_permissions(permissions.clone()).send()
            };
            aws.caller.send("ec2:UpdateSecurityGroupRuleDescriptionsEgress", request).await.map(drop)
        }
    }
}
