//! Secondary indexes of a table: described, added, changed, removed. Their items are looked up in the table itself.

use serde_json::{Map, Value, json};

use super::schema::{check_throughput, throughput, warm};
use super::{Table, bad_value, invalid};
use crate::call::{Members, Refusal};

/// An index as it is described while it comes into being.
pub(super) fn describe(table_arn: &str, given: &Value, global: bool) -> Value {
    let mut fields = Map::new();
    for name in ["IndexName", "KeySchema", "Projection", "OnDemandThroughput"] {
        if let Some(value) = given.shared(name) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    let arn = format!("{table_arn}/index/{}", given.text_or_empty("IndexName"));
    fields.insert("IndexArn".to_owned(), arn.into());
    if global {
        fields.insert("IndexStatus".to_owned(), "CREATING".into());
        let (provisioned, asked) = (given.member("ProvisionedThroughput"), given.member("WarmThroughput"));
        fields.insert("ProvisionedThroughput".to_owned(), throughput(provisioned));
        fields.insert("WarmThroughput".to_owned(), warm(asked, provisioned, "UPDATING"));
    }
    fields.into()
}

/// What was under way with the indexes is done.
pub(super) fn settle(table: &mut Table) {
    if let Some(Value::Array(list)) = table.fields.get_mut("GlobalSecondaryIndexes") {
        list.retain(|index| index.text("IndexStatus") != Some("DELETING"));
        for index in list.iter_mut().filter_map(Value::as_object_mut) {
            index.insert("IndexStatus".to_owned(), "ACTIVE".into());
            index.remove("Backfilling");
            if let Some(warm) = index.get_mut("WarmThroughput").and_then(Value::as_object_mut) {
                warm.insert("Status".to_owned(), "ACTIVE".into());
            }
        }
        if list.is_empty() {
            table.fields.remove("GlobalSecondaryIndexes");
        }
    }
}

/// Carries one change of `GlobalSecondaryIndexUpdates` out.
pub(super) fn change(table: &mut Table, wanted: &Value, mode: &str) -> Result<(), Refusal> {
    let arn = table.fields.text_or_empty("TableArn").to_owned();
    let list = table.fields.entry("GlobalSecondaryIndexes").or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return Ok(()) };
    let find = |list: &mut Vec<Value>, name: &str| list.iter().position(|index| index.text("IndexName") == Some(name));
    if let Some(new) = wanted.member("Create") {
        let name = new.text_or_empty("IndexName");
        if find(list, name).is_some() {
            return Err(invalid(format!("Attempting to create an index which already exists: {name}")));
        }
        check_throughput(mode, new.member("ProvisionedThroughput"), Some(name))?;
        let mut index = describe(&arn, new, true);
        index["Backfilling"] = true.into();
        list.push(index);
        return Ok(());
    }
    let (change, status) = match (wanted.member("Update"), wanted.member("Delete")) {
        (Some(change), _) => (change, "UPDATING"),
        (None, Some(change)) => (change, "DELETING"),
        (None, None) => return Err(bad_value("GlobalSecondaryIndexUpdate must contain one of Create, Update, Delete")),
    };
    let name = change.text_or_empty("IndexName");
    let missing = || Refusal::new("ResourceNotFoundException", "Requested resource not found");
    let at = find(list, name).ok_or_else(missing)?;
    let index = &mut list[at];
    index["IndexStatus"] = status.into();
    if let Some(given) = change.member("ProvisionedThroughput") {
        check_throughput(mode, Some(given), Some(name))?;
        index["ProvisionedThroughput"] = throughput(Some(given));
    }
    Ok(())
}
