//! Batches of reads and writes over several tables. Decides their limits; every write in one stands for itself.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::expression::{Scope, project};
use super::single::find;
use super::writes::{Change, Write, commit, consumed, read_units, write_units};
use super::{invalid, keys, legacy, usable, value};
use crate::call::{Call, Input, Members, Reply, Table};

/// The batch operations.
pub(super) const OPERATIONS: Table = &[("BatchGetItem", get), ("BatchWriteItem", write)];

fn some(value: Vec<Value>) -> Value {
    let known: Vec<Value> = value.into_iter().filter(|item| !item.is_null()).collect();
    if known.is_empty() { Value::Null } else { known.into() }
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let requests = input.map("RequestItems").cloned().unwrap_or_default();
    if requests.values().map(|wanted| wanted.list("Keys").len()).sum::<usize>() > 100 {
        return Err(invalid("Too many items requested for the BatchGetItem call"));
    }
    let (mut responses, mut capacity) = (Map::new(), Vec::new());
    for (name, wanted) in &requests {
        let mut scope = Scope::of(wanted)?;
        let paths = scope.projection(wanted)?.or_else(|| wanted.as_object().and_then(legacy::attributes));
        scope.finish()?;
        let table = usable(call, name)?;
        let (mut items, mut seen, mut units) = (Vec::new(), BTreeSet::new(), 0.0);
        for key in wanted.list("Keys") {
            let key = value::checked_item(key.as_object().unwrap_or(&Map::new()))?;
            let item = find(table, &key)?;
            if !seen.insert(keys::place(&table.key(), &key)) {
                return Err(invalid("Provided list of item keys contains duplicates"));
            }
            units += read_units(item.map_or(0, value::item_bytes), wanted.flag("ConsistentRead") == Some(true));
            items.extend(item.map(|item| paths.as_ref().map_or_else(|| item.clone(), |paths| project(item, paths))));
        }
        responses.insert(name.clone(), items.into());
        capacity.push(consumed(input, name, units));
    }
    Ok(json!({"Responses": responses, "UnprocessedKeys": {}, "ConsumedCapacity": some(capacity)}))
}

fn write(call: &mut Call<'_>, input: &Input) -> Reply {
    let requests = input.map("RequestItems").cloned().unwrap_or_default();
    if requests.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>() > 25 {
        return Err(invalid("Too many items requested for the BatchWriteItem call"));
    }
    let (mut done, mut capacity) = (Vec::new(), Vec::new());
    for (name, wanted) in &requests {
        let (mut seen, mut units) = (BTreeSet::new(), 0.0);
        let table = usable(call, name)?;
        for request in wanted.as_array().into_iter().flatten() {
            let write = match (request.map("PutRequest"), request.map("DeleteRequest")) {
                (Some(put), None) => Write::of(put, "Put")?,
                (None, Some(delete)) => Write::of(delete, "Delete")?,
                _ => {
                    let text = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
                    return Err(invalid(text));
                }
            };
            if let Change::Put(item) = &write.change
                && !table.key().parts().all(|(name, _)| item.contains_key(name))
            {
                return Err(keys::unfit());
            }
            let outcome = write.try_on(table)?;
            if !seen.insert(outcome.place.clone()) {
                return Err(invalid("Provided list of item keys contains duplicates"));
            }
            let bytes = [&outcome.old, &outcome.new].into_iter().flatten().map(value::item_bytes).max();
            units += write_units(bytes.unwrap_or_default());
            done.push((name.clone(), outcome));
        }
        capacity.push(consumed(input, name, units));
    }
    // Only now: a batch with something wrong in it writes nothing.
    for (name, outcome) in &done {
        commit(usable(call, name)?, outcome);
    }
    Ok(json!({"UnprocessedItems": {}, "ConsumedCapacity": some(capacity)}))
}
