//! Updates of an item: SET, REMOVE, ADD, DELETE. All that is read is read from the item as it was.

use serde_json::{Value, json};

use super::super::decimal::Decimal;
use super::super::{Item, invalid, value};
use super::path::{self, Path, Step};
use crate::call::Refusal;

/// What SET takes a value from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A path of the item.
    Path(Path),
    /// A value of the request.
    Value(Value),
    /// What is at the path, or else something.
    IfNotExists(Path, Box<Source>),
    /// Two lists, one behind the other.
    ListAppend(Box<Source>, Box<Source>),
    /// A sum; a difference if the flag is set.
    Sum(Box<Source>, Box<Source>, bool),
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Sets a path.
    Set(Path, Source),
    /// Removes it.
    Remove(Path),
    /// Adds to a number or set.
    Add(Path, Value),
    /// Takes elements out of a set.
    Delete(Path, Value),
}

/// An update.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update(Vec<Action>);

fn invalid_path() -> Refusal {
    invalid("The document path provided in the update expression is invalid for update")
}

fn wrong_type() -> Refusal {
    invalid("An operand in the update expression has an incorrect data type")
}

fn missing() -> Refusal {
    invalid("The provided expression refers to an attribute that does not exist in the item")
}

impl Source {
    fn of(&self, item: &Item) -> Result<Value, Refusal> {
        match self {
            Self::Path(path) => path::find(item, path).cloned().ok_or_else(missing),
            Self::Value(value) => Ok(value.clone()),
            Self::IfNotExists(path, other) => match path::find(item, path) {
                Some(found) => Ok(found.clone()),
                None => other.of(item),
            },
            Self::ListAppend(first, second) => {
                match (value::parts(&first.of(item)?), value::parts(&second.of(item)?)) {
                    (("L", Value::Array(first)), ("L", Value::Array(second))) => {
                        let whole = [first.as_slice(), second.as_slice()].concat();
                        Ok(json!({ "L": whole }))
                    }
                    _ => Err(wrong_type()),
                }
            }
            Self::Sum(one, two, negative) => {
                let (one, two) = (number(&one.of(item)?)?, number(&two.of(item)?)?);
                let two = if *negative { two.negated() } else { two };
                Ok(json!({"N": one.plus(two)?.text()}))
            }
        }
    }
}

fn number(value: &Value) -> Result<Decimal, Refusal> {
    match value::parts(value) {
        ("N", Value::String(text)) => Decimal::parse(text),
        _ => Err(wrong_type()),
    }
}

impl Action {
    /// The path that it changes.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Set(path, _) | Self::Remove(path) | Self::Add(path, _) | Self::Delete(path, _) => path,
        }
    }
}

impl Update {
    /// An update of these changes.
    pub(crate) fn new(actions: Vec<Action>) -> Result<Self, String> {
        let paths: Vec<Path> = actions.iter().map(|action| action.path().clone()).collect();
        path::no_overlap(&paths)?;
        Ok(Self(actions))
    }

    /// The paths that it changes.
    pub(crate) fn paths(&self) -> Vec<Path> {
        self.0.iter().map(|action| action.path().clone()).collect()
    }

    /// The top-level attributes that it changes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|action| match action.path().first() {
            Some(Step::Name(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Carries it out.
    pub(crate) fn apply(&self, old: &Item) -> Result<Item, Refusal> {
        let mut new = old.clone();
        for action in &self.0 {
            match action {
                Action::Set(path, source) => {
                    let source = source.of(old)?;
                    if !path::set(&mut new, path, source) {
                        return Err(invalid_path());
                    }
                }
                Action::Add(path, more) => {
                    let sum = add(path::find(old, path), more)?;
                    if !path::set(&mut new, path, sum) {
                        return Err(invalid_path());
                    }
                }
                Action::Delete(path, less) => delete(&mut new, path, path::find(old, path), less)?,
                Action::Remove(_) => {}
            }
        }
        // From the back, so that the places in lists still mean what they meant.
        let mut removed: Vec<&Path> = self.0.iter().filter_map(Self::removal).collect();
        removed.sort();
        for path in removed.into_iter().rev() {
            if !path::remove(&mut new, path) {
                return Err(invalid_path());
            }
        }
        Ok(new)
    }

    fn removal(action: &Action) -> Option<&Path> {
        match action {
            Action::Remove(path) => Some(path),
            _ => None,
        }
    }
}

/// What ADD makes of a number or a set.
pub(super) fn add(old: Option<&Value>, more: &Value) -> Result<Value, Refusal> {
    let Some(old) = old else { return Ok(more.clone()) };
    match (value::parts(old), value::parts(more)) {
        (("N", _), ("N", _)) => Ok(json!({"N": number(old)?.plus(number(more)?)?.text()})),
        ((kind @ ("SS" | "NS" | "BS"), Value::Array(have)), (same, Value::Array(more))) if kind == same => {
            let fresh = more.iter().filter(|item| !have.contains(item));
            Ok(json!({ kind: have.iter().chain(fresh).collect::<Vec<_>>() }))
        }
        _ => Err(wrong_type()),
    }
}

fn delete(item: &mut Item, path: &Path, old: Option<&Value>, less: &Value) -> Result<(), Refusal> {
    let Some(old) = old else { return Ok(()) };
    match (value::parts(old), value::parts(less)) {
        ((kind, Value::Array(have)), (same, Value::Array(less))) if kind == same && kind != "L" => {
            let left: Vec<&Value> = have.iter().filter(|item| !less.contains(item)).collect();
            // There are no empty sets.
            let done =
                if left.is_empty() { path::remove(item, path) } else { path::set(item, path, json!({ kind: left })) };
            if done { Ok(()) } else { Err(invalid_path()) }
        }
        _ => Err(wrong_type()),
    }
}
