//! What other services ask of Route 53: what a name resolves to, and zones that belong to Cloud Map.

use crate::world::{Place, World};

/// The values of a record in the account's public zones, as DNS would give them; empty if there is none.
pub fn resolve(_world: &World, _account: &str, _name: &str, _kind: &str) -> Vec<String> {
    Vec::new()
}

/// Makes a hosted zone for a namespace; its id. `vpc` makes it a private one.
pub fn create_zone(_world: &mut World, _place: &Place, _name: &str, _vpc: Option<&str>, _owner: &str) -> String {
    String::new()
}

/// Removes a zone of a namespace with all that is in it.
pub fn remove_zone(_world: &mut World, _place: &Place, _id: &str) {}

/// Sets (or with no values removes) a record of a namespace's zone.
pub fn set_record(
    _world: &mut World,
    _place: &Place,
    _zone: &str,
    _name: &str,
    _kind: &str,
    _ttl: i64,
    _values: &[String],
) {
}
