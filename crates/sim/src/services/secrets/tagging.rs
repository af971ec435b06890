//! Tags of secrets.

use serde_json::json;

use super::lookup::{self, wrong_parameter};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations.
pub const OPERATIONS: Table = &[("TagResource", tag_resource), ("UntagResource", untag_resource)];

const MOST_TAGS: usize = 50;

/// Whether a secret can have these tags.
pub fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(wrong_parameter("Tag keys can't start with aws: because that prefix is reserved for AWS use."));
    }
    if tags.len() > MOST_TAGS {
        return Err(wrong_parameter("You can't attach more than 50 tags to a secret."));
    }
    Ok(())
}

fn tag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    let new = tags::from_list(input.list("Tags"), "Key", "Value");
    check(&new)?;
    let mut all = secret.tags.clone().unwrap_or_default();
    all.extend(new);
    if all.len() > MOST_TAGS {
        return Err(wrong_parameter("You can't attach more than 50 tags to a secret."));
    }
    secret.tags = Some(all);
    Ok(json!({}))
}

fn untag_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    let keys = input.texts("TagKeys");
    secret.tags_mut().retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}
