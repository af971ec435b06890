//! The environment of a container: names that are there twice, or both as a value and as a secret; where environment files
//! are. ECS refuses the last two, and of two values nobody knows which one counts.

use std::collections::BTreeSet;

use evenkeel_core::diagnostic::Place;
use serde_json::{Map, Value as Json};

use super::super::arn;
use super::super::sections::Ctx;
use super::super::task_definition::Draft;
use super::super::tree::shorten;
use super::risks;
use super::task::{list, name, spot};

/// Checks one container.
pub(super) fn check(ctx: &Ctx<'_>, draft: &Draft, container: &Map<String, Json>) {
    let own = name(container).unwrap_or_default();
    let mut given: BTreeSet<&str> = BTreeSet::new();
    for key in ["environment", "secrets"] {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for variable in list(container, key).filter_map(name) {
            let place = at(draft, container, key, variable);
            if variable.is_empty() || variable.contains(['=', '\0']) {
                let help = "A variable has a name without `=`. Rename it.";
                let summary = format!("`{}` is not a valid name for a variable", shorten(variable));
                ctx.problems.error("bad-name", place, summary, help);
            } else if !seen.insert(variable) {
                let summary = format!("`{key}` of container `{own}` names `{}` twice", shorten(variable));
                ctx.problems.error("duplicate", place, summary, "Remove one of the two.");
            } else if given.contains(variable) {
                let summary =
                    format!("container `{own}` has `{}` in `environment` and in `secrets`", shorten(variable));
                ctx.problems.error("duplicate", place, summary, "ECS refuses that. Remove one of the two.");
            }
        }
        given.extend(seen);
    }
    for pair in list(container, "environment") {
        let (Some(variable), Some(value)) = (name(pair), pair.get("value").and_then(Json::as_str)) else { continue };
        risks::plain_secret(ctx, at(draft, container, "environment", variable), own, variable, value);
    }
    let options = container.get("logConfiguration").and_then(Json::as_object);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for option in options.into_iter().flat_map(|log| list(log, "secretOptions")).filter_map(name) {
        if !seen.insert(option) {
            let summary = format!("the log options of container `{own}` name `{}` twice", shorten(option));
            ctx.problems.error("duplicate", spot(draft, container), summary, "Remove one of the two.");
        }
    }
    for file in list(container, "environmentFiles").filter_map(|file| file.get("value").and_then(Json::as_str)) {
        if arn::check(ctx, spot(draft, container), file, &arn::OBJECT) && !file.ends_with(".env") {
            let summary = format!("the environment file `{}` does not end in .env", shorten(file));
            ctx.problems.error(
                "bad-value",
                spot(draft, container),
                summary,
                "ECS accepts no other ending. Rename the object.",
            );
        }
    }
}

fn at<'a>(draft: &'a Draft, container: &Map<String, Json>, key: &str, variable: &str) -> &'a Place {
    let own = name(container).unwrap_or_default();
    draft.places.get(&format!("{key}:{own}/{variable}")).unwrap_or_else(|| spot(draft, container))
}
