//! Every object and key of `RegisterTaskDefinition`, with their types and a sentence each, as the ECS API of November 2026 has
//! them. Data, in the files beside; `coerce.rs` reads documents by it, and the tables of services and containers point into it. A
//! new key of AWS is one new line. Knows nothing of what reads it.

mod container;
mod kernel;
mod task;
mod volume;

pub(crate) use container::{CONTAINER_DEFINITION, LOG_CONFIGURATION, PORT_MAPPING};
pub(crate) use task::TASK_DEFINITION;
pub(crate) use volume::VOLUME;

/// The type of a value.
#[derive(Debug)]
pub enum Type {
    /// A string.
    Text,
    /// A whole number.
    Int,
    /// A whole number of seconds; `30s` is understood too.
    Seconds,
    /// A boolean.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A list of strings.
    Texts,
    /// A list of whole numbers.
    Ints,
    /// A list of words.
    Words(&'static [&'static str]),
    /// A map of strings.
    Strings,
    /// An object.
    Object(&'static Object),
    /// A list of objects.
    Objects(&'static Object),
}

/// An object: what it is called in messages, its keys, and those that have to be there.
#[derive(Debug)]
pub struct Object {
    /// For messages.
    pub what: &'static str,
    /// All keys.
    pub keys: &'static [Member],
    /// Keys that ECS insists on.
    pub required: &'static [&'static str],
}

/// A key of an object.
#[derive(Debug)]
pub struct Member {
    /// As AWS has it: `healthCheck`.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Type,
    /// One sentence.
    pub say: &'static str,
}

const fn member(name: &'static str, kind: Type, say: &'static str) -> Member {
    Member { name, kind, say }
}

impl Type {
    /// The object that stands there, or of which there is a list.
    pub(crate) fn object(&self) -> Option<&'static Object> {
        if let Self::Object(object) | Self::Objects(object) = self { Some(object) } else { None }
    }
}

impl Object {
    /// The key of exactly that name.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.keys.iter().find(|member| member.name == name)
    }

    /// The key of that name, in whatever case and with or without hyphens and underscores.
    pub fn member_like(&self, given: &str) -> Option<&'static Member> {
        let given = plain(given);
        self.keys.iter().find(|member| plain(member.name) == given)
    }
}

/// Keys of `describe-task-definition` that are no input.
pub(crate) const READ_ONLY: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "deregisteredAt",
    "registeredBy",
    "deleteRequestedAt",
];

/// The text without what tells snake_case and camelCase apart.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '_' && *c != '-').flat_map(char::to_lowercase).collect()
}

/// snake_case of an AWS key, for messages.
pub(crate) fn snake(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with("in_gi") {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
