//! Amazon CloudWatch Logs: log groups.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod log_group;
mod look;
pub mod read;
mod shown;
pub mod tail;

use evenkeel_core::error::ErrorClass;
use futures::future::BoxFuture;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon CloudWatch Logs.
pub static SERVICE: Service = Service {
    title: "Amazon CloudWatch Logs",
    manners: Manners { prefix: "logs", iam: "logs", codes: CODES, texts: &[], rates: RATES },
    // The whole service: not every endpoint calls log groups `logs:log-group`, as AWS does.
    tag_types: &["logs"],
    fetch,
    kinds: &[&log_group::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[Floor::batch("logs:DescribeLogGroups", &["log_group"], 50).counted(each).always()];

const CODES: &[(ErrorClass, &[&str])] = &[(ErrorClass::Busy, &["OperationAbortedException"])];

/// Source: the quotas of CloudWatch Logs.
const RATES: &[Rate] = &[
    Rate {
        name: "logs create",
        counts: "new log group",
        burst: 10.0,
        per_second: 10.0,
        operations: &["logs:CreateLogGroup"],
    },
    Rate {
        name: "logs delete",
        counts: "deletion",
        burst: 10.0,
        per_second: 10.0,
        operations: &["logs:DeleteLogGroup"],
    },
    Rate {
        name: "logs retention",
        counts: "retention change",
        burst: 5.0,
        per_second: 5.0,
        operations: &["logs:PutRetentionPolicy"],
    },
    // Five in most regions, ten in the large ones.
    Rate { name: "logs search", counts: "search", burst: 5.0, per_second: 5.0, operations: &["logs:FilterLogEvents"] },
    Rate { name: "logs tags", counts: "read", burst: 5.0, per_second: 5.0, operations: &["logs:ListTagsForResource"] },
];

impl Aws {
    /// The client of Amazon CloudWatch Logs.
    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        self.client(aws_sdk_cloudwatchlogs::Client::new)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let blind = part.blind.clone().map(|error| ("log_group".to_owned(), error));
        Gathered::of(part).blind_to(blind)
    })
}
