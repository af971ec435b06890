//! What ECS refuses of deployments that move traffic between two sets of tasks: steps and hooks that do not go together, target groups
//! and rules that are not there, a role that it cannot assume. Changes nothing.

use serde_json::{Map, Value};

use super::Running;
use super::defaults::STEPS;
use super::places::invalid;
use super::service::Service;
use crate::call::{Call, Members, Refusal};
use crate::services::{elb, iam};

type Checked = Result<(), Refusal>;

/// Whether the strategy of a deployment configuration (defaults filled in) goes with everything else in it.
pub(super) fn configuration(all: &Map<String, Value>, daemon: bool) -> Checked {
    let strategy = all.text("strategy").unwrap_or("ROLLING");
    let shifts = strategy != "ROLLING";
    for (name, of) in STEPS {
        if all.has(name) && strategy != *of {
            let word = if *of == "LINEAR" { "Linear" } else { "Canary" };
            return Err(invalid(format!("{word} configuration can only be present with {of} deployment strategy")));
        }
    }
    if daemon && shifts {
        return Err(invalid(format!(
            "The daemon scheduling strategy does not support the {strategy} deployment strategy."
        )));
    }
    let within = |block: &str, name: &str, least: f64, most: f64| {
        let value = all.map(block).and_then(|it| it.number(name));
        match value.filter(|value| !(least..=most).contains(value)) {
            Some(value) => Err(invalid(format!("{name} must be between {least} and {most}. You specified {value}."))),
            None => Ok(()),
        }
    };
    within("canaryConfiguration", "canaryPercent", 0.1, 100.0)?;
    within("canaryConfiguration", "canaryBakeTimeInMinutes", 0.0, 1440.0)?;
    within("linearConfiguration", "stepPercent", 3.0, 100.0)?;
    within("linearConfiguration", "stepBakeTimeInMinutes", 0.0, 1440.0)?;
    let early = all.map("earlySuccessCriteria").and_then(|it| it.flag("enable")) == Some(true);
    if early && shifts {
        return Err(invalid("Early success criteria can only be present with ROLLING deployment strategy"));
    }
    hooks(all.list("lifecycleHooks"))
}

/// Whether a service may leave the rolling strategy: what it needs for another one has to be deployed, and no deployment under way.
/// Source: ECS's guide on changing from rolling to blue/green deployments.
pub(super) fn switch(running: &Running, before: &Service, after: &Service) -> Checked {
    let rolls = |service: &Service| service.configuration().text("strategy").unwrap_or("ROLLING") == "ROLLING";
    if !rolls(before) || rolls(after) || !before.is_ours() {
        return Ok(());
    }
    let lacks = |entry: &Value| entry.map("advancedConfiguration").is_none();
    if before.doc.list("loadBalancers").iter().any(lacks) {
        return Err(invalid(
            "The deployment strategy cannot be changed: the load balancers of the current service revision have no \
             advancedConfiguration. Update the service with a rolling deployment first.",
        ));
    }
    let open = before.deployment.as_ref().and_then(|arn| running.deployments.get(arn)).is_some_and(|it| it.is_open());
    if open {
        return Err(invalid("The deployment strategy cannot be changed while a deployment is in progress."));
    }
    Ok(())
}

/// The first two texts are AWS's own.
fn hooks(hooks: &[Value]) -> Checked {
    for hook in hooks {
        if hook.list("lifecycleStages").is_empty() {
            let text = "Lifecycle stage cannot be null or empty for any deployment lifecycle hooks";
            return Err(invalid(text));
        }
        let called = hook.text("targetType") != Some("PAUSE");
        if called && !(hook.has("hookTargetArn") && hook.has("roleArn")) {
            let text = "Role arn or Hook Target arn is missing for one or more deployment lifecycle hooks";
            return Err(invalid(text));
        }
    }
    Ok(())
}

/// Whether the target groups of a service are there in pairs, with rules that lead to them and a role that ECS can assume.
pub(super) fn balancers(call: &mut Call<'_>, list: &[Value], configuration: &Map<String, Value>) -> Checked {
    let strategy = configuration.text("strategy").unwrap_or("ROLLING");
    for entry in list {
        let Some(advanced) = entry.map("advancedConfiguration").cloned() else {
            if strategy != "ROLLING" {
                return Err(invalid(format!(
                    "advancedConfiguration is required on every load balancer of a service with the {strategy} deployment strategy."
                )));
            }
            continue;
        };
        pair(call, entry, &advanced)?;
    }
    Ok(())
}

fn pair(call: &mut Call<'_>, entry: &Value, advanced: &Map<String, Value>) -> Checked {
    let (main, other) = (entry.text_or_empty("targetGroupArn"), advanced.text_or_empty("alternateTargetGroupArn"));
    let rule = advanced.text_or_empty("productionListenerRule");
    if other.is_empty() || rule.is_empty() || !advanced.has("roleArn") {
        return Err(invalid(
            "advancedConfiguration must have an alternateTargetGroupArn, a productionListenerRule and a roleArn.",
        ));
    }
    if main == other {
        return Err(invalid("The target group and the alternate target group must be different."));
    }
    for rule in [Some(rule), advanced.text("testListenerRule")].into_iter().flatten() {
        // A listener stands for itself only where it has no rules.
        if rule.contains(":listener/app/") || !elb::leads_to(call.region(), rule, &[main, other]) {
            return Err(invalid(format!(
                "The listener rule {rule} does not exist, or does not forward to the target groups of the service."
            )));
        }
    }
    let role = advanced.text_or_empty("roleArn").to_owned();
    let place = call.place.clone();
    if !iam::role_visible(call.world, &place, &role)
        || !iam::role_trusts(call.world, &place, &role, "ecs.amazonaws.com")
    {
        return Err(invalid(format!(
            "Unable to assume role {role}. Verify that the role exists and that ecs.amazonaws.com is allowed to assume it."
        )));
    }
    Ok(())
}
