//! AWS IAM: roles, of the stack and looked up, and instance profiles.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod instance_profile;
pub mod profiles;
pub mod read;
pub mod role;
pub mod service_linked_role;
mod shown;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, looked_up};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// AWS IAM.
pub static SERVICE: Service = Service {
    title: "AWS IAM",
    manners: Manners { prefix: "iam", iam: "iam", codes: CODES, texts: TEXTS, rates: &[] },
    tag_types: &[],
    fetch,
    kinds: &[&role::ENTRY, &instance_profile::ENTRY, &service_linked_role::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("iam:GetAccountAuthorizationDetails", &["role"], 1000).always(),
    Floor::single("iam:GetRole", &["role"]).counted(looked_up),
    Floor::single("iam:GetInstanceProfile", &["instance_profile"]),
];

const CODES: &[(ErrorClass, &[&str])] = &[
    (ErrorClass::Busy, &["EntityTemporarilyUnmodifiable"]),
    (ErrorClass::InUse, &["DeleteConflict"]),
    (ErrorClass::Gone, &["NoSuchEntity"]),
    (ErrorClass::Exists, &["EntityAlreadyExists"]),
];

const TEXTS: &[Text] = &[
    Text { codes: &["MalformedPolicyDocument"], has: &["Invalid principal"], class: ErrorClass::Propagating },
    Text { codes: &["InvalidInput"], has: &["has been taken in this account"], class: ErrorClass::Exists },
];

impl Aws {
    /// The client of AWS IAM.
    pub fn iam(&self) -> aws_sdk_iam::Client {
        self.client(aws_sdk_iam::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, _finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope).await;
        let blind = [("role", &part.blind), (instance_profile::KIND, &part.blind_to_profiles)];
        let blind = blind.map(|(kind, error)| error.clone().map(|error| (kind.to_owned(), error)));
        let blind = blind.into_iter().flatten().collect::<Vec<_>>();
        Gathered::of(part).blind_to(blind)
    })
}
