//! The versions of a managed policy: at most five, one of them in force.

use serde_json::{Value, json};

use super::common::{absent, check_arn, conflict, iam, no_policy, page, policy_key, policy_mut};
use super::state::{Policy, Version, encoded};
use super::{document, managed, policies};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreatePolicyVersion", create),
    ("GetPolicyVersion", get),
    ("DeletePolicyVersion", delete),
    ("SetDefaultPolicyVersion", set_default),
    ("ListPolicyVersions", list),
];

const VERSIONS: usize = 5;

fn missing(arn: &str, version: &str) -> Refusal {
    absent(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

fn number(policy: &Policy, input: &Input) -> Result<u32, Refusal> {
    let text = input.text_or_empty("VersionId");
    let number = text.strip_prefix('v').and_then(|digits| digits.parse().ok());
    number.filter(|number| policy.versions.contains_key(number)).ok_or_else(|| missing(&policy.arn, text))
}

/// A version as lists show it.
pub(super) fn shown(policy: &Policy, number: u32, version: &Version) -> Value {
    json!({
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": number == policy.default,
        "CreateDate": version.created.value(),
    })
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let text = input.text_or_empty("PolicyDocument").to_owned();
    let now = call.now().whole();
    policy_mut(call, input)?;
    document::check_identity(&text, true)?;
    policies::check_size(&text)?;
    let policy = policy_mut(call, input)?;
    if policy.versions.len() >= VERSIONS {
        let text = format!(
            "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must delete an \
             existing version."
        );
        return Err(Refusal::new("LimitExceeded", text));
    }
    policy.newest += 1;
    let number = policy.newest;
    let version = Version { document: text, created: now };
    policy.versions.insert(number, version.clone());
    policy.updated = now;
    if input.flag("SetAsDefault").unwrap_or(false) {
        policy.default = number;
    }
    Ok(json!({ "PolicyVersion": shown(policy, number, &version) }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn");
    check_arn(arn)?;
    if let Some(policy) = managed::named(arn) {
        let version = input.text_or_empty("VersionId");
        if version != "v1" {
            return Err(missing(arn, version));
        }
        return Ok(json!({ "PolicyVersion": {
            "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": policy.created().value(),
            "Document": encoded(&policy.document()),
        } }));
    }
    let iam = iam(call);
    let policy = policy_key(iam, arn).and_then(|key| iam.policies.get(&key)).ok_or_else(|| no_policy(arn))?;
    let number = number(policy, input)?;
    let version = &policy.versions[&number];
    let mut shown = shown(policy, number, version);
    shown["Document"] = encoded(&version.document).into();
    Ok(json!({ "PolicyVersion": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let policy = policy_mut(call, input)?;
    let number = number(policy, input)?;
    if number == policy.default {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    Ok(json!({}))
}

fn set_default(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now().whole();
    let policy = policy_mut(call, input)?;
    policy.default = number(policy, input)?;
    policy.updated = now;
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn");
    check_arn(arn)?;
    let items = if let Some(policy) = managed::named(arn) {
        let only = json!({ "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": policy.created().value() });
        vec![("v1".to_owned(), only)]
    } else {
        let iam = iam(call);
        let policy = policy_key(iam, arn).and_then(|key| iam.policies.get(&key)).ok_or_else(|| no_policy(arn))?;
        // The newest first.
        let versions = policy.versions.iter().rev();
        versions.map(|(number, version)| (format!("v{number}"), shown(policy, *number, version))).collect()
    };
    page(call, input, "Versions", items)
}
