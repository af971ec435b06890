//! Keys: which attributes they are, what they must be, and the texts under which an item is stored in order.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::decimal::Decimal;
use super::value::{bytes, kind, parts};
use super::{Item, Table, bad_value, invalid};
use crate::call::{Members, Refusal};

/// The attributes of a key, with their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The partition key.
    pub hash: (String, String),
    /// The sort key.
    pub range: Option<(String, String)>,
}

impl Key {
    /// Reads a key schema; types come from the attribute definitions.
    pub fn of(schema: &[Value], definitions: &[Value]) -> Self {
        let name = |kind: &str| {
            let part = schema.iter().find(|part| part.text_or_empty("KeyType") == kind);
            part.map(|part| part.text_or_empty("AttributeName").to_owned())
        };
        let typed = |name: String| {
            let found = definitions.iter().find(|known| known.text_or_empty("AttributeName") == name);
            let kind = found.map_or("S", |known| known.text_or_empty("AttributeType")).to_owned();
            (name, kind)
        };
        Self { hash: typed(name("HASH").unwrap_or_default()), range: name("RANGE").map(typed) }
    }

    /// The key's attributes.
    pub fn parts(&self) -> impl Iterator<Item = &(String, String)> {
        std::iter::once(&self.hash).chain(&self.range)
    }

    /// Only the key of an item.
    pub fn cut(&self, item: &Item) -> Item {
        self.parts().filter_map(|(name, _)| Some((name.clone(), item.get(name)?.clone()))).collect()
    }
}

impl Table {
    /// The table's own key.
    pub fn key(&self) -> Key {
        Key::of(self.fields.list("KeySchema"), self.fields.list("AttributeDefinitions"))
    }

    /// The key of an index; none if there is no such index.
    pub fn index_key(&self, index: &str) -> Option<Key> {
        let found = self.index(index)?;
        Some(Key::of(found.list("KeySchema"), self.fields.list("AttributeDefinitions")))
    }

    /// An index's description.
    pub fn index(&self, index: &str) -> Option<&Value> {
        let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
        lists.iter().flat_map(|list| self.fields.list(list)).find(|known| known.text_or_empty("IndexName") == index)
    }
}

/// Where an item is stored: its partition and its place in there.
pub(super) fn place(key: &Key, item: &Map<String, Value>) -> (String, String) {
    let sorted = |name: &str| item.get(name).map(sortable).unwrap_or_default();
    let range = key.range.as_ref().map(|(name, _)| sorted(name)).unwrap_or_default();
    (partition(&sorted(&key.hash.0)), range)
}

/// Partitions come in the order of a digest of their key.
fn partition(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let start: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{start}{key}")
}

/// A text that sorts as the value does.
pub(super) fn sortable(value: &Value) -> String {
    match parts(value) {
        ("N", Value::String(text)) => Decimal::parse(text).map(Decimal::sortable).unwrap_or_default(),
        ("B", Value::String(text)) => {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        (_, Value::String(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Checks what is given as a key: the key's attributes, of their types, and nothing else.
pub(super) fn check_key(key: &Key, given: &Map<String, Value>) -> Result<(), Refusal> {
    let fits = |(name, wanted): &(String, String)| given.get(name).is_some_and(|value| kind(value) == wanted);
    if given.len() != key.parts().count() || !key.parts().all(fits) {
        return Err(unfit());
    }
    sized(key, given)
}

/// The refusal of a key, and in a batch of an item without one.
pub(super) fn unfit() -> Refusal {
    invalid("The provided key element does not match the schema")
}

/// Checks the keys of an item to be written, those of the indexes too.
pub(super) fn check_item(table: &Table, item: &Item) -> Result<(), Refusal> {
    let key = table.key();
    for (name, wanted) in key.parts() {
        let value = item.get(name).ok_or_else(|| bad_value(&format!("Missing the key {name} in the item")))?;
        if kind(value) != wanted {
            let text = format!("Type mismatch for key {name} expected: {wanted} actual: {}", kind(value));
            return Err(bad_value(&text));
        }
    }
    sized(&key, item)?;
    for list in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        for index in table.fields.list(list) {
            let name = index.text_or_empty("IndexName");
            let Some(key) = table.index_key(name) else { continue };
            for (attribute, wanted) in key.parts() {
                if let Some(found) = item.get(attribute).map(kind).filter(|found| found != wanted) {
                    return Err(bad_value(&format!(
                        "Type mismatch for Index Key {attribute} Expected: {wanted} Actual: {found} IndexName: {name}"
                    )));
                }
            }
        }
    }
    Ok(())
}

/// A key is neither empty nor longer than it may be.
fn sized(key: &Key, item: &Map<String, Value>) -> Result<(), Refusal> {
    no_empty(key, item)?;
    let size = |part: &(String, String)| item.get(&part.0).map_or(0, bytes);
    if size(&key.hash) > 2048 {
        return Err(bad_value("Size of hashkey has exceeded the maximum size limit of2048 bytes"));
    }
    if key.range.as_ref().map_or(0, size) > 1024 {
        return Err(bad_value("Aggregated size of all range keys has exceeded the size limit of 1024 bytes"));
    }
    Ok(())
}

fn no_empty(key: &Key, item: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, _) in key.parts() {
        let what = match item.get(name).map(parts) {
            Some(("S", Value::String(text))) if text.is_empty() => "string",
            Some(("B", Value::String(text))) if text.is_empty() => "binary",
            _ => continue,
        };
        return Err(invalid(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {what} value. Key: {name}"
        )));
    }
    Ok(())
}
