//! Which security groups a reading asks for. A small region is one page, which answers every question. Of a large one, only the
//! groups with the stack's mark and those of the wanted names are asked for, side by side: what a reading costs must not grow
//! with what others have. Decides how to ask, not what counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, SecurityGroup};
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::future::try_join_all;

use super::replies::filter;
use crate::client::Aws;
use crate::read::{Part, Scope};
use crate::tags;

/// Largest page of DescribeSecurityGroups.
const PAGE: i32 = 1000;
/// Groups that are asked for without knowing whether there are more: about 50 kB.
const FIRST: i32 = 60;
/// Values that a filter takes.
pub(super) const VALUES: usize = 200;

/// A page of groups, and how to ask for the next.
type Page = (Vec<SecurityGroup>, Option<String>);

/// The security groups that can matter to a stack, perhaps among others. `names` are those that the graph wants, `ids` those that it
/// looks up.
///
/// # Errors
/// Any error of the requests.
pub(super) async fn that_matter(
    aws: &Aws,
    scope: &Scope<'_>,
    names: &BTreeSet<&str>,
    ids: &BTreeSet<&str>,
) -> Part<Arc<Vec<SecurityGroup>>> {
    // What serves several stacks is read once and whole.
    if aws.is_shared() {
        return aws.once("ec2:DescribeSecurityGroups", || all(aws, &[])).await;
    }
    let (first, token) = page(aws, &[], FIRST, None).await?;
    let Some(token) = token else { return Ok(Arc::new(first)) };
    let mut filters = vec![filter(format!("tag:{}", tags::STACK), scope.stack)];
    filters.extend(name_filters(names));
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    filters.extend(ids.chunks(VALUES).map(|batch| one_of("group-id", batch)));
    let found = try_join_all(filters.into_iter().map(|filter| async move { all(aws, &[filter]).await })).await;
    match found {
        // One may be of the first page, marked and named.
        Ok(found) => {
            let all = found.into_iter().flatten().chain(first);
            let by_id: BTreeMap<String, SecurityGroup> =
                all.map(|group| (group.group_id().unwrap_or_default().to_owned(), group)).collect();
            Ok(Arc::new(by_id.into_values().collect()))
        }
        // An endpoint that does not know the filters.
        Err(error) if matches!(error.class, ErrorClass::Invalid | ErrorClass::Unsupported) => {
            let mut groups = first;
            groups.extend(rest(aws, &[], Some(token)).await?);
            Ok(Arc::new(groups))
        }
        Err(error) => Err(error),
    }
}

/// The wanted names and their generations. (EC2 takes names that differ in case only for one, and filters do not: a group of
/// somebody else's under such a name is met when ours is made.)
fn name_filters(names: &BTreeSet<&str>) -> Vec<Filter> {
    let values: Vec<String> = names.iter().flat_map(|name| [escaped(name), format!("{}-*", escaped(name))]).collect();
    values.chunks(VALUES).map(|batch| one_of("group-name", batch)).collect()
}

pub(super) fn one_of(name: &str, values: &[String]) -> Filter {
    Filter::builder().name(name).set_values(Some(values.to_vec())).build()
}

/// A name as a filter takes it: in filters `*` and `?` stand for others.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for one in name.chars() {
        if matches!(one, '*' | '?' | '\\') {
            out.push('\\');
        }
        out.push(one);
    }
    out
}

/// All security groups that these filters let through.
///
/// # Errors
/// Any error of the request.
pub(super) async fn all(aws: &Aws, filters: &[Filter]) -> Result<Vec<SecurityGroup>, CloudError> {
    rest(aws, filters, None).await
}

async fn rest(aws: &Aws, filters: &[Filter], mut token: Option<String>) -> Result<Vec<SecurityGroup>, CloudError> {
    let mut found = Vec::new();
    loop {
        let (groups, next) = page(aws, filters, PAGE, token).await?;
        found.extend(groups);
        token = next;
        if token.is_none() {
            return Ok(found);
        }
    }
}

async fn page(aws: &Aws, filters: &[Filter], size: i32, token: Option<String>) -> Result<Page, CloudError> {
    let request = || {
        aws.ec2()
            .describe_security_groups()
            .set_filters((!filters.is_empty()).then(|| filters.to_vec()))
            .max_results(size)
            .set_next_token(token.clone())
            .send()
    };
    let reply = aws.caller.send("ec2:DescribeSecurityGroups", request).await?;
    let next = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok((reply.security_groups.unwrap_or_default(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_asked_for_with_their_generations_and_without_surprises() {
        let filters = name_filters(&["shop-web", "a*b"].into());
        assert_eq!(filters.len(), 1);
        assert_eq!(filters[0].values(), [r"a\*b", r"a\*b-*", "shop-web", "shop-web-*"]);
        let many: Vec<String> = (0..150).map(|n| format!("g{n}")).collect();
        assert_eq!(name_filters(&many.iter().map(String::as_str).collect()).len(), 2);
        assert!(name_filters(&BTreeSet::new()).is_empty());
    }
}
