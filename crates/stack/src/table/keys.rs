//! What a table of keys is: keys with their types, and how tables lead to others. Knows no table.

use crate::task_definition::schema::{self, Object};
use crate::values::NameRule;

/// What one map may hold.
#[derive(Debug)]
pub struct Table {
    /// The keys that lead to it, without names of entries: `load_balancers.listeners.rules`.
    pub path: &'static str,
    /// What it is, in a few words: `a rule of a listener`.
    pub what: &'static str,
    /// Its keys; groups that several tables share stand first.
    pub groups: &'static [&'static [Key]],
    /// What each entry of it makes, where entries have names that others may refer to.
    pub made: &'static [Made],
    /// Words of AWS that are no keys here, and what to write in their place.
    pub words: &'static [(&'static str, &'static str)],
    /// Tables whose keys people look for here, and what to say of them.
    pub elsewhere: &'static [(&'static Table, &'static str)],
    /// What to say of a key that nothing is like, where a list of all keys would be too long.
    pub otherwise: &'static str,
    /// ECS's object that it stands for; spellings of its keys that are not in the table are understood too.
    pub object: Option<&'static Object>,
}

/// A table without anything, to be filled in.
pub(crate) const EMPTY: Table =
    Table { path: "", what: "", groups: &[], made: &[], words: &[], elsewhere: &[], otherwise: "", object: None };

/// A kind that an entry stands for.
#[derive(Debug)]
pub struct Made {
    /// The kind.
    pub kind: &'static str,
    /// What others may refer to: `${kind.entry.output}`.
    pub outputs: &'static [&'static str],
    /// What AWS allows as its physical name; `None` where it has none.
    pub name: Option<&'static NameRule>,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As the file has it.
    pub name: &'static str,
    /// Other spellings of the same.
    pub also: &'static [&'static str],
    /// What may stand there.
    pub kind: Type,
    /// That in words, where the words of the type do not say enough.
    pub shape: &'static str,
    /// Why it has to be there; empty if it may be left out.
    pub needed: &'static str,
    /// What holds if it is left out.
    pub absent: Absent,
    /// AWS's member: `HealthCheckIntervalSeconds`; empty where there is none.
    pub aws: &'static str,
    /// One sentence.
    pub say: &'static str,
    /// An example of a value, as YAML in one line.
    pub example: &'static str,
    /// Whether this version has it.
    pub since: Since,
}

/// What holds if a key is left out.
#[derive(Clone, Copy, Debug)]
pub enum Absent {
    /// Nothing.
    Nothing,
    /// This value, as the file would have it; readers get it from here.
    Value(&'static str),
    /// What these words say; the reader works it out.
    Words(&'static str),
}

/// Whether this version has a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// It does, since that version.
    Version(&'static str),
    /// A later one will; until then it is refused by name.
    NotYet,
}

/// What may stand under a key. Where a scalar may, `${…}` may too.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string that may hold outputs of other entries.
    Open,
    /// A string that is known before an apply, and not empty.
    Text,
    /// A string that is known before an apply, and may be empty.
    Blank,
    /// A whole number.
    Number(i64, i64),
    /// A number of seconds, or a duration with units.
    Seconds(u32, u32),
    /// A number with or without `%`.
    Percent(u32, u32),
    /// A port, 1 to 65535.
    Port,
    /// `true` or `false`.
    Flag,
    /// `true` or `false`, or AWS's `ENABLED` or `DISABLED`.
    Switch,
    /// One of these words in any case, with `-` or `_`.
    Word(&'static [&'static str]),
    /// Exactly one of these.
    Just(&'static [&'static str]),
    /// The name of an entry of a section, or what else the words of the key say (an ARN, an id).
    Entry(&'static str),
    /// One, or a list.
    Several(&'static Type),
    /// A map of free names.
    MapOf(&'static Type),
    /// A map of entries, each with the keys of a table.
    Entries(&'static Table),
    /// A map with the keys of a table.
    Map(&'static Table),
    /// Any of these.
    AnyOf(&'static [Type]),
    /// As ECS's own object has it under a key, in snake_case.
    Ecs(&'static Object, &'static str),
    /// Anything: a document of AWS.
    Document,
}

/// A key of this version that may be left out.
pub(crate) const fn key(name: &'static str, kind: Type, say: &'static str) -> Key {
    Key {
        name,
        also: &[],
        kind,
        shape: "",
        needed: "",
        absent: Absent::Nothing,
        aws: "",
        say,
        example: "",
        since: Since::Version("0.1.0"),
    }
}

/// A key of a later version.
pub(crate) const fn later(name: &'static str, aws: &'static str, say: &'static str) -> Key {
    Key { since: Since::NotYet, aws, ..key(name, Type::Document, say) }
}

impl Key {
    /// With other spellings.
    pub(crate) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// What may stand there, in words.
    pub(crate) const fn shape(self, shape: &'static str) -> Self {
        Self { shape, ..self }
    }

    /// It has to be there; says why, or what to write.
    pub(crate) const fn needed(self, needed: &'static str) -> Self {
        Self { needed, ..self }
    }

    /// The value that holds if it is left out.
    pub(crate) const fn value(self, value: &'static str) -> Self {
        Self { absent: Absent::Value(value), ..self }
    }

    /// What holds if it is left out, in words.
    pub(crate) const fn without(self, words: &'static str) -> Self {
        Self { absent: Absent::Words(words), ..self }
    }

    /// AWS's member.
    pub(crate) const fn aws(self, aws: &'static str) -> Self {
        Self { aws, ..self }
    }

    /// An example of a value.
    pub(crate) const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// All its spellings, the usual one first.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }

    /// Whether a text is one of its spellings.
    pub fn is(&self, text: &str) -> bool {
        self.name == text || self.also.contains(&text)
    }

    /// Whether a text is AWS's word for it, in camelCase or in snake_case. AWS's member may be a path or an attribute
    /// (`awsvpcConfiguration.subnets`); then its last part counts.
    pub fn is_word_of_aws(&self, text: &str) -> bool {
        let plain = schema::plain(text);
        self.aws.split([',', ' ']).filter(|word| !word.is_empty()).any(|member| {
            let last = member.rsplit('.').next().unwrap_or(member);
            schema::plain(member) == plain || schema::plain(last) == plain
        })
    }
}

impl Table {
    /// All keys, those of later versions too.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.groups.iter().copied().flatten()
    }

    /// The key of that spelling.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.is(name))
    }

    /// The spellings of all keys of this version.
    pub fn names(&self) -> Vec<&'static str> {
        self.keys().filter(|key| key.since != Since::NotYet).flat_map(Key::spellings).collect()
    }
}

impl Type {
    /// The tables that it leads to.
    pub fn tables(&self) -> Vec<&'static Table> {
        match self {
            Self::Entries(table) | Self::Map(table) => vec![table],
            Self::Several(inner) | Self::MapOf(inner) => inner.tables(),
            Self::AnyOf(types) => types.iter().flat_map(Self::tables).collect(),
            _ => Vec::new(),
        }
    }

    /// The object of ECS that it leads to at once.
    pub(crate) fn ecs(&self) -> Option<&'static Object> {
        let member = self.find(&|one| if let Self::Ecs(object, member) = one { object.member(member) } else { None });
        member.and_then(|member| member.kind.object())
    }

    /// The first of its forms for which `pick` gives something.
    pub fn find<T>(&self, pick: &impl Fn(&Type) -> Option<T>) -> Option<T> {
        pick(self).or_else(|| match self {
            Self::Several(inner) => inner.find(pick),
            Self::AnyOf(types) => types.iter().find_map(|one| one.find(pick)),
            _ => None,
        })
    }
}

/// Every table that a table leads to, itself first.
pub fn all(root: &'static Table) -> Vec<&'static Table> {
    let mut found: Vec<&'static Table> = vec![root];
    let mut next = 0;
    while next < found.len() {
        for table in found[next].keys().flat_map(|key| key.kind.tables()) {
            if !found.iter().any(|known| std::ptr::eq(*known, table)) {
                found.push(table);
            }
        }
        next += 1;
    }
    found
}

/// The kinds that others may refer to, with the section that their entries stand in.
pub fn kinds(root: &'static Table) -> Vec<(&'static Made, &'static str)> {
    let section = |table: &'static Table| table.path.split('.').next().unwrap_or_default();
    all(root).into_iter().flat_map(|table| table.made.iter().map(move |made| (made, section(table)))).collect()
}
