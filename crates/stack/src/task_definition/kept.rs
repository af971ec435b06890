//! `task_definition:` that names what somebody else registers: a family, one revision of it, or its ARN. Decides what is such a
//! name and what else may not stand beside it; must not know what the revision holds.

use super::super::arn;
use super::super::fields::Fields;
use super::super::model::Kept;
use super::super::sections::Ctx;
use super::super::tree::Tree;
use super::super::values::ECS;

/// Whether a value of `task_definition:` is the path of a file.
pub(crate) fn is_file(given: &str) -> bool {
    !given.starts_with("arn:") && (given.to_ascii_lowercase().ends_with(".json") || given.contains(['/', '\\']))
}

/// Reads the name; `others` are the keys of the service that belong to a task definition.
pub(crate) fn read(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    tree: &Tree,
    given: &str,
    others: impl Iterator<Item = &'static str>,
) -> Option<Kept> {
    let given = given.trim();
    for key in others {
        let Some(tree) = fields.take(key) else { continue };
        let help = "A family or a revision is used as it is. Change it where it is registered, or give the task definition \
                    as a file or as `containers:`.";
        let summary =
            format!("`{key}` of {} belongs to its task definition, which is registered elsewhere", fields.what());
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    if given.starts_with("arn:") {
        let good = arn::check(ctx, &tree.place, given, &arn::TASK_DEFINITION);
        return good.then(|| Kept { place: tree.place.clone(), named: given.to_owned() });
    }
    let (family, revision) = match given.split_once(':') {
        Some((family, revision)) => (family, Some(revision)),
        None => (given, None),
    };
    let number = revision.is_none_or(|revision| revision.parse::<u32>().is_ok_and(|number| number > 0));
    if ECS.complaint(family).is_some() || !number {
        let help = "Name a JSON file next to the stack file (web.json), a family (web), a revision of \
             it (web:7), or its ARN. Or write `containers:` here.";
        let summary = format!("`{}` is neither a JSON file nor a task definition", super::super::tree::shorten(given));
        ctx.problems.error("bad-value", &tree.place, summary, help);
        return None;
    }
    Some(Kept { place: tree.place.clone(), named: given.to_owned() })
}
