//! What a statement of a policy may hold: its form, its actions, its resources, what AWS's older parser makes of it. Which of
//! them a kind of policy needs is decided in `document`.

use serde_json::{Map, Value};

use super::condition;
use super::document::{malformed, texts};
use crate::call::{Members, Refusal};

/// The members of which a statement has one, not both.
const PAIRS: [(&str, &str); 3] = [("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")];

/// Where resources of IAM are.
const IAM_PATHS: &[&str] = &[
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Refuses members that are not known, of another form, or beside one that excludes them.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_form(statement: &Map<String, Value>) -> Result<(), Refusal> {
    let syntax = || malformed("Syntax errors in policy.");
    let pairs = || PAIRS.iter().flat_map(|(one, other)| [*one, *other]);
    let known = |name: &String| ["Sid", "Effect", "Condition"].contains(&name.as_str()) || pairs().any(|it| it == name);
    if !statement.keys().all(known) {
        return Err(syntax());
    }
    if PAIRS.iter().any(|(one, other)| statement.contains_key(*one) && statement.contains_key(*other)) {
        return Err(syntax());
    }
    let fits = |effect: &Value| {
        effect.as_str().is_some_and(|text| text.eq_ignore_ascii_case("allow") || text.eq_ignore_ascii_case("deny"))
    };
    if statement.get("Effect").is_some_and(|effect| !fits(effect)) {
        return Err(syntax());
    }
    if statement.get("Sid").is_some_and(|sid| !sid.is_string()) {
        return Err(syntax());
    }
    for name in ["Action", "NotAction", "Resource", "NotResource"] {
        let fits =
            |value: &Value| value.is_string() || value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
        if statement.get(name).is_some_and(|value| !fits(value)) {
            return Err(syntax());
        }
    }
    statement.get("Condition").map_or(Ok(()), condition::check_form)
}

/// Refuses what AWS's older parser fails at: an effect in other letters, dates that are none, resources cut short.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_legacy(statement: &Map<String, Value>) -> Result<(), Refusal> {
    let effect = statement.text("Effect").is_none_or(|effect| effect == "Allow" || effect == "Deny");
    let dates = statement.get("Condition").is_none_or(condition::dates_are_dates);
    let resources = texts(statement.member("Resource").or_else(|| statement.member("NotResource")));
    if effect && dates && !resources.iter().any(|resource| is_cut_short(resource)) {
        return Ok(());
    }
    Err(malformed("The policy failed legacy parsing"))
}

/// Whether an ARN ends in the middle, or names no service.
fn is_cut_short(resource: &str) -> bool {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    if parts[0] != "arn" {
        return false;
    }
    let nobody = parts.get(2).is_some_and(|service| service.is_empty());
    nobody || (matches!(parts.len(), 4 | 5) && !resource.ends_with('*'))
}

/// Refuses an action that names no service, or more than one.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_action(action: &str) -> Result<(), Refusal> {
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, rest)) = action.split_once(':') else {
        return Err(malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."));
    };
    if rest.contains(':') {
        return Err(malformed("Actions/Condition can contain only one colon."));
    }
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '*' | '?');
    if vendor.is_empty() || !vendor.chars().all(fits) {
        return Err(malformed(format!("Vendor {vendor} is not valid")));
    }
    Ok(())
}

/// Refuses a resource that is no ARN, of no known partition, or of a region where its service has none.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_resource(resource: &str) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let mut parts: Vec<&str> = resource.splitn(6, ':').collect();
    if parts.len() == 1 {
        return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
    }
    let cut = parts.len();
    parts.resize(6, "*");
    let [_, partition, service, region, account, path] = parts[..] else { return Ok(()) };
    if !partition.contains(['*', '$']) && !["aws", "aws-cn", "aws-us-gov"].contains(&partition) {
        let whole = parts[1..].join(":");
        return Err(malformed(format!("Partition \"{partition}\" is not valid for resource \"arn:{whole}\".")));
    }
    if cut == 2 {
        return Err(malformed("Resource vendor must be fully qualified and cannot contain regexes."));
    }
    if cut < 6 {
        return Ok(());
    }
    match service {
        // Buckets have neither; access points have both.
        "s3" if !region.is_empty() && account.is_empty() => {
            Err(malformed(format!("Resource {resource} can not contain region information.")))
        }
        "iam" if !region.is_empty() && region != "*" => {
            Err(malformed(format!("IAM resource {resource} cannot contain region information.")))
        }
        "iam" => check_iam(path),
        _ => Ok(()),
    }
}

fn check_iam(path: &str) -> Result<(), Refusal> {
    let begins = path.split('/').next().unwrap_or_default();
    // Whatever a wildcard or a variable may stand for is not known here.
    if begins.contains(['*', '?', '$']) || IAM_PATHS.iter().any(|known| path.starts_with(known)) {
        return Ok(());
    }
    let known = IAM_PATHS.join(", ");
    Err(malformed(format!("IAM resource path must either be \"*\" or start with {known}.")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::document::check_identity;

    fn told(statement: Value) -> String {
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        check_identity(&document, true).err().map(|refusal| refusal.message).unwrap_or_default()
    }

    /// A usual statement with one member changed; `null` takes it away.
    fn with(name: &str, value: Value) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*" });
        statement[name] = value;
        statement.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        statement
    }

    #[test]
    fn what_aws_refuses_is_refused_in_its_words() {
        let (syntax, legacy) = ("Syntax errors in policy.", "The policy failed legacy parsing");
        for (name, value, text) in [
            ("Effect", json!("Permit"), syntax),
            ("Effect", json!("ALLOW"), legacy),
            ("Effect", Value::Null, syntax),
            ("Sid", json!(["a"]), syntax),
            ("NotAction", json!([]), syntax),
            ("NotResource", json!("*"), syntax),
            ("Note", json!("of mine"), syntax),
            ("Action", json!({}), syntax),
            ("Action", json!([["sqs:*"]]), syntax),
            ("Action", json!([]), "Policy statement must contain actions."),
            ("Action", json!("SendMessage"), "must be prefaced by a vendor"),
            ("Action", json!("sqs:Send:Message"), "can contain only one colon."),
            ("Action", json!("s q s:SendMessage"), "Vendor s q s is not valid"),
            ("Resource", json!([]), "Policy statement must contain resources."),
            ("Resource", json!(""), "Resource  must be in ARN format"),
            ("Resource", json!("arn"), "Resource arn must be in ARN format"),
            ("Resource", json!("arn:aws"), "Resource vendor must be fully qualified"),
            ("Resource", json!("arn:aws:sqs:eu-west-1:queue"), legacy),
            ("Resource", json!("arn:aws::eu-west-1:1:queue"), legacy),
            ("Resource", json!("sqs:queue"), "Partition \"queue\" is not valid for resource \"arn:queue:*:*:*:*\"."),
            ("Resource", json!("arn:aws:s3:eu-west-1::box"), "can not contain region information."),
            ("Resource", json!("arn:aws:iam:eu-west-1::role/r"), "cannot contain region information."),
            ("Resource", json!("arn:aws:iam::123456789012:rol/r"), "IAM resource path must either be"),
            ("Condition", json!([]), syntax),
            ("Condition", json!({ "StringEquals": "b" }), syntax),
            ("Condition", json!({ "StringEqual": { "aws:RequestedRegion": "b" } }), syntax),
            ("Condition", json!({ "ForSome:StringEquals": { "aws:TagKeys": "b" } }), syntax),
            ("Condition", json!({ "StringEquals": { "aws:TagKeys": {} } }), syntax),
            ("Condition", json!({ "DateLessThan": { "aws:CurrentTime": "tomorrow" } }), legacy),
            ("Condition", json!({ "DateLessThan": { "aws:CurrentTime": "2026-13" } }), legacy),
        ] {
            let said = told(with(name, value.clone()));
            assert!(said.contains(text) && !said.is_empty(), "{name} {value}: {said:?}");
        }
    }

    #[test]
    fn what_aws_takes_is_taken() {
        for (name, value) in [
            ("Action", json!(["*", "sqs:*", "elastic-load.x:A", "*:Get*"])),
            (
                "Resource",
                json!(["arn:aws:s3:eu-west-1:123456789012:accesspoint/a", "arn:aws:s3:::box/*", "arn:aws:sqs"]),
            ),
            ("Resource", json!(["arn:aws:iam::*:role/${aws:username}", "arn:aws:iam::123456789012:*", "arn:*:sqs:*"])),
            ("Condition", json!({})),
            ("Condition", json!({ "anything": {} })),
            (
                "Condition",
                json!({ "ForAnyValue:StringLikeIfExists": { "aws:TagKeys": ["a", "b*"] }, "Null": { "k": true } }),
            ),
            ("Condition", json!({ "DateGreaterThan": { "aws:CurrentTime": ["2026-11-28T10:00:00Z", "1764324000"] } })),
        ] {
            assert_eq!(told(with(name, value.clone())), "", "{name} {value}");
        }
    }

    #[test]
    fn a_managed_policy_is_of_the_newer_version_and_an_inline_one_may_be_older() {
        let without = json!({ "Statement": with("Effect", json!("Allow")) });
        let older = json!({ "Version": "2008-10-17", "Statement": with("Effect", json!("Allow")) });
        for document in [without, older] {
            let refused = check_identity(&document.to_string(), true).expect_err("a refusal");
            assert_eq!(refused.message, "Policy document must be version 2012-10-17 or greater.");
            assert_eq!(check_identity(&document.to_string(), false), Ok(()));
        }
    }
}
