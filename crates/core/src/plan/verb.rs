//! What a step does, in one word: the names by which events, saved plans and JSON know it. Has no words for people; those are in
//! the command line's `report/verbs.rs`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a step does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Takes over a foreign thing.
    Adopt,
    /// Makes a thing.
    Create,
    /// Deletes a thing.
    Delete,
    /// Makes the successor of a thing.
    Replace,
    /// Deletes the old half of a replacement.
    Retire,
    /// Makes a new revision; the old one stays.
    Revise,
    /// Changes a thing in place.
    Update,
    /// Waits.
    Wait,
}

impl Verb {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 8] =
        [Self::Create, Self::Update, Self::Revise, Self::Replace, Self::Adopt, Self::Delete, Self::Retire, Self::Wait];

    /// The name that programs know, the same as in its JSON form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Revise => "revise",
            Self::Replace => "replace",
            Self::Adopt => "adopt",
            Self::Delete => "delete",
            Self::Retire => "retire",
            Self::Wait => "wait",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_has_the_same_name_everywhere() {
        for verb in Verb::ALL {
            let json = serde_json::to_value(verb).unwrap();
            assert_eq!((json.as_str(), verb.to_string().as_str()), (Some(verb.code()), verb.code()));
            assert_eq!(serde_json::from_value::<Verb>(json).unwrap(), verb);
        }
        assert_eq!(format!("{:<7}|", Verb::Adopt), "adopt  |");
    }
}
