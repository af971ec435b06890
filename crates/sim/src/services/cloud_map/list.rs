//! Lists of namespaces, services and operations. A page is cut first and filtered then, so that it may be short or empty and
//! yet be followed by another.

use serde_json::{Value, json};

use super::{Namespace, Service, namespaces, operations::Operation, services};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("ListNamespaces", list_namespaces), ("ListOperations", list_operations), ("ListServices", list_services)];

const USUAL_SIZE: usize = 100;

/// Cuts a page.
pub(super) fn cut<T>(
    input: &Input,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    scope: &str,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(USUAL_SIZE);
    let page = page(items, key, size, input.text("NextToken"), scope)
        .map_err(|_| Refusal::new("InvalidInput", "The specified NextToken is not valid."))?;
    Ok((page.items, page.next))
}

/// Whether a text fits a filter's condition.
fn fits(filter: &Value, text: &str) -> bool {
    let values = filter.texts("Values");
    match filter.text("Condition").unwrap_or("EQ") {
        "BEGINS_WITH" => values.iter().any(|value| text.starts_with(value.as_str())),
        "BETWEEN" => {
            let number = |text: &str| text.parse::<f64>().unwrap_or_default();
            matches!(values.as_slice(), [from, to] if (number(from)..=number(to)).contains(&number(text)))
        }
        _ => values.iter().any(|value| value == text),
    }
}

fn owned(filter: &Value) -> bool {
    !filter.texts("Values").iter().any(|value| value == "OTHER_ACCOUNTS")
}

/// Equality knows one value only.
fn check(filters: &[Value]) -> Result<(), Refusal> {
    let crowded = |filter: &&Value| filter.text("Condition").unwrap_or("EQ") == "EQ" && filter.list("Values").len() > 1;
    match filters.iter().find(crowded) {
        Some(filter) => {
            let name = filter.text_or_empty("Name");
            Err(Refusal::new(
                "InvalidInput",
                format!("The filter {name} with condition EQ must have exactly one value."),
            ))
        }
        None => Ok(()),
    }
}

fn list_namespaces(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let filters = input.list("Filters");
    check(filters)?;
    let mut all: Vec<&Namespace> = call.region().cloud_map.namespaces.values().filter(|item| item.active).collect();
    all.sort_by_key(|item| item.created);
    let (items, next) = cut(input, all, |item| item.id.clone(), &format!("namespaces {filters:?}"))?;
    let shown = |item: &&Namespace| {
        filters.iter().all(|filter| match filter.text_or_empty("Name") {
            "TYPE" => fits(filter, &item.kind),
            "RESOURCE_OWNER" => owned(filter),
            _ => fits(filter, &item.name),
        })
    };
    let items: Vec<Value> =
        items.into_iter().filter(shown).map(|item| namespaces::document(&place, item).into()).collect();
    Ok(json!({ "Namespaces": items, "NextToken": next }))
}

fn list_services(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let filters = input.list("Filters");
    check(filters)?;
    let mut all: Vec<&Service> = call.region().cloud_map.services.values().collect();
    all.sort_by_key(|item| item.created);
    let (items, next) = cut(input, all, |item| item.id.clone(), &format!("services {filters:?}"))?;
    let shown = |item: &&Service| {
        filters.iter().all(|filter| match filter.text_or_empty("Name") {
            "RESOURCE_OWNER" => owned(filter),
            _ => filter.texts("Values").iter().any(|value| super::last(value) == item.namespace),
        })
    };
    let items: Vec<Value> =
        items.into_iter().filter(shown).map(|item| services::document(&place, item).into()).collect();
    Ok(json!({ "Services": items, "NextToken": next }))
}

fn list_operations(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters = input.list("Filters");
    check(filters)?;
    let mut all: Vec<&Operation> = call.region().cloud_map.operations.values().collect();
    all.sort_by_key(|item| std::cmp::Reverse(item.created));
    let (items, next) = cut(input, all, |item| item.id.clone(), &format!("operations {filters:?}"))?;
    let about = |item: &Operation, kind: &str, filter: &Value| {
        item.job.targets().iter().any(|(target, id)| *target == kind && fits(filter, id))
    };
    let shown = |item: &&Operation| {
        filters.iter().all(|filter| match filter.text_or_empty("Name") {
            "NAMESPACE_ID" => about(item, "NAMESPACE", filter),
            "SERVICE_ID" => about(item, "SERVICE", filter),
            "STATUS" => fits(filter, &item.status),
            "TYPE" => fits(filter, item.job.kind()),
            _ => fits(filter, &item.updated.seconds().to_string()),
        })
    };
    let item = |item: &Operation| json!({ "Id": item.id, "Status": item.status });
    let items: Vec<Value> = items.into_iter().filter(shown).map(item).collect();
    Ok(json!({ "Operations": items, "NextToken": next }))
}
