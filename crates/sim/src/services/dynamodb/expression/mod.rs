//! Expressions: conditions, updates, projections. `lexer` and `parser` read them, `condition` and `update` carry them out;
//! this file decides what names and values of the request they may use, and that all of those are used.

mod condition;
mod lexer;
mod parser;
mod path;
mod reserved;
mod update;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{invalid, value};
use crate::call::{Members, Refusal};

pub(super) use self::condition::{Condition, Operand, Operator};
pub(super) use self::path::{Path, Step, project};
pub(super) use self::update::{Action, Source, Update};

/// Longer than any expression that the service takes.
const LONGEST: usize = 4096;

/// The names and values that a request gives for its expressions.
#[derive(Debug)]
pub(super) struct Scope {
    names: Option<Map<String, Value>>,
    values: Option<Map<String, Value>>,
    used: BTreeSet<String>,
    expressions: usize,
}

impl Scope {
    /// Those of a request (or of an operation of a transaction).
    pub(super) fn of(input: &impl Members) -> Result<Self, Refusal> {
        let names = input.shared_map("ExpressionAttributeNames").cloned();
        let values = input.shared_map("ExpressionAttributeValues");
        for (member, start, map) in
            [("ExpressionAttributeNames", '#', names.as_ref()), ("ExpressionAttributeValues", ':', values)]
        {
            let Some(map) = map else { continue };
            if map.is_empty() {
                return Err(invalid(format!("{member} must not be empty")));
            }
            if let Some(key) = map.keys().find(|key| !key.starts_with(start) || key.len() < 2) {
                return Err(invalid(format!("{member} contains invalid key: Syntax error; key: \"{key}\"")));
            }
        }
        let checked = |values: &Map<String, Value>| {
            let one = |(name, given): (&String, &Value)| {
                let wrong = |refusal: Refusal| {
                    let text =
                        format!("ExpressionAttributeValues contains invalid value: {} for key {name}", refusal.message);
                    invalid(text)
                };
                Ok((name.clone(), value::checked(given).map_err(wrong)?))
            };
            values.iter().map(one).collect::<Result<Map<_, _>, Refusal>>()
        };
        let values = values.map(checked).transpose()?;
        Ok(Self { names, values, used: BTreeSet::new(), expressions: 0 })
    }

    /// The condition in a member of the request, if there is one.
    pub(super) fn condition(
        &mut self,
        input: &impl Members,
        member: &'static str,
    ) -> Result<Option<Condition>, Refusal> {
        let Some(text) = input.text(member) else { return Ok(None) };
        let mut parser = self.parser(member, text)?;
        let condition = parser.condition()?;
        parser.end()?;
        Ok(Some(condition))
    }

    /// The update of the request, if there is one.
    pub(super) fn update(&mut self, input: &impl Members) -> Result<Option<Update>, Refusal> {
        let Some(text) = input.shared_text("UpdateExpression") else { return Ok(None) };
        self.parser("UpdateExpression", text)?.update().map(Some)
    }

    /// The projection of the request, if there is one.
    pub(super) fn projection(&mut self, input: &impl Members) -> Result<Option<Vec<Path>>, Refusal> {
        let Some(text) = input.text("ProjectionExpression") else { return Ok(None) };
        let mut parser = self.parser("ProjectionExpression", text)?;
        let mut paths = vec![parser.path()?];
        while parser.accept(",") {
            paths.push(parser.path()?);
        }
        parser.end()?;
        path::no_overlap(&paths).map_err(|text| invalid(format!("Invalid ProjectionExpression: {text}")))?;
        Ok(Some(paths))
    }

    fn parser<'s>(&'s mut self, member: &'static str, text: &'s str) -> Result<parser::Parser<'s>, Refusal> {
        self.expressions += 1;
        if text.trim().is_empty() {
            return Err(invalid(format!("Invalid {member}: The expression can not be empty;")));
        }
        if text.len() > LONGEST {
            let size = text.len();
            return Err(invalid(format!(
                "Invalid {member}: Expression size has exceeded the maximum allowed size; expression size: {size}"
            )));
        }
        parser::Parser::new(self, member, text)
    }

    fn name(&mut self, name: &str) -> Option<String> {
        let found = self.names.as_ref()?.text(name)?.to_owned();
        self.used.insert(name.to_owned());
        Some(found)
    }

    fn value(&mut self, name: &str) -> Option<Value> {
        let found = self.values.as_ref()?.get(name)?.clone();
        self.used.insert(name.to_owned());
        Some(found)
    }

    /// Everything that was given has to be used.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        let given = [("ExpressionAttributeNames", &self.names), ("ExpressionAttributeValues", &self.values)];
        for (member, map) in given {
            let Some(map) = map else { continue };
            if self.expressions == 0 {
                return Err(invalid(format!("{member} can only be specified when using expressions")));
            }
            let unused: Vec<&str> = map.keys().filter(|key| !self.used.contains(*key)).map(String::as_str).collect();
            if !unused.is_empty() {
                return Err(invalid(format!(
                    "Value provided in {member} unused in expressions: keys: {{{}}}",
                    unused.join(", ")
                )));
            }
        }
        Ok(())
    }
}
