//! From what Application Auto Scaling shows to the document of a target. Pure. A scheduled action changes the limits of its target
//! at its time: limits that one of them can have set, where the tag [`LIMITS`] says what a run of ours set last, are no difference.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use evenkeel_core::doc::Text;
use evenkeel_core::snapshot::Live;
use serde_json::Value;

use super::metric;
use super::policy::{Action, Policy};
use super::read::Found;
use super::scaling::{KIND, Spec};
use crate::tags;

/// The tag with the limits that were applied last: `1-4`.
pub(super) const LIMITS: &str = "evenkeel:limits";

/// The value of [`LIMITS`].
pub(super) fn limits(min: u32, max: u32) -> String {
    format!("{min}-{max}")
}

/// The words for what can be suspended, and AWS's.
pub(super) const SWITCHES: [(&str, &str); 3] = [
    ("scale_in", "DynamicScalingInSuspended"),
    ("scale_out", "DynamicScalingOutSuspended"),
    ("scheduled", "ScheduledScalingSuspended"),
];

/// The cluster and the service in `service/<cluster>/<service>`.
pub(super) fn parts(resource: &str) -> Option<(&str, &str)> {
    resource.strip_prefix("service/")?.split_once('/')
}

/// The time of a reply, which has it as seconds.
fn time(value: &Value) -> Option<String> {
    DateTime::from_secs_f64(value.as_f64()?).fmt(Format::DateTime).ok()
}

fn action(action: &Value) -> Action {
    let text = |key: &str| action[key].as_str().unwrap_or_default().to_owned();
    let limit = |key: &str| action["ScalableTargetAction"][key].as_u64();
    let zone = Some(text("Timezone")).filter(|zone| !zone.is_empty());
    Action {
        name: text("ScheduledActionName"),
        at: text("Schedule"),
        timezone: zone.unwrap_or_else(|| "UTC".to_owned()),
        min: limit("MinCapacity"),
        max: limit("MaxCapacity"),
        start: time(&action["StartTime"]),
        end: time(&action["EndTime"]),
    }
}

/// A target as the engine sees it; `None` if it is none of a service.
pub(super) fn live(found: &Found, stack: &str) -> Option<Live<Spec>> {
    let Found { target, tags: all, .. } = found;
    let resource = target["ResourceId"].as_str()?;
    let (cluster, service) = parts(resource)?;
    let arn = target["ScalableTargetARN"].as_str().unwrap_or(resource);
    // arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/…
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let arns = match fields[..] {
        [_, partition, _, region, account, _] => {
            format!("arn:{partition}:elasticloadbalancing:{region}:{account}:")
        }
        _ => String::new(),
    };
    let mut policies: Vec<Policy> = found.policies.iter().map(|policy| Policy::observed(policy, &arns)).collect();
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    let mut schedule: Vec<Action> = found.actions.iter().map(action).collect();
    schedule.sort_by(|a, b| a.name.cmp(&b.name));
    let number = |key: &str| target[key].as_u64().unwrap_or_default();
    let last = all.get(LIMITS);
    let (min, max) = as_applied((number("MinCapacity"), number("MaxCapacity")), last.map(String::as_str), &schedule);
    let off = |(_, name): &(&str, &str)| target["SuspendedState"][*name].as_bool().unwrap_or(false);
    let suspended = SWITCHES.iter().filter(|switch| off(switch)).map(|(word, _)| (*word).to_owned()).collect();
    let (cluster, service) = (cluster.to_owned(), Text::from(service));
    let (applied_limits, tags) = (last.cloned(), tags::user(all));
    let have = Spec { cluster, service, min, max, suspended, policies, schedule, applied_limits, tags };
    Some(named(arn, resource, have, all, stack))
}

/// A live target with what it is called and refers to.
pub(super) fn named(arn: &str, resource: &str, have: Spec, all: &tags::Tags, stack: &str) -> Live<Spec> {
    // The service outlives it, and so does what its requests are counted by.
    let mut uses = vec![resource.to_owned()];
    uses.extend(have.policies.iter().filter_map(|policy| policy.metric.as_ref()).flat_map(metric::uses));
    let mut live = Live::new(arn, resource, tags::owner(all, stack, KIND), have).output("arn", arn);
    live.uses = uses;
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}

/// The limits, or those that were applied last if scheduled actions have led away from them.
fn as_applied(now: (u64, u64), last: Option<&str>, schedule: &[Action]) -> (u64, u64) {
    let applied = last.and_then(|last| last.split_once('-'));
    let applied = applied.and_then(|(min, max)| min.parse().ok().zip(max.parse().ok()));
    let Some((min, max)) = applied else { return now };
    let by_schedule = (now.0 == min || schedule.iter().any(|action| action.min == Some(now.0)))
        && (now.1 == max || schedule.iter().any(|action| action.max == Some(now.1)));
    if by_schedule { (min, max) } else { now }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::snapshot::Owner;
    use serde_json::json;

    use super::*;
    use crate::tags::Tags;

    fn found(min: u64, max: u64, limits: Option<&str>) -> Found {
        let target = json!({ "ServiceNamespace": "ecs", "ResourceId": "service/shop/shop-app", "MinCapacity": min,
            "MaxCapacity": max, "SuspendedState": { "DynamicScalingOutSuspended": true },
            "ScalableTargetARN": "arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/1" });
        let night = json!({ "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "StartTime": 1_900_000_000.0,
            "ScalableTargetAction": { "MinCapacity": 0, "MaxCapacity": 0 } });
        let metric = json!({ "PredefinedMetricType": "ALBRequestCountPerTarget",
            "ResourceLabel": "app/shop-web/0123456789abcdef/targetgroup/shop-app/fedcba9876543210" });
        let policy = json!({ "PolicyName": "requests", "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 75.0, "PredefinedMetricSpecification": metric } });
        let mut tags = Tags::from([("team".to_owned(), "a".to_owned())]);
        tags.extend(limits.map(|limits| (LIMITS.to_owned(), limits.to_owned())));
        Found { target, tags, policies: vec![policy], actions: vec![night] }
    }

    #[test]
    fn a_target_reads_as_the_file_has_it() {
        let live = live(&found(1, 4, None), "shop").unwrap();
        let have = &live.have;
        assert_eq!((have.cluster.as_str(), have.service.known()), ("shop", Some("shop-app")));
        assert_eq!((have.min, have.max, have.suspended.as_slice()), (1, 4, &["scale_out".to_owned()][..]));
        let policy = &have.policies[0];
        assert_eq!((policy.target.clone(), policy.cooldown_in_secs), (Some(json!(75)), Some(300)));
        let group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-app/fedcba9876543210";
        assert_eq!(policy.metric.as_ref().unwrap()["target_group"], group);
        assert_eq!(have.schedule[0].timezone, "UTC");
        assert_eq!(have.schedule[0].start.as_deref(), Some("2030-03-17T17:46:40Z"));
        assert!(live.uses.contains(&"service/shop/shop-app".to_owned()) && live.uses.contains(&group.to_owned()));
        assert_eq!((live.owner, live.have.tags.len()), (Owner::Nobody, 1));
    }

    #[test]
    fn what_a_schedule_has_set_is_no_difference() {
        let limits = |found: &Found| live(found, "shop").map(|live| (live.have.min, live.have.max));
        assert_eq!(limits(&found(0, 0, Some("1-4"))), Some((1, 4)), "it is night");
        assert_eq!(limits(&found(0, 4, Some("1-4"))), Some((1, 4)));
        assert_eq!(limits(&found(2, 4, Some("1-4"))), Some((2, 4)), "nothing of the schedule has set 2");
        assert_eq!(limits(&found(0, 0, None)), Some((0, 0)), "nothing is known of what was applied");
    }
}
