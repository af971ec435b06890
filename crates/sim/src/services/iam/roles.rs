//! Roles: making, reading, changing and deleting them. What a role may do is in `role_policies`.

use serde_json::{Value, json};

use super::common::{absent, check_arn, conflict, iam, key, page, path, policy_key, quota, role, role_mut};
use super::state::{Iam, Role, boundary};
use super::tagging::DIALECT;
use super::{document, managed};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateRole", create),
    ("GetRole", get),
    ("ListRoles", list),
    ("UpdateRole", update),
    ("UpdateRoleDescription", describe),
    ("UpdateAssumeRolePolicy", trust),
    ("DeleteRole", delete),
    ("PutRolePermissionsBoundary", bound),
    ("DeleteRolePermissionsBoundary", unbound),
];

const ROLES_PER_ACCOUNT: usize = 1000;

/// Whether something can serve as a boundary or be attached.
pub(super) fn attachable(iam: &Iam, arn: &str) -> Result<(), Refusal> {
    check_arn(arn)?;
    if managed::named(arn).is_some() || policy_key(iam, arn).is_some() {
        return Ok(());
    }
    Err(absent(format!("Policy {arn} does not exist or is not attachable.")))
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("RoleName").to_owned();
    let path = path(input)?;
    let tags = DIALECT.given(input)?;
    if path.starts_with("/aws-service-role/") {
        let text = format!("Invalid path: {path}. Roles under this path are made for services only.");
        return Err(Refusal::new("ValidationError", text).status(400));
    }
    let trust = input.text_or_empty("AssumeRolePolicyDocument").to_owned();
    document::check_trust(call.world, &call.place, &trust)?;
    let bound = input.text("PermissionsBoundary").map(str::to_owned);
    let (now, account) = (call.now().whole(), call.place.account.clone());
    let id = format!("AROA{}", call.world.ids.upper(17));
    let iam = iam(call);
    if iam.roles.contains_key(&key(&name)) {
        return Err(Refusal::new("EntityAlreadyExists", format!("Role with name {name} already exists.")));
    }
    if iam.roles.values().filter(|role| !role.linked).count() >= ROLES_PER_ACCOUNT {
        return Err(quota("RolesPerAccount", ROLES_PER_ACCOUNT));
    }
    if let Some(arn) = &bound {
        attachable(iam, arn)?;
    }
    let role = Role {
        arn: format!("arn:aws:iam::{account}:role{path}{name}"),
        path,
        id,
        created: now,
        trust,
        description: input.text("Description").map(str::to_owned),
        longest_session: input.integer("MaxSessionDuration").unwrap_or(3600),
        boundary: bound,
        tags,
        name: name.clone(),
        ..Role::default()
    };
    let shown = role.fresh();
    iam.roles.insert(key(&name), role);
    Ok(json!({ "Role": shown }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({ "Role": role(iam(call), input)?.whole() }))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let prefix = input.text("PathPrefix").unwrap_or("/");
    let roles = iam(call).roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let items = roles.map(|(key, role)| (key.clone(), role.listed())).collect();
    page(call, input, "Roles", items)
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let role = role_mut(iam(call), input)?;
    if let Some(text) = input.text("Description") {
        role.description = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(seconds) = input.integer("MaxSessionDuration") {
        role.longest_session = seconds;
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let role = role_mut(iam(call), input)?;
    role.description = input.text("Description").map(str::to_owned).filter(|text| !text.is_empty());
    Ok(json!({ "Role": role.whole() }))
}

fn trust(call: &mut Call<'_>, input: &Input) -> Reply {
    let document = input.text_or_empty("PolicyDocument");
    role_mut(iam(call), input)?;
    document::check_trust(call.world, &call.place, document)?;
    role_mut(iam(call), input)?.trust = document.to_owned();
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let iam = iam(call);
    let role = role_mut(iam, input)?;
    let (name, arn, id) = (key(&role.name), role.arn.clone(), role.id.clone());
    let (inline, attached) = (!role.inline.is_empty(), !role.attached.is_empty());
    if iam.profiles.values().any(|profile| profile.role.as_ref() == Some(&name)) {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    if attached {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    if inline {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    iam.roles.remove(&name);
    forget(iam, &arn, &id);
    Ok(json!({}))
}

/// Whoever trusted a principal that is gone trusts its unique id from now on: a new one of the same name is another.
pub(super) fn forget(iam: &mut Iam, arn: &str, id: &str) {
    let (named, unique) = (format!("\"{arn}\""), format!("\"{id}\""));
    for role in iam.roles.values_mut().filter(|role| role.trust.contains(&named)) {
        role.trust = role.trust.replace(&named, &unique);
    }
}

fn bound(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PermissionsBoundary").to_owned();
    let iam = iam(call);
    role_mut(iam, input)?;
    attachable(iam, &arn)?;
    role_mut(iam, input)?.boundary = Some(arn);
    Ok(json!({}))
}

fn unbound(call: &mut Call<'_>, input: &Input) -> Reply {
    let role = role_mut(iam(call), input)?;
    if role.boundary.take().is_none() {
        return Err(absent(format!("Role {} does not have a permission boundary.", role.name)));
    }
    Ok(json!({}))
}

/// A role as `GetAccountAuthorizationDetails` shows it.
pub(super) fn detail(iam: &Iam, role: &Role) -> Value {
    let key = key(&role.name);
    let profiles = iam.profiles.values().filter(|profile| profile.role.as_ref() == Some(&key));
    let profiles: Vec<Value> = profiles.map(|profile| profile.shown(&iam.roles)).collect();
    let inline =
        |(name, text): (&String, &String)| json!({ "PolicyName": name, "PolicyDocument": super::state::encoded(text) });
    let mut shown = role.core();
    shown["InstanceProfileList"] = profiles.into();
    shown["RolePolicyList"] = role.inline.iter().map(inline).collect();
    shown["AttachedManagedPolicies"] = super::role_policies::attached(role);
    shown["PermissionsBoundary"] = boundary(role.boundary.as_ref());
    shown["Tags"] = crate::tags::to_list(&role.tags, "Key", "Value");
    shown["RoleLastUsed"] = role.last_used();
    shown
}
