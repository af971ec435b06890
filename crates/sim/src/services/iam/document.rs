//! Whether a policy document is one: a trust policy or an identity policy. Decides the `MalformedPolicyDocument` refusals and
//! how the size of a document counts; what a statement may hold is in `statement`. Knows nothing of what a document allows.

use serde_json::{Map, Value};

use super::{principal, statement};
use crate::call::{Members, Refusal};
use crate::world::{Place, World};

const TRUST_SIZE: usize = 2048;
/// The version that knows variables.
const NEW: &str = "2012-10-17";

/// The refusal.
pub(super) fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::new("MalformedPolicyDocument", text).status(400)
}

/// The size as IAM counts it: without white space.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}

/// The statements of a document; a single one need not be a list.
pub(super) fn statements(document: &Value) -> Vec<&Map<String, Value>> {
    match document.member("Statement") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// A text or a list of texts.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
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
    if map.get("Version").is_some_and(|version| !matches!(version.as_str(), Some(NEW | "2008-10-17"))) {
        return Err(syntax());
    }
    if map.get("Id").is_some_and(|id| !id.is_string()) {
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
    statements.iter().try_for_each(|one| statement::check_form(one))?;
    Ok(parsed)
}

/// Names of statements are letters and digits, and each is there once.
fn check_names(statements: &[&Map<String, Value>]) -> Result<(), Refusal> {
    let mut names: Vec<&str> = statements.iter().filter_map(|statement| statement.text("Sid")).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
    }
    if names.iter().any(|name| !name.chars().all(|letter| letter.is_ascii_alphanumeric())) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
             [0-9A-Za-z]*",
        ));
    }
    Ok(())
}

/// Checks who may take a role on.
///
/// # Errors
/// `MalformedPolicyDocument`, `LimitExceeded`.
pub(super) fn check_trust(world: &World, place: &Place, document: &str) -> Result<(), Refusal> {
    let parsed = parse(document)?;
    let statements = statements(&parsed);
    statements.iter().try_for_each(|one| statement::check_legacy(one))?;
    check_names(&statements)?;
    for statement in statements {
        if !statement.has("Effect") {
            return Err(malformed("Missing required field Effect"));
        }
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
        actions.into_iter().try_for_each(statement::check_action)?;
        principal::check(world, place, principal)?;
    }
    if size(document) > TRUST_SIZE {
        return Err(super::common::quota("ACLSizePerRole", TRUST_SIZE));
    }
    Ok(())
}

/// Checks what somebody may do. A managed policy has to be of the newer version; one that is written into a role need not.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_identity(document: &str, managed: bool) -> Result<(), Refusal> {
    let parsed = parse(document)?;
    let statements = statements(&parsed);
    if statements.iter().any(|statement| !statement.has("Effect")) {
        return Err(malformed("Syntax errors in policy."));
    }
    if managed && parsed.text("Version") != Some(NEW) {
        return Err(malformed("Policy document must be version 2012-10-17 or greater."));
    }
    statements.iter().try_for_each(|one| statement::check_legacy(one))?;
    check_names(&statements)?;
    if statements.iter().any(|statement| statement.has("Principal") || statement.has("NotPrincipal")) {
        return Err(malformed("Policy document should not specify a principal."));
    }
    // AWS looks at the resources of all statements before it looks at any action.
    let resources = |statement: &Map<String, Value>| {
        let named = texts(statement.member("Resource").or_else(|| statement.member("NotResource")));
        named.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    statements.iter().flat_map(|one| resources(one)).try_for_each(|resource| statement::check_resource(&resource))?;
    for statement in &statements {
        let actions = texts(statement.member("Action").or_else(|| statement.member("NotAction")));
        if actions.is_empty() {
            return Err(malformed("Policy statement must contain actions."));
        }
        actions.into_iter().try_for_each(statement::check_action)?;
    }
    if statements.iter().any(|statement| resources(statement).is_empty()) {
        return Err(malformed("Policy statement must contain resources."));
    }
    Ok(())
}
