//! Values that came from the environment and are not to be seen: in their place `${env.NAME}` is shown, and a saved plan holds
//! a proof of them instead. Documents keep the real values, since AWS has to get them; this file makes the copies that leave
//! the program. Pure; what counts as secret is decided by whoever fills in [`Secrets`], apart from names that look secret.

mod older;
mod seal;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::older::Older;
pub use self::seal::NotOpened;
use crate::event::Event;
use crate::plan::{Plan, Step};

/// What stands for a value that nobody is shown and that has no name of its own.
pub const HIDDEN: &str = "(hidden)";
/// A shorter value is hidden only where it is the whole of a text: inside of others it stands everywhere by chance.
const INSIDE: usize = 6;
/// In free text (messages, progress) a value that does not look secret is hidden from this length on.
const IN_FREE_TEXT: usize = 16;

/// What is not to be seen. Its `Debug` form tells nothing.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    /// Whole texts, with what is shown in their place.
    texts: BTreeMap<String, String>,
    /// Values by the name of their environment variable.
    values: BTreeMap<String, String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.values.len())
    }
}

/// What is shown in the place of an environment variable.
pub fn placeholder(name: &str) -> String {
    format!("${{env.{name}}}")
}

impl Secrets {
    /// Adds a text of the stack file and what is shown in its place.
    pub fn add_text(&mut self, text: &str, shown: &str) {
        if !text.is_empty() && text != shown {
            self.texts.insert(text.to_owned(), shown.to_owned());
        }
    }

    /// Adds an environment variable with its value.
    pub fn add_value(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.values.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Adds what somebody else hides.
    pub fn merge(&mut self, other: &Self) {
        let clone = |(key, value): (&String, &String)| (key.clone(), value.clone());
        self.texts.extend(other.texts.iter().map(clone));
        self.values.extend(other.values.iter().map(clone));
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.values.is_empty()
    }

    /// The text of a document as it may be shown.
    pub fn text(&self, text: &str) -> String {
        match self.texts.get(text) {
            Some(shown) => shown.clone(),
            None => self.replace(text, |_, value| value.len() >= INSIDE),
        }
    }

    /// A message as it may be shown. Values that are shorter and do not look secret stay: they are regions, stages and tags, of
    /// which messages are full.
    pub fn message(&self, text: &str) -> String {
        self.replace(text, |name, value| {
            value.len() >= IN_FREE_TEXT || (value.len() >= INSIDE && looks_secret(name, value))
        })
    }

    fn replace(&self, text: &str, counts: impl Fn(&str, &str) -> bool) -> String {
        let mut values: Vec<(&String, &String)> =
            self.values.iter().filter(|(name, value)| counts(name, value)).collect();
        // A value that holds another one goes first.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let mut out = text.to_owned();
        for (name, value) in values {
            for form in forms(value) {
                if out.contains(&form) {
                    out = out.replace(&form, &placeholder(name));
                }
            }
        }
        out
    }

    /// A document as it may be shown. Whatever stands in a member that is called like a secret is hidden as well, wherever it
    /// came from: a live value may be an older secret.
    #[must_use]
    pub fn document(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.document(item)).collect(),
            Value::Object(map) => {
                let pair = map.get("name").and_then(Value::as_str).filter(|_| map.contains_key("value"));
                let member = |key: &String, item: &Value| {
                    let shown = self.document(item);
                    let named = pair.is_some_and(|name| key == "value" && looks_secret(name, ""));
                    if (named || is_secret_key(key)) && shown == *item { hide(shown) } else { shown }
                };
                map.iter().map(|(key, item)| (key.clone(), member(key, item))).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// Both sides of a change at a path as they may be shown: what gives way to a secret is taken for one.
    pub fn change(&self, path: &str, from: &Value, to: &Value) -> (Value, Value) {
        let (mut old, mut new) = (self.document(from), self.document(to));
        beside(&mut old, from, to, &new);
        if is_secret_path(path) {
            for (shown, real) in [(&mut old, from), (&mut new, to)] {
                if shown == real {
                    *shown = hide(shown.take());
                }
            }
        }
        (old, new)
    }

    /// A plan as it may be shown; what is carried out is the plan itself.
    #[must_use]
    pub fn plan<'a>(&self, plan: &'a Plan) -> Cow<'a, Plan> {
        if self.is_empty() {
            return Cow::Borrowed(plan);
        }
        // As in `masked`, but step by step: a plan of thousands of steps is not written out as a whole.
        let masked = self.plan_masked(plan, true).or_else(|_| self.plan_masked(plan, false));
        masked.map_or(Cow::Borrowed(plan), Cow::Owned)
    }

    fn plan_masked(&self, plan: &Plan, free_text: bool) -> Result<Plan, serde_json::Error> {
        let none = Older::new();
        let older = self.older_by_node(plan.steps.iter().filter_map(|step| serde_json::to_value(step).ok()));
        let step = |step: &Step| {
            let value = serde_json::to_value(step)?;
            let shown = self.inside(&value, free_text, older.get(&step.node.to_string()).unwrap_or(&none));
            if shown == value { Ok(step.clone()) } else { serde_json::from_value(shown) }
        };
        let steps = plan.steps.iter().map(step).collect::<Result<Vec<Step>, _>>()?;
        let rest = serde_json::to_value(plan.without_steps())?;
        let rest: Plan = serde_json::from_value(self.inside(&rest, free_text, &none))?;
        Ok(Plan { steps, ..rest })
    }

    /// An event as it may be shown.
    #[must_use]
    pub fn event(&self, event: &Event) -> Event {
        if self.is_empty() { event.clone() } else { self.masked(event) }
    }

    fn masked<T: Serialize + DeserializeOwned + Clone>(&self, whole: &T) -> T {
        let Ok(value) = serde_json::to_value(whole) else { return whole.clone() };
        // A secret that reads like one of our own words would make the copy unreadable; documents alone never do.
        let read = |free_text| serde_json::from_value(self.inside(&value, free_text, &Older::new()));
        read(true).or_else(|_| read(false)).unwrap_or_else(|_| whole.clone())
    }

    /// Like [`Self::document`], for what holds documents and changes among other things, and `free_text` between them. `older`
    /// are the older secrets of the step that this is a part of.
    fn inside(&self, value: &Value, free_text: bool, older: &Older) -> Value {
        match value {
            Value::Object(map) => {
                let is_change = ["path", "from", "to", "effect"].iter().all(|key| map.contains_key(*key));
                let mut shown: serde_json::Map<String, Value> =
                    map.iter().map(|(key, item)| (key.clone(), self.part(key, item, free_text, older))).collect();
                if is_change {
                    let path = map["path"].as_str().unwrap_or_default();
                    let (from, to) = self.change(path, &map["from"], &map["to"]);
                    shown.insert("from".to_owned(), older::texts(&from, older, &|_| HIDDEN.to_owned()));
                    shown.insert("to".to_owned(), to);
                }
                Value::Object(shown)
            }
            Value::Array(items) => items.iter().map(|item| self.inside(item, free_text, older)).collect(),
            Value::String(text) if free_text => self.message(text).into(),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// A member of such a whole.
    fn part(&self, key: &str, item: &Value, free_text: bool, older: &Older) -> Value {
        let path = |text: &str| {
            let text = if free_text { self.message(text) } else { text.to_owned() };
            self.path_beside(&text, older, &|_| HIDDEN.to_owned())
        };
        match (key, item) {
            ("want", item) => self.document(item),
            ("have", item) => older::texts(&self.document(item), older, &|_| HIDDEN.to_owned()),
            ("path", Value::String(text)) => path(text).into(),
            // A verb is a word of ours, whatever a secret reads like.
            ("verb", verb) => verb.clone(),
            ("what" | "why", why) => older::paths(why, &path),
            ("steps", Value::Array(steps)) => {
                let nodes = self.older_by_node(steps.iter());
                let none = Older::new();
                let of = |step: &Value| nodes.get(&older::node(step)).unwrap_or(&none);
                steps.iter().map(|step| self.inside(step, free_text, of(step))).collect()
            }
            (_, item) => self.inside(item, free_text, older),
        }
    }
}

/// A value as it is, and as JSON writes it within a string.
fn forms(value: &str) -> Vec<String> {
    let json = Value::String(value.to_owned()).to_string();
    let json = json[1..json.len() - 1].to_owned();
    if json == value { vec![json] } else { vec![value.to_owned(), json] }
}

fn hide(value: Value) -> Value {
    match value {
        // References tell where a secret is, not what it is.
        Value::String(text) if !text.is_empty() && !text.starts_with("arn:") => HIDDEN.into(),
        other => other,
    }
}

/// Hides in the old value what stands where the new one has a secret.
fn beside(old: &mut Value, from: &Value, to: &Value, shown: &Value) {
    match (to, shown) {
        (Value::String(real), Value::String(masked))
            if real != masked && old == from && old.as_str().is_some_and(|old| !old.is_empty()) =>
        {
            *old = HIDDEN.into();
        }
        (Value::Object(real), Value::Object(masked)) => {
            let (Value::Object(old), Value::Object(from)) = (old, from) else { return };
            for (key, old) in old.iter_mut() {
                if let (Some(from), Some(real), Some(masked)) = (from.get(key), real.get(key), masked.get(key)) {
                    beside(old, from, real, masked);
                }
            }
        }
        (Value::Array(real), Value::Array(masked)) => {
            let (Value::Array(old), Value::Array(from)) = (old, from) else { return };
            for (at, (old, from)) in old.iter_mut().zip(from).enumerate() {
                let name = from.get("name");
                let same = real.iter().position(|item| name.is_some() && item.get("name") == name).unwrap_or(at);
                if let (Some(real), Some(masked)) = (real.get(same), masked.get(same)) {
                    beside(old, from, real, masked);
                }
            }
        }
        _ => {}
    }
}

/// Words by which a name tells that its value is secret, anywhere in it.
const SECRET_PARTS: &[&str] = &["SECRET", "TOKEN", "PASSW", "PASSPHRASE", "CREDENTIAL", "PRIVATE", "APIKEY"];
/// Words that tell it where they stand alone.
const SECRET_WORDS: &[&str] = &["KEY", "PWD", "PASS", "PW", "AUTH", "PIN", "DSN", "SALT", "PAT", "JWT"];

/// Whether a variable looks as if it held a secret, by its name or by its value.
pub fn looks_secret(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let login = value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.split_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    SECRET_PARTS.iter().any(|part| upper.contains(part))
        || upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| SECRET_WORDS.contains(&word))
        || login
        || value.contains("-----BEGIN ")
}

/// Whether a member of a document (an option of a log driver, say) is called like a secret.
fn is_secret_key(key: &str) -> bool {
    let upper = key.to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "PASSWD", "SECRET"].iter().any(|part| upper.contains(part))
}

/// Whether a path leads to the value of a variable, or to a member, that is called like a secret.
fn is_secret_path(path: &str) -> bool {
    let last = path.rsplit(']').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
    let variable = path.strip_suffix("].value").and_then(|rest| rest.rsplit_once("environment["));
    variable.is_some_and(|(_, name)| looks_secret(name, "")) || is_secret_key(last)
}

#[cfg(test)]
mod tests;
