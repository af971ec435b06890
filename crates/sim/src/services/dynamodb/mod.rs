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
mod state;
mod tables;
mod tagging;
#[cfg(test)]
mod tests;
mod transactions;
mod value;
mod words;
mod writes;

pub use self::state::{Dynamodb, Event, Expiry, Item, Table};
use self::state::{bad_value, check_name, counted, described, invalid, name_of, usable};
use super::service::{Carriers, Service, Words};
use crate::call::Table as Operations;
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

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
