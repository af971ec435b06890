//! The single reads of Elastic Load Balancing: page loops, batches of twenty, things that vanish between two requests.
//! Knows nothing of stacks and marks.

use std::collections::BTreeMap;
use std::future::Future;

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TargetGroup};
use evenkeel_core::error::{CloudError, ErrorClass};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::client::Aws;
use crate::sharing::Known;
use crate::tags::Tags;

/// The most that a page can hold.
const PAGE: i32 = 400;
/// The most ARNs that DescribeTags takes.
const TAG_BATCH: usize = 20;
/// Requests in flight at most.
const ABREAST: usize = 16;

/// Does the same for each, side by side, in order.
pub(crate) async fn each<A, T, Fut>(all: Vec<A>, call: impl Fn(A) -> Fut) -> Result<Vec<T>, CloudError>
where
    Fut: Future<Output = Result<T, CloudError>>,
{
    stream::iter(all).map(call).buffered(ABREAST).try_collect().await
}

fn more(marker: Option<&str>) -> Option<String> {
    marker.filter(|marker| !marker.is_empty()).map(str::to_owned)
}

/// All load balancers of the region.
pub(crate) async fn load_balancers(aws: &Aws) -> Result<Vec<LoadBalancer>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request = || aws.elb().describe_load_balancers().page_size(PAGE).set_marker(marker.clone()).send();
        let page = aws.caller.send("elb:DescribeLoadBalancers", request).await?;
        marker = more(page.next_marker());
        found.extend(page.load_balancers.unwrap_or_default());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// All target groups of the region.
pub(crate) async fn target_groups(aws: &Aws) -> Result<Vec<TargetGroup>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request = || aws.elb().describe_target_groups().page_size(PAGE).set_marker(marker.clone()).send();
        let page = aws.caller.send("elb:DescribeTargetGroups", request).await?;
        marker = more(page.next_marker());
        found.extend(page.target_groups.unwrap_or_default());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// All listeners of a load balancer; none if it has gone.
pub(crate) async fn listeners(aws: &Aws, load_balancer: &str) -> Result<Vec<Listener>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request = || {
            aws.elb()
                .describe_listeners()
                .load_balancer_arn(load_balancer)
                .page_size(PAGE)
                .set_marker(marker.clone())
                .send()
        };
        let page = match aws.caller.send("elb:DescribeListeners", request).await {
            Ok(page) => page,
            Err(error) if error.class == ErrorClass::Gone => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        marker = more(page.next_marker());
        found.extend(page.listeners.unwrap_or_default());
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The certificates of a listener beside the default one; none if it has gone.
pub(crate) async fn certificates(aws: &Aws, listener: &str) -> Result<Vec<String>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request = || {
            let request = aws.elb().describe_listener_certificates().listener_arn(listener).page_size(PAGE);
            request.set_marker(marker.clone()).send()
        };
        let page = match aws.caller.send("elb:DescribeListenerCertificates", request).await {
            Ok(page) => page,
            Err(error) if matches!(error.class, ErrorClass::Gone | ErrorClass::Unsupported) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        marker = more(page.next_marker());
        let others = page.certificates.unwrap_or_default().into_iter().filter(|one| one.is_default() != Some(true));
        found.extend(others.filter_map(|one| one.certificate_arn));
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The rules of a listener but the default one; none if it has gone.
pub(crate) async fn rules_of(aws: &Aws, listener: &str) -> Result<Vec<Rule>, CloudError> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request =
            || aws.elb().describe_rules().listener_arn(listener).page_size(PAGE).set_marker(marker.clone()).send();
        let page = match aws.caller.send("elb:DescribeRules", request).await {
            Ok(page) => page,
            Err(error) if error.class == ErrorClass::Gone => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        marker = more(page.next_marker());
        let rules = page.rules.unwrap_or_default();
        found.extend(
            rules.into_iter().filter(|rule| rule.is_default() != Some(true) && rule.priority() != Some("default")),
        );
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The tags of each thing, by ARN; a thing that has gone is left out.
pub(crate) async fn tags_of(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Tags>, CloudError> {
    aws.together("elb:DescribeTags", "", arns, |aws, _, arns| Box::pin(tag_batches(aws, arns))).await
}

async fn tag_batches(aws: &Aws, arns: Vec<String>) -> Result<Known<Tags>, CloudError> {
    let batches: Vec<Vec<String>> = arns.chunks(TAG_BATCH).map(<[String]>::to_vec).collect();
    let answers: Vec<Known<Tags>> =
        stream::iter(batches).map(|batch| tag_batch(aws, batch)).buffered(ABREAST).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

async fn tag_batch(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Tags>, CloudError> {
    match describe_tags(aws, arns.clone()).await {
        // One that has gone fails the whole batch.
        Err(error) if error.class == ErrorClass::Gone => {
            let singly = each(arns, |arn| async move {
                match describe_tags(aws, vec![arn]).await {
                    Err(error) if error.class == ErrorClass::Gone => Ok(BTreeMap::new()),
                    answer => answer,
                }
            });
            Ok(singly.await?.into_iter().flatten().collect())
        }
        answer => answer,
    }
}

async fn describe_tags(aws: &Aws, arns: Vec<String>) -> Result<BTreeMap<String, Tags>, CloudError> {
    let request = || aws.elb().describe_tags().set_resource_arns(Some(arns.clone())).send();
    let reply = aws.caller.send("elb:DescribeTags", request).await?;
    // What has no tags may be missing in the answer; what has gone would have failed it.
    let mut found: BTreeMap<String, Tags> = arns.into_iter().map(|arn| (arn, Tags::new())).collect();
    for description in reply.tag_descriptions() {
        let pairs = description.tags().iter();
        let tags = pairs
            .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()))
            .collect();
        found.insert(description.resource_arn().unwrap_or_default().to_owned(), tags);
    }
    Ok(found)
}

/// All attributes of a target group; none if it has gone.
pub(crate) async fn group_attributes(aws: &Aws, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let request = || aws.elb().describe_target_group_attributes().target_group_arn(arn).send();
    let attributes = match aws.caller.send("elb:DescribeTargetGroupAttributes", request).await {
        Ok(reply) => reply.attributes.unwrap_or_default(),
        Err(error) if error.class == ErrorClass::Gone => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(attributes.into_iter().filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect())
}

/// All attributes of a load balancer; none if it has gone.
pub(crate) async fn balancer_attributes(aws: &Aws, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let request = || aws.elb().describe_load_balancer_attributes().load_balancer_arn(arn).send();
    let attributes = match aws.caller.send("elb:DescribeLoadBalancerAttributes", request).await {
        Ok(reply) => reply.attributes.unwrap_or_default(),
        Err(error) if error.class == ErrorClass::Gone => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(attributes.into_iter().filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect())
}

/// All attributes of a listener; none if it has gone, or if the endpoint knows none.
pub(crate) async fn listener_attributes(aws: &Aws, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let request = || aws.elb().describe_listener_attributes().listener_arn(arn).send();
    let attributes = match aws.caller.send("elb:DescribeListenerAttributes", request).await {
        Ok(reply) => reply.attributes.unwrap_or_default(),
        Err(error) if matches!(error.class, ErrorClass::Gone | ErrorClass::Unsupported) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(attributes.into_iter().filter_map(|attribute| Some((attribute.key?, attribute.value?))).collect())
}
