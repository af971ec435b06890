//! AWS Certificate Manager: certificates, requested and looked up.
//! This file says how to get along with the service; what its resources are is said by their kinds.

pub mod certificate;
mod existing;
mod marked;
pub mod read;
mod release;
mod shown;
mod wait;

use aws_config::Region;
use aws_sdk_acm::config::Builder;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Node;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::call::{Manners, Rate};
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::{Floor, looked_up};
use crate::read::{Gathered, Scope};
use crate::service::Service;

/// AWS Certificate Manager.
pub static SERVICE: Service = Service {
    title: "AWS Certificate Manager",
    manners: Manners { prefix: "acm", iam: "acm", codes: CODES, texts: &[], rates: RATES },
    tag_types: &["acm"],
    fetch,
    kinds: &[&certificate::ENTRY],
    floor: FLOOR,
    shown: shown::SHOWN,
};

const FLOOR: &[Floor] = &[
    Floor::single("acm:DescribeCertificate", &["certificate"]),
    Floor::listing("acm:ListCertificates", &["certificate"]).counted(looked_up),
    Floor::listing("route53:ListHostedZones", &["certificate"]),
    Floor::single("route53:ListResourceRecordSets", &["certificate"]).counted(proofs),
];

/// Each name but a wildcard has a record that proves it.
fn proofs(node: &Node) -> usize {
    node.want.get("validation").and_then(Value::as_array).map_or(0, Vec::len)
}

const CODES: &[(ErrorClass, &[&str])] = &[(ErrorClass::Quota, &["LimitExceededException"])];

/// Source: the quotas of ACM.
const RATES: &[Rate] = &[
    Rate {
        name: "acm request",
        counts: "request for a certificate",
        burst: 5.0,
        per_second: 5.0,
        operations: &["acm:RequestCertificate"],
    },
    Rate {
        name: "acm describe",
        counts: "read",
        burst: 10.0,
        per_second: 10.0,
        operations: &["acm:DescribeCertificate"],
    },
    Rate { name: "acm list", counts: "listing", burst: 8.0, per_second: 8.0, operations: &["acm:ListCertificates"] },
    Rate {
        name: "acm tags",
        counts: "read of tags",
        burst: 10.0,
        per_second: 10.0,
        operations: &["acm:ListTagsForCertificate"],
    },
];

/// The region whose certificates CloudFront takes.
const EAST: &str = "us-east-1";

/// A client for that region.
#[derive(Clone, Debug)]
struct East(aws_sdk_acm::Client);

impl Aws {
    /// The client of ACM.
    pub fn acm(&self) -> aws_sdk_acm::Client {
        self.client(aws_sdk_acm::Client::new)
    }

    /// The client of ACM in us-east-1, if that is another region of the same partition.
    pub(crate) fn acm_for_cloudfront(&self) -> Option<aws_sdk_acm::Client> {
        let apart = ["cn-", "us-gov-", "us-iso", "eusc-"];
        let there = self.region != EAST && !apart.iter().any(|prefix| self.region.starts_with(prefix));
        let client = there.then(|| {
            self.client(|config| {
                let config = Builder::from(config).region(Region::new(EAST)).build();
                East(aws_sdk_acm::Client::from_conf(config))
            })
        });
        client.map(|East(client)| client)
    }
}

/// Reads what the scope asks for.
fn fetch<'a>(aws: &'a Aws, scope: &'a Scope<'a>, finder: &'a Finder<'a>) -> BoxFuture<'a, Gathered> {
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    Box::pin(async move {
        let part = read::fetch(aws, scope, finder).await;
        let blind = part.blind.clone().map(|error| (certificate::KIND.to_owned(), error));
        Gathered::of(part).blind_to(blind)
    })
}
