//! `deployment:` of a service, and how many tasks it runs.

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Deployment, EarlySuccess};
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::Tree;
use super::hooks::{self, HOOK};
use super::shifting::{self, CANARY, LINEAR};
use super::{Ctx, deployment_checks};

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
        .shape("`rollback`, `on` (`true`), `off` (`false`), or `{ enable, rollback, threshold, reset_on_healthy_task }`")
        .value("rollback")
        .aws("deploymentCircuitBreaker"),
        key("alarms", Type::AnyOf(&[Type::Several(&Type::Text), Type::Map(&ALARMS)]), "Alarms that stop a deployment.")
            .shape("list of names, or `{ names, rollback }`")
            .aws("alarms")
            .example("[worker-errors]"),
        key(
            "bake_time",
            Type::AnyOf(&[Type::Number(0, 1440), Type::Seconds(0, 86_400)]),
            "How long old and new tasks run side by side once all traffic has moved; not for `ROLLING`.",
        )
        .also(&["bake_time_minutes"])
        .shape("minutes, or a duration with its unit")
        .value("0")
        .aws("bakeTimeInMinutes")
        .example("5m"),
        key(
            "strategy",
            Type::Word(&["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]),
            "How new tasks take over: one after the other, or all beside the old ones, with traffic moved at once, in equal \
             steps, or a small share first. [More](deployments.md).",
        )
        .value("ROLLING")
        .aws("strategy"),
        key("canary", Type::Map(&CANARY), "The first step of a `CANARY` deployment.")
            .also(&["canary_configuration"])
            .shape("map (below)")
            .aws("canaryConfiguration")
            .example("{ percent: 5, bake_time: 10m }"),
        key("linear", Type::Map(&LINEAR), "The steps of a `LINEAR` deployment.")
            .also(&["linear_configuration"])
            .shape("map (below)")
            .aws("linearConfiguration")
            .example("{ step: 10, bake_time: 6m }"),
        key(
            "hooks",
            Type::Several(&Type::Map(&HOOK)),
            "Pauses and functions between the stages of a deployment; not for `ROLLING`.",
        )
        .also(&["lifecycle_hooks"])
        .shape("list of maps (below)")
        .aws("lifecycleHooks")
        .example("[{ stages: POST_TEST_TRAFFIC_SHIFT, pause: { timeout: 1h } }]"),
        key(
            "early_success",
            Type::AnyOf(&[Type::Flag, Type::Map(&EARLY)]),
            "Whether a `ROLLING` deployment has succeeded once enough tasks are healthy, before the old ones are gone.",
        )
        .also(&["early_success_criteria"])
        .shape("`true`, `false`, or `{ enable, healthy_percent, cleanup }`")
        .value("false")
        .aws("earlySuccessCriteria"),
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
        key(
            "reset_on_healthy_task",
            Type::Flag,
            "Whether a task that gets healthy sets the count of failed tasks back to 0.",
        )
        .value("true")
        .aws("resetOnHealthyTask"),
        key(
            "threshold",
            Type::AnyOf(&[Type::Number(1, 10_000), Type::Percent(1, 100), Type::Map(&THRESHOLD)]),
            "How many failed tasks open the breaker; percentages are of the desired count, at least 3 and at most 200 tasks.",
        )
        .also(&["threshold_configuration"])
        .shape("`5` (tasks), `50%`, or `{ type, value }`")
        .without("`50%`")
        .aws("thresholdConfiguration")
        .example("5"),
    ]],
    ..EMPTY
};

/// `threshold:` as ECS has it.
static THRESHOLD: Table = Table {
    path: "services.deployment.circuit_breaker.threshold",
    what: "the threshold of a circuit breaker",
    groups: &[&[
        key(
            "type",
            Type::Word(&["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"]),
            "Tasks, a percentage of the desired count from 3 to 200 tasks, or a percentage without bounds.",
        )
        .value("BOUNDED_PERCENT")
        .aws("type"),
        key("value", Type::Number(1, 10_000), "How many tasks, or how many percent.")
            .needed("Write { type: COUNT, value: 5 }.")
            .aws("value")
            .example("5"),
    ]],
    ..EMPTY
};

/// `early_success:` in its long form.
static EARLY: Table = Table {
    path: "services.deployment.early_success",
    what: "the early success of a deployment",
    groups: &[&[
        key("enable", Type::Flag, "Whether it is on.").also(&["enabled"]).value("true").aws("enable"),
        key(
            "healthy_percent",
            Type::Percent(0, 100),
            "The share of healthy new tasks that is enough; not less than `minimum_healthy_percent`.",
        )
        .shape("0 to 100, `50%` too")
        .without("as ECS decides")
        .aws("healthyPercent"),
        key(
            "cleanup",
            Type::Word(&["BLOCKING", "DEFERRED"]),
            "Whether the deployment ends when the old tasks are gone, or before.",
        )
        .without("as ECS decides")
        .aws("sourceServiceRevisionCleanup"),
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
        reset_on_healthy_task: true,
        threshold: ("BOUNDED_PERCENT".to_owned(), 50),
        strategy: "ROLLING".to_owned(),
        bake_time_minutes: 0,
        canary: None,
        linear: None,
        hooks: Vec::new(),
        early_success: None,
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
    found.strategy = fields.word("strategy").unwrap_or("ROLLING").to_owned();
    found.bake_time_minutes = minutes(&fields, "bake_time").unwrap_or(0);
    found.canary = fields.take("canary").and_then(|tree| shifting::canary(ctx, tree, &what));
    found.linear = fields.take("linear").and_then(|tree| shifting::linear(ctx, tree, &what));
    found.hooks = fields.take("hooks").map(|tree| hooks::read(ctx, tree, &what)).unwrap_or_default();
    found.early_success = fields.take("early_success").and_then(|tree| early(ctx, tree, &fields, &what));
    if let Some(tree) = fields.take("circuit_breaker") {
        breaker(ctx, tree, &what, &mut found);
    }
    if let Some(tree) = fields.take("alarms") {
        alarms(ctx, tree, &what, &mut found);
    }
    deployment_checks::strategy(ctx, &fields, &found, &what, daemon);
    fields.finish();
    found
}

/// `deployment_controller:`; only ECS's own deployments are managed.
pub(crate) fn controller(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) {
    let Some(tree) = fields.take("deployment_controller") else { return };
    let inner = tree.get("type").unwrap_or(tree);
    let words = ["ECS", "CODE_DEPLOY", "EXTERNAL"];
    let Some(kind) = Want::new("`deployment_controller`", ctx.problems).one_of(inner, &words) else { return };
    if kind != "ECS" {
        let help = "Remove it: ECS itself does what CodeDeploy did, with deployment: { strategy: BLUE_GREEN } (or LINEAR, CANARY), and \
                    UpdateService changes the controller of a service that exists.";
        let summary = format!("{what} leaves its deployments to {kind}, which this version does not manage");
        ctx.problems.error("not-yet", &inner.place, summary, help);
    }
}

/// Minutes: a plain number, or a duration with its unit.
pub(crate) fn minutes(fields: &Fields<'_>, name: &'static str) -> Option<u32> {
    let tree = fields.take(name)?;
    let unit = tree.scalar().is_some_and(|text| text.ends_with(char::is_alphabetic));
    if unit { fields.seconds(name).map(|secs| secs.div_ceil(60)) } else { fields.count(name) }
}

fn early(ctx: &Ctx<'_>, tree: &Tree, outer: &Fields<'_>, what: &str) -> Option<EarlySuccess> {
    let plain = EarlySuccess { healthy_percent: None, cleanup: None };
    if tree.entries().is_none() {
        return outer.flag("early_success").filter(|on| *on).map(|_| plain);
    }
    let fields = Fields::open(tree, format!("`early_success` of {what}"), &EARLY, ctx.problems)?;
    let on = fields.flag("enable").unwrap_or(true);
    let (healthy_percent, cleanup) = (fields.percent("healthy_percent"), fields.word("cleanup").map(str::to_owned));
    fields.finish();
    on.then_some(EarlySuccess { healthy_percent, cleanup })
}

/// How many failed tasks open the circuit breaker: `5`, `50%`, or as ECS has it.
fn threshold(ctx: &Ctx<'_>, tree: &Tree, outer: &Fields<'_>, what: &str) -> Option<(String, u32)> {
    if tree.entries().is_none() {
        let share = tree.scalar().is_some_and(|text| text.trim().ends_with('%'));
        let value = if share { outer.percent("threshold") } else { outer.count("threshold") };
        return value.map(|value| (if share { "BOUNDED_PERCENT" } else { "COUNT" }.to_owned(), value));
    }
    let fields = Fields::open(tree, format!("`threshold` of {what}"), &THRESHOLD, ctx.problems)?;
    let (kind, value) = (fields.word("type"), fields.count("value"));
    let place = fields.take("value").map(|tree| tree.place.clone());
    fields.finish();
    let (kind, value) = (kind?.to_owned(), value?);
    if let Some(place) = place.filter(|_| kind != "COUNT" && value > 100) {
        let summary = format!("`threshold` of {what} is more than 100 percent");
        ctx.problems.error("out-of-range", &place, summary, "Write 1 to 100, or type: COUNT for a number of tasks.");
        return None;
    }
    Some((kind, value))
}

fn breaker(ctx: &Ctx<'_>, tree: &Tree, what: &str, found: &mut Deployment) {
    if tree.entries().is_some() {
        let Some(fields) = Fields::open(tree, format!("`circuit_breaker` of {what}"), &BREAKER, ctx.problems) else {
            return;
        };
        found.circuit_breaker = fields.flag("enable").unwrap_or_default();
        found.rollback = fields.flag("rollback").unwrap_or_default();
        found.reset_on_healthy_task = fields.flag("reset_on_healthy_task").unwrap_or(true);
        if let Some(tree) = fields.take("threshold") {
            let what = format!("`circuit_breaker` of {what}");
            found.threshold = threshold(ctx, tree, &fields, &what).unwrap_or_else(|| found.threshold.clone());
        }
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
