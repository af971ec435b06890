//! Tags of repositories, by ARN, and the rules for them.

use serde_json::json;

use super::state::{Repository, invalid, missing};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::tags::{self, Tags};

/// The operations of this part.
pub const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

/// Tags of a repository.
const MOST_TAGS: usize = 50;
/// Longest key and value.
const LONGEST: (usize, usize) = (128, 256);

/// The tags of a request.
///
/// # Errors
/// `InvalidTagParameterException`, `TooManyTagsException`.
pub fn wanted(input: &Input) -> Result<Tags, Refusal> {
    let tags = tags::from_list(input.list("tags"), "Key", "Value");
    for (key, value) in &tags {
        let fits = (1..=LONGEST.0).contains(&key.chars().count()) && value.chars().count() <= LONGEST.1;
        if !fits || key.to_ascii_lowercase().starts_with("aws:") {
            let text =
                format!("Invalid parameter at 'tags' failed to satisfy constraint: 'Invalid tag key or value: {key}'");
            return Err(Refusal::new("InvalidTagParameterException", text));
        }
    }
    few(&tags)?;
    Ok(tags)
}

fn few(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST_TAGS {
        let text = format!("The number of tags exceeds the limit of {MOST_TAGS}.");
        return Err(Refusal::new("TooManyTagsException", text));
    }
    Ok(())
}

fn known<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Repository, Refusal> {
    let arn = input.text_or_empty("resourceArn");
    let prefix = call.arn("ecr", "repository/");
    let Some((_, name)) = arn.split_once(":repository/").filter(|_| arn.starts_with("arn:aws:ecr:")) else {
        return Err(invalid("resourceArn", "Invalid ARN"));
    };
    let registry = arn.split(':').nth(4).unwrap_or_default();
    let found = call.region().ecr.repositories.get_mut(name).filter(|_| arn.starts_with(&prefix));
    found.ok_or_else(|| missing(name, registry))
}

fn tag(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = wanted(input)?;
    let here = known(call, input)?;
    let mut after = here.tags.clone();
    after.extend(tags);
    few(&after)?;
    here.tags = after;
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("tagKeys");
    known(call, input)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({"tags": tags::to_list(&known(call, input)?.tags, "Key", "Value")}))
}
