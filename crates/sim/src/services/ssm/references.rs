//! Secrets that are read as parameters, under `/aws/reference/secretsmanager/`. Decides how such a name is taken apart and
//! what a secret looks like as a parameter. Knows nothing of parameters of its own.

use serde_json::{Value, json};

use crate::call::Refusal;
use crate::ordered::in_order;
use crate::services::secrets::{self, Read};
use crate::world::Region;

const PREFIX: &str = "/aws/reference/secretsmanager/";

/// What follows the prefix, if a name has it.
pub(super) fn of(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// A secret as a parameter.
///
/// # Errors
/// What cannot be a reference; one that is not to be decrypted; a secret or version that is not there.
pub(super) fn read(region: &Region, asked: &str, decrypted: bool) -> Result<Value, Refusal> {
    let invalid = |text: &str| Refusal::new("ValidationException", text);
    let (name, selector) = match asked.split_once(':') {
        Some((name, selector)) => (name, Some(selector)),
        None => (asked, None),
    };
    if selector.is_some_and(|selector| selector.is_empty() || selector.contains(':')) {
        return Err(invalid(
            "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>",
        ));
    }
    if !decrypted {
        return Err(invalid("WithDecryption flag must be True for retrieving a Secret Manager secret."));
    }
    let read = match secrets::read_version(region, name, selector) {
        Read::Version(read) => read,
        Read::Marked => return Err(invalid("Invalid Request to Secrets Manager")),
        Read::Absent => {
            // AWS prints a selector that is not there as Java does.
            let selector = selector.map_or_else(|| "null".to_owned(), |selector| format!(":{selector}"));
            let name = format!("{}{name}{selector}", PREFIX.trim_start_matches('/'));
            let text = format!(
                "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} not found."
            );
            return Err(Refusal::new("ParameterNotFound", text));
        }
    };
    let source = in_order(&[
        ("ARN", json!(read.arn)),
        ("name", json!(name)),
        ("versionId", json!(read.id)),
        ("secretString", json!(read.text)),
        ("versionStages", json!(read.stages)),
        ("createdDate", json!(read.created.iso())),
    ]);
    Ok(json!({
        "Name": format!("{PREFIX}{name}"),
        "Type": "SecureString",
        "Value": read.text,
        "Version": 0,
        "Selector": selector.map(|selector| format!(":{selector}")),
        "SourceResult": source,
        "LastModifiedDate": read.created.value(),
        "ARN": read.arn,
    }))
}
