//! Where a value comes from that no document may hold: said in a few words, which stand in plans and in saved plans in the place of
//! the value. Must not know the value, nor how it is got.

use std::fmt;
use std::str::FromStr;

/// Where the value of a secret comes from when it is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ValueFrom {
    /// An environment variable.
    Env(String),
    /// The text of a file, by a path that holds where the command runs.
    File(String),
    /// Whoever runs the command.
    Prompt,
    /// Chance.
    Generate(Generate),
}

/// What a random value is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generate {
    /// How many characters it has.
    pub length: u16,
    /// Of which sorts they are; each occurs. At least one.
    pub characters: Vec<Characters>,
}

/// A sort of characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Characters {
    /// `A` to `Z` and `a` to `z`.
    Letters,
    /// `0` to `9`.
    Digits,
    /// Signs that neither shells, URLs' hosts nor databases take amiss in a password.
    Symbols,
}

impl Characters {
    /// All sorts, as the stack file calls them.
    pub const WORDS: &'static [&'static str] = &["letters", "digits", "symbols"];

    /// What the stack file calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Letters => Self::WORDS[0],
            Self::Digits => Self::WORDS[1],
            Self::Symbols => Self::WORDS[2],
        }
    }

    /// The characters themselves.
    pub fn all(self) -> &'static str {
        match self {
            Self::Letters => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            Self::Digits => "0123456789",
            Self::Symbols => "!#*+-.=^_~",
        }
    }

    /// The sort of that word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Letters, Self::Digits, Self::Symbols].into_iter().find(|sort| sort.word() == word)
    }
}

impl Default for Generate {
    fn default() -> Self {
        Self { length: 32, characters: vec![Characters::Letters, Characters::Digits] }
    }
}

impl fmt::Display for ValueFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Prompt => f.write_str("prompt"),
            Self::Generate(Generate { length, characters }) => {
                let words: Vec<&str> = characters.iter().map(|sort| sort.word()).collect();
                write!(f, "generated: {length} {}", words.join(", "))
            }
        }
    }
}

impl FromStr for ValueFrom {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "prompt" {
            return Ok(Self::Prompt);
        }
        if let Some(name) = text.strip_prefix("environment variable ") {
            return Ok(Self::Env(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file ") {
            return Ok(Self::File(path.to_owned()));
        }
        let (length, words) = text.strip_prefix("generated: ").and_then(|rest| rest.split_once(' ')).ok_or(())?;
        let characters =
            words.split(", ").map(|word| Characters::of(word).ok_or(())).collect::<Result<Vec<_>, ()>>()?;
        Ok(Self::Generate(Generate { length: length.parse().map_err(drop)?, characters }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let all = [Characters::Letters, Characters::Digits, Characters::Symbols];
        for from in [
            ValueFrom::Env("DB_PASSWORD".to_owned()),
            ValueFrom::File("keys/a b.pem".to_owned()),
            ValueFrom::Prompt,
            ValueFrom::Generate(Generate::default()),
            ValueFrom::Generate(Generate { length: 8, characters: all.to_vec() }),
        ] {
            assert_eq!(from.to_string().parse(), Ok(from));
        }
        for text in ["", "prompt ", "generated: x letters", "generated: 8 runes", "generated: 8"] {
            assert_eq!(text.parse::<ValueFrom>(), Err(()), "{text:?}");
        }
    }
}
