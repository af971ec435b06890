//! How the resources of a kind are shown to a person: which values say nothing because nearly every resource has them, which have
//! a shorter form, and which are secret. Data of the services; whoever prints decides where it is used. Knows no format.

use serde_json::Value;

/// How the resources of a kind are shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The kind.
    pub kind: &'static str,
    /// Values that say nothing.
    pub usual: &'static [Usual],
    /// The shorter form of a value at a path (`[]` for the members of a list), if it has one. References in it are words already.
    pub shorter: fn(&[&str], &Value) -> Option<Value>,
    /// What to do where one is looked up and not there, if there is more to it than to correct the name.
    pub absent: Option<&'static str>,
    /// What to change where something of others is in its place, if not its `name:`.
    pub elsewhere: Option<&'static str>,
    /// What a person has to do once something new is there, from its document, if anything.
    pub next: Option<fn(&Value) -> String>,
    /// What a person should know of a change, from the new document and the names of the fields that change, if anything.
    pub changing: Option<Changing>,
    /// The lists that say what goes with one that has no name of its own.
    pub parts: &'static [&'static str],
    /// A list whose members are best told apart by a head.
    pub headed: Option<Headed>,
    /// Paths (with `[]` for list members) whose values are secret. Secrets appear in documents as references only, so no kind has
    /// any yet.
    pub secret: &'static [&'static str],
}

/// What a person should know of a change: from the new document and the names of the fields that change.
pub type Changing = fn(&Value, &[&str]) -> Option<String>;

/// A value that says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usual {
    /// Where it is, with dots; `[]` for the members of a list, `*` for any key.
    pub path: &'static str,
    /// The value on one line; `None` for fields that only repeat what the title or another step says.
    pub value: Option<&'static str>,
}

/// A list each of whose members has a head: `web: nginx:1.27`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headed {
    /// The field.
    pub field: &'static str,
    /// What its members are called by.
    pub name: &'static str,
    /// What is worth knowing first.
    pub first: &'static str,
}

impl Shown {
    /// A kind of which everything is shown as it is.
    pub const PLAIN: Self = Self {
        kind: "",
        usual: &[],
        shorter: as_it_is,
        absent: None,
        elsewhere: None,
        next: None,
        changing: None,
        parts: &[],
        headed: None,
        secret: &[],
    };
}

/// A value that is usual.
pub const fn usual(path: &'static str, value: &'static str) -> Usual {
    Usual { path, value: Some(value) }
}

/// A field that says nothing, whatever is in it.
pub const fn told(path: &'static str) -> Usual {
    Usual { path, value: None }
}

fn as_it_is(_at: &[&str], _value: &Value) -> Option<Value> {
    None
}
