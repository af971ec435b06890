//! The stages of blue/green, linear and canary deployments: new tasks beside the old ones, traffic moved by the weights of the
//! listener rules, hooks between, a time to bake, then the old tasks go. Knows nothing of how a task starts or stops.
//!
//! A Lambda hook succeeds after some seconds; one whose ARN contains `fail` fails, and the deployment goes back.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::outcome::{self, Cause};
use super::service::{Rollout, Service, Stages};
use super::{engine, of};
use crate::call::Members;
use crate::services::ecs::gateways;
use crate::services::elb;
use crate::world::{Moment, Place, World};

/// The stage before each step in which production traffic moves.
const BEFORE_SHIFT: &str = "PRE_PRODUCTION_TRAFFIC_SHIFT";

/// The stages in their order.
const NAMES: &[&str] = &[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    BEFORE_SHIFT,
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
];

/// What a stage comes to.
enum Step {
    Wait(Option<Duration>),
    Next,
    /// To the stage before the next step of the traffic.
    Again,
}

/// Whether only cleaning up is left of a deployment.
pub(super) fn is_cleaning(stages: &Stages) -> bool {
    NAMES.get(stages.at).is_none_or(|name| *name == "CLEAN_UP")
}

/// Takes a deployment through its stages as far as it gets now. True when only cleaning up is left.
pub(super) fn advance(world: &mut World, place: &Place, service: &mut Service) -> bool {
    loop {
        let primary = service.rollouts.first().filter(|primary| primary.state != "FAILED");
        let Some(mut stages) = primary.and_then(|primary| primary.stages.clone()) else { return true };
        let name = NAMES.get(stages.at).copied().unwrap_or("CLEAN_UP");
        outcome::with_deployment(world, place, service, |deployment| deployment.stage = Some(name.to_owned()));
        if name == "CLEAN_UP" {
            return true;
        }
        let step = match hook(world, place, service, &mut stages, name) {
            Some(step) => step,
            None => work(world, place, service, &mut stages, name),
        };
        let Some(primary) = service.rollouts.first_mut().filter(|primary| primary.stages.is_some()) else {
            return true;
        };
        // A hook that failed has brought the deployment before it back.
        if primary.state == "FAILED" {
            return false;
        }
        match step {
            Step::Wait(delay) => {
                primary.stages = Some(stages);
                if let Some(delay) = delay {
                    service.wake(world, place, delay);
                }
                return false;
            }
            Step::Again => {
                let at = NAMES.iter().position(|name| *name == BEFORE_SHIFT).unwrap_or(stages.at);
                primary.stages = Some(Stages { at, shifted: stages.shifted, ..Stages::default() });
            }
            Step::Next => {
                primary.stages = Some(Stages { at: stages.at + 1, shifted: stages.shifted, ..Stages::default() })
            }
        }
    }
}

/// Runs the hooks of a stage, one after the other; nothing if all are through.
fn hook(world: &mut World, place: &Place, service: &mut Service, stages: &mut Stages, name: &str) -> Option<Step> {
    let configuration = service.configuration();
    let hooks: Vec<&Value> = configuration
        .list("lifecycleHooks")
        .iter()
        .filter(|hook| hook.list("lifecycleStages").iter().any(|stage| stage == name))
        .collect();
    let wanted = hooks.get(stages.hooks)?;
    let arn = service.deployment.clone().unwrap_or_default();
    let running = of(world, place).deployments.get(&arn).and_then(|deployment| deployment.hook.clone());
    let now = world.now;
    let Some(running) = running else {
        let (state, delay) = begin_hook(world, wanted);
        outcome::with_deployment(world, place, service, |deployment| deployment.hook = Some(state));
        return Some(Step::Wait(Some(delay)));
    };
    let expires = running.number("expiresAt").map(Moment::from_seconds);
    let failing = running.text_or_empty("targetArn").contains("fail");
    let through = match running.text_or_empty("status") {
        "SUCCEEDED" => true,
        "FAILED" => false,
        _ if expires.is_some_and(|at| at > now) => return Some(Step::Wait(expires.map(|at| at.since(now)))),
        "AWAITING_ACTION" => running.text("timeoutAction") == Some("CONTINUE"),
        _ => !failing,
    };
    outcome::with_deployment(world, place, service, |deployment| deployment.hook = None);
    if !through {
        outcome::fail(world, place, service, Cause::Hook, true);
        return Some(Step::Wait(Some(Duration::ZERO)));
    }
    stages.hooks += 1;
    Some(Step::Wait(Some(Duration::ZERO)))
}

fn begin_hook(world: &mut World, hook: &Value) -> (Value, Duration) {
    let pause = hook.text("targetType") == Some("PAUSE");
    let limit = hook.map("timeoutConfiguration");
    let minutes = limit.and_then(|it| it.integer("timeoutInMinutes")).unwrap_or(1440).unsigned_abs();
    let delay = if pause { Duration::from_secs(60 * minutes) } else { Duration::from_secs(5) };
    let id = if pause { "ecs-pause" } else { "ecs-lambda" };
    let state = json!({
        "hookId": format!("{id}-{}", world.ids.mixed(43)),
        "targetType": if pause { "PAUSE" } else { "AWS_LAMBDA" },
        "targetArn": hook.text("hookTargetArn"),
        "status": if pause { "AWAITING_ACTION" } else { "IN_PROGRESS" },
        "expiresAt": world.now.plus(delay).value(),
        "timeoutAction": pause.then(|| limit.and_then(|it| it.text("action")).unwrap_or("ROLLBACK")),
    });
    (state, delay)
}

/// The work of a stage itself.
fn work(world: &mut World, place: &Place, service: &mut Service, stages: &mut Stages, name: &str) -> Step {
    let now = world.now;
    if let Some(until) = stages.until
        && until > now
    {
        return Step::Wait(Some(until.since(now)));
    }
    let waited = stages.until.is_some();
    let mut wait = |time: Duration| {
        stages.until = Some(now.plus(time));
        Step::Wait(Some(time))
    };
    let configuration = service.configuration();
    match name {
        "RECONCILE_SERVICE" if !waited => wait(Duration::from_secs(3)),
        "SCALE_UP" => match engine::scale_up(world, place, service) {
            true => Step::Next,
            false => Step::Wait(None),
        },
        "TEST_TRAFFIC_SHIFT" if !waited => {
            turn(world, place, service, 100.0, "testListenerRule");
            wait(Duration::from_secs(5))
        }
        "PRODUCTION_TRAFFIC_SHIFT" if !waited => {
            let (share, bake) = shift_step(&configuration, stages.shifted);
            stages.shifted = share;
            turn(world, place, service, share, "productionListenerRule");
            stages.until = Some(now.plus(bake));
            Step::Wait(Some(bake))
        }
        "PRODUCTION_TRAFFIC_SHIFT" if stages.shifted < 100.0 => Step::Again,
        "BAKE_TIME" if !waited => {
            let minutes = configuration.integer("bakeTimeInMinutes").unwrap_or(0).unsigned_abs();
            wait(Duration::from_secs(60 * minutes))
        }
        _ => Step::Next,
    }
}

/// How much of the traffic has moved after the next step, and how long that is watched.
fn shift_step(configuration: &Map<String, Value>, shifted: f64) -> (f64, Duration) {
    let minutes = |of: Option<&Map<String, Value>>, name: &str| {
        Duration::from_secs(60 * of.and_then(|it| it.integer(name)).unwrap_or(0).unsigned_abs())
    };
    let moment = Duration::from_secs(5);
    match configuration.text("strategy") {
        Some("LINEAR") => {
            let linear = configuration.map("linearConfiguration");
            let share = shifted + linear.and_then(|it| it.number("stepPercent")).unwrap_or(10.0).max(1.0);
            if share < 100.0 { (share, minutes(linear, "stepBakeTimeInMinutes")) } else { (100.0, moment) }
        }
        Some("CANARY") if shifted <= 0.0 => {
            let canary = configuration.map("canaryConfiguration");
            let share = canary.and_then(|it| it.number("canaryPercent")).unwrap_or(5.0).clamp(0.1, 100.0);
            (share, minutes(canary, "canaryBakeTimeInMinutes"))
        }
        _ => (100.0, moment),
    }
}

fn turn(world: &mut World, place: &Place, service: &Service, share: f64, rule: &str) {
    if let Some(primary) = service.rollouts.first() {
        shift(world, place, service, primary, share, rule);
    }
}

/// Gives the target groups of a deployment that share of the traffic, and the other groups of each pair the rest.
pub(super) fn shift(world: &mut World, place: &Place, service: &Service, rollout: &Rollout, share: f64, rule: &str) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage")]
    let share = share.round().clamp(0.0, 100.0) as u32;
    let mut entries = service.doc.list("loadBalancers").to_vec();
    entries.extend(gateways::entries(world.region(place), &service.key()));
    for entry in &entries {
        let advanced = entry.map("advancedConfiguration");
        let rule = advanced.and_then(|it| it.text(rule));
        let pair = entry.text("targetGroupArn").zip(advanced.and_then(|it| it.text("alternateTargetGroupArn")));
        let (Some(rule), Some((first, second))) = (rule, pair) else { continue };
        let (used, other) = if rollout.alternate { (second, first) } else { (first, second) };
        elb::shift_weights(world.region(place), rule, &[(used.to_owned(), share), (other.to_owned(), 100 - share)]);
    }
}
