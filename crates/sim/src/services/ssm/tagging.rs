//! Tags of parameters. Of the other kinds of Systems Manager's resources there are none.

use serde_json::json;

use super::{Parameter, names};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::tags::{self, Tags};

/// The operations.
pub const OPERATIONS: Table = &[
    ("AddTagsToResource", add_tags_to_resource),
    ("ListTagsForResource", list_tags_for_resource),
    ("RemoveTagsFromResource", remove_tags_from_resource),
];

const MOST_TAGS: usize = 50;

fn parameter<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Parameter, Refusal> {
    let unknown = || {
        Refusal::new(
            "InvalidResourceId",
            "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
        )
    };
    if input.text("ResourceType") != Some("Parameter") {
        return Err(unknown());
    }
    let ssm = &mut call.region().ssm;
    let name = names::plain(ssm, input.text_or_empty("ResourceId")).ok_or_else(unknown)?;
    ssm.parameters.get_mut(&name).ok_or_else(unknown)
}

/// The tags of a request.
///
/// # Errors
/// If one has a key that is AWS's own.
pub fn given(input: &Input) -> Result<Tags, Refusal> {
    let tags = tags::from_list(input.list("Tags"), "Key", "Value");
    if tags.keys().any(|key| key.to_lowercase().starts_with("aws:")) {
        let text = "aws: prefixed tag key names are not allowed for external use.";
        return Err(Refusal::new("ValidationException", text));
    }
    Ok(tags)
}

fn add_tags_to_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let new = given(input)?;
    let parameter = parameter(call, input)?;
    let mut all = parameter.tags.clone();
    all.extend(new);
    if all.len() > MOST_TAGS {
        return Err(Refusal::new("TooManyTagsError", "The number of tags exceeds the limit of 50 per resource."));
    }
    parameter.tags = all;
    Ok(json!({}))
}

fn remove_tags_from_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    let keys = input.texts("TagKeys");
    parameter(call, input)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list_tags_for_resource(call: &mut Call<'_>, input: &Input) -> Reply {
    Ok(json!({ "TagList": tags::to_list(&parameter(call, input)?.tags, "Key", "Value") }))
}
