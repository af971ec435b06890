//! What is particular to a service in how it is called, what its refusals mean and how fast it may be asked: data that each
//! service gives, and that `classify.rs` and `rate.rs` go by. Knows no service.

use evenkeel_core::error::ErrorClass;

/// How to get along with a service.
#[derive(Debug)]
pub struct Manners {
    /// What the names of its operations begin with here: `elb` in `elb:CreateListener`.
    pub prefix: &'static str,
    /// What its actions begin with in IAM policies: `elasticloadbalancing`.
    pub iam: &'static str,
    /// Codes on the wire that always mean the same.
    pub codes: &'static [(ErrorClass, &'static [&'static str])],
    /// Codes that mean many things: here the text decides. The first that fits counts.
    pub texts: &'static [Text],
    /// AWS's published request rates.
    pub rates: &'static [Rate],
}

/// A code with a part of its text, as AWS sends it.
#[derive(Debug)]
pub struct Text {
    /// The codes.
    pub codes: &'static [&'static str],
    /// Parts of the text, one of which has to be there.
    pub has: &'static [&'static str],
    /// What it means.
    pub class: ErrorClass,
}

/// Operations that share one token bucket.
#[derive(Debug)]
pub struct Rate {
    /// What the bucket is called, among all services.
    pub name: &'static str,
    /// What is counted, one of it, for a person: `registration`.
    pub counts: &'static str,
    /// How many requests may go at once.
    pub burst: f64,
    /// How many a second after that.
    pub per_second: f64,
    /// The operations, `service:Operation`.
    pub operations: &'static [&'static str],
}

/// What an operation's service says of itself.
pub(super) fn of<'m>(all: &[&'m Manners], operation: &str) -> Option<&'m Manners> {
    let prefix = operation.split_once(':').map_or(operation, |(prefix, _)| prefix);
    all.iter().find(|manners| manners.prefix == prefix).copied()
}
