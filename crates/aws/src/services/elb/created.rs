//! Whether what a creation answered with was made by it. Create{LoadBalancer,TargetGroup,Listener} answer with what is there
//! already if it has the same settings, and their replies hold no tags: only a look at the tags tells whose it is. Looks of
//! creations that run side by side share a request. Must not decide what becomes of a thing that is somebody else's.

use std::sync::Mutex;
use std::time::Duration;

use evenkeel_core::error::{CloudError, ErrorClass};
use tokio::sync::oneshot;

use crate::client::Aws;
use crate::services::elb::read::calls;
use crate::tags::{self, Tags};

/// How long a look waits for others to join it: creations that begin together end together.
const GATHER: Duration = Duration::from_millis(20);
/// How often tags are looked for that are not there yet.
const LOOKS: u32 = 4;

type Answer = Result<Tags, CloudError>;

/// The looks that wait for a request.
#[derive(Debug, Default)]
struct Looks(Mutex<Vec<(String, oneshot::Sender<Answer>)>>);

/// Looks whether the thing with this ARN carries the marks that `operation` put on what it made.
///
/// # Errors
/// `Exists`: somebody else made the same between reading and creating. Any error of the look itself.
pub async fn confirm(aws: &Aws, operation: &str, arn: &str, marked: &Tags) -> Result<(), CloudError> {
    let marks = || marked.iter().filter(|(key, _)| key.starts_with(tags::PREFIX));
    for look in 1..=LOOKS {
        let found = match look_at(aws, arn).await {
            // What was just made is not visible everywhere at once.
            Err(error) if error.class == ErrorClass::Gone && look < LOOKS => Tags::new(),
            answer => answer?,
        };
        if marks().all(|(key, value)| found.get(key) == Some(value)) {
            return Ok(());
        }
        if !found.is_empty() || look == LOOKS {
            break;
        }
        aws.caller.rest(Duration::from_secs(1 << (look - 1))).await;
    }
    let message = format!(
        "{arn} has the same settings but does not belong to this stack: it was created after the plan was made"
    );
    Err(CloudError::local(ErrorClass::Exists, operation, message))
}

/// The tags of one thing; in one request with those of others.
async fn look_at(aws: &Aws, arn: &str) -> Answer {
    let (sender, receiver) = oneshot::channel();
    let leads = {
        let looks = aws.memory::<Looks>();
        let mut waiting = looks.0.lock().expect("no panic holds it");
        waiting.push((arn.to_owned(), sender));
        waiting.len() == 1
    };
    if leads {
        let aws = aws.clone();
        // A task of its own: the others' answers must not depend on whether this one is still waited for.
        tokio::spawn(async move {
            tokio::time::sleep(GATHER).await;
            answer(&aws).await;
        });
    }
    receiver.await.unwrap_or_else(|_| Err(CloudError::bug("elb:DescribeTags", "a look was never answered")))
}

async fn answer(aws: &Aws) {
    let looks = aws.memory::<Looks>();
    let waiting = std::mem::take(&mut *looks.0.lock().expect("no panic holds it"));
    let arns: Vec<String> = waiting.iter().map(|(arn, _)| arn.clone()).collect();
    let found = calls::tags_of(aws, arns).await;
    for (arn, sender) in waiting {
        let gone = || CloudError::local(ErrorClass::Gone, "elb:DescribeTags", format!("{arn} does not exist"));
        let tags = found.clone().and_then(|found| found.get(&arn).cloned().ok_or_else(gone));
        // Nobody waits any more where the run has been broken off.
        let _ = sender.send(tags);
    }
}
