//! Users, as far as they matter here: somebody to be.

use serde_json::json;

use super::common::{iam, key, page, path, user};
use super::roles::{attachable, forget};
use super::state::User;
use super::tagging::DIALECT;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::Tags;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("CreateUser", create), ("GetUser", get), ("DeleteUser", delete), ("ListUsers", list)];

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("UserName").to_owned();
    let (path, new) = (path(input)?, DIALECT.given(input)?);
    let (created, account) = (call.now().whole(), call.place.account.clone());
    let id = format!("AIDA{}", call.world.ids.upper(17));
    let iam = iam(call);
    if iam.users.contains_key(&key(&name)) {
        return Err(Refusal::new("EntityAlreadyExists", format!("User with name {name} already exists.")));
    }
    let boundary = input.text("PermissionsBoundary").map(str::to_owned);
    if let Some(arn) = &boundary {
        attachable(iam, arn)?;
    }
    let tags = DIALECT.changed(&Tags::new(), new, &[])?;
    let arn = format!("arn:aws:iam::{account}:user{path}{name}");
    let user = User { arn, path, id, created, boundary, tags, name: name.clone() };
    let shown = user.shown(true);
    iam.users.insert(key(&name), user);
    Ok(json!({ "User": shown }))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let own = call.caller.arn.split_once(":user/").map(|(_, path)| path.rsplit('/').next().unwrap_or(path).to_owned());
    let name = input.text("UserName").map(str::to_owned).or(own).ok_or_else(|| {
        Refusal::new("ValidationError", "Must specify userName when calling with non-User credentials").status(400)
    })?;
    Ok(json!({ "User": user(iam(call), &name)?.shown(true) }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let iam = iam(call);
    let user = user(iam, input.text_or_empty("UserName"))?.clone();
    iam.users.remove(&key(&user.name));
    forget(iam, &user.arn, &user.id);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let prefix = input.text("PathPrefix").unwrap_or("/");
    let users = iam(call).users.iter().filter(|(_, user)| user.path.starts_with(prefix));
    let items = users.map(|(key, user)| (key.clone(), user.shown(false))).collect();
    page(call, input, "Users", items)
}
