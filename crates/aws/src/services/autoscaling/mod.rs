//! Application Auto Scaling: how the count of a service follows the load. Documents go out and come back as JSON (`call/raw.rs`).
//! This file says how to get along with the service; what its resources are is said by their kind.

mod convert;
mod metric;
mod policy;
pub mod read;
pub mod scaling;
mod send;
mod shown;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, REFUSALS, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::Floor;
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Application Auto Scaling.
pub static SERVICE: Service = Service {
    title: "Application Auto Scaling",
    manners: Manners {
        prefix: "application-autoscaling",
        iam: "application-autoscaling",
        codes: CODES,
        texts: TEXTS,
        rates: &[],
    },
    tag_types: &["application-autoscaling:scalable-target"],
    fetch,
    kinds: &[&scaling::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("application-autoscaling:DescribeScalableTargets", &["scaling"], 50),
    Floor::single("application-autoscaling:DescribeScalingPolicies", &["scaling"]),
    Floor::single("application-autoscaling:DescribeScheduledActions", &["scaling"]),
];

const CODES: &[(ErrorClass, &[&str])] = &[
    (ErrorClass::Gone, &["ObjectNotFoundException"]),
    (ErrorClass::Busy, &["ConcurrentUpdateException"]),
    // It could not look at what it is to scale; its role may be new.
    (ErrorClass::Propagating, &["FailedResourceAccessException"]),
];

const TEXTS: &[Text] = &[
    Text { codes: REFUSALS, has: &["Unable to assume IAM role"], class: ErrorClass::Propagating },
    // Some emulators have it under this code.
    Text { codes: REFUSALS, has: &["No scalable target found"], class: ErrorClass::Gone },
];

impl Aws {
    /// The client of Application Auto Scaling.
    pub fn scaling(&self) -> aws_sdk_applicationautoscaling::Client {
        self.client(aws_sdk_applicationautoscaling::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let blind = part.blind.clone().map(|error| (scaling::KIND.to_owned(), error));
        Gathered::of(part).blind_to(blind)
    })
}
