//! How two documents of one kind differ, as a list of changes by path. Lists are compared by key, as sets or by position,
//! as the kind says. A desired `null` means "not managed"; a live value that AWS did not return is judged by its mark;
//! an empty list or map is the same as none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::doc::{self, Doc};
use crate::kind::{Field, Kind, List, OnChange, Replace};

/// One difference between what is live and what is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Where, for a person: `containers[backend].image`, `ingress[tcp 80 0.0.0.0/0]`; empty for the whole document.
    pub path: String,
    /// What it is; `None` if it is not there or was not returned.
    pub from: Option<Value>,
    /// What it should be, perhaps with holes; `None` if it should go.
    pub to: Option<Value>,
    /// What the change means.
    pub effect: Effect,
}

/// What a change means for its resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is only told.
    Tell,
    /// It is updated in place.
    Update,
    /// The resource has to be replaced.
    Replace,
}

impl Change {
    /// The first name of the path: the field of the kind's document that changes.
    pub fn field(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or(&self.path)
    }

    /// Whether the change is at `path` or inside it.
    pub fn is_within(&self, path: &str) -> bool {
        self.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    /// Whether the change is at `path` or inside it, and is not that a member comes into a list there, or leaves it: who manages the
    /// values of a list's members does not decide which members it has.
    pub fn is_of_values_within(&self, path: &str) -> bool {
        let member = self.path.len() > path.len() && self.path.ends_with(']');
        self.is_within(path) && !(member && (self.from.is_none() || self.to.is_none()))
    }
}

/// How `have` has to change to become `want`.
pub fn diff(kind: &Kind, want: &Doc, have: &Doc) -> Vec<Change> {
    let mut differ = Differ { kind, changes: Vec::new() };
    differ.value(&Path::default(), want, have);
    differ.changes
}

/// Whether a change is made in place: as its field says, and where everything else takes a new revision, only if its field
/// says so by name.
pub fn is_in_place(kind: &Kind, change: &Change) -> bool {
    let by_name = |field: &Field| field.path == change.field() && field.on_change == OnChange::Update;
    change.effect == Effect::Update && (kind.replace != Replace::Revise || kind.fields.iter().any(by_name))
}

/// A place in two documents: as a person reads it, and as the kind's fields name it.
#[derive(Clone, Default)]
struct Path {
    shown: String,
    pattern: String,
}

impl Path {
    fn key(&self, key: &str) -> Self {
        let dot = if self.shown.is_empty() { "" } else { "." };
        Self { shown: format!("{}{dot}{key}", self.shown), pattern: format!("{}{dot}{key}", self.pattern) }
    }

    fn member(&self, label: &str) -> Self {
        Self { shown: format!("{}[{label}]", self.shown), pattern: format!("{}[]", self.pattern) }
    }
}

struct Differ<'a> {
    kind: &'a Kind,
    changes: Vec<Change>,
}

impl Differ<'_> {
    fn value(&mut self, path: &Path, want: &Value, have: &Value) {
        if want.is_null() || want == have {
            return;
        }
        if let Some((applied, known)) = doc::partly_unreturned(have) {
            let mut rest = want.clone();
            for (key, live) in known {
                let wanted = rest.as_object_mut().and_then(|rest| rest.remove(key)).unwrap_or_default();
                self.value(&path.key(key), &wanted, live);
            }
            match applied {
                // The mark was set for the same document with the same holes: what fills them is all that can differ.
                Some(_) if doc::is_open(&rest) => self.holes(path, &rest),
                applied if applied == Some(doc::fingerprint(&rest).as_str()) => {}
                _ => self.change(path, None, Some(&rest)),
            }
            return;
        }
        if is_empty(want) && is_empty(have) {
            return;
        }
        match (want, have) {
            (Value::Object(wanted), Value::Object(live)) if !doc::is_hole(want) => self.object(path, wanted, live),
            (Value::Array(wanted), Value::Array(live)) => self.list(path, wanted, live),
            // Members of a keyed list are told one by one even if the list is not there yet: some may clash with others' members.
            (Value::Array(wanted), Value::Null) if self.list_rule(path).keys().is_some() => {
                self.list(path, wanted, &[]);
            }
            _ => self.change(path, Some(have).filter(|have| !have.is_null()), Some(want)),
        }
    }

    fn object(&mut self, path: &Path, want: &Map<String, Value>, have: &Map<String, Value>) {
        for (key, wanted) in want {
            self.value(&path.key(key), wanted, have.get(key).unwrap_or(&Value::Null));
        }
        for (key, live) in have {
            if !want.contains_key(key) && !is_empty(live) && doc::as_unreturned(live).is_none() {
                self.change(&path.key(key), Some(live), None);
            }
        }
    }

    fn list(&mut self, path: &Path, want: &[Value], have: &[Value]) {
        match self.list_rule(path) {
            List::Keyed(keys) => self.keyed(path, keys, want, have, false),
            List::Recurring(keys) => self.keyed(path, keys, want, have, true),
            List::Set => {
                let sorted = |items: &[Value]| {
                    let mut items: Vec<String> = items.iter().map(ToString::to_string).collect();
                    items.sort_unstable();
                    items
                };
                if sorted(want) != sorted(have) {
                    self.change(path, Some(&Value::from(have)), Some(&Value::from(want)));
                }
            }
            List::Ordered if want.len() == have.len() => {
                for (at, (wanted, live)) in want.iter().zip(have).enumerate() {
                    self.value(&path.member(&at.to_string()), wanted, live);
                }
            }
            List::Ordered => self.change(path, Some(&Value::from(have)), Some(&Value::from(want))),
        }
    }

    /// A change for each place that only a step will tell.
    fn holes(&mut self, path: &Path, want: &Value) {
        if doc::is_hole(want) {
            return self.change(path, None, Some(want));
        }
        match want {
            Value::Object(map) => {
                map.iter()
                    .filter(|(_, item)| doc::is_open(item))
                    .for_each(|(key, item)| self.holes(&path.key(key), item));
            }
            Value::Array(_) if self.list_rule(path) == List::Set => self.change(path, None, Some(want)),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate().filter(|(_, item)| doc::is_open(item)) {
                    let keys = self.list_rule(path).keys();
                    let label = keys.map_or_else(|| at.to_string(), |keys| label(item, keys));
                    self.holes(&path.member(&label), item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn keyed(&mut self, path: &Path, keys: &[&str], want: &[Value], have: &[Value], recurring: bool) {
        let mut live: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for item in have.iter().rev() {
            live.entry(identity(item, keys)).or_default().push(item);
        }
        let mut told: BTreeMap<String, &Value> = BTreeMap::new();
        let mut open = Vec::new();
        for wanted in want {
            let member = path.member(&label(wanted, keys));
            let identity = identity(wanted, keys);
            match live.get_mut(&identity).and_then(Vec::pop) {
                Some(live) => self.value(&member, wanted, live),
                // Two entries may come to want the same: it is there once.
                None if told.get(&identity) == Some(&wanted) => {}
                None if recurring && keys.iter().any(|key| wanted.get(key).is_some_and(doc::is_open)) => {
                    open.push(wanted)
                }
                None => self.change(&member, None, Some(wanted)),
            }
            told.insert(identity, wanted);
        }
        // In the order of the live list, so that the same documents always give the same changes.
        let left = |item: &&Value| {
            let rest = live.get(&identity(item, keys)).map_or(&[][..], Vec::as_slice);
            rest.iter().any(|left| std::ptr::eq(*left, *item))
        };
        let mut left: Vec<&Value> = have.iter().filter(left).collect();
        for wanted in open {
            // A key that only a step will tell may turn out to be that of a member which is there: it is not said to go.
            let from = left.iter().position(|item| may_become(wanted, item, keys)).map(|at| left.remove(at));
            self.change(&path.member(&label(wanted, keys)), from, Some(wanted));
        }
        for item in left {
            self.change(&path.member(&label(item, keys)), Some(item), None);
        }
    }

    fn list_rule(&self, path: &Path) -> List {
        self.kind.fields.iter().find(|field| field.path == path.pattern).map_or(List::Ordered, |field| field.list)
    }

    fn change(&mut self, path: &Path, from: Option<&Value>, to: Option<&Value>) {
        let at_birth = |field: &Field| field.path == path.pattern && field.on_change == OnChange::Nothing;
        if self.kind.fields.iter().any(at_birth) {
            return;
        }
        let effect = self.effect(&path.pattern);
        self.changes.push(Change { path: path.shown.clone(), from: from.cloned(), to: to.cloned(), effect });
    }

    /// The strongest rule among those for the path and for what it is inside of.
    fn effect(&self, pattern: &str) -> Effect {
        let covers = |field: &str| {
            pattern
                .strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
        };
        let rules = self.kind.fields.iter().filter(|field| covers(field.path)).map(|field| field.on_change);
        rules.fold(Effect::Update, |effect, rule| match rule {
            OnChange::Replace => Effect::Replace,
            OnChange::Tell if effect == Effect::Update => Effect::Tell,
            OnChange::Tell | OnChange::Update | OnChange::Nothing => effect,
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a wanted member with holes in its key may turn out to be this one: what is known of its key is the same.
fn may_become(wanted: &Value, item: &Value, keys: &[&str]) -> bool {
    keys.iter().all(|key| match wanted.get(key) {
        Some(part) if doc::is_open(part) => true,
        part => part.unwrap_or(&Value::Null) == item.get(key).unwrap_or(&Value::Null),
    })
}

fn identity(item: &Value, keys: &[&str]) -> String {
    keys.iter().map(|key| item.get(key).unwrap_or(&Value::Null).to_string()).collect::<Vec<_>>().join("\u{1}")
}

/// What a person calls a member of a keyed list: what stands between the brackets of a change's path.
pub fn label(item: &Value, keys: &[&str]) -> String {
    let words: Vec<String> = keys.iter().filter_map(|key| item.get(key)).filter_map(words).collect();
    words.join(" ")
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(words).collect::<Vec<_>>().join(",")),
        Value::Object(_) if doc::is_hole(value) => doc::refs(value)
            .first()
            .map(|hole| hole.node.to_string())
            .or_else(|| Some("(known after apply)".to_owned())),
        Value::Object(map) => {
            let parts: Vec<String> =
                map.iter().filter_map(|(key, value)| words(value).map(|value| format!("{key}={value}"))).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doc::Text;
    use crate::id::NodeId;
    use crate::kind::{Field, Replace};

    const KIND: Kind = Kind {
        name: "thing",
        title: "thing",
        fields: &[
            Field::immutable("port"),
            Field::informational("note"),
            Field::recurring("rules", &["proto", "port"]),
            Field::set("groups"),
            Field::immutable("frozen"),
            Field::keyed("frozen.items", &["name"]),
        ],
        replace: Replace::CreateFirst,
        ..Kind::PLAIN
    };

    fn lines(want: &Value, have: &Value) -> Vec<String> {
        let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        diff(&KIND, want, have)
            .iter()
            .map(|c| format!("{} {} => {} {:?}", c.path, show(&c.from), show(&c.to), c.effect))
            .collect()
    }

    #[test]
    fn equal_documents_do_not_differ() {
        let doc = json!({ "port": 1, "rules": [{ "proto": "tcp", "port": 80 }], "tags": { "a": "b" } });
        assert!(lines(&doc, &doc).is_empty());
        assert!(lines(&json!({ "x": null, "l": [], "m": {} }), &json!({ "x": 5 })).is_empty());
        assert!(lines(&json!({}), &json!({ "l": [], "n": null })).is_empty());
    }

    #[test]
    fn fields_say_what_a_change_means() {
        let changes = lines(
            &json!({ "port": 2, "note": "b", "size": 3, "frozen": { "items": [{ "name": "n", "v": 2 }] } }),
            &json!({ "port": 1, "note": "a", "size": 2, "frozen": { "items": [{ "name": "n", "v": 1 }] } }),
        );
        assert_eq!(
            changes,
            [
                "frozen.items[n].v 1 => 2 Replace",
                "note \"a\" => \"b\" Tell",
                "port 1 => 2 Replace",
                "size 2 => 3 Update"
            ]
        );
    }

    #[test]
    fn members_are_told_apart_by_key() {
        let have = json!({ "rules": [{ "proto": "tcp", "port": 80, "d": "x" }, { "proto": "udp", "port": 53 }] });
        let want = json!({ "rules": [{ "proto": "tcp", "port": 443 }, { "proto": "tcp", "port": 80, "d": "y" }] });
        assert_eq!(
            lines(&want, &have),
            [
                "rules[tcp 443] - => {\"port\":443,\"proto\":\"tcp\"} Update",
                "rules[tcp 80].d \"x\" => \"y\" Update",
                "rules[udp 53] {\"port\":53,\"proto\":\"udp\"} => - Update",
            ]
        );
    }

    #[test]
    fn sets_have_no_order() {
        assert!(lines(&json!({ "groups": ["b", "a"] }), &json!({ "groups": ["a", "b"] })).is_empty());
        assert_eq!(lines(&json!({ "groups": ["b"] }), &json!({ "groups": ["a"] })).len(), 1);
    }

    #[test]
    fn a_key_that_is_only_live_goes() {
        assert_eq!(
            lines(&json!({ "tags": { "a": "1" } }), &json!({ "tags": { "a": "1", "b": "2" } })),
            ["tags.b \"2\" => - Update"]
        );
    }

    #[test]
    fn what_was_not_returned_is_judged_by_its_mark() {
        let want = json!({ "breaker": { "on": true } });
        let mark = doc::fingerprint(&want["breaker"]);
        assert!(lines(&want, &json!({ "breaker": doc::unreturned(Some(&mark)) })).is_empty());
        assert_eq!(lines(&want, &json!({ "breaker": doc::unreturned(Some("0")) })).len(), 1);
        assert_eq!(lines(&want, &json!({ "breaker": doc::unreturned(None) })).len(), 1);
        assert!(lines(&want, &doc::unreturned(Some(&doc::fingerprint(&want)))).is_empty());
    }

    #[test]
    fn of_what_was_not_returned_only_what_a_step_will_tell_differs() {
        let hole = Text::output(NodeId::new("k", "n"), "arn").to_value();
        let want = json!({ "image": "a:1", "roles": [{ "arn": hole }, { "arn": "arn:2" }], "rules": [
            { "proto": "tcp", "port": 80, "to": { "arn": hole } }, { "proto": "tcp", "port": 81 },
        ] });
        let paths = |want: &Value, have: &Value| -> Vec<String> {
            diff(&KIND, want, have).into_iter().map(|change| change.path).collect()
        };
        assert_eq!(paths(&want, &doc::unreturned(Some("x"))), ["roles[0].arn", "rules[tcp 80].to.arn"]);
        assert_eq!(paths(&want, &doc::unreturned(None)), [""], "without a mark nothing is known of the rest");
    }

    #[test]
    fn members_that_are_known_are_compared_on_their_own() {
        let want = json!({ "image": "a:1", "tags": { "team": "a" } });
        let mark = doc::fingerprint(&json!({ "image": "a:1" }));
        let have = |mark: &str, team: &str| {
            let tags = json!({ "tags": { "team": team } });
            doc::unreturned_beside(Some(mark), tags.as_object().unwrap().clone())
        };
        assert!(lines(&want, &have(&mark, "a")).is_empty());
        assert_eq!(lines(&want, &have(&mark, "b")), ["tags.team \"b\" => \"a\" Update"]);
        assert_eq!(lines(&want, &have("0", "a")), [" - => {\"image\":\"a:1\"} Update"]);
    }

    #[test]
    fn a_hole_is_a_change_until_it_is_filled() {
        let hole = Text::output(NodeId::new("k", "n"), "arn").to_value();
        let changes = diff(&KIND, &json!({ "target": hole }), &json!({ "target": "arn:1" }));
        assert_eq!(changes.len(), 1);
        assert!(changes[0].is_within("target") && !changes[0].is_within("tar"));
    }

    #[test]
    fn a_key_that_only_a_step_will_tell_is_no_other_member_for_certain() {
        let hole = Text::output(NodeId::new("certificate", "web"), "record").to_value();
        let want = json!({ "rules": [{ "proto": "tcp", "port": hole, "to": "a" }, { "proto": "udp", "port": 1 }] });
        let shown = r#"{"$from":"certificate.web#record"}"#;
        let wanted = format!(r#"{{"port":{shown},"proto":"tcp","to":"a"}}"#);
        // Nothing is there yet.
        assert_eq!(
            lines(&want, &json!({ "rules": [{ "proto": "udp", "port": 1 }] })),
            [format!("rules[tcp certificate.web] - => {wanted} Update")]
        );
        // What is there may be it, so it is not said to go; what cannot be it, goes.
        let have = json!({ "rules": [
            { "proto": "tcp", "port": 7, "to": "a" }, { "proto": "tcp", "port": 8 }, { "proto": "udp", "port": 1 },
        ] });
        assert_eq!(
            lines(&want, &have),
            [
                format!(r#"rules[tcp certificate.web] {{"port":7,"proto":"tcp","to":"a"}} => {wanted} Update"#),
                r#"rules[tcp 8] {"port":8,"proto":"tcp"} => - Update"#.to_owned(),
            ]
        );
    }

    #[test]
    fn two_that_come_to_want_the_same_want_it_once() {
        let one = json!({ "proto": "tcp", "port": 80, "to": "a" });
        let want = json!({ "rules": [one, one] });
        assert!(lines(&want, &json!({ "rules": [one] })).is_empty());
        assert_eq!(lines(&want, &json!({ "rules": [] })).len(), 1);
        assert!(lines(&want, &want).is_empty(), "where each has its own, each stays");
    }
}
