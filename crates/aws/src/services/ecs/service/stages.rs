//! What ECS's own words say of a deployment with stages: where it stands, what it waits for, and between which target groups its traffic
//! moves. Pure; knows no document of ours.

use serde_json::Value;

use crate::services::ecs::read::{items, text};

/// The target groups that a load balancer of a service stands for: one, or two between which ECS moves the traffic.
pub(super) fn groups(balancer: &Value) -> Vec<&str> {
    let advanced = balancer.pointer("/advancedConfiguration/alternateTargetGroupArn").and_then(Value::as_str);
    [Some(text(balancer, "targetGroupArn")), advanced].into_iter().flatten().filter(|arn| !arn.is_empty()).collect()
}

/// The stage that a service deployment is in, in words, and how a pause goes on: `service.web` is called so.
pub(super) fn stage(deployment: &Value, entry: &str) -> Option<String> {
    let stage = text(deployment, "lifecycleStage");
    if let Some(hook) = paused(deployment) {
        let then = if text(hook, "timeoutAction") == "CONTINUE" { "goes on" } else { "is rolled back" };
        let until =
            hook.get("expiresAt").and_then(Value::as_f64).map_or_else(String::new, |at| format!(" at {}", clock(at)));
        return Some(format!(
            "paused at {stage}: `evenkeel continue {entry}` goes on, with --rollback it goes back; by itself it {then}{until}"
        ));
    }
    (!stage.is_empty()).then(|| format!("at {stage}"))
}

/// The pause that a deployment waits in.
pub(super) fn paused(deployment: &Value) -> Option<&Value> {
    items(deployment, "lifecycleHookDetails").iter().find(|hook| text(hook, "status") == "AWAITING_ACTION")
}

/// `2026-11-30 16:04 UTC`.
fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    let at = aws_smithy_types::DateTime::from_secs(seconds as i64);
    let text = at.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default();
    text.get(..16).map_or(text.clone(), |minute| format!("{} UTC", minute.replace('T', " ")))
}
