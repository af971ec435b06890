//! Single requests of a step: what is ordered, its idempotency token, and what came back. No decisions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use sha2::{Digest, Sha256};

use super::Engine;
use crate::cloud::{Create, Update};
use crate::diff::Change;
use crate::doc::{Doc, hex};
use crate::error::{CloudError, ErrorClass};
use crate::graph::Node;
use crate::id::{NodeId, StepId};
use crate::plan::Verb;
use crate::snapshot::{Live, Readiness};

/// What a step asks of the cloud.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Create { name: String, want: Doc, replaces: Option<String> },
    Update { live: Box<Live>, want: Doc, changes: Vec<Change> },
    Delete { live: Box<Live> },
}

/// A step that is being worked on.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) node: NodeId,
    pub(super) order: Arc<Order>,
    pub(super) token: Arc<str>,
    /// When the step began.
    pub(super) began: Duration,
    /// How often which class of error came. Minutes of "in use" must not count against a lost reply after them.
    pub(super) failures: BTreeMap<ErrorClass, u32>,
    /// Whether a creation that came back different has been followed up.
    pub(super) followed_up: bool,
    /// The last error, for when nothing better is known.
    pub(super) last: Option<CloudError>,
}

/// What came back.
pub(super) enum Finished {
    Request {
        step: StepId,
        result: Result<Option<Live>, CloudError>,
        holders: Vec<String>,
    },
    ReadBack {
        step: StepId,
        result: Result<Option<Live>, CloudError>,
    },
    Paused {
        step: StepId,
    },
    /// A rate may have a turn again.
    Turn {
        lane: usize,
    },
    Held {
        step: StepId,
    },
    PollDue {
        kind: String,
    },
    Polled {
        kind: String,
        steps: Vec<StepId>,
        results: Vec<Result<Readiness, CloudError>>,
    },
}

/// The token of a step: the same for every try in one run.
pub(super) fn token(seed: &str, node: &NodeId, verb: Verb, step: StepId) -> Arc<str> {
    hex(&Sha256::digest(format!("{seed}\n{node}\n{verb}\n{step}").as_bytes())[..16]).into()
}

/// Sends the request of a step once.
pub(super) fn send<'a>(engine: Engine<'a>, step: StepId, attempt: &Attempt) -> BoxFuture<'a, Finished> {
    let (node, order, token) = (attempt.node.clone(), Arc::clone(&attempt.order), Arc::clone(&attempt.token));
    Box::pin(async move {
        let result = match &*order {
            Order::Create { name, want, replaces } => {
                let replaces = replaces.as_deref();
                engine.cloud.create(Create { node: &node, name, want, replaces, token: &token }).await.map(Some)
            }
            Order::Update { live, want, changes } => {
                engine.cloud.update(Update { node: &node, live, want, changes, token: &token }).await.map(Some)
            }
            Order::Delete { live } => engine.cloud.delete(&node, live).await.map(|()| None),
        };
        let holders = match (&result, &*order) {
            (Err(error), Order::Delete { live }) if error.class == ErrorClass::InUse => {
                engine.cloud.holders(&node, live).await
            }
            _ => Vec::new(),
        };
        Finished::Request { step, result, holders }
    })
}

/// Reads the thing of a step back after a pause.
pub(super) fn read_back<'a>(engine: Engine<'a>, step: StepId, node: Node, pause: Duration) -> BoxFuture<'a, Finished> {
    Box::pin(async move {
        engine.clock.sleep(pause).await;
        let result = engine.cloud.read_back(&[&node]).await.map(|mut found| found.remove(&node.id).flatten());
        Finished::ReadBack { step, result }
    })
}

/// Lets a step rest.
pub(super) fn pause<'a>(engine: Engine<'a>, step: StepId, time: Duration) -> BoxFuture<'a, Finished> {
    Box::pin(async move {
        engine.clock.sleep(time).await;
        Finished::Paused { step }
    })
}

/// Lets time pass.
pub(super) fn hold<'a>(engine: Engine<'a>, step: StepId, time: Duration) -> BoxFuture<'a, Finished> {
    Box::pin(async move {
        engine.clock.sleep(time).await;
        Finished::Held { step }
    })
}

/// Waits until a rate may have a turn again.
pub(super) fn turn<'a>(engine: Engine<'a>, lane: usize, time: Duration) -> BoxFuture<'a, Finished> {
    Box::pin(async move {
        engine.clock.sleep(time).await;
        Finished::Turn { lane }
    })
}
