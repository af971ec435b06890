//! PutParameter: what a value must be like, which tier it gets, and what a new version takes over from the one before.

use regex::Regex;
use serde_json::{Value, json};

use super::tagging::Parameters;
use super::{Parameter, Version, names};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::dialect::Carrier;

/// The operations.
pub(super) const OPERATIONS: Table = &[("PutParameter", put_parameter)];

const STANDARD: &str = "Standard";
const ADVANCED: &str = "Advanced";
const STANDARD_LENGTH: usize = 4096;
const ADVANCED_LENGTH: usize = 8192;
/// So many parameters of the standard tier fit into a region.
const MOST_PARAMETERS: usize = 10_000;
const MOST_VERSIONS: usize = 100;
/// The key of parameters that name none.
const USUAL_KEY: &str = "alias/aws/ssm";

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

fn put_parameter(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.text_or_empty("Name");
    // One that is there keeps the name with which it was made.
    let there = names::plain(&call.region().ssm, asked);
    let name = there.or_else(|| names::of_arn(asked)).unwrap_or_else(|| asked.to_owned());
    names::check(&name)?;
    let overwrite = input.flag("Overwrite").unwrap_or(false);
    let tags = Parameters::DIALECT.given(input)?;
    if overwrite && !tags.is_empty() {
        return Err(invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    if tags.len() > 50 {
        return Err(Refusal::new("TooManyTagsError", "The number of tags exceeds the limit of 50 per resource."));
    }
    let ssm = &mut call.region().ssm;
    let before = ssm.parameters.get(&name).and_then(Parameter::latest).cloned();
    if before.is_some() && !overwrite {
        return Err(Refusal::new(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        ));
    }
    if before.is_none() && ssm.parameters.len() >= MOST_PARAMETERS {
        return Err(Refusal::new(
            "ParameterLimitExceeded",
            "You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.",
        ));
    }
    let version = new_version(call, input, before.as_ref())?;
    let reply = json!({ "Version": version.number, "Tier": version.tier });
    let parameter = call.region().ssm.parameters.entry(name.clone()).or_default();
    if parameter.versions.len() >= MOST_VERSIONS {
        drop_oldest(parameter)?;
    }
    parameter.name = name;
    parameter.versions.push(version);
    parameter.tags.extend(tags);
    Ok(reply)
}

fn drop_oldest(parameter: &mut Parameter) -> Result<(), Refusal> {
    let labelled = parameter.versions.first().is_some_and(|oldest| !oldest.labels.is_empty());
    if labelled {
        return Err(Refusal::new(
            "ParameterMaxVersionLimitExceeded",
            format!(
                "You attempted to create a new version of {} by calling the PutParameter API with the overwrite flag. \
                 The oldest version can't be deleted because it has a label associated with it. Move the label to \
                 another version of the parameter, and try again.",
                parameter.name
            ),
        ));
    }
    parameter.versions.remove(0);
    Ok(())
}

fn new_version(call: &mut Call<'_>, input: &Input, before: Option<&Version>) -> Result<Version, Refusal> {
    let kept = |name: &str, old: fn(&Version) -> Option<&String>| {
        input.text(name).map(str::to_owned).or_else(|| before.and_then(old).cloned())
    };
    let kind = kept("Type", |old| Some(&old.kind))
        .ok_or_else(|| invalid("A parameter type is required when you create a parameter."))?;
    let value = input.text_or_empty("Value").to_owned();
    if value.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length \
             greater than or equal to 1.",
        ));
    }
    let data_type = data_type(input, before)?;
    let secure = kind == "SecureString";
    if !secure && input.has("KeyId") {
        return Err(invalid("KeyId is required for SecureString type parameter only."));
    }
    let policies = kept("Policies", |old| old.policies.as_ref()).filter(|text| !is_no_policy(text));
    if let Some(text) = &policies {
        let list = serde_json::from_str::<Vec<Value>>(text);
        if list.is_err() {
            return Err(Refusal::new("InvalidPolicyTypeException", "Please provide a valid list of policies."));
        }
    }
    let tier = tier(input, before, &value, policies.is_some())?;
    let allowed_pattern = kept("AllowedPattern", |old| old.allowed_pattern.as_ref()).filter(|text| !text.is_empty());
    check_pattern(allowed_pattern.as_deref(), &value)?;
    let usual = || USUAL_KEY.to_owned();
    Ok(Version {
        number: before.map_or(1, |old| old.number + 1),
        ciphertext: if secure { format!("AQICAH{}==", call.world.ids.mixed(178)) } else { String::new() },
        key_id: secure.then(|| kept("KeyId", |old| old.key_id.as_ref()).unwrap_or_else(usual)),
        description: kept("Description", |old| old.description.as_ref()).filter(|text| !text.is_empty()),
        allowed_pattern,
        tier,
        policies,
        data_type,
        modified: call.now(),
        modified_by: call.caller.arn.clone(),
        labels: std::collections::BTreeSet::default(),
        kind,
        value,
    })
}

/// An empty object or list takes the policies away.
fn is_no_policy(text: &str) -> bool {
    matches!(text.replace(char::is_whitespace, "").as_str(), "{}" | "[]" | "[{}]")
}

fn data_type(input: &Input, before: Option<&Version>) -> Result<String, Refusal> {
    let wanted = input.text("DataType").filter(|text| !text.is_empty());
    if let Some(other) = wanted.filter(|text| !["text", "aws:ec2:image", "aws:ssm:integration"].contains(text)) {
        return Err(invalid(format!(
            "The following data type is not supported: {other} (Data type names are all lowercase.)"
        )));
    }
    match (wanted, before) {
        (Some(wanted), Some(old)) if wanted != old.data_type => {
            Err(invalid("The data type of an existing parameter can't be changed."))
        }
        (None, Some(old)) => Ok(old.data_type.clone()),
        (wanted, _) => Ok(wanted.unwrap_or("text").to_owned()),
    }
}

fn tier(input: &Input, before: Option<&Version>, value: &str, has_policies: bool) -> Result<String, Refusal> {
    let old = before.map_or(STANDARD, |old| old.tier.as_str());
    let large = value.len() > STANDARD_LENGTH;
    let tier = match input.text("Tier") {
        None => old,
        Some("Intelligent-Tiering") if large || has_policies || old == ADVANCED => ADVANCED,
        Some("Intelligent-Tiering") => STANDARD,
        Some(STANDARD) if old == ADVANCED => {
            return Err(invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                 parameter and recreate it as a standard parameter.",
            ));
        }
        Some(tier) => tier,
    };
    if tier == STANDARD && large {
        return Err(invalid(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter \
             value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        ));
    }
    if tier == STANDARD && has_policies {
        return Err(invalid(
            "Standard tier parameters don't support parameter policies. Use the advanced-parameter tier.",
        ));
    }
    if value.len() > ADVANCED_LENGTH {
        return Err(invalid("Advanced tier parameters support a maximum parameter value of 8192 characters."));
    }
    Ok(tier.to_owned())
}

fn check_pattern(pattern: Option<&str>, value: &str) -> Result<(), Refusal> {
    let Some(pattern) = pattern else { return Ok(()) };
    let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| {
        Refusal::new(
            "InvalidAllowedPatternException",
            format!("The allowed pattern {pattern} is not a valid regular expression."),
        )
    })?;
    if regex.is_match(value) {
        return Ok(());
    }
    Err(Refusal::new(
        "ParameterPatternMismatchException",
        format!("Parameter value, cannot be validated against allowedPattern: {pattern}"),
    ))
}
