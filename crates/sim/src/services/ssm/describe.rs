//! DescribeParameters and the filters of lists: which keys and options there are, and whether a parameter fits.

use serde_json::{Value, json};

use super::read::{bad_token, size};
use super::{Parameter, Version, names};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;

/// The operations.
pub(super) const OPERATIONS: Table = &[("DescribeParameters", describe_parameters)];

fn describe_parameters(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let filters = input.list("ParameterFilters");
    let old_filters = input.list("Filters");
    if !filters.is_empty() && !old_filters.is_empty() {
        return Err(Refusal::new(
            "ValidationException",
            "You can use either Filters or ParameterFilters in a single request.",
        ));
    }
    check_filters(filters, &["Path", "Name", "Type", "KeyId", "Tier", "DataType"])?;
    let listed: Vec<(&Parameter, &Version)> = call
        .region()
        .ssm
        .parameters
        .values()
        .filter_map(|parameter| Some((parameter, parameter.latest()?)))
        .filter(|(parameter, version)| {
            filters.iter().all(|filter| fits(parameter, version, filter))
                && old_filters.iter().all(|filter| fits_old(parameter, version, filter))
        })
        .collect();
    let scope = format!("describe {filters:?} {old_filters:?}");
    let page = page(listed, |(parameter, _)| parameter.name.clone(), size(input, 50), input.text("NextToken"), &scope)
        .map_err(|_| bad_token())?;
    let item = |(parameter, version): (&Parameter, &Version)| {
        json!({
            "Name": parameter.name,
            "ARN": parameter.arn(&place),
            "Type": version.kind,
            "KeyId": version.key_id,
            "LastModifiedDate": version.modified.value(),
            "LastModifiedUser": version.modified_by,
            "Description": version.description,
            "AllowedPattern": version.allowed_pattern,
            "Version": version.number,
            "Tier": version.tier,
            "Policies": policies(version),
            "DataType": version.data_type,
        })
    };
    Ok(json!({ "Parameters": page.items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": page.next }))
}

/// The policies as they are described, one by one.
pub(super) fn policies(version: &Version) -> Value {
    let list: Vec<Value> =
        version.policies.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let item = |policy: &Value| json!({ "PolicyText": policy.to_string(), "PolicyType": policy.text("Type"), "PolicyStatus": "Pending" });
    list.iter().map(item).collect()
}

/// Checks the keys, options and values of filters; tags can always be filtered by.
pub(super) fn check_filters(filters: &[Value], keys: &[&str]) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for filter in filters {
        let key = filter.text_or_empty("Key");
        let is_tag = key.starts_with("tag:") && keys.contains(&"Path");
        if !is_tag && !keys.contains(&key) {
            let text = format!(
                "The following filter key is not valid: {key}. Valid filter keys include: [{}].",
                keys.join(", ")
            );
            return Err(Refusal::new("InvalidFilterKey", text));
        }
        if seen.contains(&key) {
            let text = format!(
                "The following filter is duplicated in the request: {key}. A request can contain only one occurrence of a \
                 specific filter."
            );
            return Err(Refusal::new("InvalidFilterKey", text));
        }
        seen.push(key);
        check_option(key, filter)?;
    }
    Ok(())
}

fn check_option(key: &str, filter: &Value) -> Result<(), Refusal> {
    let options: &[&str] = match key {
        "Path" => &["Recursive", "OneLevel"],
        "Name" => &["BeginsWith", "Equals", "Contains"],
        "KeyId" => &["BeginsWith", "Equals"],
        _ => &["Equals"],
    };
    if let Some(option) = filter.text("Option").filter(|option| !options.contains(option)) {
        let text = format!(
            "The following filter option is not valid: {option}. Valid options include: [{}].",
            options.join(", ")
        );
        return Err(Refusal::new("InvalidFilterOption", text));
    }
    let values = filter.texts("Values");
    if values.is_empty() && !key.starts_with("tag:") {
        let text = format!("The following filter values are missing: null for filter key {key}.");
        return Err(Refusal::new("InvalidFilterValue", text));
    }
    if key == "Path" {
        values.iter().try_for_each(|path| names::check_path(path))?;
    }
    let known: &[&str] = match key {
        "Type" => &["String", "StringList", "SecureString"],
        "Tier" => &["Standard", "Advanced", "Intelligent-Tiering"],
        _ => return Ok(()),
    };
    if let Some(wrong) = values.iter().find(|value| !known.contains(&value.as_str())) {
        let text =
            format!("The following filter value is not valid: {wrong}. Valid values include: [{}].", known.join(", "));
        return Err(Refusal::new("InvalidFilterOption", text));
    }
    Ok(())
}

/// Whether a parameter fits a filter that was checked.
pub(super) fn fits(parameter: &Parameter, version: &Version, filter: &Value) -> bool {
    let values = filter.texts("Values");
    let option = filter.text("Option").unwrap_or("Equals");
    let compares = |text: &str| {
        values.iter().any(|value| match option {
            "BeginsWith" => text.starts_with(value.as_str()),
            "Contains" => text.contains(value.as_str()),
            _ => text == value,
        })
    };
    match filter.text_or_empty("Key") {
        // The slash in front is no part of what is compared.
        "Name" => {
            let bare = parameter.name.trim_start_matches('/');
            compares(&parameter.name)
                || (option == "Equals" && !bare.contains('/') && compares(&format!("/{bare}")))
                || (option != "Contains" && values.iter().any(|value| !value.starts_with('/')) && compares(bare))
        }
        "Type" => compares(&version.kind),
        "Tier" => compares(&version.tier),
        "DataType" => compares(&version.data_type),
        "KeyId" => version.key_id.as_deref().is_some_and(compares),
        "Path" => values.iter().any(|path| names::is_below(&parameter.name, path, option == "Recursive")),
        key => {
            let tag = key.strip_prefix("tag:").and_then(|key| parameter.tags.get(key));
            tag.is_some_and(|value| values.is_empty() || compares(value))
        }
    }
}

/// The older filters know beginnings only.
fn fits_old(parameter: &Parameter, version: &Version, filter: &Value) -> bool {
    let values = filter.texts("Values");
    match filter.text_or_empty("Key") {
        "Name" => {
            values.iter().any(|value| parameter.name.trim_start_matches('/').starts_with(value.trim_start_matches('/')))
        }
        "Type" => values.contains(&version.kind),
        _ => version.key_id.as_ref().is_some_and(|key| values.contains(key)),
    }
}
