//! Which gateways there are: those of a wanted name, and those of ours that no name leads to, with the clusters that they serve. A stack
//! without gateways asks for none: the finder knows what has left the file; where it does not answer, and before a destruction,
//! every gateway is looked at.

use std::collections::BTreeSet;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::name;
use serde_json::{Value, json};

use super::reply::{is_ours, items, last, later_names, side_by_side, text};
use super::{Finder, Part, Scope};
use crate::call::raw::exchange;
use crate::client::Aws;

/// The member of a gateway that holds its associations with clusters; ECS has none of this name.
pub const CLUSTERS: &str = "evenkeel:clusters";
/// How many names ListGateways takes at once.
const NAMES: usize = 10;
/// Longest name.
const NAME_LIMIT: usize = 255;

/// The names that the graph leads to.
pub(super) fn wanted(scope: &Scope<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for node in scope.graph.of_kind("gateway") {
        names.insert(node.name.clone());
        if scope.only.is_some() {
            names.extend(later_names(&node.name, NAME_LIMIT));
        }
        names.extend(node.moved_from.iter().map(|old| name::physical(scope.stack, old.name(), NAME_LIMIT)));
    }
    names
}

/// The gateways, each with its clusters.
pub(super) async fn fetch(
    aws: &Aws,
    scope: &Scope<'_>,
    finder: &Finder<'_>,
    wanted: &BTreeSet<String>,
) -> Part<Vec<Value>> {
    if !scope.wants(&["gateway"]) {
        return Ok(Vec::new());
    }
    let marked = if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":gateway/").await };
    let all = marked.is_err() || scope.thorough;
    let mut names = wanted.clone();
    let found = marked.unwrap_or_default();
    names.extend(found.iter().filter(|it| it.arn.contains(":ecs:")).map(|it| last(&it.arn).to_owned()));
    if names.is_empty() && !all {
        return Ok(Vec::new());
    }
    let listed = match list(aws, (!all).then_some(&names)).await {
        // An endpoint that knows no gateways has none; some say so with an error that is none of AWS's.
        Err(error) if names.is_empty() && is_unknown(&error) => return Ok(Vec::new()),
        listed => listed?,
    };
    let described = side_by_side(listed.iter().map(|arn| whole(aws, arn)).collect()).await;
    let mut gateways: Vec<Value> = described.into_iter().collect::<Part<Vec<_>>>()?.into_iter().flatten().collect();
    gateways.retain(|it| wanted.contains(text(it, "name")) || is_ours(it, scope.stack, "gateway"));
    Ok(gateways)
}

fn is_unknown(error: &CloudError) -> bool {
    error.class == ErrorClass::Unsupported || (error.class == ErrorClass::Unknown && error.code == "-")
}

/// ARNs of all gateways, or of those of these names that are there.
async fn list(aws: &Aws, names: Option<&BTreeSet<String>>) -> Part<Vec<String>> {
    let names: Vec<&String> = names.into_iter().flatten().collect();
    let batches: Vec<Value> = if names.is_empty() {
        vec![json!({})]
    } else {
        names.chunks(NAMES).map(|batch| json!({ "names": batch })).collect()
    };
    let mut arns = Vec::new();
    for mut body in batches {
        loop {
            let page = exchange!(aws, "ecs:ListGateways", ecs.list_gateways, &body)?;
            arns.extend(items(&page, "gateways").iter().map(|it| text(it, "gatewayArn").to_owned()));
            match text(&page, "nextToken") {
                "" => break,
                token => body["nextToken"] = token.into(),
            }
        }
    }
    Ok(arns)
}

async fn whole(aws: &Aws, arn: &str) -> Part<Option<Value>> {
    let (gateway, clusters) = futures::join!(describe(aws, arn), clusters(aws, arn));
    let Some(mut gateway) = gateway? else { return Ok(None) };
    gateway[CLUSTERS] = clusters?.into();
    Ok(Some(gateway))
}

/// A gateway by its ARN; `None` if there is none.
///
/// # Errors
/// Any error of `ecs:DescribeGateway` but "there is none".
pub async fn describe(aws: &Aws, arn: &str) -> Result<Option<Value>, CloudError> {
    match exchange!(aws, "ecs:DescribeGateway", ecs.describe_gateway, &json!({ "gateway": arn })) {
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        reply => Ok(reply?.get("gateway").cloned()),
    }
}

/// The clusters that a gateway serves, or is about to leave.
///
/// # Errors
/// Any error of `ecs:ListGatewayClusterAssociations` but that there is no such gateway.
pub async fn clusters(aws: &Aws, arn: &str) -> Result<Vec<Value>, CloudError> {
    let mut body = json!({ "gateway": arn, "status": ["ACTIVE", "DISASSOCIATING"] });
    let mut found = Vec::new();
    loop {
        let sent = exchange!(aws, "ecs:ListGatewayClusterAssociations", ecs.list_gateway_cluster_associations, &body);
        let page = match sent {
            Err(error) if error.class == ErrorClass::Gone => return Ok(found),
            page => page?,
        };
        found.extend(items(&page, "gatewayClusterAssociations").iter().cloned());
        match text(&page, "nextToken") {
            "" => return Ok(found),
            token => body["nextToken"] = token.into(),
        }
    }
}
