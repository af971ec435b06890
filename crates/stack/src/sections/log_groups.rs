//! `log_groups:`.

use super::super::arn;
use super::super::decode::{Want, duration};
use super::super::fields::Fields;
use super::super::model;
use super::super::suggest;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values;
use super::{Ctx, META, NAME, existing};

/// An entry.
pub(crate) static LOG_GROUP: Table = Table {
    path: "log_groups",
    what: "a log group",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "An existing log group, which is only looked up; no other key is allowed with it.",
        )
        .shape("name or ARN")
        .aws("DescribeLogGroups")
        .example("/team/shared")],
        &NAME,
        &META,
        &[
            key(
                "retention",
                Type::Text,
                "How long events are kept; one of the numbers of days that CloudWatch Logs accepts.",
            )
            .also(&["retention_days"])
            .shape("days (`7`), a duration (`2w`), or `never`")
            .value("never")
            .aws("retentionInDays")
            .example("14d"),
            key(
                "class",
                Type::Word(&["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]),
                "The class of the group; a change replaces it.",
            )
            .value("STANDARD")
            .aws("logGroupClass"),
            key("kms_key", Type::Text, "The key that encrypts the group.").shape("ARN").aws("kmsKeyId"),
        ],
    ],
    made: &[Made { kind: "log_group", outputs: &["name", "arn"], name: Some(&values::LOG_GROUP) }],
    words: &[("logGroupName", "It is called `name` here.")],
    ..EMPTY
};

/// The days that CloudWatch Logs keeps events for; no other number is taken.
const RETENTION: &[u32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// What of others can be named.
const EXISTING: existing::Sort = existing::Sort { shape: &arn::LOG_GROUP, rule: &values::LOG_GROUP, tags: false };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<model::LogGroup> {
    let fields = Fields::open(&entry.value, format!("log group `{}`", entry.key), &LOG_GROUP, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&LOG_GROUP, &[]), &EXISTING) {
        let (meta, existing) = existing?;
        let class = String::new();
        return Some(model::LogGroup { meta, existing: Some(existing), retention_days: None, class, kms_key: None });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let class = fields.word("class").unwrap_or_default().to_owned();
    let kms_key = fields
        .text("kms_key")
        .filter(|key| fields.take("kms_key").is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    let retention_days = fields.take("retention").and_then(|tree| retention(ctx, tree));
    fields.finish();
    Some(model::LogGroup { meta, existing: None, retention_days, class, kms_key })
}

fn retention(ctx: &Ctx<'_>, tree: &Tree) -> Option<u32> {
    let text = Want::new("`retention`", ctx.problems).string(tree)?;
    if text == "never" {
        return None;
    }
    let days = match text.parse::<u64>() {
        Ok(days) => Some(days),
        Err(_) => duration(&text).filter(|secs| secs % 86_400 == 0).map(|secs| secs / 86_400),
    };
    let exact = days.and_then(|days| RETENTION.iter().copied().find(|known| u64::from(*known) == days));
    if exact.is_none() {
        let help = match days {
            Some(days) => {
                let near = RETENTION.iter().min_by_key(|known| u64::from(**known).abs_diff(days)).copied().unwrap_or(7);
                format!("The nearest that CloudWatch Logs accepts is {near} days.")
            }
            None => "Write days (7), a duration (2w) or `never`.".to_owned(),
        };
        let all: Vec<String> = RETENTION.iter().map(u32::to_string).collect();
        ctx.problems.error(
            "bad-retention",
            &tree.place,
            format!("logs cannot be kept for `{text}`"),
            format!("{help} It accepts {}.", suggest::list(&all)),
        );
    }
    exact
}
