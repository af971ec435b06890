//! Reading values: one, ten, below a path, and all versions of one. Secure values come as ciphertext unless they are to be
//! decrypted.

use serde_json::{Value, json};

use super::describe::{self, policies};
use super::{Parameter, Version, names, references};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;
use crate::world::{Place, Region};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("GetParameter", get_parameter),
    ("GetParameterHistory", get_parameter_history),
    ("GetParameters", get_parameters),
    ("GetParametersByPath", get_parameters_by_path),
];

fn plainly(version: &Version, decrypted: bool) -> &str {
    if version.kind == "SecureString" && !decrypted { &version.ciphertext } else { &version.value }
}

fn document(
    place: &Place,
    parameter: &Parameter,
    version: &Version,
    selector: Option<String>,
    decrypted: bool,
) -> Value {
    json!({
        "Name": parameter.name,
        "Type": version.kind,
        "Value": plainly(version, decrypted),
        "Version": version.number,
        "Selector": selector,
        "LastModifiedDate": version.modified.value(),
        "ARN": parameter.arn(place),
        "DataType": version.data_type,
    })
}

fn decrypted(input: &Input) -> bool {
    input.flag("WithDecryption").unwrap_or(false)
}

fn get_parameter(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name");
    names::check_asked(name)?;
    let place = call.place.clone();
    Ok(json!({ "Parameter": one(call.region(), &place, name, decrypted(input))? }))
}

/// A parameter, or a secret under the name of one. A name comes back with the slash before it, or without, as it was asked for.
fn one(region: &Region, place: &Place, asked: &str, decrypted: bool) -> Reply {
    if let Some(secret) = references::of(asked) {
        return references::read(region, secret, decrypted);
    }
    let (parameter, version, selector) = names::select(&region.ssm, asked)?;
    let mut found = document(place, parameter, version, selector, decrypted);
    if !asked.starts_with("arn:") && asked.starts_with('/') != parameter.name.starts_with('/') {
        let bare = parameter.name.trim_start_matches('/');
        found["Name"] = if asked.starts_with('/') { format!("/{bare}") } else { bare.to_owned() }.into();
    }
    Ok(found)
}

fn get_parameters(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let region = call.region();
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in input.texts("Names") {
        match one(region, &place, &name, decrypted(input)) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
}

fn get_parameters_by_path(call: &mut Call<'_>, input: &Input) -> Reply {
    let place = call.place.clone();
    let path = input.text_or_empty("Path");
    names::check_path(path)?;
    let recursive = input.flag("Recursive").unwrap_or(false);
    let filters = input.list("ParameterFilters");
    describe::check_filters(filters, &["Type", "KeyId", "Label", "DataType"])?;
    let label = filters.iter().find(|filter| filter.text("Key") == Some("Label"));
    let ssm = &call.region().ssm;
    let mut found = Vec::new();
    for parameter in ssm.parameters.values().filter(|parameter| names::is_below(&parameter.name, path, recursive)) {
        let labels = label.map(|label| label.texts("Values"));
        let version = match &labels {
            Some(labels) => {
                parameter.versions.iter().find(|version| labels.iter().any(|label| version.labels.contains(label)))
            }
            None => parameter.latest(),
        };
        let Some(version) = version else { continue };
        let fits = |filter: &&Value| filter.text("Key") == Some("Label") || describe::fits(parameter, version, filter);
        if filters.iter().filter(fits).count() == filters.len() {
            found.push((parameter, version));
        }
    }
    let scope = format!("path {path} {recursive} {filters:?}");
    let size = size(input, 10);
    let page = page(found, |(parameter, _)| parameter.name.clone(), size, input.text("NextToken"), &scope)
        .map_err(|_| bad_token())?;
    let items: Vec<Value> = page
        .items
        .into_iter()
        .map(|(parameter, version)| document(&place, parameter, version, None, decrypted(input)))
        .collect();
    Ok(json!({ "Parameters": items, "NextToken": page.next }))
}

fn get_parameter_history(call: &mut Call<'_>, input: &Input) -> Reply {
    let ssm = &call.region().ssm;
    let absent = || Refusal::new("ParameterNotFound", "");
    let name = names::plain(ssm, input.text_or_empty("Name")).ok_or_else(absent)?;
    let parameter = ssm.parameters.get(&name).ok_or_else(absent)?;
    let versions: Vec<&Version> = parameter.versions.iter().collect();
    let scope = format!("history {name}");
    let page = page(versions, |version| version.number.to_string(), size(input, 50), input.text("NextToken"), &scope)
        .map_err(|_| bad_token())?;
    let item = |version: &Version| {
        json!({
            "Name": parameter.name,
            "Type": version.kind,
            "KeyId": version.key_id,
            "LastModifiedDate": version.modified.value(),
            "LastModifiedUser": version.modified_by,
            "Description": version.description,
            "Value": plainly(version, decrypted(input)),
            "AllowedPattern": version.allowed_pattern,
            "Version": version.number,
            "Labels": version.labels,
            "Tier": version.tier,
            "Policies": policies(version),
            "DataType": version.data_type,
        })
    };
    Ok(json!({ "Parameters": page.items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": page.next }))
}

/// How many items a page has.
pub(super) fn size(input: &Input, most: usize) -> usize {
    input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(most)
}

/// The refusal of a token.
pub(super) fn bad_token() -> Refusal {
    Refusal::new("InvalidNextToken", "The specified token isn't valid.")
}
