//! Container instances and their attributes. A cluster has those of managed instances alone, which `running` knows, and nothing can
//! carry an attribute of its own: of that remains what is checked before it is noticed.

use serde_json::json;

use super::super::checks::{at_most, invalid};
use super::super::running;
use super::clusters;
use crate::call::{Call, Input, Members, Refusal, Reply};

/// The most container instances that can be described at once.
const MOST_INSTANCES: usize = 100;
/// The most attributes that can be set at once.
const MOST_ATTRIBUTES: usize = 10;

/// `ListContainerInstances`.
pub(super) fn list_instances(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = clusters::named(call, input.text("cluster"))?;
    let arn = call.arn("ecs", &format!("cluster/{cluster}"));
    let all: Vec<String> = running::instances_of(call.region(), &arn).into_keys().collect();
    let page = super::checks::page(call, input, all, Clone::clone, (100, 100))?;
    Ok(json!({ "containerInstanceArns": page.items, "nextToken": page.next }))
}

/// `DescribeContainerInstances`.
pub(super) fn describe_instances(call: &mut Call<'_>, input: &Input) -> Reply {
    let cluster = clusters::named(call, input.text("cluster"))?;
    let asked = input.texts("containerInstances");
    if asked.is_empty() {
        return Err(invalid("Container instances cannot be empty."));
    }
    if asked.len() > MOST_INSTANCES {
        return Err(at_most("containerInstances", MOST_INSTANCES));
    }
    let arn = call.arn("ecs", &format!("cluster/{cluster}"));
    let all = running::instances_of(call.region(), &arn);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for text in asked {
        let own = || call.arn("ecs", &format!("container-instance/{cluster}/{text}"));
        let arn = if text.starts_with("arn:") { text.clone() } else { own() };
        match all.get(&arn) {
            Some(shown) => found.push(shown.clone()),
            None => missing.push(json!({ "arn": arn, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "containerInstances": found, "failures": missing }))
}

/// `ListAttributes`.
pub(super) fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    clusters::named(call, input.text("cluster"))?;
    if input.has("attributeValue") && !input.has("attributeName") {
        return Err(invalid("An attribute name must be specified to filter by attribute value."));
    }
    super::checks::page(call, input, Vec::<String>::new(), Clone::clone, (100, 100))?;
    Ok(json!({ "attributes": [] }))
}

/// `PutAttributes`.
pub(super) fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    clusters::named(call, input.text("cluster"))?;
    targets(input)
}

/// `DeleteAttributes`.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    clusters::named(call, input.text("cluster"))?;
    targets(input)
}

/// Checks attributes; their target is never there.
fn targets(input: &Input) -> Reply {
    let attributes = input.list("attributes");
    if attributes.is_empty() {
        return Err(invalid("Attributes cannot be empty."));
    }
    if attributes.len() > MOST_ATTRIBUTES {
        return Err(at_most("attributes", MOST_ATTRIBUTES));
    }
    for attribute in attributes {
        let (name, value) = (attribute.text_or_empty("name"), attribute.text_or_empty("value"));
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_./\\:@ ".contains(letter);
        let good = |text: &str, more: &str| text.len() <= 128 && text.chars().all(|it| fits(it) || more.contains(it));
        if name.is_empty() || name.contains([':', '@', ' ']) || !good(name, "") {
            return Err(invalid(format!("The attribute name '{name}' is invalid.")));
        }
        if !good(value, "") || value.trim() != value {
            return Err(invalid(format!("The attribute value '{value}' is invalid.")));
        }
        if attribute.text_or_empty("targetId").is_empty() {
            return Err(invalid("Target id can not be blank."));
        }
    }
    let text = "The specified target was not found. Specify a valid target and try again.";
    Err(Refusal::new("TargetNotFoundException", text))
}
