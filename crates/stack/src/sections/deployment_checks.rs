//! What of a deployment does not go together: settings of one strategy under another, hooks and early success where ECS has none.
//! Reads nothing; whether rules and target groups fit is for `shifting.rs`, which knows them.

use super::super::fields::Fields;
use super::super::model::Deployment;
use super::Ctx;

/// Keys that mean something under some strategies only, and these.
const ONLY: &[(&str, &[&str])] = &[
    ("canary", &["CANARY"]),
    ("linear", &["LINEAR"]),
    ("hooks", &["BLUE_GREEN", "LINEAR", "CANARY"]),
    ("early_success", &["ROLLING"]),
];

/// Checks one deployment. ECS says of the first two: "Linear configuration can only be present with LINEAR deployment strategy".
pub(super) fn strategy(ctx: &Ctx<'_>, fields: &Fields<'_>, found: &Deployment, what: &str, daemon: bool) {
    for (key, strategies) in ONLY {
        let Some(entry) = fields.entry(key).filter(|entry| !entry.value.is_null()) else { continue };
        // What is turned off is not there.
        let none = entry.value.items().is_some_and(<[_]>::is_empty);
        let off = none || *key == "early_success" && found.early_success.is_none();
        if off || strategies.contains(&found.strategy.as_str()) {
            continue;
        }
        let wanted = strategies.join(", ");
        let help = format!("Remove `{key}`, or write strategy: {}. It goes with {wanted}.", strategies[0]);
        let summary = format!("{what} has `{key}` and the strategy {}", found.strategy);
        ctx.problems.error("contradiction", &entry.place, summary, help);
    }
    if let Some(tree) = fields.take("strategy").filter(|_| daemon && found.shifts()) {
        let help = "A daemon runs one task on each instance, so there is no room for a second set. Remove `strategy`.";
        let summary = format!("{what} moves traffic between two sets of tasks, and the service is a daemon");
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    let least = found.minimum_healthy_percent;
    let early = found.early_success.as_ref().and_then(|early| early.healthy_percent);
    if let (Some(early), Some(tree)) = (early.filter(|early| *early < least), fields.take("early_success")) {
        let summary =
            format!("`early_success` of {what} needs fewer healthy tasks ({early}%) than must run ({least}%)");
        let help = format!("Write healthy_percent: {least} or more, or a lower `minimum_healthy_percent`.");
        ctx.problems.error("out-of-range", &tree.place, summary, help);
    }
}
