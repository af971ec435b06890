//! Managed policies: the account's own with their users, and AWS's beside them. Versions are in `versions`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::common::{absent, check_arn, conflict, iam, key, no_policy, page, path, policy_key, policy_mut, quota};
use super::document;
use super::managed::{self, Managed};
use super::state::{Iam, Policy, Version, tag_list};
use super::tagging::DIALECT;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreatePolicy", create),
    ("GetPolicy", get),
    ("DeletePolicy", delete),
    ("ListPolicies", list),
    ("ListEntitiesForPolicy", entities),
];

/// How long a document may be.
pub(super) const SIZE: usize = 6144;
const POLICIES_PER_ACCOUNT: usize = 1500;

/// How often each policy is attached, and how often it is a boundary.
#[derive(Debug, Default)]
pub(super) struct Uses {
    attached: BTreeMap<String, usize>,
    bounds: BTreeMap<String, usize>,
}

impl Uses {
    /// Counts them.
    pub(super) fn of(iam: &Iam) -> Self {
        let mut uses = Self::default();
        for role in iam.roles.values() {
            for arn in &role.attached {
                *uses.attached.entry(arn.clone()).or_default() += 1;
            }
        }
        let bounds = iam.roles.values().map(|role| &role.boundary).chain(iam.users.values().map(|user| &user.boundary));
        for arn in bounds.flatten() {
            *uses.bounds.entry(arn.clone()).or_default() += 1;
        }
        uses
    }

    /// How often a policy is attached.
    pub(super) fn attached(&self, arn: &str) -> usize {
        self.attached.get(arn).copied().unwrap_or(0)
    }

    /// How often it is a boundary.
    pub(super) fn bounds(&self, arn: &str) -> usize {
        self.bounds.get(arn).copied().unwrap_or(0)
    }
}

/// One of the account's, as lists show it.
pub(super) fn shown(policy: &Policy, uses: &Uses) -> Value {
    json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": format!("v{}", policy.default),
        "AttachmentCount": uses.attached(&policy.arn),
        "PermissionsBoundaryUsageCount": uses.bounds(&policy.arn),
        "IsAttachable": true,
        "CreateDate": policy.created.value(),
        "UpdateDate": policy.updated.value(),
    })
}

/// One of AWS's.
pub(super) fn shown_managed(policy: &Managed, uses: &Uses) -> Value {
    let arn = policy.arn();
    json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id(),
        "Arn": arn,
        "Path": policy.path,
        "DefaultVersionId": "v1",
        "AttachmentCount": uses.attached(&arn),
        "PermissionsBoundaryUsageCount": uses.bounds(&arn),
        "IsAttachable": policy.attachable(),
        "CreateDate": policy.created().value(),
        "UpdateDate": policy.created().value(),
    })
}

/// Refuses a document that is too long.
///
/// # Errors
/// `LimitExceeded`.
pub(super) fn check_size(text: &str) -> Result<(), Refusal> {
    if document::size(text) > SIZE { Err(quota("PolicySize", SIZE)) } else { Ok(()) }
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("PolicyName").to_owned();
    let text = input.text_or_empty("PolicyDocument").to_owned();
    let (path, tags) = (path(input)?, DIALECT.given(input)?);
    document::check_identity(&text, true)?;
    check_size(&text)?;
    let (now, account) = (call.now().whole(), call.place.account.clone());
    let id = format!("ANPA{}", call.world.ids.upper(17));
    let iam = iam(call);
    if iam.policies.contains_key(&key(&name)) {
        let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        return Err(Refusal::new("EntityAlreadyExists", text));
    }
    if iam.policies.len() >= POLICIES_PER_ACCOUNT {
        return Err(quota("PoliciesPerAccount", POLICIES_PER_ACCOUNT));
    }
    let policy = Policy {
        arn: format!("arn:aws:iam::{account}:policy{path}{name}"),
        path,
        id,
        description: input.text("Description").map(str::to_owned),
        created: now,
        updated: now,
        versions: BTreeMap::from([(1, Version { document: text, created: now })]),
        default: 1,
        newest: 1,
        tags,
        name: name.clone(),
    };
    let mut shown = shown(&policy, &Uses::default());
    shown["Tags"] = tag_list(&policy.tags);
    iam.policies.insert(key(&name), policy);
    Ok(json!({ "Policy": shown }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn");
    check_arn(arn)?;
    let iam = iam(call);
    let uses = Uses::of(iam);
    if let Some(policy) = managed::named(arn) {
        return Ok(json!({ "Policy": shown_managed(&policy, &uses) }));
    }
    let policy = policy_key(iam, arn).and_then(|key| iam.policies.get(&key)).ok_or_else(|| no_policy(arn))?;
    let mut shown = shown(policy, &uses);
    shown["Description"] = policy.description.clone().into();
    // Unlike a role, a policy shows an empty list.
    shown["Tags"] = crate::tags::to_list(&policy.tags, "Key", "Value");
    Ok(json!({ "Policy": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let policy = policy_mut(call, input)?;
    let (arn, name, versions) = (policy.arn.clone(), key(&policy.name), policy.versions.len());
    let iam = iam(call);
    let uses = Uses::of(iam);
    if uses.attached(&arn) + uses.bounds(&arn) > 0 {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if versions > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        ));
    }
    iam.policies.remove(&name);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let prefix = input.text("PathPrefix").unwrap_or("/").to_owned();
    let scope = input.text("Scope").unwrap_or("All");
    let only = input.flag("OnlyAttached").unwrap_or(false);
    let usage = input.text("PolicyUsageFilter");
    let iam = iam(call);
    let uses = Uses::of(iam);
    let wanted = |arn: &str, path: &str| {
        let used = match usage {
            Some("PermissionsBoundary") => uses.bounds(arn) > 0,
            Some(_) => uses.attached(arn) > 0,
            None => true,
        };
        used && path.starts_with(&prefix) && (!only || uses.attached(arn) > 0)
    };
    let mut items = Vec::new();
    if scope != "AWS" {
        let own = iam.policies.values().filter(|policy| wanted(&policy.arn, &policy.path));
        items.extend(own.map(|policy| (policy.arn.clone(), shown(policy, &uses))));
    }
    if scope != "Local" {
        let theirs = managed::all().iter().filter(|(arn, policy)| wanted(arn, policy.path));
        items.extend(theirs.map(|(arn, policy)| (arn.clone(), shown_managed(policy, &uses))));
    }
    page(call, input, "Policies", items)
}

fn entities(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("PolicyArn").to_owned();
    check_arn(&arn)?;
    let kind = input.text("EntityFilter").unwrap_or("Role");
    let prefix = input.text("PathPrefix").unwrap_or("/").to_owned();
    let bounds = input.text("PolicyUsageFilter") == Some("PermissionsBoundary");
    let iam = iam(call);
    if managed::named(&arn).is_none() && policy_key(iam, &arn).is_none() {
        return Err(absent(format!("Policy {arn} does not exist or is not attachable.")));
    }
    let mut items = Vec::new();
    if kind == "Role" {
        let uses = |role: &&super::state::Role| {
            let used = if bounds { role.boundary.as_ref() == Some(&arn) } else { role.attached.contains(&arn) };
            used && role.path.starts_with(&prefix)
        };
        let one = |role: &super::state::Role| (key(&role.name), json!({ "RoleName": role.name, "RoleId": role.id }));
        items.extend(iam.roles.values().filter(uses).map(one));
    }
    let mut reply = page(call, input, "PolicyRoles", items)?;
    reply["PolicyGroups"] = json!([]);
    reply["PolicyUsers"] = json!([]);
    Ok(reply)
}
