//! What all Describe operations do alike: choose by ids, filter, cut into pages. A filter names a path into the described
//! document, so what a filter sees is what the caller reads. Knows no resource.

use serde_json::{Map, Value, json};

use super::kinds::Kind;
use crate::call::{Input, Members, Refusal, Reply};
use crate::paging;

/// Names of filters and where their values stand; lists on the way are searched through.
pub(super) type Filters = &'static [(&'static str, &'static str)];

/// How one kind of thing is listed.
pub(super) struct View {
    /// The list in the reply.
    pub list: &'static str,
    /// The member of the request with ids, and the member of an item that it is about.
    pub ids: (&'static str, &'static str),
    /// The kind.
    pub kind: &'static Kind,
    /// The filters.
    pub filters: Filters,
}

const PAGE: usize = 1000;
const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 200;

/// Answers with the items that were asked for.
///
/// # Errors
/// Of unknown ids, filters and tokens.
pub(super) fn answer(input: &Input, view: &View, items: Vec<Value>) -> Reply {
    let filters = filters(input, view.filters)?;
    let wanted = input.texts(view.ids.0);
    if !wanted.is_empty() && input.shared("MaxResults").is_some() {
        let text = format!("The parameter {} cannot be used with the parameter MaxResults", view.ids.0);
        return Err(Refusal::new("InvalidParameterCombination", text));
    }
    // A malformed id is told before one that nothing has.
    if let Some(bad) = wanted.iter().find(|id| !view.kind.fits(id)) {
        return Err(view.kind.missing(bad));
    }
    let id = |item: &Value| item.text_or_empty(view.ids.1).to_owned();
    if let Some(missing) = wanted.iter().find(|wanted| !items.iter().any(|item| id(item) == **wanted)) {
        return Err(view.kind.missing(missing));
    }
    let chosen = items.into_iter().filter(|item| wanted.is_empty() || wanted.contains(&id(item)));
    let chosen: Vec<Value> = chosen.filter(|item| filters.iter().all(|filter| filter.takes(item))).collect();
    page(input, view.list, chosen, id)
}

/// Cuts a page.
///
/// # Errors
/// Of a token that is not for this request.
pub(super) fn page(input: &Input, list: &str, items: Vec<Value>, key: impl Fn(&Value) -> String) -> Reply {
    // One list comes in a single piece: that of addresses.
    let size = input.shared("MaxResults").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or(PAGE);
    let token = input.shared_text("NextToken").filter(|token| !token.is_empty());
    let mut scope = input.0.clone();
    scope.remove("NextToken");
    scope.remove("MaxResults");
    scope.insert("list".to_owned(), list.into());
    let page = paging::page(items, key, size, token, &Value::Object(scope).to_string())
        .map_err(|_| Refusal::new("InvalidParameterValue", "Unable to parse pagination token"))?;
    Ok(json!({ list: page.items, "NextToken": page.next }))
}

/// Whether a thing may pass the filters as far as some texts of it tell, each with the name of a filter: saves writing down
/// whole documents that are not wanted. What is asked for by its id has to be looked at even so.
pub(super) fn may_fit(input: &Input, ids: &str, texts: &[(&str, &str)]) -> bool {
    let fits = |filter: &Value| {
        let name = filter.text_or_empty("Name");
        let mut told = texts.iter().filter(|(known, _)| *known == name).peekable();
        let patterns = filter.list("Values");
        told.peek().is_none()
            || told.any(|(_, text)| patterns.iter().filter_map(Value::as_str).any(|pattern| like(pattern, text)))
    };
    input.has(ids) || input.list("Filters").iter().all(fits)
}

/// One condition; any of the values will do.
pub(super) struct Filter {
    seeks: Seeks,
    values: Vec<String>,
}

enum Seeks {
    Path(&'static str),
    Tag(String),
    TagKey,
    TagValue,
}

/// Reads the filters of a request.
///
/// # Errors
/// Of those that the operation does not have, and of too many.
pub(super) fn filters(input: &Input, known: Filters) -> Result<Vec<Filter>, Refusal> {
    // Two operations have another name for them.
    let list = input.shared("Filters").or_else(|| input.shared("Filter")).and_then(Value::as_array);
    let list = list.map_or(&[][..], Vec::as_slice);
    let values: usize = list.iter().map(|filter| filter.list("Values").len()).sum();
    if list.len() > MOST_FILTERS {
        let text = format!("The maximum number of filters specified on a single call is {MOST_FILTERS}");
        return Err(Refusal::new("FilterLimitExceeded", text));
    }
    if values > MOST_VALUES {
        let text = format!("The maximum number of filter values specified on a single call is {MOST_VALUES}");
        return Err(Refusal::new("FilterLimitExceeded", text));
    }
    list.iter().map(|filter| one(filter, known)).collect()
}

fn one(filter: &Value, known: Filters) -> Result<Filter, Refusal> {
    let name = filter.text("Name").unwrap_or("null");
    let invalid = || Refusal::new("InvalidParameterValue", format!("The filter '{name}' is invalid"));
    let path = known.iter().find(|(known, _)| *known == name).map(|(_, path)| Seeks::Path(path));
    let tags = known.iter().any(|(known, _)| *known == "tag-key");
    let seeks = match (path, name) {
        (_, "tag-key") if tags => Seeks::TagKey,
        (_, "tag-value") if tags => Seeks::TagValue,
        (Some(path), _) => path,
        (None, name) if tags => {
            Seeks::Tag(name.strip_prefix("tag:").filter(|key| !key.is_empty()).ok_or_else(invalid)?.to_owned())
        }
        (None, _) => return Err(invalid()),
    };
    Ok(Filter { seeks, values: filter.texts("Values") })
}

impl Filter {
    /// Whether the document fulfils it.
    pub(super) fn takes(&self, item: &Value) -> bool {
        let any = |text: &str| self.values.iter().any(|pattern| like(pattern, text));
        match &self.seeks {
            Seeks::Path(path) => {
                let parts: Vec<&str> = path.split('.').collect();
                found(item, &parts, &any)
            }
            Seeks::Tag(key) => {
                tags(item).iter().any(|tag| tag.text("Key") == Some(key) && any(tag.text_or_empty("Value")))
            }
            Seeks::TagKey => tags(item).iter().any(|tag| any(tag.text_or_empty("Key"))),
            Seeks::TagValue => tags(item).iter().any(|tag| any(tag.text_or_empty("Value"))),
        }
    }
}

/// The tags of a described thing; a described tag is its own.
fn tags(item: &Value) -> &[Value] {
    if item.has("Key") {
        return std::slice::from_ref(item);
    }
    if item.has("TagSet") { item.list("TagSet") } else { item.list("Tags") }
}

fn found(value: &Value, path: &[&str], any: &impl Fn(&str) -> bool) -> bool {
    match (value, path) {
        (Value::Array(items), _) => items.iter().any(|item| found(item, path, any)),
        (Value::Object(map), [first, rest @ ..]) => map.get(*first).is_some_and(|inner| found(inner, rest, any)),
        (Value::String(text), []) => any(text),
        (Value::Bool(_) | Value::Number(_), []) => any(&value.to_string()),
        _ => false,
    }
}

/// Whether a text fits a pattern with `*`, `?` and `\` before either.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '\\']) {
        return pattern == text;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and how much it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let escaped = pattern.get(p) == Some(&'\\') && pattern.get(p + 1).is_some_and(|next| "*?\\".contains(*next));
        match pattern.get(p) {
            Some('\\') if escaped && pattern[p + 1] == text[t] => (p, t) = (p + 2, t + 1),
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some('?') => (p, t) = (p + 1, t + 1),
            Some(letter) if !escaped && *letter == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

/// A document without the members that are null.
pub(super) fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> = map.into_iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(kept)
        }
        other => other,
    }
}
