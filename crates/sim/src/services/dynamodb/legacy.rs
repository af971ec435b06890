//! The older way to write conditions and updates: `Expected`, `ScanFilter`, `KeyConditions`, `AttributeUpdates`. Turned into
//! what expressions turn into; nothing is carried out here.

use serde_json::{Map, Value};

use super::expression::{Action, Condition, Operand, Operator, Path, Source, Step, Update};
use super::{bad_value, invalid, value};
use crate::call::{Members, Refusal};

/// The path of an attribute.
pub(super) fn path(name: &str) -> Path {
    vec![Step::Name(name.to_owned())]
}

/// Old and new ways must not be mixed in a request.
pub(super) fn not_mixed(input: &impl Members, old: &[&str], new: &[&str]) -> Result<(), Refusal> {
    let (old, new) = (given(input, old), given(input, new));
    if old.is_empty() || new.is_empty() {
        return Ok(());
    }
    Err(invalid(format!(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {{{}}} Expression parameters: {{{}}}",
        old.join(", "),
        new.join(", ")
    )))
}

fn given<'n>(input: &impl Members, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| input.shared(name).is_some()).collect()
}

/// The conditions in a member such as `Expected`, joined by `ConditionalOperator`.
pub(super) fn conditions(input: &impl Members, member: &str) -> Result<Option<Condition>, Refusal> {
    let either = input.text("ConditionalOperator") == Some("OR");
    let mut all: Option<Condition> = None;
    for (name, wanted) in input.map(member).into_iter().flatten() {
        let next = Box::new(single(name, wanted)?);
        all = Some(match all.map(Box::new) {
            None => *next,
            Some(before) if either => Condition::Or(before, next),
            Some(before) => Condition::And(before, next),
        });
    }
    Ok(all)
}

fn single(name: &str, wanted: &Value) -> Result<Condition, Refusal> {
    let here = || Operand::Path(path(name));
    let Some(operator) = wanted.text("ComparisonOperator") else {
        let absent = wanted.flag("Exists") == Some(false);
        return match wanted.member("Value") {
            Some(_) if absent => {
                Err(bad_value(&format!("Value cannot be used when Exists is set to false for Attribute: {name}")))
            }
            None if absent => Ok(Condition::Not(Box::new(Condition::Exists(path(name))))),
            Some(given) => Ok(Condition::Compare(Operator::Equal, here(), Operand::Value(value::checked(given)?))),
            None => Err(bad_value(&format!("Value must be provided when Exists is set to true for Attribute: {name}"))),
        };
    };
    let given = wanted.member("Value").into_iter().chain(wanted.list("AttributeValueList"));
    let list = given.map(value::checked).collect::<Result<Vec<_>, _>>()?;
    let count = match operator {
        "NULL" | "NOT_NULL" => 0..=0,
        "BETWEEN" => 2..=2,
        "IN" => 1..=100,
        _ => 1..=1,
    };
    if !count.contains(&list.len()) {
        return Err(bad_value(&format!("Invalid number of argument(s) for the {operator} ComparisonOperator")));
    }
    let mut operands = list.into_iter().map(Operand::Value);
    let mut next = || operands.next().unwrap_or(Operand::Value(Value::Null));
    let compare = |operator, next: Operand| Condition::Compare(operator, here(), next);
    Ok(match operator {
        "EQ" => compare(Operator::Equal, next()),
        "NE" => compare(Operator::Unequal, next()),
        "LT" => compare(Operator::Less, next()),
        "LE" => compare(Operator::AtMost, next()),
        "GT" => compare(Operator::Greater, next()),
        "GE" => compare(Operator::AtLeast, next()),
        "NULL" => Condition::Not(Box::new(Condition::Exists(path(name)))),
        "NOT_NULL" => Condition::Exists(path(name)),
        "CONTAINS" => Condition::Contains(here(), next()),
        "NOT_CONTAINS" => Condition::Not(Box::new(Condition::Contains(here(), next()))),
        "BEGINS_WITH" => Condition::BeginsWith(here(), next()),
        "BETWEEN" => Condition::Between(here(), next(), next()),
        _ => Condition::In(here(), operands.collect()),
    })
}

/// The update in `AttributeUpdates`.
pub(super) fn update(input: &impl Members) -> Result<Option<Update>, Refusal> {
    let Some(changes) = input.shared_map("AttributeUpdates") else { return Ok(None) };
    let action = |(name, change): (&String, &Value)| {
        let given = change.member("Value").map(value::checked).transpose()?;
        Ok(match (change.text("Action").unwrap_or("PUT"), given) {
            ("DELETE", None) => Action::Remove(path(name)),
            ("DELETE", Some(given)) => Action::Delete(path(name), given),
            ("ADD", Some(given)) => Action::Add(path(name), given),
            (_, Some(given)) => Action::Set(path(name), Source::Value(given)),
            (action, None) => {
                let text = format!("Only DELETE action is allowed when no attribute value is specified, not {action}");
                return Err(bad_value(&text));
            }
        })
    };
    let actions = changes.iter().map(action).collect::<Result<Vec<_>, _>>()?;
    Update::new(actions).map(Some).map_err(invalid)
}

/// The paths in `AttributesToGet`.
pub(super) fn attributes(input: &Map<String, Value>) -> Option<Vec<Path>> {
    input.has("AttributesToGet").then(|| input.texts("AttributesToGet").iter().map(|name| path(name)).collect())
}
