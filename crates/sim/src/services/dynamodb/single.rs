//! The operations on one item: get, put, update, delete. Decides what they return of it.

use serde_json::{Value, json};

use super::expression::{Path, Scope, project};
use super::writes::{Outcome, Write, commit, consumed, read_units, write_units};
use super::{Item, Table as Stored, counted, invalid, keys, legacy, usable, value};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on one item.
pub(super) const OPERATIONS: Table =
    &[("GetItem", get), ("PutItem", put), ("UpdateItem", update), ("DeleteItem", delete)];

/// The item of a key.
pub(super) fn find<'t>(table: &'t Stored, key: &Item) -> Result<Option<&'t Item>, Refusal> {
    let schema = table.key();
    keys::check_key(&schema, key)?;
    let (partition, place) = keys::place(&schema, key);
    Ok(table.items.get(&partition).and_then(|items| items.get(&place)))
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    legacy::not_mixed(input, &["AttributesToGet"], &["ProjectionExpression"])?;
    let mut scope = Scope::of(input)?;
    let paths = scope.projection(input)?.or_else(|| legacy::attributes(&input.0));
    scope.finish()?;
    let key = value::checked_item(&input.map("Key").cloned().unwrap_or_default())?;
    let name = input.text_or_empty("TableName");
    let item = find(usable(call, name)?, &key)?;
    let units = read_units(item.map_or(0, value::item_bytes), input.flag("ConsistentRead") == Some(true));
    let item = item.map(|item| paths.as_ref().map_or_else(|| item.clone(), |paths| project(item, paths)));
    Ok(json!({"Item": item, "ConsumedCapacity": consumed(input, name, units)}))
}

fn write(call: &mut Call<'_>, input: &Input, kind: &str) -> Result<(Write, Outcome, Value), Refusal> {
    let values = input.map("ExpressionAttributeValues").map(value::checked_item).transpose();
    let write = values.and_then(|_| Write::of(&input.0, kind)).map_err(counted)?;
    let returned = input.text("ReturnValues").unwrap_or("NONE");
    if kind != "Update" && !["NONE", "ALL_OLD"].contains(&returned) {
        return Err(invalid("Return values set to invalid value"));
    }
    let name = input.text_or_empty("TableName");
    let table = usable(call, name)?;
    let outcome = write.try_on(table)?;
    commit(table, &outcome);
    let bytes = [&outcome.old, &outcome.new].into_iter().flatten().map(value::item_bytes).max().unwrap_or_default();
    let capacity = consumed(input, name, write_units(bytes));
    Ok((write, outcome, capacity))
}

fn old_or_nothing(call: &mut Call<'_>, input: &Input, kind: &str) -> Reply {
    let (_, outcome, capacity) = write(call, input, kind)?;
    let wanted = input.text("ReturnValues") == Some("ALL_OLD");
    Ok(json!({"Attributes": outcome.old.filter(|_| wanted), "ConsumedCapacity": capacity}))
}

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    old_or_nothing(call, input, "Put")
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    old_or_nothing(call, input, "Delete")
}

fn update(call: &mut Call<'_>, input: &Input) -> Reply {
    let (write, outcome, capacity) = write(call, input, "Update")?;
    let changed: Vec<Path> = match &write.change {
        super::writes::Change::Update(_, Some(update)) => update.paths(),
        _ => Vec::new(),
    };
    let of = |item: &Option<Item>| item.as_ref().map(|item| project(item, &changed)).filter(|item| !item.is_empty());
    let attributes = match input.text("ReturnValues").unwrap_or("NONE") {
        "ALL_OLD" => outcome.old,
        "ALL_NEW" => outcome.new,
        "UPDATED_OLD" => of(&outcome.old),
        "UPDATED_NEW" => of(&outcome.new),
        _ => None,
    };
    Ok(json!({"Attributes": attributes, "ConsumedCapacity": capacity}))
}
