//! `existing:` of an entry, which is then only looked up: that it names something, and that no other key contradicts it. What may be named
//! is the section's to know.

use super::super::fields::Fields;
use super::super::table::Table;
use super::super::tree::Entry;
use super::Ctx;

/// Whether `existing` is there and names nothing, which is told with this help.
pub(crate) fn is_empty(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str, help: &str) -> bool {
    let Some(given) = fields.entry("existing").filter(|given| given.value.is_null()) else { return false };
    ctx.problems.error("empty", &given.value.place, format!("`existing` of {what} is empty"), help);
    true
}

/// Refuses other keys of the table than these beside `existing`: of what is only looked up they would mean nothing.
pub(crate) fn alone(ctx: &Ctx<'_>, entry: &Entry, table: &Table, what: &str, beside: &[&str], help: &str) {
    let means_nothing = |name: &str| name != "existing" && !beside.contains(&name);
    let others = entry.value.entries().unwrap_or_default().iter();
    for other in others.filter(|other| table.key(&other.key).is_some_and(|key| means_nothing(key.name))) {
        let summary = format!("{what} has `existing` and `{}`", other.key);
        ctx.problems.error("contradiction", &other.place, summary, help);
    }
}
