//! What other services ask of IAM: who a key belongs to, whether a role is there and may do something.

use std::sync::Arc;

use super::Iam;
use crate::call::Caller;
use crate::services::{somebody, usual_account};
use crate::world::{Moment, Place, World};

/// An account on its first day.
pub fn fresh(_now: Moment) -> Iam {
    Iam::default()
}

/// The account and caller behind an access key: the account itself if the key is twelve digits, the session of an assumed role
/// if the key was given out for one, else the usual account's user.
pub fn caller(_world: &World, key: &str) -> (Arc<str>, Caller) {
    let twelve = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let account = if twelve { Arc::from(key) } else { usual_account() };
    let caller = somebody(&account);
    (account, caller)
}

/// Whether there is a role of that ARN (or name), seen by other services: a role is invisible to them for some seconds.
pub fn role_visible(_world: &World, _place: &Place, _role: &str) -> bool {
    false
}

/// Whether a role's policies allow an action on a resource. Managed policies of AWS count with what they allow.
pub fn role_allows(_world: &World, _place: &Place, _role: &str, _action: &str, _resource: &str) -> bool {
    false
}

/// Whether a role trusts a service, such as `ecs-tasks.amazonaws.com`.
pub fn role_trusts(_world: &World, _place: &Place, _role: &str, _service: &str) -> bool {
    false
}

/// Makes a service-linked role if it is not there: `ecs.amazonaws.com`. Its ARN.
pub fn service_linked_role(_world: &mut World, place: &Place, service: &str) -> String {
    format!("arn:aws:iam::{}:role/aws-service-role/{service}/", place.account)
}
