//! The look at a log group just before it is deleted by its name. AWS gives the tags of one group to a request, five times a second, so
//! what tells is the time of its creation, fifty groups to a request, and the tags that the tagging API knows, a hundred to a request.
//! That lags behind by seconds: where it does not say that the group is ours, the group itself has to be asked.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::LogGroup;
use evenkeel_core::error::CloudError;
use serde_json::{Value, json};

use crate::client::Aws;
use crate::finder;
use crate::look::Sight;
use crate::services::logs::read;
use crate::sharing::Known;
use crate::tags::Tags;
use crate::touch::Touch;

/// Deletions begin at AWS's pace, ten a second.
const GATHER: Duration = Duration::from_secs(1);

/// Fewer groups than that are asked themselves: that takes no more requests.
const FEW: usize = 3;

/// What a look tells.
#[derive(Clone, Debug)]
struct Seen {
    birth: Value,
    tags: Option<Tags>,
}

/// When a group was made, as its private state keeps it: one that was made anew under the same name has another.
pub(super) fn birth(group: &LogGroup) -> Value {
    json!({ "created": group.creation_time() })
}

/// Whether the group is the one that was read, and still carries our marks; `false` if only the group itself can tell.
///
/// # Errors
/// Any error of `logs:DescribeLogGroups`.
pub(super) async fn still_ours(aws: &Aws, touch: &Touch<'_>) -> Result<bool, CloudError> {
    let sight = Sight {
        operation: "logs:DescribeLogGroups",
        within: "",
        gather: GATHER,
        ask: |aws, _, names| Box::pin(see(aws, names)),
    };
    let Some(Seen { birth, tags: Some(tags) }) = aws.look(sight, &touch.live.name).await? else { return Ok(false) };
    let is_known = birth["created"].is_number();
    let allowed = touch.allowed(&tags, "logs:PutRetentionPolicy", "logs:DeleteLogGroup");
    Ok(is_known && birth == touch.live.private && allowed.is_ok())
}

async fn see(aws: &Aws, names: Vec<String>) -> Result<Known<Seen>, CloudError> {
    if names.len() < FEW {
        return Ok(Known::new());
    }
    let groups = read::in_batches(aws, names).await?;
    let arns = groups.values().map(read::arn).collect();
    let mut tags = finder::tags_of(aws, arns).await.unwrap_or_else(|error| {
        tracing::info!(%error, "the tagging API does not answer; every log group is asked for its tags");
        Known::new()
    });
    let seen = |group: &LogGroup, tags| Seen { birth: birth(group), tags };
    Ok(groups.into_iter().map(|(name, group)| (name, seen(&group, tags.remove(&read::arn(&group))))).collect())
}
