//! What other services ask of IAM: who a key belongs to, whether a role is there and may do something.

use std::sync::Arc;

use super::evaluate::{self, Decision};
use super::state::{Iam, Role, User};
use super::{linked, principal};
use crate::call::Caller;
use crate::world::{Moment, Place, World};

/// The account of a request whose key names none.
const USUAL_ACCOUNT: &str = "123456789012";

/// An account on its first day: it has nothing but a user.
pub fn fresh(account: &str, now: Moment) -> Iam {
    let mut iam = Iam::default();
    let Caller { arn, id, .. } = student(account);
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let user = User { name, arn, id, path: "/".to_owned(), created: now.whole(), ..User::default() };
    iam.users.insert(user.name.clone(), user);
    iam
}

/// The account and caller behind an access key: the account itself if the key is twelve digits, the session of an assumed role
/// if the key was given out for one, else the usual account's user.
pub fn caller(world: &World, key: &str) -> (Arc<str>, Caller) {
    for (number, account) in &world.accounts {
        if let Some(session) = account.iam.sessions.get(key).filter(|session| session.expires > world.now) {
            let (arn, principal, id) = (session.arn.clone(), session.principal.clone(), session.id.clone());
            return (Arc::clone(number), Caller { arn, principal, id });
        }
    }
    let twelve = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let account = if twelve { Arc::from(key) } else { Arc::from(USUAL_ACCOUNT) };
    let caller = student(&account);
    (account, caller)
}

/// The user that every account has.
fn student(account: &str) -> Caller {
    let arn = format!("arn:aws:iam::{account}:user/student");
    Caller { principal: arn.clone(), arn, id: "AIDASIMULATEDSTUDENT1".to_owned() }
}

/// The role of that ARN or name. An ARN may be of another account.
pub fn role<'w>(world: &'w World, place: &Place, role: &str) -> Option<&'w Role> {
    let number = role.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(3)).unwrap_or(&place.account);
    let iam = &world.accounts.get(number)?.iam;
    let found = iam.roles.get(&role.rsplit('/').next()?.to_lowercase())?;
    let named =
        if role.starts_with("arn:") { found.arn == role } else { !role.contains('/') || path_fits(found, role) };
    named.then_some(found)
}

/// Some services take a role's path with its name.
fn path_fits(role: &Role, text: &str) -> bool {
    format!("{}{}", role.path, role.name).trim_start_matches('/').eq_ignore_ascii_case(text.trim_start_matches('/'))
}

/// Whether there is a role of that ARN (or name), seen by other services: a role is invisible to them for some seconds.
pub fn role_visible(world: &World, place: &Place, name: &str) -> bool {
    role(world, place, name).is_some_and(|role| role.is_visible(world.now))
}

/// Whether a role's policies allow an action on a resource. Managed policies of AWS count with what they allow.
pub fn role_allows(world: &World, place: &Place, name: &str, action: &str, resource: &str) -> bool {
    let Some(role) = role(world, place, name) else { return false };
    let owner = role.arn.split(':').nth(4).and_then(|number| world.accounts.get(number));
    owner.is_some_and(|account| evaluate::of_role(&account.iam, role, action, resource) == Decision::Allowed)
}

/// Whether a role trusts a service, such as `ecs-tasks.amazonaws.com`.
pub fn role_trusts(world: &World, place: &Place, name: &str, service: &str) -> bool {
    role(world, place, name).is_some_and(|role| principal::trusts_service(role, service))
}

/// Whether there is an instance profile of that ARN that holds a role which other services see.
pub fn profile_with_role(world: &World, place: &Place, arn: &str) -> bool {
    let Some(account) = world.accounts.get(&place.account) else { return false };
    let found = account.iam.profiles.values().find(|profile| profile.arn == arn);
    let role = found.and_then(|profile| account.iam.roles.get(profile.role.as_ref()?));
    role.is_some_and(|role| role.is_visible(world.now))
}

/// Makes a service-linked role if it is not there: `ecs.amazonaws.com`. Its ARN.
pub fn service_linked_role(world: &mut World, place: &Place, service: &str) -> String {
    linked::ensure(world, place, service)
}

/// The services whose roles an account has that was used for containers before.
const USUAL: [&str; 5] = [
    "ecs.amazonaws.com",
    "ecs-compute.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "rds.amazonaws.com",
];

/// Gives an account the service-linked roles that one has which was used before.
pub fn provide_service_linked_roles(world: &mut World, place: &Place) {
    for service in USUAL {
        linked::ensure(world, place, service);
    }
}

/// Whether the service-linked role of a service was deleted and is not there: then the service makes it again, and refuses what it was
/// asked for meanwhile.
pub fn service_linked_role_is_lost(world: &mut World, place: &Place, service: &str) -> bool {
    linked::is_lost(world, place, service)
}
