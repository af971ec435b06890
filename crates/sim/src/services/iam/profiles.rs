//! Instance profiles: each holds one role at most.

use serde_json::{Value, json};

use super::common::{absent, conflict, iam, key, page, path, profile, quota, role};
use super::state::Profile;
use super::tagging::DIALECT;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("CreateInstanceProfile", create),
    ("GetInstanceProfile", get),
    ("DeleteInstanceProfile", delete),
    ("ListInstanceProfiles", list),
    ("ListInstanceProfilesForRole", list_for_role),
    ("AddRoleToInstanceProfile", add),
    ("RemoveRoleFromInstanceProfile", remove),
];

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("InstanceProfileName").to_owned();
    let (path, tags) = (path(input)?, DIALECT.given(input)?);
    let (created, account) = (call.now().whole(), call.place.account.clone());
    let id = format!("AIPA{}", call.world.ids.upper(17));
    let iam = iam(call);
    if iam.profiles.contains_key(&key(&name)) {
        return Err(Refusal::new("EntityAlreadyExists", format!("Instance Profile {name} already exists.")));
    }
    let arn = format!("arn:aws:iam::{account}:instance-profile{path}{name}");
    let profile = Profile { arn, path, id, created, tags, name: name.clone(), role: None };
    let shown = profile.shown(&iam.roles);
    iam.profiles.insert(key(&name), profile);
    Ok(json!({ "InstanceProfile": shown }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let iam = iam(call);
    let profile = profile(iam, input)?.clone();
    let mut shown = profile.shown(&iam.roles);
    shown["Tags"] = crate::tags::to_list(&profile.tags, "Key", "Value");
    Ok(json!({ "InstanceProfile": shown }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let iam = iam(call);
    let profile = profile(iam, input)?;
    if profile.role.is_some() {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    let name = key(&profile.name);
    iam.profiles.remove(&name);
    Ok(json!({}))
}

fn listed(call: &mut Call<'_>, input: &Input, wanted: impl Fn(&Profile) -> bool) -> Reply {
    let iam = iam(call);
    let one = |profile: &Profile| {
        let mut shown = profile.shown(&iam.roles);
        shown["Tags"] = Value::Null;
        (key(&profile.name), shown)
    };
    let items = iam.profiles.values().filter(|profile| wanted(profile)).map(one).collect();
    page(call, input, "InstanceProfiles", items)
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let prefix = input.text("PathPrefix").unwrap_or("/").to_owned();
    listed(call, input, |profile| profile.path.starts_with(&prefix))
}

fn list_for_role(call: &mut Call<'_>, input: &Input) -> Reply {
    let role = key(&role(iam(call), input)?.name);
    listed(call, input, |profile| profile.role.as_ref() == Some(&role))
}

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let iam = iam(call);
    profile(iam, input)?;
    let role = key(&role(iam, input)?.name);
    let profile = profile(iam, input)?;
    if profile.role.is_some() {
        return Err(quota("InstanceSessionsPerInstanceProfile", 1));
    }
    profile.role = Some(role);
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("RoleName");
    let profile = profile(iam(call), input)?;
    if profile.role.as_deref() != Some(key(name).as_str()) {
        return Err(absent(format!("The role with name {name} cannot be found.")));
    }
    profile.role = None;
    Ok(json!({}))
}
