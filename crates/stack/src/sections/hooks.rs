//! `hooks:` of a deployment: pauses until somebody says how to go on, and functions that ECS calls between the stages. Decides
//! nothing about strategies.

use evenkeel_core::doc::{Doc, Text};

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Hook;
use super::super::policy;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::Tree;
use super::deployment::minutes;
use super::{Ctx, roles};

/// The stages at which hooks run, as ECS calls them; API: DeploymentLifecycleHookStage.
const STAGES: &[&str] = &[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// One hook.
pub(crate) static HOOK: Table = Table {
    path: "services.deployment.hooks",
    what: "a hook of a deployment",
    groups: &[&[
        key("stages", Type::Several(&Type::Word(STAGES)), "The stages at which it runs.")
            .also(&["stage", "lifecycle_stages"])
            .needed("Name at least one stage: stages: POST_TEST_TRAFFIC_SHIFT.")
            .aws("lifecycleStages")
            .example("[POST_TEST_TRAFFIC_SHIFT]"),
        key(
            "pause",
            Type::AnyOf(&[Type::Flag, Type::Map(&TIMEOUT)]),
            "Waits there for `evenkeel continue`; either this or `lambda`.",
        )
        .shape("`true`, or `{ timeout, on_timeout }`")
        .example("{ timeout: 1h, on_timeout: rollback }"),
        key("lambda", Type::Text, "The function that ECS calls there.")
            .also(&["hook_target_arn"])
            .shape("ARN")
            .aws("hookTargetArn")
            .example("arn:aws:lambda:eu-west-1:123456789012:function:check"),
        key("role", Type::Open, "The role by which ECS calls the function; with `lambda`.")
            .also(&["role_arn"])
            .shape("entry of `roles`, ARN, or `existing:NAME`")
            .aws("roleArn")
            .example("existing:ecsCallsLambda"),
        key("details", Type::Document, "What the function gets beside ECS's own words.")
            .also(&["hook_details"])
            .aws("hookDetails")
            .example("{ kind: smoke }"),
        key("target_type", Type::Word(&["AWS_LAMBDA", "PAUSE"]), "Which of the two it is, as ECS says it.")
            .without("what the other keys say")
            .aws("targetType"),
        key("timeout", Type::Map(&TIMEOUT), "How long ECS waits for the function, or in the pause.")
            .also(&["timeout_configuration"])
            .shape("`{ timeout, on_timeout }`")
            .without("a day, then a rollback")
            .aws("timeoutConfiguration"),
    ]],
    ..EMPTY
};

/// How long a hook waits.
static TIMEOUT: Table = Table {
    path: "services.deployment.hooks.timeout",
    what: "the timeout of a hook",
    groups: &[&[
        key(
            "timeout",
            Type::AnyOf(&[Type::Number(1, 20_160), Type::Seconds(60, 1_209_600)]),
            "How long it waits, up to two weeks.",
        )
        .also(&["timeout_in_minutes"])
        .shape("minutes, or a duration with its unit")
        .value("1440")
        .aws("timeoutInMinutes")
        .example("1h"),
        key("on_timeout", Type::Word(&["ROLLBACK", "CONTINUE"]), "What happens then.")
            .also(&["action"])
            .value("ROLLBACK")
            .aws("action"),
    ]],
    ..EMPTY
};

/// Reads the list.
pub(super) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<Hook> {
    let what = format!("a hook of {what}");
    let items = Want::new(&what, ctx.problems).several(tree);
    items.iter().filter_map(|item| hook(ctx, item, &what)).collect()
}

fn hook(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Hook> {
    let fields = Fields::open(tree, what, &HOOK, ctx.problems)?;
    let stages = fields.take("stages").map(|tree| stages(ctx, tree, what)).unwrap_or_default();
    let (pause, lambda, kind) = (fields.take("pause"), fields.take("lambda"), fields.word("target_type"));
    let paused = match pause {
        Some(tree) if tree.entries().is_none() => fields.flag("pause").unwrap_or(false),
        Some(_) => true,
        None => kind == Some("PAUSE"),
    };
    let own = pause.filter(|tree| tree.entries().is_some());
    let timeout = own.or(fields.take("timeout")).and_then(|tree| timeout(ctx, tree, what));
    let details = fields.take("details").and_then(|tree| details(ctx, tree, what));
    let odd = oddities(ctx, &fields, (paused, own.is_some()), kind, what);
    let function = lambda.and_then(|tree| function(ctx, tree, what));
    let role = fields.take("role").and_then(|tree| roles::reference(ctx, tree, &format!("`role` of {what}")));
    let role_given = fields.take("role").is_some();
    fields.finish();
    if odd {
        return None;
    }
    let contradicts = lambda.filter(|_| paused);
    if let Some(tree) = contradicts {
        let help = "Make two hooks of it: one that pauses, one that calls the function.";
        ctx.problems.error("contradiction", &tree.place, format!("{what} has both `pause` and `lambda`"), help);
        return None;
    }
    if !paused && lambda.is_none() {
        let help = "Write pause: true to wait for `evenkeel continue`, or lambda: ARN with role: NAME.";
        ctx.problems.error("missing-key", &tree.place, format!("{what} has neither `pause` nor `lambda`"), help);
        return None;
    }
    if !paused && !role_given {
        let help = "Name a role that ecs.amazonaws.com may assume and that may call the function: role: NAME.";
        ctx.problems.error("missing-key", &tree.place, format!("{what} has `lambda` and no `role`"), help);
        return None;
    }
    let lambda = if paused { None } else { Some((function?, role?)) };
    let (timeout_minutes, on_timeout) = timeout.unzip();
    let details = if paused { None } else { details };
    (!stages.is_empty()).then_some(Hook { stages, lambda, details, timeout_minutes, on_timeout })
}

/// Reports what does not go with a pause, or is said twice. Returns whether anything is.
fn oddities(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    (paused, own_timeout): (bool, bool),
    kind: Option<&str>,
    what: &str,
) -> bool {
    let mut odd = false;
    let mut bad = |code: &'static str, tree: &Tree, summary: String, help: &str| {
        odd = true;
        ctx.problems.error(code, &tree.place, summary, help);
    };
    if let Some(tree) = fields.take("timeout").filter(|_| own_timeout) {
        bad("contradiction", tree, format!("{what} has `timeout` beside the one in `pause`"), "Keep one of the two.");
    }
    for key in ["role", "details"] {
        if let Some(tree) = fields.take(key).filter(|_| paused) {
            let help = "A pause calls nothing. Remove the key, or name a function instead of the pause: lambda: ARN.";
            bad("contradiction", tree, format!("{what} pauses and has `{key}`"), help);
        }
    }
    let says = fields.take("target_type").zip(kind);
    if let Some((tree, kind)) = says.filter(|(_, kind)| (*kind == "PAUSE") != paused) {
        let does = if paused { "pauses" } else { "does not pause" };
        bad("contradiction", tree, format!("{what} {does}, and its `target_type` is {kind}"), "Remove target_type.");
    }
    odd
}

/// What the function gets: a map. Source: the reference of `DeploymentLifecycleHook`.
fn details(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    if tree.entries().is_some() {
        return Some(policy::to_json(tree));
    }
    let summary = format!("`details` of {what} is not a map");
    ctx.problems.error("wrong-type", &tree.place, summary, "Write names and values: details: { kind: smoke }.");
    None
}

fn stages(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<String> {
    let words = format!("`stages` of {what}");
    let want = Want::new(&words, ctx.problems);
    let mut found: Vec<String> = Vec::new();
    let items = want.several(tree);
    if items.is_empty() {
        ctx.problems.error("empty", &tree.place, format!("{words} is empty"), "Name at least one stage.");
    }
    for item in items {
        let Some(stage) = want.one_of(item, STAGES) else { continue };
        if !found.iter().any(|known| known == stage) {
            found.push(stage.to_owned());
        }
    }
    found
}

fn function(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let words = format!("`lambda` of {what}");
    let text = Want::new(&words, ctx.problems).filled(tree)?;
    arn::check(ctx, &tree.place, &text, &arn::FUNCTION).then_some(Text::Known(text))
}

fn timeout(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<(u32, String)> {
    let fields = Fields::open(tree, format!("the timeout of {what}"), &TIMEOUT, ctx.problems)?;
    let found =
        (minutes(&fields, "timeout").unwrap_or(1440), fields.word("on_timeout").unwrap_or("ROLLBACK").to_owned());
    fields.finish();
    Some(found)
}
