//! Who a trust policy names: whether those principals are there, and whether a caller or a service is one of them. Knows no
//! operation.

use serde_json::Value;

use super::document::{malformed, statements, texts};
use super::state::{Iam, Role};
use crate::call::{Caller, Members, Refusal};
use crate::near::distance;
use crate::world::{Place, World};

/// Checks the principals of a statement.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub fn check(world: &World, place: &Place, principal: &Value) -> Result<(), Refusal> {
    if principal.as_str() == Some("*") {
        return Ok(());
    }
    let Some(kinds) = principal.as_object() else { return Err(malformed("Syntax errors in policy.")) };
    for (kind, names) in kinds {
        for name in texts(Some(names)) {
            let known = match kind.as_str() {
                "AWS" => known(world, place, name),
                "Service" => is_service(name),
                "Federated" => name.starts_with("arn:") || name.contains('.'),
                "CanonicalUser" => name.len() == 64,
                _ => return Err(malformed("Syntax errors in policy.")),
            };
            if !known {
                return Err(malformed(format!("Invalid principal in policy: \"{}\":\"{name}\"", word(kind))));
            }
        }
    }
    Ok(())
}

/// A kind of principal as refusals write it.
fn word(kind: &str) -> String {
    if kind == "Service" { "SERVICE".to_owned() } else { kind.to_owned() }
}

fn is_service(name: &str) -> bool {
    let suffix = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];
    let label = suffix.iter().find_map(|end| name.strip_suffix(end)).filter(|label| !label.is_empty());
    label.is_some_and(|label| !COMMON.iter().any(|known| (1..=2).contains(&distance(label, known))))
}

/// Services that people trust most, of names so long that nothing else is spelled almost like them. AWS knows all of its
/// services; here one that is not known is taken for one, unless it looks like one of these misspelled.
const COMMON: [&str; 13] = [
    "ecs-tasks",
    "lambda",
    "codebuild",
    "codepipeline",
    "codedeploy",
    "events",
    "scheduler",
    "states",
    "firehose",
    "apigateway",
    "cloudtrail",
    "cloudformation",
    "elasticloadbalancing",
];

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether there is such a principal. Accounts of which nothing is known are taken at their word.
fn known(world: &World, place: &Place, name: &str) -> bool {
    if name == "*" || is_account(name) {
        return true;
    }
    if name.starts_with("AROA") || name.starts_with("AIDA") {
        let here = world.accounts.get(&place.account).map(|account| &account.iam);
        return here.is_some_and(|iam| {
            iam.roles.values().any(|role| role.id == name) || iam.users.values().any(|user| user.id == name)
        });
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let [_, _, service, region, account, resource] = parts[..] else { return false };
    if !name.starts_with("arn:aws") || !region.is_empty() || !is_account(account) {
        return false;
    }
    let owner = world.accounts.iter().find(|(number, _)| number.as_ref() == account).map(|(_, owner)| &owner.iam);
    match (service, resource.split_once('/')) {
        ("iam", None) => resource == "root",
        ("iam", Some(("role", _))) => {
            owner.is_none_or(|iam| role_at(iam, name).is_some_and(|role| role.is_visible(world.now)))
        }
        ("iam", Some(("user", _))) => owner.is_none_or(|iam| iam.users.values().any(|user| user.arn == name)),
        ("sts", Some(("assumed-role" | "federated-user", _))) => true,
        _ => false,
    }
}

fn role_at<'i>(iam: &'i Iam, arn: &str) -> Option<&'i Role> {
    let name = arn.rsplit('/').next()?.to_lowercase();
    iam.roles.get(&name).filter(|role| role.arn == arn)
}

fn trusts(role: &Role, named: impl Fn(&str, &str) -> bool) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(&role.trust) else { return false };
    let statements = statements(&document);
    let says = |effect: &str| {
        statements.iter().any(|statement| {
            let principal = statement.member("Principal");
            let one = |(kind, names): (&String, &Value)| texts(Some(names)).into_iter().any(|name| named(kind, name));
            let hit = principal.is_some_and(|principal| {
                principal.as_str() == Some("*") || principal.as_object().is_some_and(|kinds| kinds.iter().any(one))
            });
            let takes = |action: &&str| super::evaluate::fits(&action.to_lowercase(), "sts:assumerole");
            // A denial under a condition is taken not to hold: nothing is known of the circumstances.
            let holds = effect == "Allow" || !statement.has("Condition");
            hit && holds
                && statement.text("Effect") == Some(effect)
                && texts(statement.member("Action")).iter().any(takes)
        })
    };
    says("Allow") && !says("Deny")
}

/// Whether a role trusts a service.
pub fn trusts_service(role: &Role, service: &str) -> bool {
    trusts(role, |kind, name| kind == "Service" && name == service)
}

/// Whether a role trusts a caller of an account.
pub fn trusts_caller(role: &Role, account: &str, caller: &Caller) -> bool {
    let root = format!("arn:aws:iam::{account}:root");
    let id = caller.id.split(':').next().unwrap_or_default();
    trusts(role, |kind, name| {
        kind == "AWS" && [account, &root, &caller.arn, &caller.principal, id, "*"].contains(&name)
    })
}
