//! Saved plans without their secrets: each text that holds one is replaced by its parts, with the names of variables, and a
//! proof by which the same value is recognised when the plan is applied. The values come from the environment again then.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{INSIDE, Secrets, placeholder};
use crate::doc::hex;

const SEALED: &str = "$sealed";
const PROOF: &str = "$proof";
/// Rounds of the proof: guessing a short secret from it takes this much longer.
pub(super) const ROUNDS: u32 = 10_000;

/// Why a saved plan cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotOpened {
    /// A variable is not set.
    #[error("the environment variable `{0}` is not set; the plan was made with it")]
    Unset(String),
    /// A variable is not what it was.
    #[error("the environment variable `{0}` has another value than when the plan was made")]
    Other(String),
    /// The file was changed by hand.
    #[error("the plan has an invalid value in place of a secret")]
    Broken,
}

impl Secrets {
    /// A saved plan as text, without secrets. What is no JSON is left as it is.
    pub fn seal(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let Ok(document) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
        let mut proofs = BTreeMap::new();
        let sealed = self.sealed(&document, &mut proofs);
        serde_json::to_string_pretty(&sealed).unwrap_or_else(|_| self.message(text))
    }

    fn sealed(&self, value: &Value, proofs: &mut BTreeMap<String, String>) -> Value {
        match value {
            Value::String(text) => {
                let parts = self.parts(text);
                if parts.iter().all(Value::is_string) {
                    return value.clone();
                }
                let proof = proofs.entry(text.clone()).or_insert_with(|| proof(text)).clone();
                json!({ SEALED: parts, PROOF: proof })
            }
            Value::Array(items) => items.iter().map(|item| self.sealed(item, proofs)).collect(),
            Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), self.sealed(item, proofs))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// A text as literal parts and names of variables. A short value counts where the whole text is known to hold it.
    fn parts(&self, text: &str) -> Vec<Value> {
        let known = self.texts.get(text);
        let mut parts = vec![Value::String(text.to_owned())];
        let mut values: Vec<(&String, &String)> = self.values.iter().collect();
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        for (name, value) in values {
            let counts = value.len() >= INSIDE || known.is_some_and(|shown| shown.contains(&placeholder(name)));
            if !counts {
                continue;
            }
            parts = parts
                .into_iter()
                .flat_map(|part| match part {
                    Value::String(literal) => cut(&literal, name, value),
                    other => vec![other],
                })
                .collect();
        }
        parts
    }

    /// Opens what [`Self::seal`] made, with the variables of `env`, and tells what is in it to be hidden.
    ///
    /// # Errors
    /// If a variable is not what it was.
    pub fn open(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<(String, Self), NotOpened> {
        let mut secrets = Self::default();
        if !text.contains(SEALED) {
            return Ok((text.to_owned(), secrets));
        }
        let document: Value = serde_json::from_str(text).map_err(|_| NotOpened::Broken)?;
        let mut checked = BTreeMap::new();
        let opened = opened(&document, env, &mut checked, &mut secrets)?;
        let text = serde_json::to_string(&opened).map_err(|_| NotOpened::Broken)?;
        Ok((text, secrets))
    }
}

/// A literal at each occurrence of a value.
fn cut(literal: &str, name: &str, value: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    for (at, piece) in literal.split(value).enumerate() {
        if at > 0 {
            parts.push(json!({ "env": name }));
        }
        if !piece.is_empty() {
            parts.push(piece.into());
        }
    }
    if parts.is_empty() {
        parts.push(literal.into());
    }
    parts
}

fn opened(
    value: &Value,
    env: &dyn Fn(&str) -> Option<String>,
    checked: &mut BTreeMap<String, String>,
    secrets: &mut Secrets,
) -> Result<Value, NotOpened> {
    Ok(match value {
        Value::Object(map) if map.contains_key(SEALED) => {
            let parts = map.get(SEALED).and_then(Value::as_array).ok_or(NotOpened::Broken)?;
            let (mut text, mut shown, mut names) = (String::new(), String::new(), Vec::new());
            for part in parts {
                match (part.as_str(), part.get("env").and_then(Value::as_str)) {
                    (Some(literal), _) => {
                        text += literal;
                        shown += literal;
                    }
                    (None, Some(name)) => {
                        let value = env(name).ok_or_else(|| NotOpened::Unset(name.to_owned()))?;
                        text += &value;
                        shown += &placeholder(name);
                        secrets.add_value(name, &value);
                        names.push(name.to_owned());
                    }
                    (None, None) => return Err(NotOpened::Broken),
                }
            }
            let wanted = map.get(PROOF).and_then(Value::as_str).ok_or(NotOpened::Broken)?;
            if checked.entry(text.clone()).or_insert_with(|| proof(&text)) != wanted {
                return Err(names.into_iter().next().map_or(NotOpened::Broken, NotOpened::Other));
            }
            secrets.add_text(&text, &shown);
            text.into()
        }
        Value::Object(map) => {
            let mut out = serde_json::Map::new();
            for (key, item) in map {
                out.insert(key.clone(), opened(item, env, checked, secrets)?);
            }
            Value::Object(out)
        }
        Value::Array(items) => {
            items.iter().map(|item| opened(item, env, checked, secrets)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    })
}

/// What a text is recognised by without being told.
fn proof(text: &str) -> String {
    let mut digest = Sha256::digest([b"evenkeel secret ".as_slice(), text.as_bytes()].concat());
    for _ in 0..ROUNDS {
        digest = Sha256::digest(digest);
    }
    hex(&digest)
}
