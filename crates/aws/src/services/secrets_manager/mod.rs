//! AWS Secrets Manager: secrets. Values are only ever sent; no file of this folder asks for one.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod read;
pub mod secret;
mod shown;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::Floor;
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// AWS Secrets Manager.
pub static SERVICE: Service = Service {
    title: "AWS Secrets Manager",
    manners: Manners { prefix: "secretsmanager", iam: "secretsmanager", codes: CODES, texts: TEXTS, rates: &[] },
    tag_types: &["secretsmanager:secret"],
    fetch,
    kinds: &[&secret::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[Floor::single("secretsmanager:DescribeSecret", &["secret"])];

const CODES: &[(ErrorClass, &[&str])] =
    &[(ErrorClass::Exists, &["ResourceExistsException"]), (ErrorClass::Busy, &["PreconditionNotMetException"])];

const TEXTS: &[Text] = &[
    // The name is taken until the deletion takes effect: days, or seconds where it was forced.
    Text {
        codes: &["InvalidRequestException"],
        has: &["already scheduled for deletion", "currently marked deleted"],
        class: ErrorClass::InUse,
    },
    Text { codes: &["InvalidRequestException"], has: &["marked for deletion"], class: ErrorClass::Gone },
];

impl Aws {
    /// The client of AWS Secrets Manager.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        self.client(aws_sdk_secretsmanager::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    Box::pin(async move { Gathered::of(read::fetch(aws, scope, finder).await) })
}
