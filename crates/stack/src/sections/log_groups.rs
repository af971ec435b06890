//! `log_groups:`.

use super::super::arn;
use super::super::decode::{Fields, Want, duration};
use super::super::model::LogGroup;
use super::super::suggest;
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::LOG_GROUP;
use super::Ctx;

/// The days that CloudWatch Logs keeps events for; no other number is taken.
const RETENTION: &[u32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<LogGroup> {
    let fields = Fields::open(&entry.value, format!("log group `{}`", entry.key), ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Some(&LOG_GROUP), Rules::Common);
    let class = fields.take("class").and_then(|tree| {
        Want::new("`class`", ctx.problems).one_of(tree, &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"])
    });
    let kms_key = fields.take("kms_key").and_then(|tree| {
        let key = Want::new("`kms_key`", ctx.problems).filled(tree)?;
        arn::check(ctx, &tree.place, &key, &arn::KEY).then_some(key)
    });
    let retention_days = fields.either(&["retention", "retention_days"]).and_then(|tree| retention(ctx, tree));
    fields.finish();
    Some(LogGroup { meta, retention_days, class: class.unwrap_or("STANDARD").to_owned(), kms_key })
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
                format!("The nearest that CloudWatch Logs takes is {near} days.")
            }
            None => "Write days (7), a duration (2w) or `never`.".to_owned(),
        };
        let all: Vec<String> = RETENTION.iter().map(u32::to_string).collect();
        ctx.problems.error(
            "bad-retention",
            &tree.place,
            format!("logs cannot be kept for `{text}`"),
            format!("{help} It takes {}.", suggest::list(&all)),
        );
    }
    exact
}
