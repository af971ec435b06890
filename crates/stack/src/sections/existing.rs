//! `existing:` of an entry, which is then only looked up: that it names something, and that no other key contradicts it. What may be named
//! is the section's to know.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Diagnostic;

use super::super::arn::{self, Shape};
use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{Existing, Meta};
use super::super::table::Table;
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::NameRule;
use super::Ctx;
use super::network::BY_TAGS;

/// What of one section can be named as existing.
pub(crate) struct Sort {
    /// What its ARN looks like.
    pub shape: &'static Shape,
    /// The rule for its names.
    pub rule: &'static NameRule,
    /// Whether it can be chosen by its tags.
    pub tags: bool,
}

/// Reads `existing` of an entry whose other keys mean nothing then, and the entry with it. `None` if the key is not there; `Some(None)`
/// if it is and names nothing good.
pub(crate) fn read(
    ctx: &Ctx<'_>,
    entry: &Entry,
    fields: &Fields<'_>,
    (table, beside): (&Table, &[&str]),
    sort: &Sort,
) -> Option<Option<(Meta, Existing)>> {
    fields.entry("existing")?;
    let what = fields.what();
    let kind = table.what;
    let but = if beside.is_empty() { "" } else { " but its listeners" };
    let help = format!(
        "{} with `existing` belongs to others; nothing{but} is described here. Remove one of the two.",
        capital(kind)
    );
    alone(ctx, entry, table, what, beside, &help);
    if is_empty(ctx, fields, what, "Name it, or remove the key to have one created.") {
        return Some(None);
    }
    let sought = fields.take("existing").and_then(|tree| sought(ctx, tree, what, table.what, sort));
    Some(sought.map(|sought| {
        let meta = Meta {
            place: entry.place.clone(),
            name: sought.name().map(str::to_owned),
            tags: ctx.tags(None, &entry.place, what, Rules::Common),
            moved_from: None,
            protect: false,
        };
        (meta, sought)
    }))
}

/// What `existing` names: a name, an ARN, or tags.
fn sought(ctx: &Ctx<'_>, tree: &Tree, what: &str, kind: &str, sort: &Sort) -> Option<Existing> {
    let key = format!("`existing` of {what}");
    if tree.entries().is_some() && sort.tags {
        let fields = Fields::open(tree, key.clone(), &BY_TAGS, ctx.problems)?;
        let tags = fields.take("tags").map(|tags| Want::new(&key, ctx.problems).string_map(tags));
        fields.finish();
        let tags: BTreeMap<String, String> = tags?.into_iter().map(|(key, value, _)| (key, value)).collect();
        if tags.is_empty() {
            ctx.problems.error("empty", &tree.place, format!("{key} has no tags to choose by"), "Give at least one.");
            return None;
        }
        return Some(Existing::Tags(tags));
    }
    let given = Want::new(&key, ctx.problems).filled(tree)?;
    if given.starts_with("arn:") {
        let name = arn::name(&given, sort.shape);
        return arn::check(ctx, &tree.place, &given, sort.shape)
            .then(|| Existing::Arn { arn: given, name: name.unwrap_or_default() });
    }
    if let Some(complaint) = sort.rule.complaint(&given) {
        let summary = format!("`{given}` is not a valid name for {kind}");
        ctx.problems.error("bad-name", &tree.place, summary, format!("{}.", capital(&complaint)));
        return None;
    }
    Some(Existing::Name(given))
}

/// Refuses two entries that choose one by the same tags; those that name it are found by their names.
pub(crate) fn twice<'e>(ctx: &Ctx<'_>, entries: impl Iterator<Item = (&'e Meta, Option<&'e Existing>)>) {
    let mut seen: Vec<(&Meta, &Existing)> = Vec::new();
    for (meta, existing) in entries.filter_map(|(meta, existing)| Some((meta, existing?))) {
        if let Some((first, _)) = seen.iter().find(|(_, other)| other.name().is_none() && *other == existing) {
            let error = Diagnostic::error("duplicate", "two entries choose by the same tags", Some(meta.place.clone()));
            ctx.problems
                .push(error.related(first.place.clone(), "the first one").help("Write all about it in one entry."));
        }
        seen.push((meta, existing));
    }
}

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
