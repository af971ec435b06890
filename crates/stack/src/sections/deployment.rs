//! `deployment:` of a service, and how many tasks it runs.

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Deployment;
use super::super::table::{EMPTY, Table, Type, key, later};
use super::super::tree::Tree;
use super::Ctx;

/// `deployment:`.
pub(crate) static DEPLOYMENT: Table = Table {
    path: "services.deployment",
    what: "the deployment of a service",
    groups: &[&[
        key(
            "minimum_healthy_percent",
            Type::Percent(0, 100),
            "The minimum of running tasks during a deployment, in percent.",
        )
        .also(&["min_healthy_percent"])
        .shape("0 to 100, `50%` too")
        .without("`100` (daemons: 0)")
        .aws("minimumHealthyPercent"),
        key(
            "maximum_percent",
            Type::Percent(100, 1000),
            "The maximum of running tasks during a deployment, in percent; 100 for a daemon.",
        )
        .also(&["max_percent"])
        .shape("100 to 1000, `200%` too")
        .without("`200` (daemons: 100)")
        .aws("maximumPercent"),
        key(
            "circuit_breaker",
            Type::AnyOf(&[Type::Just(&["rollback", "on", "true", "off", "false"]), Type::Map(&BREAKER)]),
            "Whether a failing deployment is stopped and rolled back.",
        )
        .shape("`rollback`, `on` (`true`), `off` (`false`), or `{ enable, rollback }`")
        .value("rollback")
        .aws("deploymentCircuitBreaker"),
        key("alarms", Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&ALARMS)]), "Alarms that stop a deployment.")
            .shape("list of names, or `{ names, rollback }`")
            .aws("alarms")
            .example("[worker-errors]"),
        key(
            "bake_time",
            Type::AnyOf(&[Type::Number(0, 1440), Type::Seconds(0, 86_400)]),
            "How long ECS watches the service after a deployment.",
        )
        .also(&["bake_time_minutes"])
        .shape("minutes, or a duration with its unit")
        .value("0")
        .aws("bakeTimeInMinutes")
        .example("5m"),
        key(
            "strategy",
            Type::Word(&["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]),
            "The strategy; later versions add others.",
        )
        .shape("`ROLLING`")
        .value("ROLLING")
        .aws("strategy"),
        later("lifecycle_hooks", "lifecycleHooks", "Hooks between the stages of a deployment."),
        later("controller", "deploymentController", "The deployment controller."),
        later("alternate_target_group", "advancedConfiguration", "The other target group of a blue/green deployment."),
        later("canary", "canaryConfiguration", "The steps of a canary deployment."),
        later("linear", "linearConfiguration", "The steps of a linear deployment."),
    ]],
    ..EMPTY
};

/// `circuit_breaker:` as ECS has it.
static BREAKER: Table = Table {
    path: "services.deployment.circuit_breaker",
    what: "the circuit breaker of a deployment",
    groups: &[&[
        key("enable", Type::Flag, "Whether a failing deployment is stopped.")
            .also(&["enabled"])
            .value("true")
            .aws("enable"),
        key("rollback", Type::Flag, "Whether the previous deployment is restored.").value("false").aws("rollback"),
    ]],
    ..EMPTY
};

/// `alarms:` in its long form.
static ALARMS: Table = Table {
    path: "services.deployment.alarms",
    what: "the alarms of a deployment",
    groups: &[&[
        key("names", Type::Several(&Type::Text), "Names of CloudWatch alarms.")
            .needed("Name the CloudWatch alarms: names: [my-alarm].")
            .aws("alarmNames")
            .example("[worker-errors]"),
        key("rollback", Type::Flag, "Whether the previous deployment is restored.").value("true").aws("rollback"),
    ]],
    ..EMPTY
};

/// `desired_count:` in its long form.
pub(crate) static COUNT: Table = Table {
    path: "services.desired_count",
    what: "the count of a service",
    groups: &[&[
        key("initial", Type::Number(0, 5000), "The count that the service is created with.")
            .value("1")
            .aws("desiredCount"),
        key("managed_by", Type::Text, "Who manages the count afterwards.")
            .needed("Say who manages the count: managed_by: application-autoscaling.")
            .example("application-autoscaling"),
    ]],
    ..EMPTY
};

/// Reads `deployment:`; a daemon has other defaults.
pub(crate) fn read(ctx: &Ctx<'_>, tree: Option<&Tree>, what: &str, daemon: bool) -> Deployment {
    let mut found = Deployment {
        minimum_healthy_percent: if daemon { 0 } else { 100 },
        maximum_percent: if daemon { 100 } else { 200 },
        circuit_breaker: true,
        rollback: true,
        strategy: "ROLLING".to_owned(),
        bake_time_minutes: 0,
        alarms: Vec::new(),
        alarms_rollback: false,
    };
    let Some(tree) = tree else { return found };
    let what = format!("`deployment` of {what}");
    let Some(fields) = Fields::open(tree, what.clone(), &DEPLOYMENT, ctx.problems) else { return found };
    found.minimum_healthy_percent = fields.percent("minimum_healthy_percent").unwrap_or(found.minimum_healthy_percent);
    found.maximum_percent = fields.percent("maximum_percent").unwrap_or(found.maximum_percent);
    if let (true, Some(key)) = (daemon && found.maximum_percent > 100, fields.take("maximum_percent")) {
        let help = "A daemon runs one task on each instance, so ECS stops the old one first. Write 100, or remove it.";
        ctx.problems.error("out-of-range", &key.place, format!("{what} allows a daemon more than 100 percent"), help);
    }
    if found.minimum_healthy_percent == 100 && found.maximum_percent == 100 {
        let summary = format!("{what} can neither stop an old task nor start a new one");
        let help = "Allow more than 100 at most, or less than 100 at least.";
        ctx.problems.error("bad-value", &tree.place, summary, help);
    }
    if let (Some(tree), Some(word)) = (fields.take("strategy"), fields.word("strategy"))
        && word != "ROLLING"
    {
        let help = "This version supports ROLLING only. Remove `strategy`.";
        ctx.problems.error("not-yet", &tree.place, format!("this version does not manage {word} yet"), help);
    }
    if let Some(tree) = fields.take("bake_time") {
        let unit = tree.scalar().is_some_and(|text| text.ends_with(char::is_alphabetic));
        let minutes = if unit { fields.seconds("bake_time").map(|secs| secs / 60) } else { fields.count("bake_time") };
        found.bake_time_minutes = minutes.unwrap_or(0);
    }
    if let Some(tree) = fields.take("circuit_breaker") {
        breaker(ctx, tree, &what, &mut found);
    }
    if let Some(tree) = fields.take("alarms") {
        alarms(ctx, tree, &what, &mut found);
    }
    fields.finish();
    found
}

fn breaker(ctx: &Ctx<'_>, tree: &Tree, what: &str, found: &mut Deployment) {
    if tree.entries().is_some() {
        let Some(fields) = Fields::open(tree, format!("`circuit_breaker` of {what}"), &BREAKER, ctx.problems) else {
            return;
        };
        found.circuit_breaker = fields.flag("enable").unwrap_or_default();
        found.rollback = fields.flag("rollback").unwrap_or_default();
        fields.finish();
        return;
    }
    match tree.scalar().as_deref() {
        Some("rollback") => (found.circuit_breaker, found.rollback) = (true, true),
        Some("on" | "true") => (found.circuit_breaker, found.rollback) = (true, false),
        Some("off" | "false") => (found.circuit_breaker, found.rollback) = (false, false),
        Some(_) | None => {
            let help = "Write rollback (stop a deployment that fails, and go back), on (stop it), or off.";
            Want::new("`circuit_breaker`", ctx.problems).wrong(tree, "rollback, on or off", help);
        }
    }
}

fn alarms(ctx: &Ctx<'_>, tree: &Tree, what: &str, found: &mut Deployment) {
    let want = Want::new("`alarms`", ctx.problems);
    if tree.entries().is_none() {
        found.alarms = want.strings(tree);
        found.alarms_rollback = true;
        return;
    }
    let Some(fields) = Fields::open(tree, format!("`alarms` of {what}"), &ALARMS, ctx.problems) else { return };
    found.alarms = fields.take("names").map(|tree| want.strings(tree)).unwrap_or_default();
    found.alarms_rollback = fields.flag("rollback").unwrap_or_default();
    fields.finish();
}

/// `desired_count:`, and who manages it afterwards.
pub(crate) fn desired_count(ctx: &Ctx<'_>, fields: &Fields<'_>, daemon: bool) -> (Option<u32>, Option<String>) {
    let what = format!("`desired_count` of {}", fields.what());
    let Some(tree) = fields.take("desired_count") else { return ((!daemon).then_some(1), None) };
    if daemon {
        let help = "A daemon runs one task on each instance. Remove `desired_count`.";
        ctx.problems.error("contradiction", &tree.place, "a daemon has no desired count", help);
        return (None, None);
    }
    if tree.entries().is_none() {
        return (fields.count("desired_count"), None);
    }
    let Some(inner) = Fields::open(tree, what, &COUNT, ctx.problems) else { return (Some(1), None) };
    let (initial, manager) = (inner.count("initial"), inner.text("managed_by"));
    inner.finish();
    (initial, manager)
}
