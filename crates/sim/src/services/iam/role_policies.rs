//! What a role may do: its inline policies and the managed ones attached to it.

use serde_json::{Value, json};

use super::common::{absent, check_arn, iam, no_policy, page, quota, role, role_mut};
use super::state::{Role, encoded};
use super::{document, managed, roles};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("PutRolePolicy", put),
    ("GetRolePolicy", get),
    ("DeleteRolePolicy", delete),
    ("ListRolePolicies", list),
    ("AttachRolePolicy", attach),
    ("DetachRolePolicy", detach),
    ("ListAttachedRolePolicies", list_attached),
];

const ATTACHED_PER_ROLE: usize = 10;
const INLINE_TOTAL: usize = 10240;

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let (name, text) = (input.text_or_empty("PolicyName"), input.text_or_empty("PolicyDocument"));
    role_mut(iam(call), input)?;
    document::check_identity(text, false)?;
    let role = role_mut(iam(call), input)?;
    let others = role.inline.iter().filter(|(other, _)| *other != name);
    let total: usize = others.map(|(_, other)| document::size(other)).sum::<usize>() + document::size(text);
    if total > INLINE_TOTAL {
        let text = format!("Maximum policy size of {INLINE_TOTAL} bytes exceeded for role {}", role.name);
        return Err(Refusal::new("LimitExceeded", text));
    }
    role.inline.insert(name.to_owned(), text.to_owned());
    Ok(json!({}))
}

fn no_inline(name: &str) -> Refusal {
    absent(format!("The role policy with name {name} cannot be found."))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("PolicyName");
    let role = role(iam(call), input)?;
    let text = role.inline.get(name).ok_or_else(|| no_inline(name))?;
    Ok(json!({ "RoleName": role.name, "PolicyName": name, "PolicyDocument": encoded(text) }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("PolicyName");
    role_mut(iam(call), input)?.inline.remove(name).ok_or_else(|| no_inline(name))?;
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let names = role(iam(call), input)?.inline.keys();
    let items = names.map(|name| (name.clone(), Value::from(name.clone()))).collect();
    page(call, input, "PolicyNames", items)
}

fn attach(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn").to_owned();
    let iam = iam(call);
    check_arn(&arn)?;
    role_mut(iam, input)?;
    roles::attachable(iam, &arn)?;
    if managed::named(&arn).is_some_and(|policy| !policy.attachable()) {
        let text = "Cannot attach a Service Role Policy to a Customer Role.";
        return Err(Refusal::new("PolicyNotAttachable", text).status(400));
    }
    let role = role_mut(iam, input)?;
    if role.attached.contains(&arn) {
        return Ok(json!({}));
    }
    if role.attached.len() >= ATTACHED_PER_ROLE {
        return Err(quota("PoliciesPerRole", ATTACHED_PER_ROLE));
    }
    role.attached.push(arn);
    Ok(json!({}))
}

fn detach(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn");
    check_arn(arn)?;
    let role = role_mut(iam(call), input)?;
    let before = role.attached.len();
    role.attached.retain(|other| other != arn);
    if role.attached.len() == before {
        return Err(no_policy(arn));
    }
    Ok(json!({}))
}

fn one(arn: &str) -> Value {
    json!({ "PolicyName": arn.rsplit('/').next().unwrap_or_default(), "PolicyArn": arn })
}

/// The managed policies of a role.
pub(super) fn attached(role: &Role) -> Value {
    role.attached.iter().map(|arn| one(arn)).collect()
}

/// Whether a policy's ARN is under a path.
fn under(arn: &str, prefix: &str) -> bool {
    let path = arn.split_once(":policy").map_or("/", |(_, path)| path);
    path.starts_with(prefix)
}

fn list_attached(call: &mut Call<'_>, input: &Input) -> Reply {
    let prefix = input.text("PathPrefix").unwrap_or("/");
    let arns = role(iam(call), input)?.attached.iter().filter(|arn| under(arn, prefix));
    let items = arns.map(|arn| (arn.clone(), one(arn))).collect();
    page(call, input, "AttachedPolicies", items)
}
