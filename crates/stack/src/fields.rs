//! The keys of one map while it is being read, by its table: which there may be, which there have to be, and the typed values of
//! the simple ones. A section asks for values by name; range, words and defaults come from the table.

use std::cell::RefCell;
use std::collections::BTreeSet;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;

use super::decode::{Problems, Want, capital};
use super::suggest::{self, all};
use super::table::{Absent, Key, Since, Table, Type};
use super::task_definition::schema::plain;
use super::tree::{Entry, Tree, Value};

/// The keys of one map.
pub(crate) struct Fields<'a> {
    what: String,
    place: &'a Place,
    entries: &'a [Entry],
    table: &'static Table,
    problems: &'a Problems,
    /// The keys that the section has asked for.
    asked: RefCell<BTreeSet<&'static str>>,
    /// How many errors there were before it was opened.
    errors: usize,
}

impl<'a> Fields<'a> {
    /// Opens a map; nothing at all counts as an empty one. `what` names it in messages: ``listener `web/http` ``. Reports
    /// keys that the table does not have, that are given twice, or that are missing.
    pub(crate) fn open(
        tree: &'a Tree,
        what: impl Into<String>,
        table: &'static Table,
        problems: &'a Problems,
    ) -> Option<Self> {
        let what = what.into();
        let entries: &[Entry] = match &tree.value {
            Value::Null => &[],
            Value::Map(entries) => entries,
            Value::Wrong => return None,
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                problems.error(
                    "wrong-type",
                    &tree.place,
                    format!("{what} must be a map, but this is {}", tree.describe()),
                    "Write its keys under it, indented by two spaces, or inline: { key: value }.",
                );
                return None;
            }
        };
        let (place, errors) = (&tree.place, problems.errors());
        let fields = Self { what, place, entries, table, problems, asked: RefCell::default(), errors };
        entries.iter().for_each(|entry| fields.check(entry));
        table.keys().for_each(|key| fields.spelled_once(key));
        Some(fields)
    }

    /// What the map is, for messages.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Where the map stands.
    pub(crate) fn place(&self) -> &'a Place {
        self.place
    }

    fn key(&self, name: &'static str) -> Option<&'static Key> {
        let key = self.table.key(name);
        debug_assert!(key.is_some_and(|key| key.since != Since::NotYet), "`{}` has no `{name}`", self.table.path);
        let key = key?;
        self.asked.borrow_mut().insert(key.name);
        Some(key)
    }

    /// The key as it is spelled in the file, with its value, null or not.
    pub(crate) fn entry(&self, name: &'static str) -> Option<&'a Entry> {
        let key = self.key(name)?;
        let given = |entry: &&Entry| key.is(&entry.key);
        self.entries.iter().filter(given).find(|entry| !entry.value.is_null()).or(self.entries.iter().find(given))
    }

    /// The value of a key, if it is there and not null.
    pub(crate) fn take(&self, name: &'static str) -> Option<&'a Tree> {
        self.entry(name).map(|entry| &entry.value).filter(|tree| !tree.is_null())
    }

    /// Reads a value by its key of the table; if it is not there, or wrong, the table's own value holds.
    fn read<T>(&self, name: &'static str, read: impl Fn(Want<'_>, &Tree, &Type) -> Option<T>) -> Option<T> {
        let key = self.key(name)?;
        let words = format!("`{}` of {}", key.name, self.what);
        let want = Want::new(&words, self.problems);
        let given = self.take(name).and_then(|tree| read(want, tree, &key.kind));
        given.or_else(|| match key.absent {
            Absent::Value(value) => read(want, &Tree::text(self.place.clone(), value), &key.kind),
            Absent::Nothing | Absent::Words(_) => None,
        })
    }

    /// A string that is known and not empty.
    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        self.read(name, |want, tree, _| want.filled(tree))
    }

    /// A string that is known.
    pub(crate) fn blank(&self, name: &'static str) -> Option<String> {
        self.read(name, |want, tree, _| want.string(tree))
    }

    /// A string that may hold outputs of other entries.
    pub(crate) fn open_text(&self, name: &'static str) -> Option<Text> {
        self.read(name, |want, tree, _| want.text(tree))
    }

    /// A whole number in the range of the table.
    pub(crate) fn number(&self, name: &'static str) -> Option<i64> {
        self.read(name, |want, tree, kind| {
            let (min, max) =
                kind.find(&|one| if let Type::Number(min, max) = one { Some((*min, *max)) } else { None })?;
            want.number(tree, min, max)
        })
    }

    /// The same, where nothing is negative.
    pub(crate) fn count(&self, name: &'static str) -> Option<u32> {
        self.number(name).and_then(|number| u32::try_from(number).ok())
    }

    /// A duration in the range of the table.
    pub(crate) fn seconds(&self, name: &'static str) -> Option<u32> {
        self.read(name, |want, tree, kind| {
            let (min, max) =
                kind.find(&|one| if let Type::Seconds(min, max) = one { Some((*min, *max)) } else { None })?;
            want.seconds(tree, min, max)
        })
    }

    /// A share in the range of the table, with `%` or without.
    pub(crate) fn percent(&self, name: &'static str) -> Option<u32> {
        self.read(name, |want, tree, kind| {
            let (min, max) =
                kind.find(&|one| if let Type::Percent(min, max) = one { Some((*min, *max)) } else { None })?;
            let plain = tree.scalar().and_then(|text| text.trim().strip_suffix('%').map(str::to_owned));
            let tree = plain.map_or_else(|| tree.clone(), |text| Tree::text(tree.place.clone(), text));
            want.count(&tree, min, max)
        })
    }

    /// A port.
    pub(crate) fn port(&self, name: &'static str) -> Option<u16> {
        self.read(name, |want, tree, _| want.port(tree))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &'static str) -> Option<bool> {
        self.read(name, |want, tree, _| want.flag(tree))
    }

    /// `true` or `false`, or AWS's words for them.
    pub(crate) fn switch(&self, name: &'static str) -> Option<bool> {
        self.read(name, |want, tree, _| want.switch(tree))
    }

    /// One of the words of the table, as AWS writes it.
    pub(crate) fn word(&self, name: &'static str) -> Option<&'static str> {
        self.read(name, |want, tree, kind| {
            let words = kind.find(&|one| if let Type::Word(words) = one { Some(*words) } else { None })?;
            want.one_of(tree, words)
        })
    }

    /// The physical name, where things of this table have one.
    pub(crate) fn physical_name(&self) -> Option<String> {
        let rule = self.table.made.iter().find_map(|made| made.name)?;
        let tree = self.take("name")?;
        let name = self.text("name")?;
        if let Some(complaint) = rule.complaint(&name) {
            let summary = format!("`{name}` is not a valid name for {}", self.what);
            self.problems.error("bad-name", &tree.place, summary, format!("{}.", capital(&complaint)));
            return None;
        }
        Some(name)
    }

    /// Ends the reading. A key of the table that the section never asked for would be left out without a word.
    pub(crate) fn finish(self) {
        // What is wrong with a value was told before it came here, and may have ended the reading early.
        let told = self.entries.iter().any(|entry| matches!(entry.value.value, Value::Wrong));
        if told || self.problems.errors() > self.errors {
            return;
        }
        let asked = self.asked.borrow();
        for entry in self.entries {
            let Some(key) = self.table.key(&entry.key).filter(|key| !asked.contains(key.name)) else { continue };
            let summary = format!("`{}` of {} was not read", key.name, self.what);
            self.problems.error(
                "internal",
                &entry.place,
                summary,
                "This is a bug in evenkeel. Please report it with the file.",
            );
        }
    }

    /// Reports a key that the table does not have, or that belongs to a later version.
    fn check(&self, entry: &Entry) {
        match self.table.key(&entry.key) {
            Some(key) if key.since == Since::NotYet => self.problems.error(
                "not-yet",
                &entry.place,
                format!("this version does not manage `{}` yet", entry.key),
                format!("Remove `{}` from {} and keep managing it as you do today.", entry.key, self.what),
            ),
            Some(_) => {}
            None => self.problems.push(
                Diagnostic::error(
                    "unknown-key",
                    format!("unknown key `{}` in {}", entry.key, self.what),
                    Some(entry.place.clone()),
                )
                .label("unknown key")
                .help(self.belongs_under(entry).unwrap_or_else(|| self.help(&entry.key))),
            ),
        }
    }

    /// Reports a key that has to be there and is not, or that stands there in two spellings.
    fn spelled_once(&self, key: &'static Key) {
        let mut given = self.entries.iter().filter(|entry| key.is(&entry.key) && !entry.value.is_null());
        let Some(first) = given.next() else {
            if !key.needed.is_empty() {
                let summary = format!("{} has no `{}`", self.what, key.name);
                self.problems.error("missing-key", self.place, summary, key.needed);
            }
            return;
        };
        for entry in given {
            self.problems.push(
                Diagnostic::error(
                    "contradiction",
                    format!("`{}` and `{}` of {} set the same value", first.key, entry.key, self.what),
                    Some(entry.place.clone()),
                )
                .related(first.place.clone(), "already given here")
                .help("Keep one of the two."),
            );
        }
    }

    /// Where an entry was probably meant to be that stands one level too far to the left: its keys are those of an inner section.
    fn belongs_under(&self, entry: &Entry) -> Option<String> {
        let keys = entry.value.entries().filter(|keys| !keys.is_empty())?;
        if self.table.words.iter().any(|(word, _)| plain(word) == plain(&entry.key)) {
            return None;
        }
        let fits = |inner: &Table| keys.iter().all(|one| inner.key(&one.key).is_some());
        let under = self.table.keys().find(|key| matches!(key.kind, Type::Entries(inner) if fits(inner)))?;
        Some(format!("Its keys are those of an entry of `{}`. Indent it below that.", under.name))
    }

    /// What to write in place of a key that is not there.
    fn help(&self, given: &str) -> String {
        let names = self.table.names();
        let plainly = plain(given);
        if let Some((_, instead)) = self.table.words.iter().find(|(word, _)| plain(word) == plainly) {
            return (*instead).to_owned();
        }
        if let Some(name) = names.iter().find(|name| plain(name) == plainly) {
            return format!("Did you mean `{name}`?");
        }
        if let Some(key) = self.table.keys().find(|key| key.is_word_of_aws(given)) {
            return match key.since {
                Since::Version(_) => format!("It is called `{}` here.", key.name),
                Since::NotYet => format!("This version does not manage it yet; the key will be `{}`.", key.name),
            };
        }
        if let Some((_, words)) = self.table.elsewhere.iter().find(|(table, _)| table.key(given).is_some()) {
            return words.replace("{}", given);
        }
        let near = if self.problems.full() { None } else { suggest::nearest(given, names.iter().copied()) };
        match near {
            Some(near) => format!("Did you mean `{near}`?"),
            None if self.table.otherwise.is_empty() => format!("{} may have {}.", capital(&self.what), all(&names)),
            None => self.table.otherwise.to_owned(),
        }
    }
}
