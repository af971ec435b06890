//! Amazon Route 53: zones, of the stack and looked up, and their records.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod delegation;
pub mod hosted_zone;
pub mod proofs;
pub mod read;
pub mod records;
mod shown;
mod some;

use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;
use serde_json::Value;

use self::delegation::Delegations;
use crate::call::{Manners, Rate, Text};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, each};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// Amazon Route 53.
pub static SERVICE: Service = Service {
    title: "Amazon Route 53",
    manners: Manners { prefix: "route53", iam: "route53", codes: CODES, texts: TEXTS, rates: RATES },
    tag_types: &[],
    fetch,
    kinds: &[&hosted_zone::ENTRY, &records::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::listing("route53:ListHostedZones", &["hosted_zone", "records"]).counted(each).always(),
    Floor::single("route53:ListResourceRecordSets", &["records"]).counted(pages),
    Floor::batch("route53:ListTagsForResources", &["hosted_zone"], 10),
];

/// A page has 300 record sets, and each of ours has another one with its mark.
fn pages(node: &Node) -> usize {
    let records = node.want.get("records").and_then(Value::as_array).map_or(0, Vec::len);
    (2 * records).div_ceil(300)
}

const CODES: &[(ErrorClass, &[&str])] = &[
    (ErrorClass::Busy, &["PriorRequestNotComplete"]),
    (ErrorClass::InUse, &["HostedZoneNotEmpty"]),
    (ErrorClass::Gone, &["NoSuchHostedZone", "NoSuchChange"]),
    (ErrorClass::Exists, &["HostedZoneAlreadyExists"]),
];

const TEXTS: &[Text] = &[
    Text { codes: &["InvalidChangeBatch"], has: &["already exists"], class: ErrorClass::Exists },
    Text { codes: &["InvalidChangeBatch"], has: &["not found"], class: ErrorClass::Gone },
];

/// Source: the quotas of Route 53.
const RATES: &[Rate] = &[Rate {
    name: "route53",
    counts: "request",
    burst: 50.0,
    per_second: 10.0,
    operations: &[
        "route53:ChangeResourceRecordSets",
        "route53:ListResourceRecordSets",
        "route53:ListHostedZones",
        "route53:GetChange",
    ],
}];

impl Aws {
    /// The client of Amazon Route 53.
    pub fn route53(&self) -> aws_sdk_route53::Client {
        self.client(aws_sdk_route53::Client::new)
    }

    /// Who asks for the delegations of domains; nobody where another endpoint stands for AWS.
    pub(crate) fn delegations(&self) -> Delegations {
        self.client(|config| match config.endpoint_url() {
            None => Delegations::of_the_world(),
            Some(_) => Delegations::none(),
        })
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, _finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope).await;
        let blind = part.blind.clone();
        Gathered::of(part).blind_to(blind)
    })
}
