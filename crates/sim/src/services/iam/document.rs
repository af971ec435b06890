//! Whether a policy document is one: a trust policy or an identity policy. Decides the `MalformedPolicyDocument` refusals and
//! how the size of a document counts; knows nothing of what a document allows.

use serde_json::{Map, Value};

use super::principal;
use crate::call::{Members, Refusal};
use crate::world::{Place, World};

const TRUST_SIZE: usize = 2048;

/// The refusal.
pub fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::new("MalformedPolicyDocument", text).status(400)
}

/// The size as IAM counts it: without white space.
pub fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// The statements of a document; a single one need not be a list.
pub fn statements(document: &Value) -> Vec<&Map<String, Value>> {
    match document.member("Statement") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// A text or a list of texts.
pub fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn parse(document: &str) -> Result<Value, Refusal> {
    let parsed: Value = serde_json::from_str(document).map_err(|_| malformed("This policy contains invalid Json"))?;
    let syntax = || malformed("Syntax errors in policy.");
    let map = parsed.as_object().ok_or_else(syntax)?;
    let known = ["Version", "Id", "Statement"];
    if map.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(syntax());
    }
    if map.get("Version").is_some_and(|version| !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))) {
        return Err(syntax());
    }
    let count = match map.get("Statement") {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(_)) => 1,
        _ => 0,
    };
    let statements = statements(&parsed);
    if count == 0 || statements.len() != count {
        return Err(syntax());
    }
    for statement in &statements {
        check_statement(statement)?;
    }
    let mut sids: Vec<&str> = statements.iter().filter_map(|statement| statement.text("Sid")).collect();
    sids.retain(|sid| !sid.is_empty());
    sids.sort_unstable();
    if sids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    Ok(parsed)
}

fn check_statement(statement: &Map<String, Value>) -> Result<(), Refusal> {
    const KNOWN: &[&str] =
        &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];
    let syntax = || malformed("Syntax errors in policy.");
    if statement.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(syntax());
    }
    match statement.get("Effect") {
        None => return Err(malformed("Missing required field Effect")),
        Some(Value::String(effect)) if effect == "Allow" || effect == "Deny" => {}
        Some(_) => return Err(syntax()),
    }
    if statement.get("Condition").is_some_and(|condition| !condition.is_object()) {
        return Err(syntax());
    }
    for name in ["Action", "NotAction", "Resource", "NotResource"] {
        let fits =
            |value: &Value| value.is_string() || value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        if statement.get(name).is_some_and(|value| !fits(value)) {
            return Err(syntax());
        }
    }
    if statement.text("Sid").is_some_and(|sid| !sid.chars().all(|letter| letter.is_ascii_alphanumeric())) {
        let text = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                    [0-9A-Za-z]*";
        return Err(malformed(text));
    }
    Ok(())
}

/// Checks who may take a role on.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub fn check_trust(world: &World, place: &Place, document: &str) -> Result<(), Refusal> {
    let parsed = parse(document)?;
    for statement in statements(&parsed) {
        for name in ["Resource", "NotResource"] {
            if statement.has(name) {
                return Err(malformed(format!("Has prohibited field {name}")));
            }
        }
        let principal = statement.member("Principal").or_else(|| statement.member("NotPrincipal"));
        let Some(principal) = principal else {
            return Err(malformed(
                "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a \
                 statement with no principals!",
            ));
        };
        let actions = texts(statement.member("Action").or_else(|| statement.member("NotAction")));
        if actions.is_empty() {
            return Err(malformed("Missing required field Action"));
        }
        if actions.iter().any(|action| *action != "*" && !action.to_ascii_lowercase().starts_with("sts:")) {
            return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
        }
        principal::check(world, place, principal)?;
    }
    if size(document) > TRUST_SIZE {
        return Err(super::common::quota("ACLSizePerRole", TRUST_SIZE));
    }
    Ok(())
}

/// Checks what somebody may do.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub fn check_identity(document: &str) -> Result<(), Refusal> {
    let parsed = parse(document)?;
    for statement in statements(&parsed) {
        if statement.has("Principal") || statement.has("NotPrincipal") {
            return Err(malformed("Policy document should not specify a principal."));
        }
        let actions = texts(statement.member("Action").or_else(|| statement.member("NotAction")));
        if actions.is_empty() {
            return Err(malformed("Policy statement must contain actions."));
        }
        if actions.iter().any(|action| *action != "*" && !action.contains(':')) {
            return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
        }
        let resources = texts(statement.member("Resource").or_else(|| statement.member("NotResource")));
        if resources.is_empty() {
            return Err(malformed("Policy statement must contain resources."));
        }
        resources.into_iter().try_for_each(check_resource)?;
    }
    Ok(())
}

fn check_resource(resource: &str) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    if parts[0] != "arn" {
        return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
    }
    let partition = parts.get(1).copied().unwrap_or_default();
    if !partition.contains(['*', '$']) && !["aws", "aws-cn", "aws-us-gov"].contains(&partition) {
        return Err(malformed(format!("Partition \"{partition}\" is not valid for resource \"{resource}\".")));
    }
    if parts.len() < 6 && !resource.ends_with('*') {
        return Err(malformed("The policy failed legacy parsing"));
    }
    Ok(())
}
