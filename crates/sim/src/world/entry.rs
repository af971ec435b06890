//! What a service tells of itself to whoever asks what is in a world: so many resources of a kind, and some of them by name. Knows
//! no service and no world.

use serde::Serialize;

/// Resources of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What one of them is called.
    pub kind: &'static str,
    /// How many there are.
    pub count: usize,
    /// Each of them, where they are told by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// A resource that is told by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// How it is, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Entry>,
}

impl Entry {
    /// So many of a kind.
    pub fn counted(kind: &'static str, count: usize) -> Self {
        Self { kind, count, items: Vec::new() }
    }

    /// Each of a kind.
    pub fn named(kind: &'static str, items: Vec<Item>) -> Self {
        Self { kind, count: items.len(), items }
    }
}

impl Item {
    /// A resource of which its name says enough.
    pub fn called(name: &str) -> Self {
        Self { name: name.to_owned(), state: None, holds: Vec::new() }
    }
}
