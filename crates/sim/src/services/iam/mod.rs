//! Identity and Access Management: roles, policies, instance profiles, and who a caller is. It belongs to the account, not to
//! a region. This file holds the table of its operations and what the tagging API sees of it.

mod account;
mod common;
mod condition;
mod document;
mod evaluate;
mod link;
mod linked;
mod managed;
mod policies;
pub mod principal;
mod profiles;
mod role_policies;
mod roles;
pub mod state;
mod statement;
mod tagging;
#[cfg(test)]
mod tests;
mod users;
mod versions;

pub use self::link::*;
pub use self::state::Iam;

use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::validate::{self, Violation, What, Wording};
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words {
        server_error: "ServiceFailure",
        conflict: |_| {
            let text = "The request was rejected because multiple requests to change this object were submitted simultaneously.";
            Some(Refusal::new("ConcurrentModification", text).status(409))
        },
        ..Words::XML
    },
    tagged: Carriers {
        add: |tags, new| {
            let changed = tagging::DIALECT.changed(tags, new.clone(), &[]);
            changed.map(|all| *tags = all).is_ok()
        },
        remove: |tags, keys| tagging::DIALECT.without(tags, keys),
        ..Carriers::new(tagged, of_arn)
    },
    opens_account: Some(|account, number, now| account.iam = fresh(number, now)),
    account_status: Some(|account| {
        // Services make their roles by themselves.
        vec![Entry::counted("role", account.iam.roles.values().filter(|role| !role.linked).count())]
    }),
    ..Service::new(model::source!("iam"), OPERATIONS, Wording::Own(words))
};

/// The framework's words, without the value and what it could have been.
fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    let mut found = found.to_vec();
    for violation in &mut found {
        if let What::NotOf(values) = &mut violation.what {
            values.clear();
        }
    }
    Some(validate::coral(&found, "ValidationError", false))
}

/// The operations.
const OPERATIONS: &[Table] = &[
    account::OPERATIONS,
    linked::OPERATIONS,
    policies::OPERATIONS,
    profiles::OPERATIONS,
    role_policies::OPERATIONS,
    roles::OPERATIONS,
    tagging::OPERATIONS,
    users::OPERATIONS,
    versions::OPERATIONS,
];

/// Where the tagging API knows IAM.
const HOME: &str = "us-east-1";

/// The tagged resources: policies and instance profiles. AWS shows no roles and users here.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    if place.region.as_ref() != HOME {
        return Vec::new();
    }
    let iam = &world.account(&place.account).iam;
    let policies = iam.policies.values().map(|policy| (&policy.arn, &policy.tags));
    let profiles = iam.profiles.values().map(|profile| (&profile.arn, &profile.tags));
    let all = policies.chain(profiles).filter(|(_, tags)| !tags.is_empty());
    all.map(|(arn, tags)| Tagged { arn: arn.clone(), tags: tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    if place.region.as_ref() != HOME || !arn.starts_with("arn:aws:iam::") {
        return None;
    }
    let iam = &mut world.account(&place.account).iam;
    let name = common::key(arn.rsplit('/').next().unwrap_or_default());
    if arn.contains(":policy/") {
        iam.policies.get_mut(&name).filter(|policy| policy.arn == arn).map(|policy| &mut policy.tags)
    } else if arn.contains(":instance-profile/") {
        iam.profiles.get_mut(&name).filter(|profile| profile.arn == arn).map(|profile| &mut profile.tags)
    } else if arn.contains(":role/") {
        iam.roles.get_mut(&name).filter(|role| role.arn == arn && !role.linked).map(|role| &mut role.tags)
    } else {
        iam.users.get_mut(&name).filter(|user| user.arn == arn).map(|user| &mut user.tags)
    }
}
