//! How far a service is, from what ECS says of it. Pure. The last *service deployment* decides, because "running equals
//! desired" is also true after a rollback; and a deployment that succeeded says nothing once its tasks are gone.

use evenkeel_core::snapshot::Readiness;
use serde_json::Value;

use super::stages;
use crate::services::ecs::read::deployments::{count, created, is_settled, primary};
use crate::services::ecs::read::{items, text};

/// What a service is as it was read, when nothing is known of what was deployed. Where there are no service deployments to
/// ask, tasks that all run count as there (some emulators never call a rollout done).
pub(super) fn at_reading(service: &Value, deployment: Option<&Value>) -> Readiness {
    match text(service, "status") {
        "ACTIVE" => {}
        "DRAINING" => return Readiness::Pending("draining".to_owned()),
        _ => return Readiness::Gone,
    }
    let state = primary(service).map_or("", |primary| text(primary, "rolloutState"));
    if state == "FAILED" {
        return failed(service);
    }
    let status = deployment.map_or("", |deployment| text(deployment, "status"));
    match status {
        "STOPPED" | "ROLLBACK_FAILED" if state != "COMPLETED" => ended(service, deployment),
        "PENDING" | "IN_PROGRESS" | "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => {
            Readiness::Pending(staged(service, deployment, ""))
        }
        // With early success the old tasks may still be on their way out.
        "SUCCESSFUL" if drains(service) => Readiness::Ready,
        _ => by_counts(service),
    }
}

/// What a service is that waits for the deployment that it has just been given.
///
/// `entry` is what the stack file calls it.
pub(super) fn while_waiting(service: &Value, deployment: &Value, entry: &str) -> Readiness {
    let pending = |what: &str| Readiness::Pending(format!("{what}{}", staged(service, Some(deployment), entry)));
    match text(deployment, "status") {
        "SUCCESSFUL" => {
            // Just after a change the newest deployment listed can still be the one before.
            let finished = deployment.get("finishedAt").and_then(Value::as_f64).unwrap_or(f64::MAX);
            let before = primary(service).is_some_and(|primary| finished < created(primary));
            if before || count(service, "runningCount") < count(service, "desiredCount") {
                pending("")
            } else {
                Readiness::Ready
            }
        }
        // It will fail; how it ends, and with what words, is not known yet.
        "STOP_REQUESTED" => pending("being stopped, "),
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => pending("rolling back, "),
        "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => ended(service, Some(deployment)),
        _ => pending(""),
    }
}

/// How far a service is, and at which stage, if its deployment has stages.
pub(super) fn staged(service: &Value, deployment: Option<&Value>, entry: &str) -> String {
    let entry = if entry.is_empty() { text(service, "serviceName") } else { entry };
    match deployment.and_then(|deployment| stages::stage(deployment, entry)) {
        // Old tasks that run on beside new ones do not drain then.
        Some(stage) => format!("{}; {stage}", counted(service)),
        None => progress(service, None),
    }
}

/// `2 of 2 new tasks running`.
fn counted(service: &Value) -> String {
    let text = progress(service, None);
    text.split(';').next().unwrap_or_default().to_owned()
}

/// The verdict where there are no service deployments to ask.
pub(super) fn by_counts(service: &Value) -> Readiness {
    if all_run(service) { Readiness::Ready } else { Readiness::Pending(progress(service, None)) }
}

/// The verdict that the service's own description is enough for, if it is.
pub(super) fn at_a_glance(service: &Value) -> Option<Readiness> {
    if text(service, "status") != "ACTIVE" {
        return Some(Readiness::Gone);
    }
    if primary(service).is_some_and(|primary| text(primary, "rolloutState") == "FAILED") {
        return Some(failed(service));
    }
    is_settled(service).then_some(Readiness::Ready)
}

/// A service that is to go.
pub(super) fn going(service: &Value) -> Readiness {
    match text(service, "status") {
        "INACTIVE" => Readiness::Gone,
        "DRAINING" => Readiness::Pending(format!("draining, {} still running", tasks(count(service, "runningCount")))),
        status => Readiness::Pending(status.to_lowercase()),
    }
}

fn all_run(service: &Value) -> bool {
    items(service, "deployments").len() <= 1 && count(service, "runningCount") >= count(service, "desiredCount")
}

fn failed(service: &Value) -> Readiness {
    let reason = primary(service).map_or("", |primary| text(primary, "rolloutStateReason"));
    broken(service, reason)
}

fn ended(service: &Value, deployment: Option<&Value>) -> Readiness {
    let status = deployment.map_or("", |deployment| text(deployment, "status"));
    let reason = deployment.map_or("", |deployment| text(deployment, "statusReason"));
    let reason = if reason.is_empty() { "ECS gives no reason" } else { reason };
    broken(service, &format!("its last deployment ended as {status}: {reason}"))
}

fn broken(service: &Value, reason: &str) -> Readiness {
    let (running, desired) = (count(service, "runningCount"), count(service, "desiredCount"));
    let reason = if reason.is_empty() { "its last deployment failed" } else { reason };
    Readiness::Failed(format!("{running} of {} running; {reason}", tasks(desired)))
}

fn tasks(number: u64) -> String {
    if number == 1 { "1 task".to_owned() } else { format!("{number} tasks") }
}

/// Whether all new tasks run and only old ones are left to go.
pub(super) fn drains(service: &Value) -> bool {
    items(service, "deployments").len() > 1 && new_and_old(service).0 >= count(service, "desiredCount")
}

/// How many tasks of the deployment under way run, and how many of those before it.
pub(super) fn new_and_old(service: &Value) -> (u64, u64) {
    let deployments = items(service, "deployments");
    let all = count(service, "runningCount");
    if deployments.len() <= 1 {
        return (all, 0);
    }
    let new = primary(service).map_or(0, |primary| count(primary, "runningCount"));
    (new, all.saturating_sub(new))
}

/// What is awaited: `1 of 2 tasks running`, or while old tasks go `2 of 2 new tasks running; 2 old tasks draining, up to 5m
/// (deregistration delay)`; `drain` is how many seconds that takes at most, if it is known.
pub(super) fn progress(service: &Value, drain: Option<u64>) -> String {
    let desired = count(service, "desiredCount");
    let (new, old) = new_and_old(service);
    let mut text = if items(service, "deployments").len() <= 1 {
        format!("{new} of {} running", tasks(desired))
    } else {
        format!("{new} of {desired} new {} running", if desired == 1 { "task" } else { "tasks" })
    };
    let failed = primary(service).map_or(0, |primary| count(primary, "failedTasks"));
    if failed > 0 {
        text = format!("{text}, {failed} failed to start");
    }
    let old = match old {
        // A task that drains is not counted as running any more.
        0 => "old tasks".to_owned(),
        1 => "1 old task".to_owned(),
        many => format!("{many} old tasks"),
    };
    match drain.map(duration) {
        Some(drain) if drains(service) => format!("{text}; {old} draining, up to {drain} (deregistration delay)"),
        None if drains(service) => format!("{text}; {old} draining"),
        _ if old == "old tasks" => text,
        _ => format!("{text}; {old} still running"),
    }
}

/// `5m`, `90s`.
fn duration(seconds: u64) -> String {
    if seconds >= 60 && seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(running: u32, state: &str) -> Value {
        json!({
            "status": "ACTIVE", "desiredCount": 2, "runningCount": running,
            "deployments": [{ "status": "PRIMARY", "rolloutState": state, "createdAt": 100.0,
                "rolloutStateReason": "tasks failed to start." }],
        })
    }

    fn deployment(status: &str) -> Value {
        json!({ "status": status, "finishedAt": 200.0, "statusReason": "stopped by a user" })
    }

    fn pending(text: &str) -> Readiness {
        Readiness::Pending(text.to_owned())
    }

    #[test]
    fn completed_and_all_running_is_ready() {
        assert_eq!(at_a_glance(&service(2, "COMPLETED")), Some(Readiness::Ready));
        assert_eq!(at_a_glance(&service(1, "COMPLETED")), None);
        assert_eq!(at_a_glance(&service(2, "IN_PROGRESS")), None);
        assert_eq!(by_counts(&service(2, "IN_PROGRESS")), Readiness::Ready);
        assert_eq!(by_counts(&service(1, "IN_PROGRESS")), pending("1 of 2 tasks running"));
    }

    #[test]
    fn what_was_read_is_healthy_only_if_its_tasks_run() {
        let read = |running, state, status: &str| at_reading(&service(running, state), Some(&deployment(status)));
        assert_eq!(read(2, "COMPLETED", "SUCCESSFUL"), Readiness::Ready);
        assert_eq!(read(1, "COMPLETED", "SUCCESSFUL"), pending("1 of 2 tasks running"));
        assert_eq!(read(2, "IN_PROGRESS", "IN_PROGRESS"), pending("2 of 2 tasks running"));
        assert_eq!(at_reading(&service(2, "IN_PROGRESS"), None), Readiness::Ready, "nobody else can be asked");
        let failed = |text: &str| Readiness::Failed(text.to_owned());
        assert_eq!(read(0, "FAILED", "STOPPED"), failed("0 of 2 tasks running; tasks failed to start."));
        assert_eq!(
            read(0, "IN_PROGRESS", "STOPPED"),
            failed("0 of 2 tasks running; its last deployment ended as STOPPED: stopped by a user")
        );
        let mut none = service(0, "COMPLETED");
        none["desiredCount"] = 0.into();
        assert_eq!(at_reading(&none, Some(&deployment("SUCCESSFUL"))), Readiness::Ready, "none are wanted");
    }

    #[test]
    fn the_service_deployment_decides() {
        let say = |status: &str, finished: f64| {
            let mut deployment = deployment(status);
            deployment["finishedAt"] = finished.into();
            while_waiting(&service(2, "IN_PROGRESS"), &deployment, "web")
        };
        assert_eq!(say("SUCCESSFUL", 200.0), Readiness::Ready);
        assert!(matches!(say("SUCCESSFUL", 50.0), Readiness::Pending(_)), "it ended before this one began");
        assert!(matches!(say("IN_PROGRESS", 0.0), Readiness::Pending(_)));
        for status in ["STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
            assert!(matches!(say(status, 0.0), Readiness::Pending(_)), "{status}");
        }
        for status in ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"] {
            assert!(matches!(say(status, 0.0), Readiness::Failed(why) if why.contains("stopped by a user")));
        }
        let gone = while_waiting(&service(1, "COMPLETED"), &deployment("SUCCESSFUL"), "web");
        assert!(matches!(gone, Readiness::Pending(_)), "what succeeded has stopped since");
    }

    #[test]
    fn old_tasks_that_drain_are_told_with_the_time_it_takes() {
        let mut rolling = service(3, "IN_PROGRESS");
        rolling["deployments"] = json!([
            { "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "runningCount": 1, "failedTasks": 1 },
            { "status": "ACTIVE", "runningCount": 2 },
        ]);
        assert_eq!(
            progress(&rolling, Some(300)),
            "1 of 2 new tasks running, 1 failed to start; 2 old tasks still running"
        );
        rolling["deployments"][0] = json!({ "status": "PRIMARY", "runningCount": 2 });
        rolling["runningCount"] = 4.into();
        let drained = "2 of 2 new tasks running; 2 old tasks draining, up to 5m (deregistration delay)";
        assert_eq!(progress(&rolling, Some(300)), drained);
        rolling["runningCount"] = 3.into();
        assert_eq!(progress(&rolling, None), "2 of 2 new tasks running; 1 old task draining");
        rolling["runningCount"] = 2.into();
        assert_eq!(progress(&rolling, None), "2 of 2 new tasks running; old tasks draining");
        assert_eq!(duration(90), "90s");
    }

    #[test]
    fn a_draining_service_is_awaited() {
        let mut gone = service(1, "COMPLETED");
        gone["status"] = "DRAINING".into();
        assert_eq!(going(&gone), pending("draining, 1 task still running"));
        gone["status"] = "INACTIVE".into();
        assert_eq!(going(&gone), Readiness::Gone);
    }
}
