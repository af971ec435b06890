//! The requests that bring our rules in a group of others to what is wanted. What is there is read first, and only what carries our
//! mark is changed or taken away, by its id. Adds before it takes away. Knows no graph.

use aws_sdk_ec2::types::{ResourceType, SecurityGroupRule, TagSpecification};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;

use super::super::replies::{sdk_tags, tags_of};
use super::super::security_group_rules::convert::of_rule;
use super::super::security_group_rules::send::{Direction, authorize, describe};
use super::super::security_group_rules::{Rule, Spec};
use super::marked::in_group;
use crate::client::Aws;
use crate::tags::{self, Tags};

/// Who we are.
pub(super) struct Ours<'a> {
    /// The stack that marks name.
    pub stack: &'a str,
    /// The node that they name.
    pub node: &'a NodeId,
    /// All tags of a new rule.
    pub tags: &'a Tags,
}

impl Ours<'_> {
    /// Whether a rule carries the stack's mark.
    fn of_stack(&self, rule: &SecurityGroupRule) -> bool {
        tags_of(rule.tags()).get(tags::STACK).is_some_and(|stack| stack == self.stack)
    }

    /// Whether it carries the node's mark too.
    fn has(&self, rule: &SecurityGroupRule) -> bool {
        let node = self.node.to_string();
        self.of_stack(rule) && tags_of(rule.tags()).get(tags::ID).is_some_and(|id| *id == node)
    }
}

/// What is to be sent for one direction.
#[derive(Default)]
struct Difference {
    missing: Vec<Rule>,
    described: Vec<Rule>,
    /// Ids of rules with a mark of another node of the stack: its entry was renamed.
    to_mark: Vec<String>,
    surplus: Vec<String>,
}

/// Brings our rules in a group to what is wanted; with nothing wanted, takes them away.
///
/// # Errors
/// `Gone` if the group or a peer is not there (yet); any other error of the requests.
pub(super) async fn bring(aws: &Aws, group: &str, ours: &Ours<'_>, want: &Spec) -> Result<(), CloudError> {
    let there = in_group(aws, group).await?;
    let (ingress, egress) = futures::join!(
        side(aws, group, Direction::Ingress, ours, &there, &want.ingress),
        side(aws, group, Direction::Egress, ours, &there, &want.egress),
    );
    ingress.and(egress)
}

async fn side(
    aws: &Aws,
    group: &str,
    direction: Direction,
    ours: &Ours<'_>,
    there: &[SecurityGroupRule],
    want: &[Rule],
) -> Result<(), CloudError> {
    let mut todo = difference(direction, ours, there, want);
    match authorize(aws, group, direction, &todo.missing, Some(marks(ours.tags))).await {
        // Somebody was faster: look again, once, and send the rest.
        Err(error) if error.class == ErrorClass::Exists => {
            let there = in_group(aws, group).await?;
            todo = difference(direction, ours, &there, want);
            authorize(aws, group, direction, &todo.missing, Some(marks(ours.tags))).await?;
        }
        done => done?,
    }
    mark(aws, ours, &todo.to_mark).await?;
    let (described, revoked) =
        futures::join!(describe(aws, group, direction, &todo.described), revoke(aws, group, direction, &todo.surplus));
    described.and(revoked)
}

fn difference(direction: Direction, ours: &Ours<'_>, there: &[SecurityGroupRule], want: &[Rule]) -> Difference {
    let is_here = |rule: &&SecurityGroupRule| (rule.is_egress() == Some(true)) == (direction == Direction::Egress);
    let there: Vec<(&SecurityGroupRule, Rule)> =
        there.iter().filter(is_here).map(|rule| (rule, of_rule(rule))).collect();
    let mut todo = Difference::default();
    for rule in want {
        let Some((found, have)) = there.iter().find(|(_, have)| have.same(rule)) else {
            todo.missing.push(rule.clone());
            continue;
        };
        // What others have is theirs, whatever it says of itself.
        if !ours.of_stack(found) {
            continue;
        }
        if !ours.has(found) {
            todo.to_mark.extend(found.security_group_rule_id().map(str::to_owned));
        }
        if have.description != rule.description {
            todo.described.push(rule.clone());
        }
    }
    let surplus = there.iter().filter(|(rule, have)| ours.has(rule) && !want.iter().any(|rule| rule.same(have)));
    todo.surplus = surplus.filter_map(|(rule, _)| rule.security_group_rule_id().map(str::to_owned)).collect();
    todo
}

/// The mark of a new rule.
fn marks(tags: &Tags) -> TagSpecification {
    let marks = TagSpecification::builder().resource_type(ResourceType::SecurityGroupRule);
    marks.set_tags(Some(sdk_tags(tags))).build()
}

async fn mark(aws: &Aws, ours: &Ours<'_>, ids: &[String]) -> Result<(), CloudError> {
    if ids.is_empty() {
        return Ok(());
    }
    let request =
        || aws.ec2().create_tags().set_resources(Some(ids.to_vec())).set_tags(Some(sdk_tags(ours.tags))).send();
    aws.caller.send("ec2:CreateTags", request).await.map(drop)
}

/// Takes rules away by their ids; those that are gone already do not matter.
async fn revoke(aws: &Aws, group: &str, direction: Direction, ids: &[String]) -> Result<(), CloudError> {
    if ids.is_empty() {
        return Ok(());
    }
    match revoke_once(aws, group, direction, ids).await {
        // One that is gone refuses the whole request.
        Err(error) if error.class == ErrorClass::Gone && ids.len() > 1 => {
            for id in ids {
                match revoke_once(aws, group, direction, std::slice::from_ref(id)).await {
                    Err(error) if error.class == ErrorClass::Gone => {}
                    done => done?,
                }
            }
            Ok(())
        }
        Err(error) if error.class == ErrorClass::Gone => Ok(()),
        done => done,
    }
}

async fn revoke_once(aws: &Aws, group: &str, direction: Direction, ids: &[String]) -> Result<(), CloudError> {
    match direction {
        Direction::Ingress => {
            let request = || {
                let request = aws.ec2().revoke_security_group_ingress().group_id(group);
                request.set_security_group_rule_ids(Some(ids.to_vec())).send()
            };
            aws.caller.send("ec2:RevokeSecurityGroupIngress", request).await.map(drop)
        }
        Direction::Egress => {
            let request = || {
                let request = aws.ec2().revoke_security_group_egress().group_id(group);
                request.set_security_group_rule_ids(Some(ids.to_vec())).send()
            };
            aws.caller.send("ec2:RevokeSecurityGroupEgress", request).await.map(drop)
        }
    }
}
