//! What other services ask of Secrets Manager: whether a secret can be read, and secrets that a database keeps.

use crate::world::{Place, Region, World};

/// Whether a secret can be read, by its ARN (with or without the random end, a JSON key and a version) or its name.
pub fn secret_exists(_region: &Region, _arn: &str) -> bool {
    false
}

/// Makes a secret that another service owns, such as a database's password; its ARN.
pub fn create_owned(_world: &mut World, _place: &Place, _name: &str, _owner: &str) -> String {
    String::new()
}

/// Removes such a secret at once.
pub fn remove_owned(_world: &mut World, _place: &Place, _arn: &str) {}
