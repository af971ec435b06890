//! Reading what is live: one reader to an AWS service, all at once, in as few requests as AWS's batch limits allow. What was
//! fetched is raw; the kinds turn it into canonical documents. A part that could not be read is an error in its place,
//! never an empty list.

pub mod ec2;
pub mod ecs;
pub mod elb;
pub mod iam;
pub mod logs;
pub mod route53;
pub mod tagging;

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Graph;
use evenkeel_core::snapshot::{Candidates, Live};
use futures::FutureExt as _;

use crate::client::Aws;
use crate::kinds;
use crate::tags;

/// What a reading is for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The stack whose marks to look for.
    pub stack: &'a str,
    /// What is wanted; names in it are looked for even if nothing carries our mark. Empty for a destruction.
    pub graph: &'a Graph,
    /// Whether to find every last thing of the stack (a destruction), at the price of more requests.
    pub thorough: bool,
    /// Whether to look closely at what would go with load balancers and listeners of ours.
    pub closely: bool,
    /// Read only the services that these kinds need; `None` reads all.
    pub only: Option<&'a BTreeSet<String>>,
}

impl Scope<'_> {
    /// Whether any of these kinds is asked for.
    pub fn wants(&self, kinds: &[&str]) -> bool {
        self.only.is_none_or(|only| kinds.iter().any(|kind| only.contains(*kind)))
    }
}

/// A part of a reading: what was fetched, or why it could not be.
pub type Part<T> = Result<T, CloudError>;

/// Everything that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The stack whose marks count.
    pub stack: String,
    /// The region that was read.
    pub region: String,
    /// From EC2.
    pub ec2: ec2::Ec2,
    /// From Elastic Load Balancing.
    pub elb: elb::Elb,
    /// From ECS.
    pub ecs: ecs::Ecs,
    /// From IAM.
    pub iam: iam::Iam,
    /// From CloudWatch Logs.
    pub logs: logs::Logs,
    /// From Route 53.
    pub route53: route53::Route53,
    /// Kinds of which only what the scope names could be found, and why no more.
    pub blind: BTreeMap<String, CloudError>,
}

/// Reads everything that the scope asks for, all services side by side.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Fetched {
    let finder = tagging::Finder::new(aws, scope);
    // Boxed: inline, the state of all readers together is more than a thread's stack holds in a debug build.
    let (ec2, elb, ecs, iam, logs, route53) = futures::join!(
        ec2::fetch(aws, scope).boxed(),
        elb::fetch(aws, scope).boxed(),
        ecs::fetch(aws, scope, &finder).boxed(),
        iam::fetch(aws, scope).boxed(),
        logs::fetch(aws, scope, &finder).boxed(),
        route53::fetch(aws, scope).boxed(),
    );
    let mut blind: BTreeMap<String, CloudError> = route53.blind.clone();
    blind.extend(logs.blind.iter().map(|error| ("log_group".to_owned(), error.clone())));
    blind.extend(iam.blind.iter().map(|error| ("role".to_owned(), error.clone())));
    Fetched { stack: scope.stack.to_owned(), region: aws.region.clone(), ec2, elb, ecs, iam, logs, route53, blind }
}

/// Reads, and turns what was fetched into the live things of every kind asked for.
pub async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Candidates {
    let fetched = fetch(aws, scope).await;
    let asked = kinds::ALL.iter().filter(|entry| scope.wants(&[entry.kind.name]));
    let observed = asked.map(|entry| (entry.kind.name.to_owned(), entry.driver.observe(&fetched).map(told_by_tags)));
    Candidates { kinds: observed.collect(), blind: fetched.blind }
}

/// Notes what the tags of any kind say.
fn told_by_tags(mut things: Vec<Live>) -> Vec<Live> {
    for live in &mut things {
        let protect = live.have.get("tags").and_then(|tags| tags.get(tags::PROTECT));
        live.protected |= protect.is_some_and(|value| value == "true");
    }
    things
}
