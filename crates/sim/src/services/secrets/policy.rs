//! Resource policies, and rotation as far as it goes without functions to call: it is refused.

use serde_json::{Value, json};

use super::lookup::{self, wrong_request};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CancelRotateSecret", cancel_rotate_secret),
    ("DeleteResourcePolicy", delete_resource_policy),
    ("GetResourcePolicy", get_resource_policy),
    ("PutResourcePolicy", put_resource_policy),
    ("RotateSecret", rotate_secret),
    ("ValidateResourcePolicy", validate_resource_policy),
];

/// The statements of a policy.
fn statements(text: &str) -> Result<Vec<Value>, Refusal> {
    let malformed =
        || Refusal::new("MalformedPolicyDocumentException", "This resource policy contains a syntax error.");
    let policy: Value = serde_json::from_str(text).map_err(|_| malformed())?;
    let statements = match policy.member("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => return Err(malformed()),
    };
    let complete = |statement: &Value| {
        let effect = matches!(statement.text("Effect"), Some("Allow" | "Deny"));
        let action = statement.has("Action") || statement.has("NotAction");
        effect && action && (statement.has("Principal") || statement.has("NotPrincipal"))
    };
    if statements.is_empty() || !statements.iter().all(complete) {
        return Err(malformed());
    }
    Ok(statements)
}

/// Whether a statement lets everybody in.
fn is_public(statement: &Value) -> bool {
    let is_star = |value: &Value| value == "*" || value.as_array().is_some_and(|list| list.contains(&json!("*")));
    let everybody =
        statement.member("Principal").is_some_and(|who| is_star(who) || who.member("AWS").is_some_and(is_star));
    statement.text("Effect") == Some("Allow") && everybody && !statement.has("Condition")
}

fn put_resource_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let text = input.text_or_empty("ResourcePolicy");
    let secret = lookup::alive(call, input)?;
    let statements = statements(text)?;
    if input.flag("BlockPublicPolicy").unwrap_or(false) && statements.iter().any(is_public) {
        return Err(Refusal::new(
            "PublicPolicyException",
            "You can't use this resource policy because it grants public access to the secret.",
        ));
    }
    secret.policy = Some(text.to_owned());
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

fn get_resource_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name, "ResourcePolicy": secret.policy }))
}

fn delete_resource_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    secret.policy = None;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}

fn validate_resource_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    if input.has("SecretId") {
        lookup::alive(call, input)?;
    }
    let statements = statements(input.text_or_empty("ResourcePolicy"))?;
    let public = statements.iter().any(is_public);
    let errors: Vec<Value> = if public {
        vec![
            json!({ "CheckName": "PUBLIC_POLICY", "ErrorMessage": "The resource policy grants public access to the secret." }),
        ]
    } else {
        Vec::new()
    };
    Ok(json!({ "PolicyValidationPassed": !public, "ValidationErrors": errors }))
}

fn rotate_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    lookup::alive(call, input)?;
    if input.text("RotationLambdaARN").is_none_or(str::is_empty) {
        return Err(wrong_request("No Lambda rotation function ARN is associated with this secret."));
    }
    Err(Refusal::new(
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the \
         principal secretsmanager.amazonaws.com.",
    ))
}

fn cancel_rotate_secret(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    Ok(json!({ "ARN": secret.arn, "Name": secret.name }))
}
