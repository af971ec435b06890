//! Filters of a log group: those that count into metrics, which are kept, and those that pass events on. Nothing that events
//! could be passed on to is simulated, so that none of the latter can be made.

use serde_json::{Value, json};

use super::common::{group, invalid, logs, no_group};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeleteMetricFilter", delete),
    ("DeleteSubscriptionFilter", unsubscribe),
    ("DescribeMetricFilters", describe),
    ("DescribeSubscriptionFilters", subscriptions),
    ("PutMetricFilter", put),
    ("PutSubscriptionFilter", subscribe),
];

const MOST: usize = 100;

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let (group_name, name) = (input.text_or_empty("logGroupName"), input.text_or_empty("filterName"));
    let mut filter = input.0.clone();
    let now = call.now().0;
    let group = group(call, group_name)?;
    let before = group.metric_filters.get(name).and_then(|filter| filter.integer("creationTime"));
    if before.is_none() && group.metric_filters.len() >= MOST {
        return Err(Refusal::new("LimitExceededException", "Resource limit exceeded."));
    }
    filter.insert("creationTime".to_owned(), before.unwrap_or(now).into());
    filter.entry("applyOnTransformedLogs").or_insert(false.into());
    group.metric_filters.insert(name.to_owned(), filter.into());
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let group = group(call, input.text_or_empty("logGroupName"))?;
    let lost = || Refusal::new("ResourceNotFoundException", "The specified metric filter does not exist.");
    group.metric_filters.remove(input.text_or_empty("filterName")).ok_or_else(lost)?;
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let one = input.text("logGroupName");
    let metric = (input.text("metricName"), input.text("metricNamespace"));
    if metric.0.is_some() != metric.1.is_some() {
        return Err(invalid("metricName and metricNamespace must be specified together."));
    }
    let groups = &logs(call).groups;
    if one.is_some_and(|one| !groups.contains_key(one)) {
        return Err(no_group());
    }
    let prefix = input.text("filterNamePrefix").unwrap_or_default();
    let counts = |filter: &Value| {
        let mut into = filter.list("metricTransformations").iter();
        metric.0.is_none() || into.any(|to| (to.text("metricName"), to.text("metricNamespace")) == metric)
    };
    let items = groups
        .iter()
        .filter(|(name, _)| one.is_none_or(|one| one == *name))
        .flat_map(|(_, group)| &group.metric_filters)
        .filter(|(name, filter)| name.starts_with(prefix) && counts(filter))
        .map(|(_, filter)| filter.clone())
        .collect();
    let key = |item: &Value| format!("{} {}", item.text_or_empty("logGroupName"), item.text_or_empty("filterName"));
    let size = input.integer("limit").and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
    let page = paging::page(items, key, size, input.text("nextToken"), &format!("{one:?} {prefix} {metric:?}"));
    let page = page.map_err(|_| invalid("The specified nextToken is invalid."))?;
    Ok(json!({ "metricFilters": page.items, "nextToken": page.next }))
}

fn subscribe(call: &mut Call<'_>, input: &Input) -> Reply {
    let destination: Vec<&str> = input.text_or_empty("destinationArn").split(':').collect();
    let part = |index: usize| destination.get(index).copied().unwrap_or_default();
    let vendor = part(2).to_owned();
    if vendor == "lambda" && part(4) != &*call.place.account {
        let text = "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create \
                    cross account lambda triggers.";
        return Err(Refusal::new("AccessDeniedException", text));
    }
    group(call, input.text_or_empty("logGroupName"))?;
    if matches!(vendor.as_str(), "kinesis" | "firehose") && !input.has("roleArn") {
        return Err(invalid(format!("destinationArn for vendor {vendor} cannot be used without roleArn")));
    }
    Err(invalid(match vendor.as_str() {
        "kinesis" => {
            "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state. "
        }
        "firehose" => {
            "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state. "
        }
        "lambda" => {
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
        }
        _ => "Invalid destination ARN.",
    }))
}

fn subscriptions(call: &mut Call<'_>, input: &Input) -> Reply {
    group(call, input.text_or_empty("logGroupName"))?;
    Ok(json!({ "subscriptionFilters": [] }))
}

fn unsubscribe(call: &mut Call<'_>, input: &Input) -> Reply {
    group(call, input.text_or_empty("logGroupName"))?;
    Err(Refusal::new("ResourceNotFoundException", "The specified subscription filter does not exist."))
}
