//! A look at a single thing just before it is changed or deleted. Looks of steps that begin together share requests: a destruction
//! would otherwise ask once for each thing. Nothing is remembered: a look is as new as its request. Knows no service, and does not
//! decide whose a thing is.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evenkeel_core::error::CloudError;
use tokio::sync::oneshot;

use crate::client::Aws;
use crate::sharing::Ask;

/// How long a look waits for others to join it: steps that may begin together do so at once, however fast time passes.
const AT_ONCE: Duration = Duration::from_millis(20);

/// What is looked at, and how.
pub(crate) struct Sight<'a, V> {
    /// The operation that tells; looks of one operation within the same share requests.
    pub operation: &'static str,
    /// What the thing is in: a cluster, or nothing.
    pub within: &'a str,
    /// How long to wait for more others: for steps that begin one after the other at AWS's pace.
    pub gather: Duration,
    /// Asks about several.
    pub ask: Ask<V>,
}

/// Who waits for what, by operation and what the thing is in.
struct Waiting<V>(Mutex<BTreeMap<String, Vec<Wait<V>>>>);

/// A name, and who asks.
type Wait<V> = (String, oneshot::Sender<Result<Option<V>, CloudError>>);

impl<V> Default for Waiting<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V> Waiting<V> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Wait<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Aws {
    /// What is known of a thing now; `None` if it is not there.
    ///
    /// # Errors
    /// Those of the request.
    pub(crate) async fn look<V: Any + Clone + Send + Sync>(
        &self,
        sight: Sight<'_, V>,
        name: &str,
    ) -> Result<Option<V>, CloudError> {
        let Sight { operation, within, gather, ask } = sight;
        let question = format!("{operation} {within}");
        let (sender, receiver) = oneshot::channel();
        let leads = {
            let waiting = self.memory::<Waiting<V>>();
            let mut waiting = waiting.lock();
            let waiting = waiting.entry(question.clone()).or_default();
            waiting.push((name.to_owned(), sender));
            waiting.len() == 1
        };
        if leads {
            let (aws, within) = (self.clone(), within.to_owned());
            // A task of its own: the others' answers must not depend on whether this one is still waited for.
            tokio::spawn(async move {
                tokio::time::sleep(AT_ONCE).await;
                aws.caller.rest(gather).await;
                answer(&aws, &question, &within, ask).await;
            });
        }
        receiver.await.unwrap_or_else(|_| Err(CloudError::bug(operation, "a look was never answered")))
    }
}

async fn answer<V: Any + Clone + Send + Sync>(aws: &Aws, question: &str, within: &str, ask: Ask<V>) {
    let waiting = aws.memory::<Waiting<V>>().lock().remove(question).unwrap_or_default();
    let mut names: Vec<String> = waiting.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    let found = ask(aws, within, names).await;
    for (name, sender) in waiting {
        // Nobody waits any more where the run has been broken off.
        let _ = sender.send(found.as_ref().map(|found| found.get(&name).cloned()).map_err(Clone::clone));
    }
}
