//! Tags of certificates, and the rules for them.

use serde_json::json;

use super::reading::known;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::tags::{self, Tags};

/// The operations of this part.
pub const OPERATIONS: &[(&str, Handler)] =
    &[("AddTagsToCertificate", add), ("RemoveTagsFromCertificate", remove), ("ListTagsForCertificate", list)];

/// Tags of a certificate.
const MOST_TAGS: usize = 50;

/// The tags of a request.
///
/// # Errors
/// `InvalidTagException`, `TooManyTagsException`.
pub fn wanted(input: &Input) -> Result<Tags, Refusal> {
    let tags = tags::from_list(input.list("Tags"), "Key", "Value");
    if let Some(key) = tags.keys().find(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        let text = format!("aws: prefixed tag key names are not allowed for external use: {key}");
        return Err(Refusal::new("InvalidTagException", text));
    }
    few(&tags)?;
    Ok(tags)
}

fn few(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST_TAGS {
        let text = format!("the TagSet: '{}' contains too many Tags", plain(tags));
        return Err(Refusal::new("TooManyTagsException", text));
    }
    Ok(())
}

fn plain(tags: &Tags) -> String {
    let pairs: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = wanted(input)?;
    let certificate = known(call, input)?;
    let mut after = certificate.tags.clone();
    after.extend(tags);
    few(&after)?;
    certificate.tags = after;
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>, input: &Input) -> Reply {
    let certificate = known(call, input)?;
    for tag in input.list("Tags") {
        let (key, value) = (tag.text_or_empty("Key"), tag.text("Value"));
        // With a value only a tag of that value goes.
        if value.is_none_or(|value| certificate.tags.get(key).is_some_and(|here| here == value)) {
            certificate.tags.remove(key);
        }
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let certificate = known(call, input)?;
    Ok(json!({"Tags": tags::to_list(&certificate.tags, "Key", "Value")}))
}
