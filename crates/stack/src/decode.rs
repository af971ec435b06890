//! What is wrong so far, and typed scalars with their ranges, of which the first mistake is never the last. Maps and their
//! keys are read by [`Fields`](super::fields::Fields). Knows no section of the stack file.

use std::cell::{Cell, RefCell};

use evenkeel_core::diagnostic::{Diagnostic, Place, Severity};
use evenkeel_core::doc::Text;
use evenkeel_core::secret::Secrets;

use super::codes;
use super::suggest::{self, choices};
use super::tree::{Tree, Value};

/// What is wrong so far.
#[derive(Default)]
pub(crate) struct Problems {
    found: RefCell<Vec<Diagnostic>>,
    /// Findings beyond [`MOST`].
    more: Cell<usize>,
}

/// Findings that are told; a file with more of them is another kind of file.
const MOST: usize = 200;

impl Problems {
    /// Adds a finding, unless the very same one is there (an anchor that is used twice would repeat it).
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        debug_assert!(codes::is_known(diagnostic.code), "`{}` is not in the table of codes", diagnostic.code);
        let mut found = self.found.borrow_mut();
        if found.len() >= MOST {
            self.more.set(self.more.get() + 1);
        } else if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }

    /// Adds an error.
    pub(crate) fn error(&self, code: &'static str, place: &Place, summary: impl Into<String>, help: impl Into<String>) {
        self.push(Diagnostic::error(code, summary, Some(place.clone())).help(help));
    }

    /// Adds a warning.
    pub(crate) fn warn(&self, code: &'static str, place: &Place, summary: impl Into<String>, help: impl Into<String>) {
        self.push(Diagnostic::warning(code, summary, Some(place.clone())).help(help));
    }

    /// Whether so much was found that the rest is only counted.
    pub(crate) fn full(&self) -> bool {
        self.found.borrow().len() >= MOST
    }

    /// Words of help that take some search, unless nobody would read them.
    pub(crate) fn help(&self, search: impl FnOnce() -> String) -> String {
        if self.full() { String::new() } else { search() }
    }

    /// How many errors were found.
    pub(crate) fn errors(&self) -> usize {
        self.more.get() + self.found.borrow().iter().filter(|found| found.severity == Severity::Error).count()
    }

    /// Whether any error was found.
    pub(crate) fn failed(&self) -> bool {
        self.more.get() > 0 || self.found.borrow().iter().any(|found| found.severity == Severity::Error)
    }

    /// Everything that was found, by source and line; findings without a place first.
    pub(crate) fn into_sorted(self, secrets: &Secrets) -> Vec<Diagnostic> {
        let more = self.more.get();
        let mut found = self.found.into_inner();
        for finding in &mut found {
            finding.summary = secrets.message(&finding.summary);
            finding.help = finding.help.take().map(|help| secrets.message(&help));
        }
        found.sort_by_key(|found| found.place.as_ref().map(|place| (place.source.path.clone(), place.span.start)));
        if more > 0 {
            let summary = match more {
                1 => "there is 1 more problem".to_owned(),
                many => format!("there are {many} more problems"),
            };
            found.push(Diagnostic::error("many-problems", summary, None).help("They are shown once these are fixed."));
        }
        found
    }
}

/// The text with its first letter in upper case.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What a scalar is read for: the words of its messages, and where they go.
#[derive(Clone, Copy)]
pub(crate) struct Want<'a> {
    /// The key or thing in messages: `` `port` of listener `web/http` ``.
    pub what: &'a str,
    /// Where problems go.
    pub problems: &'a Problems,
}

impl<'a> Want<'a> {
    /// Reads for `what`.
    pub(crate) fn new(what: &'a str, problems: &'a Problems) -> Self {
        Self { what, problems }
    }

    /// Says that a value is of the wrong type.
    pub(crate) fn wrong(&self, tree: &Tree, expected: &str, help: &str) {
        if matches!(tree.value, Value::Wrong) {
            return;
        }
        self.problems.error(
            "wrong-type",
            &tree.place,
            format!("{} must be {expected}, but this is {}", self.what, tree.describe()),
            help,
        );
    }

    /// A string that is known now; numbers and booleans are taken as they are written.
    pub(crate) fn string(&self, tree: &Tree) -> Option<String> {
        if let Value::Text(Text::From(_) | Text::Join(_)) = &tree.value {
            self.problems.error(
                "output-not-here",
                &tree.place,
                format!("{} cannot depend on an output of another entry", self.what),
                "Outputs are known only during an apply, but this value is needed before. \
                     Write the value out, or use env or var.",
            );
            return None;
        }
        let found = tree.scalar();
        if found.is_none() {
            self.wrong(tree, "a string", "Write one value.");
        }
        found
    }

    /// A string that is known now and not empty.
    pub(crate) fn filled(&self, tree: &Tree) -> Option<String> {
        let found = self.string(tree)?;
        if found.trim().is_empty() {
            self.wrong(tree, "a string that is not empty", "Write a value, or remove the key to leave it unset.");
            return None;
        }
        Some(found)
    }

    /// A string that may hold outputs of other entries.
    pub(crate) fn text(&self, tree: &Tree) -> Option<Text> {
        match &tree.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => tree.scalar().map(Text::Known),
            Value::Null | Value::List(_) | Value::Map(_) | Value::Wrong => {
                self.wrong(tree, "a string", "Write one value.");
                None
            }
        }
    }

    /// A whole number in a range, ends included.
    pub(crate) fn number(&self, tree: &Tree, min: i64, max: i64) -> Option<i64> {
        let found = self.string(tree)?;
        match found.trim().parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            Ok(_) => {
                self.problems.push(
                    Diagnostic::error(
                        "out-of-range",
                        format!("{} is out of range: {found}", self.what),
                        Some(tree.place.clone()),
                    )
                    .label(format!("{min} to {max}"))
                    .help(format!("AWS accepts {min} to {max}.")),
                );
                None
            }
            Err(_) => {
                self.wrong(tree, "a whole number", &format!("AWS accepts {min} to {max}."));
                None
            }
        }
    }

    /// Like [`Self::number`], for ranges that are not negative.
    pub(crate) fn count(&self, tree: &Tree, min: u32, max: u32) -> Option<u32> {
        self.number(tree, i64::from(min), i64::from(max)).and_then(|number| u32::try_from(number).ok())
    }

    /// A port number.
    pub(crate) fn port(&self, tree: &Tree) -> Option<u16> {
        let found = self.string(tree)?;
        match found.trim().parse::<i64>() {
            Ok(number) if (1..=65535).contains(&number) => u16::try_from(number).ok(),
            Ok(_) | Err(_) => {
                self.problems.push(
                    Diagnostic::error(
                        "bad-port",
                        format!("{} is not a port: {found}", self.what),
                        Some(tree.place.clone()),
                    )
                    .label("1 to 65535")
                    .help("A port is a number from 1 to 65535."),
                );
                None
            }
        }
    }

    /// `true` or `false`; a placeholder may give them as text.
    pub(crate) fn flag(&self, tree: &Tree) -> Option<bool> {
        let found = self.string(tree)?;
        match found.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            "yes" | "on" | "enabled" | "y" => {
                self.wrong(tree, "true or false", "Write true.");
                None
            }
            "no" | "off" | "disabled" | "n" => {
                self.wrong(tree, "true or false", "Write false.");
                None
            }
            _ => {
                self.wrong(tree, "true or false", "Write true or false.");
                None
            }
        }
    }

    /// `true` or `false`, or `ENABLED` or `DISABLED` where that is AWS's own word for them.
    pub(crate) fn switch(&self, tree: &Tree) -> Option<bool> {
        match tree.scalar().map(|text| text.to_ascii_lowercase()).as_deref() {
            Some("enabled") => Some(true),
            Some("disabled") => Some(false),
            Some(_) | None => self.flag(tree),
        }
    }

    /// A duration in seconds: `30s`, `5m`, `1h`, `1d` or a plain number of seconds.
    pub(crate) fn seconds(&self, tree: &Tree, min: u32, max: u32) -> Option<u32> {
        let found = self.string(tree)?;
        match duration(&found) {
            Some(secs) if secs >= u64::from(min) && secs <= u64::from(max) => u32::try_from(secs).ok(),
            Some(_) => {
                self.problems.push(
                    Diagnostic::error(
                        "out-of-range",
                        format!("{} is out of range: {found}", self.what),
                        Some(tree.place.clone()),
                    )
                    .label(format!("{min}s to {max}s"))
                    .help(format!("AWS accepts {min} to {max} seconds.")),
                );
                None
            }
            None => {
                self.wrong(tree, "a duration", "Write 30s, 5m, 1h, 1d, or a number of seconds.");
                None
            }
        }
    }

    /// One of a few words; upper and lower case, `-` and `_` are not told apart. Gives the word as AWS writes it.
    pub(crate) fn one_of(&self, tree: &Tree, words: &[&'static str]) -> Option<&'static str> {
        let found = self.string(tree)?;
        let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
        let hit = words.iter().copied().find(|word| plain(word) == plain(&found));
        if hit.is_none() {
            let near = suggest::nearest(&found, words.iter().copied());
            let help = near.map_or_else(
                || format!("It may be {}.", choices(words)),
                |near| format!("Did you mean `{near}`? It may be {}.", choices(words)),
            );
            self.problems.error("bad-value", &tree.place, format!("{} cannot be `{found}`", self.what), help);
        }
        hit
    }

    /// One value or a list of them.
    pub(crate) fn several(&self, tree: &'a Tree) -> &'a [Tree] {
        match &tree.value {
            Value::List(items) => items,
            Value::Null | Value::Wrong => &[],
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Map(_) => std::slice::from_ref(tree),
        }
    }

    /// One string or a list of them, known now.
    pub(crate) fn strings(&self, tree: &'a Tree) -> Vec<String> {
        self.several(tree).iter().filter_map(|item| self.filled(item)).collect()
    }

    /// A map of strings; null values count as empty ones.
    pub(crate) fn string_map(&self, tree: &Tree) -> Vec<(String, String, Place)> {
        let Some(entries) = tree.entries() else {
            if !tree.is_null() {
                self.wrong(tree, "a map", "Write { name: value }.");
            }
            return Vec::new();
        };
        entries
            .iter()
            .filter_map(|entry| {
                let value = if entry.value.is_null() { Some(String::new()) } else { self.string(&entry.value) };
                Some((entry.key.clone(), value?, entry.place.clone()))
            })
            .collect()
    }
}

/// Seconds of `30s`, `5m`, `1h30m`, `1d`, `2w` or a plain number.
pub(crate) fn duration(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(secs) = text.parse() {
        return Some(secs);
    }
    let (mut total, mut digits) = (0u64, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, secs) in [("30", 30), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1d", 86_400), ("2w", 1_209_600)] {
            assert_eq!(duration(text), Some(secs), "{text}");
        }
        for text in ["", "s", "5 m", "-3", "3x", "5m3", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
