//! What a new table or index may look like: keys and their definitions, throughput by billing mode. Holds no state.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{bad_value, invalid};
use crate::call::{Members, Refusal};

/// Checks keys against the attribute definitions; every definition has to be used.
pub(super) fn check_keys(definitions: &[Value], schemas: &[&[Value]]) -> Result<(), Refusal> {
    let defined: Vec<&str> = definitions.iter().map(|known| known.text_or_empty("AttributeName")).collect();
    let mut used = BTreeSet::new();
    for schema in schemas {
        let names: Vec<&str> = schema.iter().map(|part| part.text_or_empty("AttributeName")).collect();
        if names.len() > defined.len() {
            return Err(invalid("Invalid KeySchema: Some index key attribute have no definition"));
        }
        if names.iter().any(|name| !defined.contains(name)) {
            return Err(bad_value(&format!(
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], AttributeDefinitions: [{}]",
                names.join(", "),
                defined.join(", ")
            )));
        }
        if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
            return Err(invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name"));
        }
        let kinds: Vec<&str> = schema.iter().map(|part| part.text_or_empty("KeyType")).collect();
        if kinds.first() != Some(&"HASH") {
            let text = "Invalid KeySchema: The first KeySchemaElement is not a HASH key type";
            return Err(invalid(text));
        }
        if kinds.get(1).is_some_and(|kind| *kind != "RANGE") {
            return Err(invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
        }
        used.extend(names);
    }
    if defined.iter().any(|name| !used.contains(name)) {
        let (defined, used): (Vec<&str>, Vec<&str>) = (defined, used.into_iter().collect());
        let text = if schemas.len() > 1 {
            format!(
                "Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
                defined.join(", "),
                used.join(", ")
            )
        } else {
            "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
                .to_owned()
        };
        return Err(bad_value(&text));
    }
    Ok(())
}

/// A table's own key has one or two attributes.
pub(super) fn check_length(schema: &[Value]) -> Result<(), Refusal> {
    if schema.len() <= 2 {
        return Ok(());
    }
    let part = |part: &Value| {
        let (name, kind) = (part.text_or_empty("AttributeName"), part.text_or_empty("KeyType"));
        format!("KeySchemaElement(attributeName={name}, keyType={kind})")
    };
    let parts: Vec<String> = schema.iter().map(part).collect();
    Err(invalid(format!(
        "1 validation error detected: Value '[{}]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
        parts.join(", ")
    )))
}

/// Checks the indexes of a new table: how many, what they show, and that local ones share the table's partition key.
pub(super) fn check_indexes(input: &impl Members) -> Result<(), Refusal> {
    let hash = |schema: &[Value]| schema.first().map(|part| part.text_or_empty("AttributeName").to_owned());
    let (local, global) = (input.list("LocalSecondaryIndexes"), input.list("GlobalSecondaryIndexes"));
    if !local.is_empty() && input.list("KeySchema").len() < 2 {
        let text = "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex";
        return Err(bad_value(text));
    }
    for index in local {
        let (name, schema) = (index.text_or_empty("IndexName"), index.list("KeySchema"));
        if schema.len() < 2 {
            return Err(bad_value(&format!("Index KeySchema does not have a range key for index: {name}")));
        }
        let (of_index, of_table) =
            (hash(schema).unwrap_or_default(), hash(input.list("KeySchema")).unwrap_or_default());
        if of_index != of_table {
            return Err(bad_value(&format!(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. index hash key: {of_index}, table hash key: {of_table}"
            )));
        }
    }
    for index in local.iter().chain(global) {
        let projection = index.map("Projection");
        let Some(kind) = projection.and_then(|it| it.text("ProjectionType")) else {
            return Err(bad_value("Unknown ProjectionType: null"));
        };
        if kind != "INCLUDE" && projection.is_some_and(|it| it.has("NonKeyAttributes")) {
            return Err(bad_value(&format!("ProjectionType is {kind}, but NonKeyAttributes is specified")));
        }
    }
    if local.len() > 5 {
        return Err(bad_value("Number of LocalSecondaryIndexes exceeds per-table limit of 5"));
    }
    if global.len() > 20 {
        return Err(bad_value("GlobalSecondaryIndex count exceeds the per-table limit of 20"));
    }
    Ok(())
}

/// Checks the throughput that a table or index is given against the table's billing mode.
pub(super) fn check_throughput(mode: &str, given: Option<&Value>, index: Option<&str>) -> Result<(), Refusal> {
    match (mode, given, index) {
        ("PAY_PER_REQUEST", Some(_), None) => Err(bad_value(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        ("PAY_PER_REQUEST", Some(_), Some(index)) => Err(bad_value(&format!(
            "ProvisionedThroughput should not be specified for index: {index} when BillingMode is PAY_PER_REQUEST"
        ))),
        ("PROVISIONED", None, None) => Err(bad_value(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        )),
        ("PROVISIONED", None, Some(index)) => {
            Err(bad_value(&format!("ProvisionedThroughput must be specified for index: {index}")))
        }
        _ => Ok(()),
    }
}

/// The throughput as it is described.
pub(super) fn throughput(given: Option<&Value>) -> Value {
    let units = |name: &str| given.and_then(|given| given.integer(name)).unwrap_or_default();
    json!({
        "NumberOfDecreasesToday": 0, "ReadCapacityUnits": units("ReadCapacityUnits"),
        "WriteCapacityUnits": units("WriteCapacityUnits"),
    })
}

/// What a table or index can take at once, as it is described: what was asked for, or else what it is provisioned with.
pub(super) fn warm(asked: Option<&Value>, throughput: Option<&Value>, status: &str) -> Value {
    let units = |name: &str, provisioned: &str, usual: i64| {
        let given = throughput.and_then(|given| given.integer(provisioned)).filter(|units| *units > 0);
        asked.and_then(|asked| asked.integer(name)).or(given).unwrap_or(usual)
    };
    json!({
        "ReadUnitsPerSecond": units("ReadUnitsPerSecond", "ReadCapacityUnits", 12000),
        "WriteUnitsPerSecond": units("WriteUnitsPerSecond", "WriteCapacityUnits", 4000),
        "Status": status,
    })
}
