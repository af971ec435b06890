//! What a service does not accept of tags, as data: which breach, of what, and how it is refused. Knows no service.

use std::collections::BTreeMap;

use super::Tags;
use crate::call::{Refusal, Said};

/// Something that is not accepted.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    breach: Breach,
    on: On,
    /// In the text, `{key}`, `{text}` and `{tags}` stand for the key, for what is wrong in it or its value, and for all tags.
    said: Said,
}

/// What tags are held against a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Those of a request.
    Request,
    /// Those that a resource has afterwards.
    Whole,
    /// Both.
    Both,
}

/// What is not accepted.
#[derive(Clone, Copy, Debug)]
pub enum Breach {
    /// An empty key.
    NoKey,
    /// A key that begins with one of these.
    Reserved(&'static [&'static str]),
    /// The same, whatever the case.
    ReservedInAnyCase(&'static [&'static str]),
    /// A key or a value that begins with one of these, whatever the case.
    ReservedKeyOrValue(&'static [&'static str]),
    /// A longer key.
    LongKey(usize),
    /// A longer value.
    LongValue(usize),
    /// A key or a value with a letter that is not one of these.
    Letters(fn(char) -> bool),
    /// A key that occurs twice.
    Twice,
    /// The same, whatever the case.
    TwiceInAnyCase,
    /// More tags.
    Count(usize),
    /// More tags beside AWS's own.
    OwnCount(usize),
}

/// The key and the value of a tag.
pub type Pair<'t> = (&'t str, &'t str);

impl Breach {
    /// Whether each tag is held against it by itself.
    const fn is_of_one(&self) -> bool {
        !matches!(self, Self::Twice | Self::TwiceInAnyCase | Self::Count(_) | Self::OwnCount(_))
    }

    /// What is wrong with a tag.
    fn of_one<'t>(&self, (key, value): Pair<'t>) -> Option<&'t str> {
        let begins = |text: &str, starts: &[&str]| starts.iter().any(|start| is_prefix(start, text));
        let (wrong, text) = match self {
            Self::NoKey => (key.is_empty(), key),
            Self::Reserved(starts) => (starts.iter().any(|start| key.starts_with(start)), key),
            Self::ReservedInAnyCase(starts) => (begins(key, starts), key),
            Self::ReservedKeyOrValue(starts) if begins(key, starts) => (true, key),
            Self::ReservedKeyOrValue(starts) => (begins(value, starts), value),
            Self::LongKey(most) => (key.chars().count() > *most, key),
            Self::LongValue(most) => (value.chars().count() > *most, value),
            Self::Letters(fits) if !key.chars().all(fits) => (true, key),
            Self::Letters(fits) => (!value.chars().all(fits), value),
            Self::Twice | Self::TwiceInAnyCase | Self::Count(_) | Self::OwnCount(_) => (false, key),
        };
        wrong.then_some(text)
    }

    /// The key that is wrong in all of them, or an empty text if it is none in particular.
    fn of_all<'t>(&self, tags: &[Pair<'t>]) -> Option<&'t str> {
        let twice = |same: fn(&str, &str) -> bool| {
            let again = |(at, (key, _)): (usize, &Pair<'t>)| tags[..at].iter().any(|(other, _)| same(other, key));
            tags.iter().enumerate().find(|(at, pair)| again((*at, pair))).map(|(_, (key, _))| *key)
        };
        match self {
            Self::Twice => twice(|one, other| one == other),
            Self::TwiceInAnyCase => twice(str::eq_ignore_ascii_case),
            Self::Count(most) => (tags.len() > *most).then_some(""),
            Self::OwnCount(most) => {
                (tags.iter().filter(|(key, _)| !is_prefix("aws:", key)).count() > *most).then_some("")
            }
            _ => None,
        }
    }
}

fn is_prefix(start: &str, text: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

impl Rule {
    /// A rule for the tags of a request.
    pub const fn request(breach: Breach, said: Said) -> Self {
        Self { breach, on: On::Request, said }
    }

    /// A rule for the tags that a resource has afterwards.
    pub const fn whole(breach: Breach, said: Said) -> Self {
        Self { breach, on: On::Whole, said }
    }

    /// A rule for both.
    pub const fn both(breach: Breach, said: Said) -> Self {
        Self { breach, on: On::Both, said }
    }

    fn refusal(&self, tags: &[Pair<'_>], key: &str, text: &str) -> Refusal {
        let mut refusal = self.said.refusal();
        if refusal.message.contains("{tags}") {
            let sorted: BTreeMap<_, _> = tags.iter().copied().collect();
            let pairs: Vec<String> = sorted.iter().map(|(key, value)| format!("{key}={value}")).collect();
            refusal.message = refusal.message.replace("{tags}", &format!("{{{}}}", pairs.join(", ")));
        }
        refusal.message = refusal.message.replace("{key}", key).replace("{text}", text);
        refusal
    }
}

/// Holds tags against those of the rules that are for them. Each tag is held against all rules in a row that look at one tag.
///
/// # Errors
/// The refusal of the first breach.
pub fn check(rules: &[Rule], tags: &[Pair<'_>], on: On) -> Result<(), Refusal> {
    let rules: Vec<&Rule> = rules.iter().filter(|rule| rule.on == on || rule.on == On::Both).collect();
    for run in rules.chunk_by(|one, next| one.breach.is_of_one() && next.breach.is_of_one()) {
        for pair in tags {
            let broken = run.iter().find_map(|rule| Some((rule, rule.breach.of_one(*pair)?)));
            if let Some((rule, text)) = broken {
                return Err(rule.refusal(tags, pair.0, text));
            }
        }
        if let Some((rule, key)) = run.iter().find_map(|rule| Some((rule, rule.breach.of_all(tags)?))) {
            return Err(rule.refusal(tags, key, key));
        }
    }
    Ok(())
}

/// Tags as pairs.
pub fn pairs(tags: &Tags) -> Vec<Pair<'_>> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
