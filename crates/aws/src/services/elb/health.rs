//! The health of targets, for a person who looks: of each target group how many targets are healthy, and of the others why not, in
//! words. Decides nothing about a deployment.

use evenkeel_core::error::CloudError;
use futures::future::join_all;
use serde::Serialize;

use crate::client::Aws;

/// A target group, and how its targets do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many targets are healthy.
    pub healthy: usize,
    /// The others.
    pub others: Vec<Target>,
}

/// A target that is not healthy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Target {
    /// Its address or instance, with the port: `10.0.1.7:4567`.
    pub id: String,
    /// AWS's word: `unhealthy`, `initial`, `draining`.
    pub state: String,
    /// AWS's reason code: `Target.Timeout`; empty if there is none.
    pub reason: String,
    /// What that means.
    pub words: String,
}

impl Target {
    /// Whether it should serve and does not: one that begins or leaves is no failure.
    pub fn fails(&self) -> bool {
        matches!(self.state.as_str(), "unhealthy" | "unavailable")
    }
}

/// What the reason codes mean. Source: the reference of `TargetHealth` of Elastic Load Balancing.
const REASONS: &[(&str, &str)] = &[
    ("Elb.RegistrationInProgress", "is being registered"),
    ("Elb.InitialHealthChecking", "is being checked for the first time"),
    ("Elb.InternalError", "could not be checked: an error inside the load balancer"),
    ("Target.ResponseCodeMismatch", "answers the health check with another status code than the one that is expected"),
    (
        "Target.Timeout",
        "does not answer the health check in time: nothing comes back, or no security group admits the load balancer",
    ),
    (
        "Target.FailedHealthChecks",
        "fails the health check: nothing listens on the port that is checked, or what does gives no valid answer",
    ),
    ("Target.NotRegistered", "is not registered"),
    ("Target.NotInUse", "is not used: no listener forwards to the group, or its zone is not enabled"),
    ("Target.DeregistrationInProgress", "is leaving; requests under way are finished"),
    ("Target.InvalidState", "is stopped or terminated"),
    ("Target.IpUnusable", "has an address that a load balancer uses itself"),
    ("Target.HealthCheckDisabled", "is not checked"),
];

/// What a reason means, as the load balancer describes it or else by its code.
fn words(reason: &str, description: &str) -> String {
    let known = REASONS.iter().find(|(code, _)| *code == reason).map(|(_, words)| (*words).to_owned());
    match (known, description) {
        // The description has the status code that came: `Health checks failed with these codes: [502]`.
        (Some(known), more) if more.contains('[') => format!("{known} ({})", more.trim_end_matches('.')),
        (Some(known), _) => known,
        (None, "") => reason.to_owned(),
        (None, more) => more.to_owned(),
    }
}

/// The health of these groups, by ARN, side by side.
pub async fn of_groups(aws: &Aws, groups: &[&str]) -> Vec<Result<Group, CloudError>> {
    let mut groups: Vec<&str> = groups.iter().copied().filter(|arn| !arn.is_empty()).collect();
    groups.sort_unstable();
    groups.dedup();
    join_all(groups.into_iter().map(|arn| of_group(aws, arn))).await
}

async fn of_group(aws: &Aws, arn: &str) -> Result<Group, CloudError> {
    let request = || aws.elb().describe_target_health().target_group_arn(arn).send();
    let reply = aws.caller.send("elb:DescribeTargetHealth", request).await?;
    let name = arn.split('/').nth(1).unwrap_or(arn).to_owned();
    let mut group = Group { name, healthy: 0, others: Vec::new() };
    for found in reply.target_health_descriptions() {
        let Some(health) = found.target_health() else { continue };
        let state = health.state().map_or("", |state| state.as_str());
        if state == "healthy" {
            group.healthy += 1;
            continue;
        }
        let id = found.target().map(|target| match (target.id().unwrap_or_default(), target.port()) {
            (id, Some(port)) => format!("{id}:{port}"),
            (id, None) => id.to_owned(),
        });
        let reason = health.reason().map_or("", |reason| reason.as_str());
        group.others.push(Target {
            id: id.unwrap_or_default(),
            state: state.to_owned(),
            reason: reason.to_owned(),
            words: words(reason, health.description().unwrap_or_default()),
        });
    }
    Ok(group)
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::TargetHealthReasonEnum;

    use super::*;

    #[test]
    fn every_reason_of_the_sdk_has_words() {
        for code in TargetHealthReasonEnum::values() {
            assert!(REASONS.iter().any(|(known, _)| known == code), "{code} has no words");
        }
        let told = words("Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]");
        assert!(told.ends_with("(Health checks failed with these codes: [502])"), "{told}");
        assert_eq!(words("Target.New", "Something new"), "Something new");
    }
}
