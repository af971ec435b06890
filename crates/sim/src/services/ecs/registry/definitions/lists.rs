//! Lists of task definitions and of their families, by name and status.

use serde_json::json;

use super::super::super::checks::page;
use super::Family;
use crate::call::{Call, Input, Members, Reply};

/// How long a page is, and the longest.
const PAGE: (usize, usize) = (100, 100);

/// `ListTaskDefinitions`. What it calls a prefix is the whole name of a family.
pub(crate) fn definitions(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let status = input.text("status").unwrap_or("ACTIVE");
    let family = input.text("familyPrefix");
    let families = &call.region().ecs.registry.families;
    let of = families.iter().filter(|(name, _)| family.is_none_or(|asked| asked == *name));
    let revisions = of.flat_map(|(_, family)| family.revisions.values());
    let mut arns: Vec<String> = revisions
        .filter(|revision| revision.status() == status && revision.visible(now))
        .map(|revision| revision.arn.clone())
        .collect();
    if input.text("sort") == Some("DESC") {
        arns.reverse();
    }
    let page = page(call, input, arns, Clone::clone, PAGE)?;
    Ok(json!({ "taskDefinitionArns": page.items, "nextToken": page.next }))
}

/// `ListTaskDefinitionFamilies`.
pub(crate) fn families(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let prefix = input.text_or_empty("familyPrefix");
    let asked = |family: &Family| {
        let active = family.active().next().is_some();
        match input.text("status") {
            Some("ACTIVE") => active,
            Some("INACTIVE") => !active,
            _ => true,
        }
    };
    let there = |family: &Family| family.revisions.values().any(|revision| revision.visible(now));
    let families = &call.region().ecs.registry.families;
    let names: Vec<String> = families
        .iter()
        .filter(|(name, family)| name.starts_with(prefix) && asked(family) && there(family))
        .map(|(name, _)| name.clone())
        .collect();
    let page = page(call, input, names, Clone::clone, PAGE)?;
    Ok(json!({ "families": page.items, "nextToken": page.next }))
}
