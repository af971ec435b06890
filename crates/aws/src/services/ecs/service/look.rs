//! The look at a service just before it is changed or deleted by its name. Looks of steps that begin together share requests:
//! a destruction would otherwise ask once for each service. Must not decide whose a service is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evenkeel_core::error::CloudError;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::client::Aws;
use crate::services::ecs::read::{self, text};

/// How long a look waits for others to join it: steps that may begin together do so at once.
const GATHER: Duration = Duration::from_millis(20);

type Answer = Result<Vec<Value>, CloudError>;

/// The looks that wait for a request, by cluster: the name, and who asks.
#[derive(Debug, Default)]
struct Looks(Mutex<Waiting>);

/// Who waits for a look at which service, by cluster.
type Waiting = BTreeMap<String, Vec<(String, oneshot::Sender<Answer>)>>;

impl Looks {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The services of that name in a cluster, as ECS describes them now.
///
/// # Errors
/// Any error of `ecs:DescribeServices`.
pub(super) async fn look(aws: &Aws, cluster: &str, name: &str) -> Answer {
    let (sender, receiver) = oneshot::channel();
    let leads = {
        let looks = aws.memory::<Looks>();
        let mut waiting = looks.lock();
        let waiting = waiting.entry(cluster.to_owned()).or_default();
        waiting.push((name.to_owned(), sender));
        waiting.len() == 1
    };
    if leads {
        let (aws, cluster) = (aws.clone(), cluster.to_owned());
        // A task of its own: the others' answers must not depend on whether this one is still waited for.
        tokio::spawn(async move {
            tokio::time::sleep(GATHER).await;
            answer(&aws, &cluster).await;
        });
    }
    receiver.await.unwrap_or_else(|_| Err(CloudError::bug("ecs:DescribeServices", "a look was never answered")))
}

async fn answer(aws: &Aws, cluster: &str) {
    let waiting = aws.memory::<Looks>().lock().remove(cluster).unwrap_or_default();
    let names: Vec<String> = waiting.iter().map(|(name, _)| name.clone()).collect();
    let found = read::describe_services(aws, cluster, &names).await;
    for (name, sender) in waiting {
        let of =
            |found: &[Value]| found.iter().filter(|service| text(service, "serviceName") == name).cloned().collect();
        // Nobody waits any more where the run has been broken off.
        let _ = sender.send(found.as_deref().map(of).map_err(Clone::clone));
    }
}
