//! Whether what a creation answered with was made by it. Create{LoadBalancer,TargetGroup,Listener} answer with what is there
//! already if it has the same settings, and their replies hold no tags: only a look at the tags tells whose it is. Looks of
//! creations that run side by side share a request. Must not decide what becomes of a thing that is somebody else's.

use std::time::Duration;

use evenkeel_core::error::{CloudError, ErrorClass};

use crate::client::Aws;
use crate::look::Sight;
use crate::services::elb::read::calls;
use crate::tags::{self, Tags};

/// How often tags are looked for that are not there yet.
const LOOKS: u32 = 4;

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
async fn look_at(aws: &Aws, arn: &str) -> Result<Tags, CloudError> {
    let sight = Sight {
        operation: "elb:DescribeTags",
        within: "",
        gather: Duration::ZERO,
        ask: |aws, _, arns| Box::pin(calls::tags_of(aws, arns)),
    };
    let gone = || CloudError::local(ErrorClass::Gone, "elb:DescribeTags", format!("{arn} does not exist"));
    aws.look(sight, arn).await?.ok_or_else(gone)
}
