//! What a region keeps of DynamoDB: tables and their items, how they are found, and how most operations refuse. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Call, Refusal};
use crate::tags::Tags;
use crate::world::Moment;

/// An item: attribute values by name.
pub type Item = Map<String, Value>;

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dynamodb {
    /// By name.
    pub tables: BTreeMap<String, Table>,
    /// Transactions that were carried out, by token: the request, and when.
    pub transactions: BTreeMap<String, (String, Moment)>,
}

/// A table.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Its description as it is answered, without what is counted.
    pub fields: Map<String, Value>,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`.
    pub status: String,
    /// Its tags.
    pub tags: Tags,
    /// Its items: by partition (in an order that looks random), then by sort key.
    pub items: BTreeMap<String, BTreeMap<String, Item>>,
    /// The attribute by which items expire, and whether they do.
    pub expiry: Expiry,
    /// Since when it can be restored to any moment, and for how many days.
    pub backups: Option<(Moment, i64)>,
}

/// How items expire.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Expiry {
    /// The attribute; none if nothing expires.
    pub attribute: Option<String>,
    /// Whether the last change still takes its time.
    pub changing: bool,
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A table (by name and id) is ready for use.
    Ready(String, String),
    /// A deleted table is gone.
    Gone(String, String),
    /// A change of the expiry is done.
    ExpirySettled(String, String),
}

impl Table {
    pub(super) fn id(&self) -> &str {
        self.fields.get("TableId").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.values().flat_map(BTreeMap::values)
    }
}

pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

/// What the service puts before most of what it finds wrong with a value.
pub(super) fn bad_value(text: &str) -> Refusal {
    invalid(format!("One or more parameter values were invalid: {text}"))
}

/// The name of a table that is given by name or ARN.
pub(super) fn name_of(text: &str) -> &str {
    match text.strip_prefix("arn:") {
        Some(rest) => rest.split_once(":table/").map_or(text, |(_, name)| name.split('/').next().unwrap_or(name)),
        None => text,
    }
}

/// What the service puts before what it finds wrong with a request itself, before it looks at the table. Only some operations
/// say that.
pub(super) fn counted(refusal: Refusal) -> Refusal {
    const START: &str = "1 validation error detected: ";
    if refusal.code != "ValidationException" || refusal.message.starts_with(START) {
        return refusal;
    }
    invalid(format!("{START}{}", refusal.message))
}

/// Checks what is given as a table's name; an ARN may be any.
pub(super) fn check_name(text: &str) -> Result<(), Refusal> {
    if text.starts_with("arn:") {
        return Ok(());
    }
    if !(3..=255).contains(&text.chars().count()) {
        return Err(invalid("TableName must be at least 3 characters long and at most 255 characters long"));
    }
    if text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter)) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{text}' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )))
}

/// A table whose items can be read and written.
pub(super) fn usable<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, Refusal> {
    check_name(name)?;
    let tables = &mut call.region().dynamodb.tables;
    let table = tables.get_mut(name_of(name)).filter(|table| table.status == "ACTIVE" || table.status == "UPDATING");
    table.ok_or_else(|| Refusal::new("ResourceNotFoundException", "Requested resource not found"))
}

/// A table in any state.
pub(super) fn described<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, Refusal> {
    check_name(name)?;
    let name = name_of(name);
    call.region().dynamodb.tables.get_mut(name).ok_or_else(|| {
        let text = format!("Requested resource not found: Table: {name} not found");
        Refusal::new("ResourceNotFoundException", text)
    })
}
