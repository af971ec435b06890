//! Amazon ECR: repositories for images.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod image;
pub mod images;
mod lifecycle;
pub mod push;
pub mod read;
pub mod repository;
mod send;
mod shown;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon ECR.
pub static SERVICE: Service = Service {
    title: "Amazon ECR",
    manners: Manners { prefix: "ecr", iam: "ecr", codes: CODES, texts: TEXTS, rates: &[] },
    tag_types: &["ecr:repository"],
    fetch,
    kinds: &[&repository::ENTRY, &image::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::batch("ecr:DescribeRepositories", &["repository"], 100).counted(each),
    Floor::single("ecr:GetLifecyclePolicy", &["repository"]),
    Floor::single("ecr:GetRepositoryPolicy", &["repository"]),
    // Whether images would go with it.
    Floor::single("ecr:ListImages", &["repository"]),
];

const CODES: &[(ErrorClass, &[&str])] = &[
    (
        ErrorClass::Gone,
        &["RepositoryNotFoundException", "LifecyclePolicyNotFoundException", "RepositoryPolicyNotFoundException"],
    ),
    // An image came after the plan was made; waiting does not make it go.
    (ErrorClass::Invalid, &["RepositoryNotEmptyException"]),
];

/// A principal that was made a moment ago is not known everywhere yet.
const TEXTS: &[Text] = &[Text {
    codes: &["InvalidParameterException"],
    has: &["Invalid repository policy provided"],
    class: ErrorClass::Propagating,
}];

impl Aws {
    /// The client of Amazon ECR.
    pub fn ecr(&self) -> aws_sdk_ecr::Client {
        self.client(aws_sdk_ecr::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let blind = part.blind.clone().map(|error| ("repository".to_owned(), error));
        Gathered::of(part).blind_to(blind)
    })
}
