//! Which rules carry the stack's mark: one request by tag, and only where the graph adds rules to existing groups, where the tagging
//! API knows of some, or where every last thing of the stack is looked for. Decides how to ask, not what counts.

use aws_sdk_ec2::types::{Filter, SecurityGroupRule};
use evenkeel_core::error::CloudError;

use super::super::groups::VALUES;
use super::super::replies::{filter, tags_of};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::sharing::Known;
use crate::tags;

/// The name of the kind.
pub const KIND: &str = "existing_group_rules";
/// Largest page of DescribeSecurityGroupRules.
const PAGE: i32 = 1000;

/// The rules with the stack's mark, perhaps none because nobody asked for them.
///
/// # Errors
/// Any error of `ec2:DescribeSecurityGroupRules`.
pub(in super::super) async fn marked(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
) -> Part<Vec<SecurityGroupRule>> {
    if !scope.wants(&[KIND]) || !matter(scope, finder).await {
        return Ok(Vec::new());
    }
    let stacks = vec![scope.stack.to_owned()];
    let mut found = aws
        .together("ec2:DescribeSecurityGroupRules", "", stacks, |aws, _, stacks| Box::pin(of_stacks(aws, stacks)))
        .await?;
    Ok(found.remove(scope.stack).unwrap_or_default())
}

/// Whether there can be some.
async fn matter(scope: &Scope<'_>, finder: &Finder<'_>) -> bool {
    if scope.thorough || scope.graph.of_kind(KIND).next().is_some() {
        return true;
    }
    // Reading back what was made a moment ago: the tagging API does not know it yet.
    if scope.only.is_some() {
        return false;
    }
    // Without the tagging API nobody knows.
    finder.find(":security-group-rule/").await.map_or(true, |found| !found.is_empty())
}

async fn of_stacks(aws: &Aws, stacks: Vec<String>) -> Result<Known<Vec<SecurityGroupRule>>, CloudError> {
    let mut all = Known::<Vec<SecurityGroupRule>>::new();
    for batch in stacks.chunks(VALUES) {
        let by_tag = Filter::builder().name(format!("tag:{}", tags::STACK)).set_values(Some(batch.to_vec())).build();
        for rule in rules(aws, &by_tag).await? {
            // Asked again here because some endpoints ignore filters.
            if let Some(stack) = tags_of(rule.tags()).remove(tags::STACK).filter(|stack| batch.contains(stack)) {
                all.entry(stack).or_default().push(rule);
            }
        }
    }
    Ok(all)
}

/// All rules in a group.
///
/// # Errors
/// Any error of the request.
pub(super) async fn in_group(aws: &Aws, group: &str) -> Result<Vec<SecurityGroupRule>, CloudError> {
    let mut found = rules(aws, &filter("group-id", group)).await?;
    found.retain(|rule| rule.group_id() == Some(group));
    Ok(found)
}

/// All rules that a filter lets through.
///
/// # Errors
/// Any error of the request.
pub(in super::super) async fn rules(aws: &Aws, only: &Filter) -> Result<Vec<SecurityGroupRule>, CloudError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = || {
            let request = aws.ec2().describe_security_group_rules().filters(only.clone());
            request.max_results(PAGE).set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("ec2:DescribeSecurityGroupRules", request).await?;
        found.extend(page.security_group_rules().iter().cloned());
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}
