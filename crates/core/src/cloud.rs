//! The one door between the engine and the cloud. The executor says what to do; an implementation does exactly that, once,
//! without waiting, retrying or choosing. `evenkeel-aws` implements it for AWS; tests implement it in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::diff::Change;
use crate::doc::Doc;
use crate::error::CloudError;
use crate::graph::Node;
use crate::id::NodeId;
use crate::snapshot::{Live, Readiness};

/// A thing to be made.
#[derive(Clone, Debug)]
pub struct Create<'a> {
    /// The node it is made for; the mark to put on it.
    pub node: &'a NodeId,
    /// The physical name to give.
    pub name: &'a str,
    /// What it should be; no holes.
    pub want: &'a Doc,
    /// The id of the live thing whose place it takes, if it takes one.
    pub replaces: Option<&'a str>,
    /// Idempotency token: the same for every try of one step, 32 characters of `[0-9a-f]`.
    pub token: &'a str,
}

/// A thing to be changed in place.
#[derive(Clone, Debug)]
pub struct Update<'a> {
    /// The node it belongs to from now on; the mark to put on it if it has another or none.
    pub node: &'a NodeId,
    /// What it is now.
    pub live: &'a Live,
    /// What it should be; no holes.
    pub want: &'a Doc,
    /// How the two differ; nothing else may be changed.
    pub changes: &'a [Change],
    /// Idempotency token, as in [`Create`].
    pub token: &'a str,
}

/// What a wait is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Until it is ready.
    Ready,
    /// Until it is gone.
    Gone,
    /// Until the given time has passed; nobody is asked.
    Hold,
    /// Until nothing is in it any more, so that it can be deleted.
    Vacant,
}

/// What a step orders, as far as a rate depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// A creation.
    Create,
    /// A change in place.
    Update,
    /// A deletion.
    Delete,
}

/// A rate at which a cloud takes requests of one sort: so many at once, and then so many a second.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Rate {
    /// What tells it from all others: `ecs task definition modify`.
    pub name: String,
    /// Who keeps it, for a person: `ECS`.
    pub of: String,
    /// What is counted, one of it, for a person: `registration`.
    pub counts: String,
    /// How many of it a second.
    pub per_second: f64,
}

/// One thing that is waited for.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The node.
    pub node: NodeId,
    /// The thing, as it was when the wait began.
    pub live: Live,
    /// For what.
    pub goal: Goal,
}

/// Carries out single requests.
///
/// Guarantees: a call that returns an error of a class other than `Unknown` from its first request has changed nothing;
/// deleting what is gone succeeds. Assumes: no other run works on the same node at the same time. Dropping a future
/// between requests leaves a state that a later reading recognises as ours.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Makes a thing and returns it as it is now.
    async fn create(&self, order: Create<'_>) -> Result<Live, CloudError>;

    /// Changes a thing in place and returns it as it is now.
    async fn update(&self, order: Update<'_>) -> Result<Live, CloudError>;

    /// Deletes a thing; succeeds if it is gone already.
    async fn delete(&self, node: &NodeId, live: &Live) -> Result<(), CloudError>;

    /// Asks once, in as few requests as possible, how far things of one kind are. One answer for each, in order.
    async fn poll(&self, kind: &str, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>>;

    /// Reads nodes back whose last request has an unknown outcome: for each, the thing that carries its mark or its name.
    async fn read_back(&self, nodes: &[&Node]) -> Result<BTreeMap<NodeId, Option<Live>>, CloudError>;

    /// The rate that holds up steps of this sort, if they are many. Always the same for the same arguments.
    fn rate(&self, _kind: &str, _sort: Sort) -> Option<Rate> {
        None
    }

    /// Takes a turn within a rate for a step that begins now. Otherwise, how long until it is worth asking again; nothing is
    /// taken then.
    fn turn(&self, _rate: &Rate) -> Result<(), Duration> {
        Ok(())
    }

    /// Who keeps a thing from being deleted, for a person: `network interface eni-1 of load balancer app/web/1`.
    async fn holders(&self, node: &NodeId, live: &Live) -> Vec<String>;
}
