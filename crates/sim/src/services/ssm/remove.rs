//! Deleting parameters and labelling their versions.

use serde_json::{Value, json};

use super::names;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("DeleteParameter", delete_parameter),
    ("DeleteParameters", delete_parameters),
    ("LabelParameterVersion", label_parameter_version),
];

const MOST_LABELS: usize = 10;

fn remove(call: &mut Call<'_>, asked: &str) -> bool {
    let ssm = &mut call.region().ssm;
    names::plain(ssm, asked).is_some_and(|name| ssm.parameters.remove(&name).is_some())
}

fn delete_parameter(call: &mut Call<'_>, input: &Input) -> Reply {
    if remove(call, input.text_or_empty("Name")) {
        return Ok(json!({}));
    }
    Err(Refusal::new("ParameterNotFound", ""))
}

fn delete_parameters(call: &mut Call<'_>, input: &Input) -> Reply {
    let (deleted, invalid): (Vec<String>, Vec<String>) =
        input.texts("Names").into_iter().partition(|name| remove(call, name));
    Ok(json!({ "DeletedParameters": deleted, "InvalidParameters": invalid }))
}

fn label_parameter_version(call: &mut Call<'_>, input: &Input) -> Reply {
    let ssm = &mut call.region().ssm;
    let absent = || Refusal::new("ParameterNotFound", "");
    let name = names::plain(ssm, input.text_or_empty("Name")).ok_or_else(absent)?;
    let parameter = ssm.parameters.get_mut(&name).ok_or_else(absent)?;
    let latest = parameter.latest().map_or(1, |version| version.number);
    let number = input.integer("ParameterVersion").unwrap_or(latest);
    let (valid, invalid): (Vec<String>, Vec<String>) =
        input.texts("Labels").into_iter().partition(|label| is_valid_label(label));
    let version = parameter.versions.iter().find(|version| version.number == number);
    let labels = &version.ok_or_else(|| names::unknown_version(&number.to_string(), &name))?.labels;
    let new = valid.iter().filter(|label| !labels.contains(*label)).count();
    if labels.len() + new > MOST_LABELS {
        return Err(Refusal::new(
            "ParameterVersionLabelLimitExceeded",
            "A parameter version can have a maximum of 10 labels. Move one or more labels to another version and try again.",
        ));
    }
    // A label sticks to one version: it moves.
    for version in &mut parameter.versions {
        if version.number == number {
            version.labels.extend(valid.iter().cloned());
        } else {
            version.labels.retain(|label| !valid.contains(label));
        }
    }
    let invalid: Vec<Value> = invalid.into_iter().map(Value::from).collect();
    Ok(json!({ "InvalidLabels": invalid, "ParameterVersion": number }))
}

fn is_valid_label(label: &str) -> bool {
    let lower = label.to_lowercase();
    let clean = label.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    let reserved = lower.starts_with("aws") || lower.starts_with("ssm");
    clean && !reserved && !label.starts_with(|first: char| first.is_ascii_digit())
}
