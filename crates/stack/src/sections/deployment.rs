//! `deployment:` of a service, and how many tasks it runs.

use super::super::decode::{Fields, Want};
use super::super::model::Deployment;
use super::super::tree::Tree;
use super::Ctx;

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
    let Some(fields) = Fields::open(tree, what.clone(), ctx.problems) else { return found };
    let percent = |keys: &[&'static str], low, high| {
        let words = format!("`{}` of {what}", keys[0]);
        fields.either(keys).and_then(|tree| {
            let plain = tree.scalar().and_then(|text| text.trim().strip_suffix('%').map(str::to_owned));
            let tree = plain.map_or_else(|| tree.clone(), |text| Tree::text(tree.place.clone(), text));
            Want::new(&words, ctx.problems).count(&tree, low, high)
        })
    };
    let least = percent(&["minimum_healthy_percent", "min_healthy_percent"], 0, 100);
    let most = percent(&["maximum_percent", "max_percent"], 100, 1000);
    found.minimum_healthy_percent = least.unwrap_or(found.minimum_healthy_percent);
    found.maximum_percent = most.unwrap_or(found.maximum_percent);
    if let (true, Some(key)) =
        (daemon && found.maximum_percent > 100, fields.either(&["maximum_percent", "max_percent"]))
    {
        let help =
            "A daemon runs one task on each instance, so ECS stops the old one first. Write 100, or leave it out.";
        ctx.problems.error("out-of-range", &key.place, format!("{what} allows a daemon more than 100 percent"), help);
    }
    if found.minimum_healthy_percent == 100 && found.maximum_percent == 100 {
        let summary = format!("{what} can neither stop an old task nor start a new one");
        let help = "Allow more than 100 at most, or less than 100 at least.";
        ctx.problems.error("bad-value", &tree.place, summary, help);
    }
    if let Some(strategy) = fields.take("strategy") {
        let words = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"];
        if let Some(word) = Want::new("`strategy`", ctx.problems).one_of(strategy, &words)
            && word != "ROLLING"
        {
            let help = "This version rolls services out by ROLLING only. Leave `strategy` out.";
            ctx.problems.error("not-yet", &strategy.place, format!("this version does not manage {word} yet"), help);
        }
    }
    if let Some(tree) = fields.either(&["bake_time", "bake_time_minutes"]) {
        let secs = tree.scalar().filter(|text| text.ends_with(char::is_alphabetic));
        let want = Want::new("`bake_time`", ctx.problems);
        let minutes = match secs {
            Some(_) => want.seconds(tree, 0, 86_400).map(|secs| secs / 60),
            None => want.count(tree, 0, 1440),
        };
        found.bake_time_minutes = minutes.unwrap_or(0);
    }
    if let Some(tree) = fields.take("circuit_breaker") {
        breaker(ctx, tree, &what, &mut found);
    }
    if let Some(tree) = fields.take("alarms") {
        alarms(ctx, tree, &what, &mut found);
    }
    fields.not_yet(&["lifecycle_hooks", "controller", "alternate_target_group", "canary", "linear"]);
    fields.finish();
    found
}

fn breaker(ctx: &Ctx<'_>, tree: &Tree, what: &str, found: &mut Deployment) {
    if tree.entries().is_some() {
        let Some(fields) = Fields::open(tree, format!("`circuit_breaker` of {what}"), ctx.problems) else { return };
        let flag = |keys: &[&'static str]| {
            fields.either(keys).and_then(|tree| Want::new("`circuit_breaker`", ctx.problems).flag(tree))
        };
        found.circuit_breaker = flag(&["enable", "enabled"]).unwrap_or(true);
        found.rollback = flag(&["rollback"]).unwrap_or(false);
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
    let Some(fields) = Fields::open(tree, format!("`alarms` of {what}"), ctx.problems) else { return };
    let names = fields.need("names", "Name the CloudWatch alarms: names: [my-alarm].");
    found.alarms = names.map(|tree| want.strings(tree)).unwrap_or_default();
    found.alarms_rollback = fields.take("rollback").and_then(|tree| want.flag(tree)).unwrap_or(true);
    fields.finish();
}

/// `desired_count:`, and who manages it afterwards.
pub(crate) fn desired_count(ctx: &Ctx<'_>, fields: &Fields<'_>, daemon: bool) -> (Option<u32>, Option<String>) {
    let what = format!("`desired_count` of {}", fields.what());
    let want = Want::new(&what, ctx.problems);
    let Some(tree) = fields.take("desired_count") else { return ((!daemon).then_some(1), None) };
    if daemon {
        let help = "A daemon runs one task on each instance; ECS keeps the count. Remove `desired_count`.";
        ctx.problems.error("contradiction", &tree.place, "a daemon has no desired count", help);
        return (None, None);
    }
    if tree.entries().is_none() {
        return (want.count(tree, 0, 5000), None);
    }
    let Some(inner) = Fields::open(tree, what.clone(), ctx.problems) else { return (Some(1), None) };
    let initial = inner.take("initial").and_then(|tree| want.count(tree, 0, 5000));
    let why = "Say who keeps the count: managed_by: application-autoscaling.";
    let manager = inner.need("managed_by", why).and_then(|tree| want.filled(tree));
    inner.finish();
    (Some(initial.unwrap_or(1)), manager)
}
