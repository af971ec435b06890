//! The tags of a service that speak for the revision it runs, so that a plan need not read every revision:
//! [`REVISION`] says which content was registered as which revision, [`USES`] what that content refers to (for the order of
//! deletions). Decides their form; must not know the service's other tags.

use evenkeel_core::doc::{self, Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::Value;

use crate::tags::Tags;

/// `<revision> <fingerprint of the content> <fingerprint of the content with its holes open> <fingerprint of its tags>`. Tags
/// are no part of the content: they change without a new revision.
pub const REVISION: &str = "evenkeel:task-definition";
/// The handles that the content refers to, or `@<fingerprint>` of them if they do not fit into a tag.
pub const USES: &str = "evenkeel:uses";

/// Longest value of a tag.
const LIMIT: usize = 256;

/// What the tag [`REVISION`] says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The revision.
    pub revision: u64,
    /// The fingerprint of its content.
    pub fingerprint: String,
    /// The fingerprint of the same content before its holes were filled.
    pub open: String,
    /// The fingerprint of the user's tags of the revision.
    pub tags: String,
}

impl Mark {
    /// Whether the revision was registered for this content, and has these tags.
    pub fn is_of(&self, want: &Doc) -> bool {
        self.open == doc::open_fingerprint(&content(want)) && self.tags == of_tags_alone(want)
    }
}

/// A document without its tags.
pub fn content(document: &Doc) -> Doc {
    let mut content = document.clone();
    if let Value::Object(map) = &mut content {
        map.remove("tags");
    }
    content
}

/// The fingerprint of what a new revision would be needed for.
pub fn fingerprint(document: &Doc) -> String {
    doc::fingerprint(&content(document))
}

/// The fingerprint of the tags of a document.
fn of_tags_alone(document: &Doc) -> String {
    doc::fingerprint(document.get("tags").unwrap_or(&Value::Null))
}

/// The document of a revision that was not read, from the fingerprints that a mark has of it.
pub fn unread(mark: &Mark) -> Doc {
    let tags = [("tags".to_owned(), doc::unreturned(Some(&mark.tags)))];
    doc::unreturned_beside(Some(&mark.fingerprint), tags.into_iter().collect())
}

/// The mark that the tags of a service carry, if it is a whole one.
pub fn of_tags(tags: &Tags) -> Option<Mark> {
    of_text(tags.get(REVISION)?)
}

/// The mark in a text, if it is a whole one.
pub fn of_text(text: &str) -> Option<Mark> {
    let mut words = text.split(' ');
    let mark = Mark {
        revision: words.next()?.parse().ok()?,
        fingerprint: words.next()?.to_owned(),
        open: words.next()?.to_owned(),
        tags: words.next()?.to_owned(),
    };
    words.next().is_none().then_some(mark)
}

/// The number of a revision, 0 if the ARN has none.
pub fn revision_of(arn: &str) -> u64 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What the tag has to say for a service that runs the node's revision of the content `want`.
pub fn wanted(node: &NodeId, want: &Doc) -> Text {
    Text::Join(vec![
        Text::output(node.clone(), "revision"),
        " ".into(),
        Text::output(node.clone(), "fingerprint"),
        format!(" {} {}", doc::open_fingerprint(&content(want)), of_tags_alone(want)).into(),
    ])
}

/// The handles that a content refers to, in one text with spaces between them.
pub fn uses(want: &Doc) -> Text {
    let mut parts = Vec::new();
    for handle in handles(want) {
        if !parts.is_empty() {
            parts.push(" ".into());
        }
        match handle {
            Text::Join(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    if parts.iter().all(|part| part.known().is_some()) {
        return parts.iter().filter_map(Text::known).collect::<String>().into();
    }
    Text::Join(parts)
}

/// The roles and log groups of a document, as the handles under which those are live.
pub fn handles(document: &Doc) -> Vec<Text> {
    let text = |value: &Value| serde_json::from_value::<Text>(value.clone()).ok();
    let mut found: Vec<Text> =
        ["executionRoleArn", "taskRoleArn"].iter().filter_map(|key| document.get(key)).filter_map(text).collect();
    let containers = document.get("containerDefinitions").and_then(Value::as_array);
    for container in containers.into_iter().flatten() {
        match container.pointer("/logConfiguration/options/awslogs-group").and_then(text) {
            Some(Text::Known(name)) => found.push(format!("log_group/{name}").into()),
            Some(hole) => found.push(Text::Join(vec!["log_group/".into(), hole])),
            None => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The value of the tag [`USES`] for a text of [`uses`] without holes.
pub fn uses_tag(uses: &str) -> String {
    // What ECS takes in a tag; names of roles and log groups may have more (a comma, a number sign).
    let plain = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
    if uses.len() <= LIMIT && uses.chars().all(plain) {
        uses.to_owned()
    } else {
        format!("@{}", doc::fingerprint(&Value::String(uses.to_owned())))
    }
}

/// The document form of what the tag [`USES`] says.
pub fn uses_value(tags: &Tags) -> Value {
    match tags.get(USES).map(String::as_str) {
        Some(tag) => match tag.strip_prefix('@') {
            Some(applied) => doc::unreturned(Some(applied)),
            None => tag.into(),
        },
        None => "".into(),
    }
}

/// The handles in the tag [`USES`], and whether they are all.
pub fn uses_of_tags(tags: &Tags) -> (Vec<String>, bool) {
    match tags.get(USES) {
        Some(tag) if tag.starts_with('@') => (Vec::new(), false),
        Some(tag) => (tag.split(' ').filter(|handle| !handle.is_empty()).map(str::to_owned).collect(), true),
        None => (Vec::new(), false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tags(key: &str, value: &str) -> Tags {
        Tags::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_mark_is_whole_or_none() {
        let mark = of_tags(&tags(REVISION, "7 ab cd ef")).unwrap();
        assert_eq!((mark.revision, mark.fingerprint.as_str(), mark.open.as_str()), (7, "ab", "cd"));
        for half in ["", "7 ab", "7 ab cd", "x ab cd ef", "7 ab cd ef gh"] {
            assert_eq!(of_tags(&tags(REVISION, half)), None, "{half}");
        }
        assert_eq!(revision_of("arn:aws:ecs:eu-west-1:1:task-definition/web:12"), 12);
    }

    #[test]
    fn roles_and_log_groups_are_handles() {
        let role = Text::output(NodeId::new("role", "exec"), "arn");
        let document = json!({
            "executionRoleArn": role,
            "containerDefinitions": [
                { "logConfiguration": { "options": { "awslogs-group": "/a" } } },
                { "logConfiguration": { "options": { "awslogs-group": "/a" } } },
                { "logConfiguration": { "logDriver": "awsfirelens" } },
            ],
        });
        assert_eq!(uses(&document), Text::Join(vec!["log_group//a".into(), " ".into(), role]));
        assert_eq!(uses(&json!({})), Text::from(""));
    }

    #[test]
    fn what_does_not_fit_a_tag_is_kept_as_a_fingerprint() {
        let long = "x".repeat(300);
        let tag = uses_tag(&long);
        assert!(tag.len() <= LIMIT);
        assert_eq!(uses_value(&tags(USES, &tag)), doc::unreturned(Some(&doc::fingerprint(&json!(long)))));
        assert_eq!(uses_of_tags(&tags(USES, &tag)), (vec![], false));
        assert_eq!(uses_of_tags(&tags(USES, &uses_tag("a b"))), (vec!["a".to_owned(), "b".to_owned()], true));
        assert!(uses_tag("role/a,b").starts_with('@'));
    }
}
