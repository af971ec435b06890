//! Deployments that move traffic between two sets of tasks: what the stack file wants of them, what ECS tells of them, and how they
//! are asked for. Pure. ECS replaces the blocks that say how, so they are sent whole; what they leave out gets ECS's default.

use evenkeel_core::doc::{Doc, Text};
use serde_json::{Map, Value, json};

use super::{Deployment, EarlySuccess, Hook, LoadBalancer, Shift, Shifts};
use crate::services::ecs::read::{items, text};
use crate::services::elb::{listener, listener_rules};
use evenkeel_stack::model::{self, Alternate, RuleRef, Stack};

/// How long a hook waits, and what happens then, unless somebody says so; API: DeploymentLifecycleHookTimeoutConfiguration.
const TIMEOUT: (u32, &str) = (1440, "ROLLBACK");

/// The threshold of a circuit breaker of which nobody says one; API: ThresholdConfiguration.
pub(super) fn usual_threshold() -> (String, u32) {
    ("BOUNDED_PERCENT".to_owned(), 50)
}

/// The steps of a strategy that has some; API: CanaryConfiguration, LinearConfiguration.
pub(super) fn shift(wanted: &model::Deployment, strategy: &str) -> Option<Shift> {
    if wanted.strategy != strategy {
        return None;
    }
    let (given, permille, minutes) =
        if strategy == "CANARY" { (wanted.canary, 50, 10) } else { (wanted.linear, 100, 6) };
    Some(given.map_or(Shift { permille, bake_time_minutes: minutes }, |given| Shift {
        permille: given.permille,
        bake_time_minutes: given.bake_time_minutes,
    }))
}

/// A hook of the file.
pub(super) fn hook(wanted: &model::Hook) -> Hook {
    let mut stages = wanted.stages.clone();
    stages.sort();
    let (lambda, role) = wanted.lambda.clone().unzip();
    Hook {
        stages,
        lambda,
        role,
        details: wanted.details.clone(),
        timeout_minutes: wanted.timeout_minutes.unwrap_or(TIMEOUT.0),
        on_timeout: wanted.on_timeout.clone().unwrap_or_else(|| TIMEOUT.1.to_owned()),
    }
}

/// The other target group and the rules of a target group of the file.
pub(super) fn wanted(stack: &Stack, alternate: &Alternate) -> Shifts {
    Shifts {
        alternate: alternate.target_group.clone(),
        production_rule: rule(stack, &alternate.production),
        test_rule: alternate.test.as_ref().map(|test| rule(stack, test)),
        role: alternate.role.clone(),
    }
}

fn rule(stack: &Stack, rule: &RuleRef) -> Text {
    match rule {
        RuleRef::Arn(arn) => arn.as_str().into(),
        RuleRef::Default { balancer, listener } => Text::output(listener::id(balancer, listener), "arn"),
        RuleRef::Rule { balancer, listener, at } => {
            let known = stack.load_balancers.get(balancer).and_then(|it| it.listeners.get(listener));
            known
                .and_then(|it| it.rules.get(*at))
                .map_or_else(Text::default, |rule| listener_rules::arn_of(balancer, listener, rule))
        }
    }
}

/// How long a deployment takes by what the file says: its times to bake, and its pauses.
pub(super) fn patience_secs(wanted: &model::Deployment) -> u32 {
    if !wanted.shifts() {
        return 0;
    }
    let steps = |shift: &Shift| 1000_u32.div_ceil(shift.permille.max(1)).saturating_sub(1);
    let linear = shift(wanted, "LINEAR").map_or(0, |shift| steps(&shift) * shift.bake_time_minutes);
    let canary = shift(wanted, "CANARY").map_or(0, |shift| shift.bake_time_minutes);
    let hooks: u32 = wanted
        .hooks
        .iter()
        .map(|hook| {
            let times = u32::try_from(hook.stages.len()).unwrap_or(1);
            times.saturating_mul(hook.timeout_minutes.unwrap_or(TIMEOUT.0))
        })
        .fold(0, u32::saturating_add);
    let minutes = [wanted.bake_time_minutes, linear, canary, hooks].into_iter().fold(0, u32::saturating_add);
    minutes.saturating_mul(60)
}

/// What ECS tells of a target group beside its container and port, put into its document.
pub(super) fn observed(balancer: &Value, document: &mut Value) {
    let Some(advanced) = balancer.get("advancedConfiguration").filter(|advanced| advanced.is_object()) else { return };
    let alternate = text(advanced, "alternateTargetGroupArn");
    if alternate.is_empty() {
        return;
    }
    let mut shifts = json!({
        "alternate": alternate,
        "production_rule": text(advanced, "productionListenerRule"),
        "role": text(advanced, "roleArn"),
    });
    let test = text(advanced, "testListenerRule");
    if !test.is_empty() {
        shifts["test_rule"] = test.into();
    }
    document["shifts"] = shifts;
}

/// What a document of a service says of a target group, as ECS takes it.
pub(super) fn advanced(target: &LoadBalancer) -> Option<Value> {
    let shifts = target.shifts.as_ref()?;
    let known = |text: &Text| text.known().unwrap_or_default().to_owned();
    let mut value = json!({
        "alternateTargetGroupArn": known(&shifts.alternate),
        "productionListenerRule": known(&shifts.production_rule),
        "roleArn": known(&shifts.role),
    });
    if let Some(test) = &shifts.test_rule {
        value["testListenerRule"] = known(test).into();
    }
    Some(value)
}

/// The part of the document of a deployment that ECS's configuration says.
pub(super) fn document(configuration: &Value, breaker: bool) -> Value {
    let (kind, value) = usual_threshold();
    let told = configuration.pointer("/deploymentCircuitBreaker/thresholdConfiguration");
    let threshold = match told.filter(|told| breaker && told.is_object()) {
        Some(told) => json!({ "type": text(told, "type"), "value": told.get("value") }),
        None => json!({ "type": kind, "value": value }),
    };
    let reset = configuration.pointer("/deploymentCircuitBreaker/resetOnHealthyTask").and_then(Value::as_bool);
    let strategy = text(configuration, "strategy");
    let shift = |of: &str, block: &str, share: &str, minutes: &str, usual: (f64, u64)| {
        (strategy == of).then(|| {
            let block = configuration.get(block);
            let share = block.and_then(|it| it.get(share)).and_then(Value::as_f64).unwrap_or(usual.0);
            let minutes = block.and_then(|it| it.get(minutes)).and_then(Value::as_u64).unwrap_or(usual.1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a percentage")]
            let permille = (share * 10.0).round().clamp(0.0, 1000.0) as u32;
            json!({ "permille": permille, "bake_time_minutes": minutes })
        })
    };
    let early = configuration.get("earlySuccessCriteria").cloned().unwrap_or_default();
    let enabled = early.get("enable").and_then(Value::as_bool) == Some(true);
    let told = |key: &str| if enabled { early.get(key).cloned().unwrap_or_default() } else { Value::Null };
    json!({
        "reset_on_healthy_task": !breaker || reset != Some(false),
        "threshold": threshold,
        "canary": shift("CANARY", "canaryConfiguration", "canaryPercent", "canaryBakeTimeInMinutes", (5.0, 10)),
        "linear": shift("LINEAR", "linearConfiguration", "stepPercent", "stepBakeTimeInMinutes", (10.0, 6)),
        "hooks": items(configuration, "lifecycleHooks").iter().map(hook_document).collect::<Vec<_>>(),
        "early_success": {
            "enable": enabled,
            "healthy_percent": told("healthyPercent"),
            "cleanup": told("sourceServiceRevisionCleanup"),
        },
    })
}

fn hook_document(hook: &Value) -> Value {
    let mut stages: Vec<&str> = items(hook, "lifecycleStages").iter().filter_map(Value::as_str).collect();
    stages.sort_unstable();
    let pause = text(hook, "targetType") == "PAUSE";
    let told = |key: &str| hook.get(key).filter(|value| !pause && !value.is_null()).cloned().unwrap_or_default();
    let limit = hook.get("timeoutConfiguration").cloned().unwrap_or_default();
    let action = Some(text(&limit, "action")).filter(|action| !action.is_empty()).unwrap_or(TIMEOUT.1);
    json!({
        "stages": stages,
        "lambda": told("hookTargetArn"),
        "role": told("roleArn"),
        "details": told("hookDetails"),
        "timeout_minutes": limit.get("timeoutInMinutes").and_then(Value::as_u64).unwrap_or(TIMEOUT.0.into()),
        "on_timeout": action,
    })
}

/// Adds to a deployment configuration what says how traffic moves. With `all`, also what is to be taken away.
pub(super) fn request(want: &Deployment, all: bool, body: &mut Value) {
    if want.circuit_breaker {
        body["deploymentCircuitBreaker"]["resetOnHealthyTask"] = want.reset_on_healthy_task.into();
        body["deploymentCircuitBreaker"]["thresholdConfiguration"] =
            json!({ "type": want.threshold.kind, "value": want.threshold.value });
    }
    if let Some(canary) = &want.canary {
        body["canaryConfiguration"] =
            json!({ "canaryPercent": percent(canary), "canaryBakeTimeInMinutes": canary.bake_time_minutes });
    }
    if let Some(linear) = &want.linear {
        body["linearConfiguration"] =
            json!({ "stepPercent": percent(linear), "stepBakeTimeInMinutes": linear.bake_time_minutes });
    }
    if all || !want.hooks.is_empty() {
        body["lifecycleHooks"] = want.hooks.iter().map(to_api).collect();
    }
    if all || want.early_success.enable {
        body["earlySuccessCriteria"] = early(&want.early_success);
    }
}

fn percent(shift: &Shift) -> f64 {
    f64::from(shift.permille) / 10.0
}

fn early(early: &EarlySuccess) -> Value {
    let mut value = Map::from_iter([("enable".to_owned(), early.enable.into())]);
    value.extend(early.healthy_percent.map(|share| ("healthyPercent".to_owned(), share.into())));
    value.extend(early.cleanup.clone().map(|word| ("sourceServiceRevisionCleanup".to_owned(), word.into())));
    value.into()
}

fn to_api(hook: &Hook) -> Doc {
    let known = |text: &Option<Text>| text.as_ref().and_then(Text::known).map(str::to_owned);
    let mut value = json!({
        "targetType": if hook.lambda.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
        "lifecycleStages": hook.stages,
    });
    // For a function ECS's own times hold unless the file says others.
    if hook.lambda.is_none() || (hook.timeout_minutes, hook.on_timeout.as_str()) != TIMEOUT {
        value["timeoutConfiguration"] = json!({ "timeoutInMinutes": hook.timeout_minutes, "action": hook.on_timeout });
    }
    if let (Some(lambda), Some(role)) = (known(&hook.lambda), known(&hook.role)) {
        (value["hookTargetArn"], value["roleArn"]) = (lambda.into(), role.into());
    }
    if let Some(details) = &hook.details {
        value["hookDetails"] = details.clone();
    }
    value
}
