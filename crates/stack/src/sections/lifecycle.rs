//! Lifecycle policies of repositories: the short form, and documents as ECR takes them, in the file or beside it. What ECR refuses
//! of a document is said at its line; must not know what images there are.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Doc;
use serde_json::{Value as Json, json};

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::files;
use super::super::interpolate::Foreign;
use super::super::policy::to_json;
use super::super::suggest;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::Ctx;

/// The short form.
pub(crate) static LIFECYCLE: Table = Table {
    path: "repositories.lifecycle_policy",
    what: "a lifecycle policy",
    groups: &[&[
        key("keep", Type::Number(1, 100_000), "How many images stay; older ones expire.")
            .aws("countNumber")
            .example("30"),
        key("expire_untagged", Type::Number(1, 36_500), "Days after which an image without a tag expires.")
            .shape("days")
            .example("14"),
    ]],
    otherwise: "It may have keep, expire_untagged, or the `rules` of ECR.",
    ..EMPTY
};

/// Reads a policy of `what`; gives it as ECR takes it.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let what = format!("`lifecycle_policy` of {what}");
    match &tree.value {
        Value::Text(_) => {
            let path = Want::new(&what, ctx.problems).filled(tree)?;
            if path.trim_start().starts_with('{') {
                let help = "Write the document as YAML, or put it in a file and give its name.";
                ctx.problems.error("bad-value", &tree.place, format!("{what} is JSON in a string"), help);
                return None;
            }
            document(ctx, &files::json(ctx, &path, &tree.place, Foreign::Refuse)?, &what)
        }
        Value::Map(_) if tree.get("rules").is_some() => document(ctx, tree, &what),
        _ => short(ctx, tree, &what),
    }
}

fn short(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let fields = Fields::open(tree, what, &LIFECYCLE, ctx.problems)?;
    let (untagged, keep) = (fields.count("expire_untagged"), fields.count("keep"));
    if tree.entries().is_some_and(<[_]>::is_empty) {
        ctx.problems.error(
            "empty",
            &tree.place,
            format!("{what} has no rules"),
            "Say how many images stay: { keep: 30 }.",
        );
    }
    fields.finish();
    let rule = |selection: Json, priority: usize| json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } });
    let untagged = untagged.map(|days| {
        json!({ "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days })
    });
    let keep =
        keep.map(|images| json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images }));
    // Each has its number, whether the other is there or not. What is for any image comes last.
    let rules =
        untagged.map(|selection| rule(selection, 1)).into_iter().chain(keep.map(|selection| rule(selection, 2)));
    Some(json!({ "rules": rules.collect::<Vec<_>>() }))
}

fn document(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let bad = |place: &Place, summary: String, help: &str| ctx.problems.error("bad-value", place, summary, help);
    let Some(rules) = tree.get("rules").filter(|rules| rules.items().is_some()) else {
        bad(
            &tree.place,
            format!("{what} has no list of `rules`"),
            "ECR takes { rules: [ … ] }; the short form is { keep: 30 }.",
        );
        return None;
    };
    if let Some(other) = tree.entries().unwrap_or_default().iter().find(|entry| entry.key != "rules") {
        bad(
            &other.place,
            format!("{what} has `{}` beside its `rules`", other.key),
            "ECR knows `rules` only. Remove it.",
        );
    }
    let items = rules.items().unwrap_or_default();
    if items.is_empty() {
        ctx.problems.error("empty", &rules.place, format!("{what} has no rules"), "Remove the key to have no policy.");
    }
    let mut priorities: BTreeMap<i64, &Tree> = BTreeMap::new();
    for rule in items {
        let json = to_json(rule);
        if let Some((summary, help)) = fault(&json) {
            bad(&rule.place, format!("a rule of {what} {summary}"), &help);
        }
        let Some(priority) = json["rulePriority"].as_i64() else { continue };
        if priorities.insert(priority, rule).is_some() {
            let help = "ECR evaluates rules by their priority. Give each its own.";
            bad(&rule.place, format!("two rules of {what} have priority {priority}"), help);
        }
    }
    let is_any = |rule: &Tree| to_json(rule)["selection"]["tagStatus"] == "any";
    if let Some(early) = priorities.values().rev().skip(1).find(|rule| is_any(rule)) {
        let help = "Give it the highest `rulePriority`: what it selects is left for no other rule.";
        bad(&early.place, format!("a rule of {what} for any image is not the last"), help);
    }
    Some(to_json(tree))
}

/// What ECR refuses of a rule, and what to write.
fn fault(rule: &Json) -> Option<(String, String)> {
    let example = "A rule is { rulePriority: 1, selection: { tagStatus: any, countType: imageCountMoreThan, countNumber: 30 }, \
                   action: { type: expire } }.";
    if let Some(missing) = ["rulePriority", "selection", "action"].iter().find(|key| rule.get(**key).is_none()) {
        return Some((format!("has no `{missing}`"), example.to_owned()));
    }
    if rule["rulePriority"].as_i64().is_none_or(|priority| priority < 1) {
        return Some(("has a `rulePriority` that is not a whole number from 1".to_owned(), example.to_owned()));
    }
    let selection = &rule["selection"];
    let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let of = |key: &str, value: &Json, words: &[&str]| {
        let given = word(value);
        let help = format!("It may be {}.", suggest::choices(words));
        (!words.contains(&given.as_str())).then(|| (format!("has `{key}: {given}`"), help))
    };
    let counts = ["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"];
    if let Some(wrong) = of("tagStatus", &selection["tagStatus"], &["tagged", "untagged", "any"])
        .or_else(|| of("countType", &selection["countType"], &counts))
        .or_else(|| of("type", &rule["action"]["type"], &["expire", "transition"]))
    {
        return Some(wrong);
    }
    if selection["countNumber"].as_i64().is_none_or(|number| number < 1) {
        return Some(("has a `countNumber` that is not a whole number from 1".to_owned(), example.to_owned()));
    }
    let by_days = selection["countType"] != "imageCountMoreThan";
    if by_days != (selection["countUnit"] == "days") {
        let summary = if by_days { "counts days without a `countUnit`" } else { "counts images and has a `countUnit`" };
        return Some((summary.to_owned(), "`countUnit: days` belongs to the types that count days.".to_owned()));
    }
    let lists = ["tagPrefixList", "tagPatternList"].iter().any(|key| selection.get(*key).is_some());
    if (selection["tagStatus"] == "tagged") != lists {
        let help = "A rule with tagStatus: tagged names tags in `tagPrefixList` or `tagPatternList`; others do not.";
        let summary =
            if lists { "names tags without `tagStatus: tagged`" } else { "is for tagged images and names no tags" };
        return Some((summary.to_owned(), help.to_owned()));
    }
    None
}

/// How many images the policy leaves at most, whatever their tags; `None` if it does not say.
pub(crate) fn kept(policy: &Doc) -> Option<u64> {
    let rules = policy["rules"].as_array()?.iter();
    let counts = rules.filter(|rule| {
        let selection = &rule["selection"];
        selection["tagStatus"] == "any"
            && selection["countType"] == "imageCountMoreThan"
            && rule["action"]["type"] == "expire"
    });
    counts.filter_map(|rule| rule["selection"]["countNumber"].as_u64()).min()
}
