//! Cuts an expression into tokens. Knows no grammar.

/// A token: its kind, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins and ends, in bytes.
    pub span: (usize, usize),
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word: an attribute's name, a keyword or a function.
    Word(String),
    /// `#name`.
    Name(String),
    /// `:value`.
    Value(String),
    /// A whole number, in brackets.
    Number(usize),
    /// A sign such as `<=` or `(`.
    Sign(&'static str),
    /// The end.
    End,
}

const SIGNS: [&str; 15] = ["<=", ">=", "<>", "=", "<", ">", "(", ")", "[", "]", ",", ".", "+", "-", "*"];

/// The tokens of an expression with an `End` behind them, or the text that is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let (kind, length) = match first {
            '#' | ':' => {
                let word = word(&rest[1..]);
                if word.is_empty() {
                    return Err(first.to_string());
                }
                let whole = rest[..=word.len()].to_owned();
                let length = whole.len();
                (if first == '#' { Kind::Name(whole) } else { Kind::Value(whole) }, length)
            }
            '0'..='9' => {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                (Kind::Number(digits.parse().map_err(|_| digits.clone())?), digits.len())
            }
            _ if first == '_' || first.is_alphabetic() => {
                let word = word(rest).to_owned();
                let length = word.len();
                (Kind::Word(word), length)
            }
            _ => match sign {
                Some(sign) => (Kind::Sign(sign), sign.len()),
                None => return Err(first.to_string()),
            },
        };
        found.push(Token { kind, span: (at, at + length) });
        at += length;
    }
    found.push(Token { kind: Kind::End, span: (text.len(), text.len()) });
    Ok(found)
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| letter != '_' && !letter.is_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}
