//! AWS Systems Manager: the parameters of Parameter Store.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod parameter;
pub mod read;
mod shown;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::Floor;
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// AWS Systems Manager.
pub static SERVICE: Service = Service {
    title: "AWS Systems Manager",
    manners: Manners { prefix: "ssm", iam: "ssm", codes: CODES, texts: &[], rates: RATES },
    tag_types: &["ssm:parameter"],
    fetch,
    kinds: &[&parameter::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

/// A value that stands in the file is compared.
fn plain(node: &Node) -> usize {
    usize::from(node.want.get("value").is_some_and(|value| !value.is_null()))
}

const FLOOR: &[Floor] = &[
    Floor::batch("ssm:DescribeParameters", &["parameter"], 50),
    Floor::batch("ssm:GetParameters", &["parameter"], 10).counted(plain),
];

const CODES: &[(ErrorClass, &[&str])] = &[
    (ErrorClass::Gone, &["ParameterNotFound", "InvalidResourceId"]),
    (ErrorClass::Exists, &["ParameterAlreadyExists"]),
];

/// Source: reading, the quotas of Systems Manager; writing, AWS's support.
const RATES: &[Rate] = &[
    Rate { name: "ssm put", counts: "parameter write", burst: 3.0, per_second: 3.0, operations: &["ssm:PutParameter"] },
    Rate { name: "ssm get", counts: "read", burst: 40.0, per_second: 40.0, operations: &["ssm:GetParameters"] },
];

impl Aws {
    /// The client of AWS Systems Manager.
    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        self.client(aws_sdk_ssm::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    Box::pin(async move { Gathered::of(read::fetch(aws, scope, finder).await) })
}
