//! Documents: the one uniform shape in which the engine sees every resource. A document is JSON with two kinds
//! of special values: a *hole* stands for something known only after a step (an ARN), and *not returned* stands for
//! a value that AWS left out of its reply. This file finds, fills and shows them; it must not know any kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::id::NodeId;

/// A resource as the engine sees it: JSON, possibly with holes.
pub type Doc = Value;

/// What a live resource offers to others: output name to value (a string, or a list of strings).
pub type Outputs = BTreeMap<String, Value>;

const FROM: &str = "$from";
const JOIN: &str = "$join";
const UNRETURNED: &str = "$unreturned";

/// A reference to an output of another node: the only hole that a document can have.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ref {
    /// The node that offers the output.
    pub node: NodeId,
    /// The name of the output, one of its kind's `outputs`.
    pub output: String,
}

impl Ref {
    fn encode(&self) -> String {
        format!("{}#{}", self.node, self.output)
    }

    fn decode(text: &str) -> Option<Self> {
        let (node, output) = text.rsplit_once('#')?;
        Some(Self { node: node.parse().ok()?, output: output.to_owned() })
    }
}

/// A string that may depend on outputs of other nodes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Text {
    /// Known now.
    Known(String),
    /// An output of another node.
    From(Ref),
    /// Several parts in a row, for example `https://` and a DNS name.
    Join(Vec<Text>),
}

impl Text {
    /// A reference to `output` of `node`.
    pub fn output(node: NodeId, output: &str) -> Self {
        Self::From(Ref { node, output: output.to_owned() })
    }

    /// The string, if nothing in it is open.
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::From(_) | Self::Join(_) => None,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Known(text)
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

impl Text {
    /// The document form: a string, or an object that marks the hole.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Known(text) => Value::String(text.clone()),
            Self::From(hole) => serde_json::json!({ FROM: hole.encode() }),
            Self::Join(parts) => serde_json::json!({ JOIN: parts.iter().map(Self::to_value).collect::<Vec<_>>() }),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Known(text.clone())),
            Value::Object(map) if map.len() == 1 => {
                if let Some(Value::String(hole)) = map.get(FROM) {
                    return Ref::decode(hole).map(Self::From);
                }
                match map.get(JOIN) {
                    Some(Value::Array(parts)) => {
                        parts.iter().map(Self::from_value).collect::<Option<_>>().map(Self::Join)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_value(&value).ok_or_else(|| de::Error::custom(format!("expected a string, found {value}")))
    }
}

/// A list of strings that is either spelt out or one output of another node that is itself a list (subnets).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Texts {
    /// Spelt out; each member may have holes.
    Known(Vec<Text>),
    /// A whole list from elsewhere.
    From(Ref),
}

impl Texts {
    /// A reference to the list `output` of `node`.
    pub fn output(node: NodeId, output: &str) -> Self {
        Self::From(Ref { node, output: output.to_owned() })
    }

    /// The members, if every one is known.
    pub fn known(&self) -> Option<Vec<String>> {
        match self {
            Self::Known(items) => items.iter().map(|item| item.known().map(str::to_owned)).collect(),
            Self::From(_) => None,
        }
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::Known(Vec::new())
    }
}

impl FromIterator<Text> for Texts {
    fn from_iter<I: IntoIterator<Item = Text>>(items: I) -> Self {
        Self::Known(items.into_iter().collect())
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(items) => items.serialize(serializer),
            Self::From(hole) => Text::From(hole.clone()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Value::Array(items) = &value {
            return items
                .iter()
                .map(|item| {
                    Text::from_value(item).ok_or_else(|| de::Error::custom(format!("expected a string, found {item}")))
                })
                .collect::<Result<_, _>>()
                .map(Self::Known);
        }
        match Text::from_value(&value) {
            Some(Text::From(hole)) => Ok(Self::From(hole)),
            _ => Err(de::Error::custom(format!("expected a list of strings, found {value}"))),
        }
    }
}

/// Every reference in a document, in the order in which they stand.
pub fn refs(doc: &Doc) -> Vec<Ref> {
    let mut found = Vec::new();
    collect_refs(doc, &mut found);
    found
}

fn collect_refs(value: &Value, found: &mut Vec<Ref>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_refs(item, found)),
        Value::Object(map) => {
            if map.len() == 1
                && let Some(Value::String(hole)) = map.get(FROM)
            {
                found.extend(Ref::decode(hole));
                return;
            }
            map.values().for_each(|item| collect_refs(item, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the value is, or contains, a hole.
pub fn is_open(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_open),
        Value::Object(map) => {
            (map.len() == 1 && (map.contains_key(FROM) || map.contains_key(JOIN))) || map.values().any(is_open)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether the value itself is a hole (not merely something that contains one).
pub fn is_hole(value: &Value) -> bool {
    matches!(value, Value::Object(map) if map.len() == 1 && (map.contains_key(FROM) || map.contains_key(JOIN)))
}

/// Fills the holes that `lookup` knows; the others stay.
pub fn fill(doc: &Doc, lookup: &dyn Fn(&Ref) -> Option<Value>) -> Doc {
    match doc {
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, lookup)).collect()),
        Value::Object(map) => {
            if map.len() == 1 {
                if let Some(Value::String(hole)) = map.get(FROM) {
                    return Ref::decode(hole).and_then(|hole| lookup(&hole)).unwrap_or_else(|| doc.clone());
                }
                if let Some(Value::Array(parts)) = map.get(JOIN) {
                    return join(parts.iter().map(|part| fill(part, lookup)).collect());
                }
            }
            Value::Object(map.iter().map(|(key, item)| (key.clone(), fill(item, lookup))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => doc.clone(),
    }
}

fn join(parts: Vec<Value>) -> Value {
    let whole: Option<String> = parts.iter().map(Value::as_str).collect();
    whole.map_or_else(|| serde_json::json!({ JOIN: parts }), Value::String)
}

/// What a reader puts where AWS left a field out of its reply although the field has a value.
///
/// `applied` is the [`fingerprint`] of what was last applied, as kept in a tag; `None` if no such mark exists.
pub fn unreturned(applied: Option<&str>) -> Value {
    serde_json::json!({ UNRETURNED: applied })
}

/// The same where some members of the document are known all the same; `applied` is of the others.
pub fn unreturned_beside(applied: Option<&str>, known: Map<String, Value>) -> Value {
    let mut value = known;
    value.insert(UNRETURNED.to_owned(), applied.into());
    Value::Object(value)
}

/// What [`unreturned`] and [`unreturned_beside`] made: the mark, and the members that are known.
pub fn partly_unreturned(value: &Value) -> Option<(Option<&str>, impl Iterator<Item = (&String, &Value)>)> {
    let Value::Object(map) = value else { return None };
    let applied = map.get(UNRETURNED)?.as_str();
    Some((applied, map.iter().filter(|(key, _)| *key != UNRETURNED)))
}

/// The mark of [`unreturned`]: `Some(applied)` if the value is one.
pub fn as_unreturned(value: &Value) -> Option<Option<&str>> {
    match value {
        Value::Object(map) if map.len() == 1 => map.get(UNRETURNED).map(Value::as_str),
        _ => None,
    }
}

/// The fingerprint of a document with its holes open: which output of which kind stands where, but not whose, so that an entry
/// that was only renamed is no difference.
pub fn open_fingerprint(doc: &Doc) -> String {
    fn anonymous(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(anonymous).collect(),
            Value::Object(map) => {
                match map.get(FROM).and_then(Value::as_str).filter(|_| map.len() == 1).and_then(Ref::decode) {
                    Some(hole) => serde_json::json!({ FROM: format!("{}#{}", hole.node.kind(), hole.output) }),
                    None => map.iter().map(|(key, item)| (key.clone(), anonymous(item))).collect(),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }
    fingerprint(&anonymous(doc))
}

/// Ten hexadecimal digits that stand for the content of a document without holes.
///
/// Object keys are ordered (serde_json keeps a sorted map), so equal documents have equal fingerprints.
pub fn fingerprint(doc: &Doc) -> String {
    let digest = Sha256::digest(doc.to_string().as_bytes());
    hex(&digest[..5])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dns() -> Text {
        Text::output(NodeId::new("load_balancer", "web"), "dns_name")
    }

    #[test]
    fn a_text_survives_being_written_and_read() {
        for text in [Text::from("plain"), dns(), Text::Join(vec!["http://".into(), dns()])] {
            let value = serde_json::to_value(&text).unwrap();
            assert_eq!(serde_json::from_value::<Text>(value).unwrap(), text);
        }
    }

    #[test]
    fn holes_are_found_and_filled() {
        let doc = json!({ "url": Text::Join(vec!["http://".into(), dns(), "/x".into()]), "n": 1 });
        assert!(is_open(&doc));
        assert_eq!(refs(&doc).len(), 1);
        let filled = fill(&doc, &|hole| (hole.output == "dns_name").then(|| json!("a.example")));
        assert_eq!(filled, json!({ "url": "http://a.example/x", "n": 1 }));
        assert!(!is_open(&filled));
    }

    #[test]
    fn an_unknown_hole_stays() {
        let doc = json!({ "url": Text::Join(vec!["http://".into(), dns()]) });
        assert_eq!(fill(&doc, &|_| None), doc);
    }
}
