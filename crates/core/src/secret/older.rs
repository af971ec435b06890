//! What the live side has where the wanted side has a secret: an older secret, or one of somebody else. It is hidden wherever the
//! old side of that step is shown, and in the keys of list members, which are made of such values. Pure.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{HIDDEN, INSIDE, Secrets, placeholder};
use crate::doc::hex;
use crate::plan::Plan;

/// Texts that are hidden because of the place where they stand, in one step.
pub(super) type Older = BTreeSet<String>;

/// Where the changes of a step and the live thing that they start from stand in it.
const LIVE: &[&str] = &["/action/live/have", "/action/replaces/live/have"];

impl Secrets {
    /// The older secrets among these steps, by node: a step that only takes away what a node had goes with the one that wants
    /// something of it.
    pub(super) fn older_by_node<V: Borrow<Value>>(&self, steps: impl Iterator<Item = V>) -> BTreeMap<String, Older> {
        let mut nodes: BTreeMap<String, Older> = BTreeMap::new();
        for step in steps {
            let step = step.borrow();
            let older = self.older(step);
            if !older.is_empty() {
                nodes.entry(node(step)).or_default().extend(older);
            }
        }
        nodes
    }

    /// The texts of a step's live side that stand where what is wanted has a hidden text.
    fn older(&self, step: &Value) -> Older {
        let mut wanted = Places::new();
        places(step.pointer("/action/want").unwrap_or(&Value::Null), "", &mut |place, text| {
            let here = wanted.entry(place.to_owned()).or_default();
            if self.text(text) == *text {
                here.open.insert(text.to_owned());
            } else {
                here.hidden = true;
            }
        });
        let mut older = Older::new();
        for have in LIVE.iter().filter_map(|path| step.pointer(path)) {
            places(have, "", &mut |place, text| {
                let hides = wanted.get(place).is_some_and(|here| here.hidden && !here.open.contains(text));
                if hides && !text.is_empty() && self.text(text) == *text {
                    older.insert(text.to_owned());
                }
            });
        }
        older
    }

    /// A path as it may be shown. Keys of list members are made of values; the rest are names of fields.
    pub fn path(&self, path: &str) -> String {
        self.path_beside(path, &Older::new(), &|_| HIDDEN.to_owned())
    }

    pub(super) fn path_beside(&self, path: &str, older: &Older, shown: &dyn Fn(&str) -> String) -> String {
        let Some(at) = path.find('[') else { return path.to_owned() };
        let mut known: Vec<(&str, String)> =
            self.texts.iter().map(|(text, shown)| (text.as_str(), shown.clone())).collect();
        let long = self.values.iter().filter(|(_, value)| value.len() >= INSIDE);
        known.extend(long.map(|(name, value)| (value.as_str(), placeholder(name))));
        known.extend(older.iter().map(|text| (text.as_str(), shown(text))));
        known.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let (fields, keys) = path.split_at(at);
        format!("{fields}{}", replaced(keys, &known))
    }

    /// A plan to be kept and compared: what is older than its secrets is not in it, but can be recognised.
    #[must_use]
    pub fn blind(&self, plan: &Plan) -> Plan {
        if self.is_empty() {
            return plan.clone();
        }
        let Ok(steps) = plan.steps.iter().map(serde_json::to_value).collect::<Result<Vec<Value>, _>>() else {
            return plan.clone();
        };
        let nodes = self.older_by_node(steps.iter());
        // Made once for each text: it is meant to take its time.
        let known: BTreeMap<&str, String> =
            nodes.values().flatten().map(|text| (text.as_str(), recognisable(text))).collect();
        let shown = |text: &str| known.get(text).cloned().unwrap_or_default();
        let mut blind = plan.clone();
        for (kept, step) in blind.steps.iter_mut().zip(&steps) {
            if let Some(older) = nodes.get(&node(step))
                && let Ok(read) = serde_json::from_value(hidden(step, older, &shown))
            {
                *kept = read;
            }
        }
        blind
    }
}

/// The node of a step.
pub(super) fn node(step: &Value) -> String {
    step.get("node").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a step is without its older secrets: in what is live and in paths.
fn hidden(value: &Value, older: &Older, shown: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::Object(map) => {
            // What is a secret now is sealed with everything else.
            let path = |path: &str| Secrets::default().path_beside(path, older, shown);
            let item = |(key, item): (&String, &Value)| {
                let item = match (key.as_str(), item) {
                    ("have" | "from", item) => texts(item, older, shown),
                    ("path", Value::String(text)) => path(text).into(),
                    ("why", why) => paths(why, &path),
                    ("want", want) => want.clone(),
                    (_, item) => hidden(item, older, shown),
                };
                (key.clone(), item)
            };
            map.iter().map(item).collect()
        }
        Value::Array(items) => items.iter().map(|item| hidden(item, older, shown)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// What stands for a text in a plan that is kept: the same for the same text.
fn recognisable(text: &str) -> String {
    let mut digest = Sha256::digest([b"evenkeel older ".as_slice(), text.as_bytes()].concat());
    for _ in 0..super::seal::ROUNDS {
        digest = Sha256::digest(digest);
    }
    format!("(hidden {})", hex(&digest[..8]))
}

/// A document with these texts replaced, where they are the whole of a string.
pub(super) fn texts(value: &Value, older: &Older, shown: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) if older.contains(text) => shown(text).into(),
        Value::Array(items) => items.iter().map(|item| texts(item, older, shown)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), texts(item, older, shown))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// A reason with its paths replaced.
pub(super) fn paths(value: &Value, shown: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(path) => shown(path).into(),
        Value::Array(items) => items.iter().map(|item| paths(item, shown)).collect(),
        Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), paths(item, shown))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

type Places = BTreeMap<String, Place>;

/// What stands at one place of the wanted side.
#[derive(Default)]
struct Place {
    /// Whether a text that is hidden does.
    hidden: bool,
    /// Texts that may be seen.
    open: BTreeSet<String>,
}

/// Calls `see` for each text of a document with its place. Members of a list have one place, unless they have names.
fn places(value: &Value, place: &str, see: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(place, text),
        Value::Array(items) => {
            for item in items {
                let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
                places(item, &format!("{place}[{name}]"), see);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                places(item, &format!("{place}.{key}"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text with what is known in it replaced, the longer first. What is short counts only where it stands alone.
fn replaced(text: &str, known: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let before = out.chars().next_back();
        let found = known.iter().find(|(known, _)| {
            let after = rest.strip_prefix(known).map(|rest| rest.chars().next());
            let alone = |side: Option<char>| side.is_none_or(|c| !c.is_alphanumeric());
            after.is_some_and(|after| known.len() >= INSIDE || (alone(before) && alone(after)))
        });
        if let Some((known, shown)) = found {
            out += shown;
            rest = &rest[known.len()..];
        } else {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out += &rest[..next];
            rest = &rest[next..];
        }
    }
    out
}
