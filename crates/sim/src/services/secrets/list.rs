//! ListSecrets: its filters, order and pages.

use serde_json::{Value, json};

use super::{Secret, read};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging::page;
use crate::tags::Tags;
use crate::world::Moment;

/// The operations.
pub(super) const OPERATIONS: Table = &[("ListSecrets", list_secrets)];

/// The refusal of a token.
pub(super) fn bad_token() -> Refusal {
    Refusal::new("InvalidNextTokenException", "Invalid NextToken.")
}

fn list_secrets(call: &mut Call<'_>, input: &Input) -> Reply {
    let filters = input.list("Filters");
    let deleted = input.flag("IncludePlannedDeletion").unwrap_or(false);
    let by = input.text("SortBy").unwrap_or("created-date");
    let order = input.text("SortOrder").unwrap_or("desc");
    let shown = |secret: &&Secret| (deleted || secret.deletion.is_none()) && fits_all(secret, filters);
    let mut listed: Vec<&Secret> = call.region().secrets.secrets.values().filter(shown).collect();
    match by {
        "name" => {}
        "last-accessed-date" => listed.sort_by_key(|secret| secret.accessed.unwrap_or(Moment(0))),
        "last-changed-date" => listed.sort_by_key(|secret| secret.changed),
        _ => listed.sort_by_key(|secret| secret.created),
    }
    if order == "desc" {
        listed.reverse();
    }
    let scope = format!("list {filters:?} {deleted} {by} {order}");
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let page =
        page(listed, |secret| secret.name.clone(), size, input.text("NextToken"), &scope).map_err(|_| bad_token())?;
    let item = |secret: &Secret| {
        let mut document = read::document(secret);
        document.insert("SecretVersionsToStages".into(), read::stages(secret));
        Value::Object(document)
    };
    Ok(json!({ "SecretList": page.items.into_iter().map(item).collect::<Vec<_>>(), "NextToken": page.next }))
}

/// Whether a secret fits every filter.
pub(super) fn fits_all(secret: &Secret, filters: &[Value]) -> bool {
    filters.iter().all(|filter| {
        let key = filter.text_or_empty("Key");
        filter.texts("Values").iter().any(|value| match value.strip_prefix('!') {
            Some(other) => !fits(secret, key, other),
            None => fits(secret, key, value),
        })
    })
}

fn fits(secret: &Secret, key: &str, value: &str) -> bool {
    let none = Tags::new();
    let tags = secret.tags.as_ref().unwrap_or(&none);
    let starts = |text: &str| text.starts_with(value);
    match key {
        "name" => starts(&secret.name),
        "description" => has_word(secret.description.as_deref().unwrap_or_default(), value),
        "tag-key" => tags.keys().any(|key| starts(key)),
        "tag-value" => tags.values().any(|value| starts(value)),
        "owning-service" => secret.owner.as_deref().is_some_and(starts),
        "all" => {
            let texts = [Some(secret.name.as_str()), secret.description.as_deref(), secret.owner.as_deref()];
            texts
                .into_iter()
                .flatten()
                .chain(tags.iter().flat_map(|(key, value)| [key.as_str(), value]))
                .any(|text| has_word(text, value))
        }
        // Nothing is replicated, so no secret has a primary region.
        _ => false,
    }
}

/// Whether the words of `text` begin with those of `value`, whatever their case.
fn has_word(text: &str, value: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let there = words(text);
    words(value).iter().all(|wanted| there.iter().any(|word| word.starts_with(wanted.as_str())))
}
