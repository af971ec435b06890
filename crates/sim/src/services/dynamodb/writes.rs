//! One conditional write: read from a request, tried against a table, carried out. Single writes, batches and transactions
//! all go through here.

use serde_json::{Map, Value, json};

use super::expression::{Condition, Scope, Update};
use super::{Item, Table, bad_value, invalid, keys, legacy, value};
use crate::call::{Members, Refusal};

/// Larger than any item.
const LARGEST: usize = 400 * 1024;

/// What a write does.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Puts an item in place of what is there.
    Put(Item),
    /// Changes the item of a key, or makes it.
    Update(Item, Option<Update>),
    /// Deletes the item of a key.
    Delete(Item),
    /// Only looks at the item of a key.
    Check(Item),
}

/// A write.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// What it does.
    pub change: Change,
    /// Under which condition.
    pub condition: Option<Condition>,
    /// Whether a refusal shows the item that stands.
    pub shows: bool,
}

/// What a write comes to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Where the item is stored.
    pub place: (String, String),
    /// The item before.
    pub old: Option<Item>,
    /// The item after.
    pub new: Option<Item>,
}

impl Write {
    /// Reads a request; `kind` is `Put`, `Update`, `Delete` or `ConditionCheck`.
    pub(super) fn of(input: &Map<String, Value>, kind: &str) -> Result<Self, Refusal> {
        let old = ["Expected", "AttributeUpdates", "ConditionalOperator"];
        legacy::not_mixed(input, &old, &["ConditionExpression", "UpdateExpression"])?;
        let mut scope = Scope::of(input)?;
        let update = match scope.update(input)? {
            Some(update) => Some(update),
            None => legacy::update(input)?,
        };
        let condition = match scope.condition(input, "ConditionExpression")? {
            Some(condition) => Some(condition),
            None => legacy::conditions(input, "Expected")?,
        };
        scope.finish()?;
        let key = || value::checked_item(&input.map("Key").cloned().unwrap_or_default());
        let change = match kind {
            "Put" => Change::Put(value::checked_item(&input.map("Item").cloned().unwrap_or_default())?),
            "Update" => Change::Update(key()?, update),
            "Delete" => Change::Delete(key()?),
            _ => Change::Check(key()?),
        };
        let shows = input.text("ReturnValuesOnConditionCheckFailure") == Some("ALL_OLD");
        Ok(Self { change, condition, shows })
    }

    /// Checks the key and finds where it is stored.
    pub(super) fn place(&self, table: &Table) -> Result<(String, String), Refusal> {
        let key = table.key();
        match &self.change {
            Change::Put(item) => {
                keys::check_item(table, item)?;
                Ok(keys::place(&key, item))
            }
            Change::Update(given, _) | Change::Delete(given) | Change::Check(given) => {
                keys::check_key(&key, given)?;
                Ok(keys::place(&key, given))
            }
        }
    }

    /// What it would come to.
    pub(super) fn try_on(&self, table: &Table) -> Result<Outcome, Refusal> {
        let place = self.place(table)?;
        if let Change::Update(_, Some(update)) = &self.change {
            let key = table.key();
            if let Some(name) = update.attributes().find(|name| key.parts().any(|(part, _)| part == name)) {
                return Err(bad_value(&format!("Cannot update attribute {name}. This attribute is part of the key")));
            }
        }
        let old = table.items.get(&place.0).and_then(|items| items.get(&place.1)).cloned();
        if let Some(condition) = &self.condition
            && !condition.holds(old.as_ref().unwrap_or(&Map::new()))
        {
            let refusal = Refusal::new("ConditionalCheckFailedException", "The conditional request failed");
            return Err(match old.filter(|_| self.shows) {
                Some(old) => refusal.with("Item", old),
                None => refusal,
            });
        }
        let new = match &self.change {
            Change::Put(item) => Some(item.clone()),
            Change::Delete(_) => None,
            Change::Check(_) => old.clone(),
            Change::Update(key, update) => {
                let before = old.clone().unwrap_or_else(|| key.clone());
                Some(update.as_ref().map_or(Ok(before.clone()), |update| update.apply(&before))?)
            }
        };
        if let Some(item) = &new {
            keys::check_item(table, item)?;
            if value::item_bytes(item) > LARGEST {
                let text = match self.change {
                    Change::Update(..) => "Item size to update has exceeded the maximum allowed size",
                    _ => "Item size has exceeded the maximum allowed size",
                };
                return Err(invalid(text));
            }
        }
        Ok(Outcome { place, old, new })
    }
}

/// Carries a write out.
pub(super) fn commit(table: &mut Table, outcome: &Outcome) {
    let (partition, place) = &outcome.place;
    match &outcome.new {
        Some(item) => {
            table.items.entry(partition.clone()).or_default().insert(place.clone(), item.clone());
        }
        None => {
            let emptied = table.items.get_mut(partition).is_some_and(|items| {
                items.remove(place);
                items.is_empty()
            });
            if emptied {
                table.items.remove(partition);
            }
        }
    }
}

/// The capacity that writing these many bytes takes.
pub(super) fn write_units(bytes: usize) -> f64 {
    units(bytes, 1024)
}

/// The capacity that reading these many bytes takes.
pub(super) fn read_units(bytes: usize, consistent: bool) -> f64 {
    units(bytes, 4096) * if consistent { 1.0 } else { 0.5 }
}

fn units(bytes: usize, block: usize) -> f64 {
    f64::from(u32::try_from(bytes.div_ceil(block).max(1)).unwrap_or(u32::MAX))
}

/// The consumed capacity, if the request wants to know it.
pub(super) fn consumed(input: &impl Members, table: &str, units: f64) -> Value {
    let name = super::name_of(table);
    match input.text("ReturnConsumedCapacity") {
        Some("TOTAL") => json!({"TableName": name, "CapacityUnits": units}),
        Some("INDEXES") => json!({"TableName": name, "CapacityUnits": units, "Table": {"CapacityUnits": units}}),
        _ => Value::Null,
    }
}
