//! DynamoDB: tables, and items with conditional writes. Decides what a table is and what happens to it by itself; which
//! expression means what is in `expression`, how values compare in `value` and `decimal`.

mod batch;
mod decimal;
mod expression;
mod indexes;
mod keys;
mod legacy;
mod schema;
mod search;
mod settings;
mod single;
mod tables;
mod tagging;
#[cfg(test)]
mod tests;
mod transactions;
mod value;
mod words;
mod writes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{Carriers, Service, Words};
use crate::call::{Call, Refusal, Table as Operations};
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Moment, Place, World};

/// The service.
pub const SERVICE: Service = Service {
    words: Words { server_error: "InternalServerError", ..Words::JSON },
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("table", region.dynamodb.tables.len())]),
    ..Service::new(
        model::source!("dynamodb", ErrorsAs { kind: words::kind, ..ErrorsAs::USUAL }),
        OPERATIONS,
        Wording::Own(words::words),
    )
};

/// The operations.
const OPERATIONS: &[Operations] = &[
    tables::OPERATIONS,
    settings::OPERATIONS,
    tagging::OPERATIONS,
    single::OPERATIONS,
    search::OPERATIONS,
    batch::OPERATIONS,
    transactions::OPERATIONS,
];

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
    fn id(&self) -> &str {
        self.fields.get("TableId").and_then(Value::as_str).unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.values().flat_map(BTreeMap::values)
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

/// What the service puts before most of what it finds wrong with a value.
fn bad_value(text: &str) -> Refusal {
    invalid(format!("One or more parameter values were invalid: {text}"))
}

/// The name of a table that is given by name or ARN.
fn name_of(text: &str) -> &str {
    match text.strip_prefix("arn:") {
        Some(rest) => rest.split_once(":table/").map_or(text, |(_, name)| name.split('/').next().unwrap_or(name)),
        None => text,
    }
}

/// What the service puts before what it finds wrong with a request itself, before it looks at the table. Only some operations
/// say that.
fn counted(refusal: Refusal) -> Refusal {
    const START: &str = "1 validation error detected: ";
    if refusal.code != "ValidationException" || refusal.message.starts_with(START) {
        return refusal;
    }
    invalid(format!("{START}{}", refusal.message))
}

/// Checks what is given as a table's name; an ARN may be any.
fn check_name(text: &str) -> Result<(), Refusal> {
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
fn usable<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, Refusal> {
    check_name(name)?;
    let tables = &mut call.region().dynamodb.tables;
    let table = tables.get_mut(name_of(name)).filter(|table| table.status == "ACTIVE" || table.status == "UPDATING");
    table.ok_or_else(|| Refusal::new("ResourceNotFoundException", "Requested resource not found"))
}

/// A table in any state.
fn described<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Table, Refusal> {
    check_name(name)?;
    let name = name_of(name);
    call.region().dynamodb.tables.get_mut(name).ok_or_else(|| {
        let text = format!("Requested resource not found: Table: {name} not found");
        Refusal::new("ResourceNotFoundException", text)
    })
}

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let tables = &mut world.region(place).dynamodb.tables;
    let (Event::Ready(name, id) | Event::Gone(name, id) | Event::ExpirySettled(name, id)) = &event;
    // Another table may have its name by now.
    let Some(table) = tables.get_mut(name).filter(|table| table.id() == id) else { return };
    match &event {
        Event::Ready(..) if table.status != "DELETING" => {
            "ACTIVE".clone_into(&mut table.status);
            indexes::settle(table);
        }
        Event::Gone(..) if table.status == "DELETING" => {
            tables.remove(name);
        }
        Event::ExpirySettled(..) => table.expiry.changing = false,
        Event::Ready(..) | Event::Gone(..) => {}
    }
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let Some(region) = world.known_region(place) else { return Vec::new() };
    let here = region.dynamodb.tables.iter().filter(|(_, table)| !table.tags.is_empty());
    let arn = |name: &String| place.arn("dynamodb", &format!("table/{name}"));
    here.map(|(name, table)| Tagged { arn: arn(name), tags: table.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let name = arn.strip_prefix(&place.arn("dynamodb", "table/"))?;
    world.region(place).dynamodb.tables.get_mut(name).map(|table| &mut table.tags)
}
