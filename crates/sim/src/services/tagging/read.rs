//! Reading: resources by tags, types or ARNs, and the keys and values in use. Only what carries tags shows. The last page has
//! an empty token rather than none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::belongs;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;
use crate::services::SERVICES;
use crate::tags::{Tagged, to_list};
use crate::world::{Place, World};

/// The operations.
pub(super) const OPERATIONS: Table = &[("GetResources", resources), ("GetTagKeys", keys), ("GetTagValues", values)];

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// Every tagged resource of a place that the tagging API shows.
pub(crate) fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    SERVICES.iter().flat_map(|service| (service.tagged.list)(world, place)).collect()
}

/// Everything tagged, by ARN.
fn all(call: &mut Call<'_>) -> Vec<Tagged> {
    let place = call.place.clone();
    let mut all = tagged(call.world, &place);
    all.retain(|one| !one.tags.is_empty() && belongs(&place, &one.arn));
    all.sort_by(|one, other| one.arn.cmp(&other.arn));
    all
}

/// Whether an ARN is of a type such as `ecs`, `ecs:service` or `elasticloadbalancing:loadbalancer/app`.
fn is_of(arn: &str, kind: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next().unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let (wanted, kind) = kind.split_once(':').map_or((kind, None), |(wanted, kind)| (wanted, Some(kind)));
    let begins =
        |kind: &str| resource.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']));
    service == wanted && kind.is_none_or(begins)
}

fn fits(one: &Tagged, filter: &Value) -> bool {
    let wanted = filter.texts("Values");
    one.tags.get(filter.text_or_empty("Key")).is_some_and(|value| wanted.is_empty() || wanted.contains(value))
}

fn token(input: &Input) -> Option<&str> {
    input.text("PaginationToken").filter(|token| !token.is_empty())
}

fn cut<T>(
    call: &Call<'_>,
    input: &Input,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    size: usize,
) -> Result<(Vec<T>, String), Refusal> {
    let mut filters = input.0.clone();
    for name in ["PaginationToken", "ResourcesPerPage", "TagsPerPage"] {
        filters.remove(name);
    }
    let scope = format!("{} {}", call.operation, Value::Object(filters));
    let page = paging::page(items, key, size, token(input), &scope);
    let page = page.map_err(|_| invalid("The PaginationToken is invalid."))?;
    Ok((page.items, page.next.unwrap_or_default()))
}

fn resources(call: &mut Call<'_>, input: &Input) -> Reply {
    let arns = input.texts("ResourceARNList");
    let (filters, kinds) = (input.list("TagFilters"), input.texts("ResourceTypeFilters"));
    if !arns.is_empty()
        && (!filters.is_empty() || !kinds.is_empty() || input.has("ResourcesPerPage") || token(input).is_some())
    {
        return Err(invalid(
            "ResourceARNList cannot be specified together with TagFilters, ResourceTypeFilters, ResourcesPerPage, \
             TagsPerPage or PaginationToken",
        ));
    }
    if filters.iter().any(|filter| filter.text_or_empty("Key").is_empty()) {
        return Err(invalid("TagFilters must have a Key."));
    }
    let size = page_size(input)?;
    let mut found = all(call);
    found.retain(|one| {
        filters.iter().all(|filter| fits(one, filter))
            && (kinds.is_empty() || kinds.iter().any(|kind| is_of(&one.arn, kind)))
            && (arns.is_empty() || arns.contains(&one.arn))
    });
    let size = match tags_per_page(input)? {
        Some(most) => size.min(fitting(&found, most)),
        None => size,
    };
    let (page, next) = cut(call, input, found, |one| one.arn.clone(), size)?;
    let shown = |one: &Tagged| json!({ "ResourceARN": one.arn, "Tags": to_list(&one.tags, "Key", "Value") });
    Ok(json!({ "PaginationToken": next, "ResourceTagMappingList": page.iter().map(shown).collect::<Value>() }))
}

fn page_size(input: &Input) -> Result<usize, Refusal> {
    let size = input.integer("ResourcesPerPage").unwrap_or(100);
    let size = usize::try_from(size).ok().filter(|size| (1..=100).contains(size));
    size.ok_or_else(|| invalid("ResourcesPerPage must be between 1 and 100"))
}

fn tags_per_page(input: &Input) -> Result<Option<usize>, Refusal> {
    let Some(most) = input.integer("TagsPerPage") else { return Ok(None) };
    let most = usize::try_from(most).ok().filter(|most| (100..=500).contains(most) && most % 100 == 0);
    most.map(Some).ok_or_else(|| invalid("TagsPerPage must be between 100 and 500, in multiples of 100"))
}

/// How many resources a page may hold so that no page has more tags than that, wherever it begins. None is ever split.
fn fitting(found: &[Tagged], most: usize) -> usize {
    let richest = found.iter().map(|one| one.tags.len()).max().unwrap_or(1);
    (most / richest.max(1)).max(1)
}

fn keys(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys: BTreeSet<String> = all(call).into_iter().flat_map(|one| one.tags.into_keys()).collect();
    let (page, next) = cut(call, input, keys.into_iter().collect(), String::clone, 100)?;
    Ok(json!({ "PaginationToken": next, "TagKeys": page }))
}

fn values(call: &mut Call<'_>, input: &Input) -> Reply {
    let key = input.text_or_empty("Key");
    let values: BTreeSet<String> = all(call).into_iter().filter_map(|mut one| one.tags.remove(key)).collect();
    let (page, next) = cut(call, input, values.into_iter().collect(), String::clone, 100)?;
    Ok(json!({ "PaginationToken": next, "TagValues": page }))
}
