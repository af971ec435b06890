//! Filter patterns: words that must occur, `?words` of which one must, `-words` that must not, quoted phrases, `%expressions%`,
//! and comparisons of members of JSON lines in braces, joined by `&&`.

use regex::Regex;
use serde_json::Value;

/// A pattern.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
    expression: Option<Regex>,
    members: Vec<Comparison>,
}

#[derive(Debug)]
struct Comparison {
    path: Vec<String>,
    operator: &'static str,
    value: String,
}

impl Pattern {
    /// Reads a pattern; nothing if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('{') {
            let members = inner.strip_suffix('}')?.split("&&").map(comparison).collect::<Option<_>>()?;
            return Some(Self { members, ..Self::default() });
        }
        if text.len() > 1 && text.starts_with('%') && text.ends_with('%') {
            return Some(Self { expression: Some(Regex::new(&text[1..text.len() - 1]).ok()?), ..Self::default() });
        }
        let mut pattern = Self::default();
        for (sign, word) in words(text)? {
            let list = match sign {
                Some('?') => &mut pattern.any,
                Some('-') => &mut pattern.none,
                _ => &mut pattern.all,
            };
            list.push(word);
        }
        Some(pattern)
    }

    /// Whether a line fits.
    pub(super) fn fits(&self, line: &str) -> bool {
        let words = self.all.iter().all(|word| line.contains(word))
            && !self.none.iter().any(|word| line.contains(word))
            && (self.any.is_empty() || self.any.iter().any(|word| line.contains(word)));
        let document = || serde_json::from_str::<Value>(line).unwrap_or_default();
        words
            && self.expression.as_ref().is_none_or(|expression| expression.is_match(line))
            && (self.members.is_empty() || {
                let document = document();
                self.members.iter().all(|one| one.holds(&document))
            })
    }
}

/// The words of a pattern with their signs; nothing if a quotation does not end.
fn words(text: &str) -> Option<Vec<(Option<char>, String)>> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let sign = rest.chars().next().filter(|sign| matches!(sign, '?' | '-'));
        rest = sign.map_or(rest, |_| &rest[1..]);
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push((sign, word.to_owned()));
        rest = after.trim_start();
    }
    Some(words)
}

fn comparison(text: &str) -> Option<Comparison> {
    let operators = ["!=", ">=", "<=", "=", ">", "<"];
    let operator = operators.into_iter().find(|operator| text.contains(operator))?;
    let (path, value) = text.split_once(operator)?;
    let path = path.trim().strip_prefix("$.")?.split('.').map(str::to_owned).collect();
    Some(Comparison { path, operator, value: value.trim().trim_matches('"').to_owned() })
}

impl Comparison {
    fn holds(&self, document: &Value) -> bool {
        let found = self.path.iter().try_fold(document, |at, name| at.get(name));
        let Some(found) = found else { return false };
        let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        let numbers = found.as_f64().zip(self.value.parse::<f64>().ok());
        let equal = match self.value.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == self.value || numbers.is_some_and(|(found, value)| (found - value).abs() < f64::EPSILON),
        };
        match self.operator {
            "=" => equal,
            "!=" => !equal,
            ">" => numbers.is_some_and(|(found, value)| found > value),
            "<" => numbers.is_some_and(|(found, value)| found < value),
            ">=" => numbers.is_some_and(|(found, value)| found >= value),
            _ => numbers.is_some_and(|(found, value)| found <= value),
        }
    }
}
