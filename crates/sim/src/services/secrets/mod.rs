//! Secrets Manager: secrets, their versions and stages, and the time between a deletion and its taking effect, in which the
//! name stays taken. Knows no encryption and no rotation.

mod delete;
mod link;
mod list;
mod lookup;
mod password;
mod policy;
mod read;
mod stages;
mod state;
mod tagging;
#[cfg(test)]
mod tests;
mod write;

pub use self::link::*;
use self::state::{CURRENT, Deletion, PENDING, PREVIOUS, Secret, Version};
pub use self::state::{Event, Secrets};
use super::service::{Carriers, Service};
use crate::call::Table;
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["secrets"],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| {
        let going = region.secrets.secrets.values().filter(|secret| secret.deletion.is_some()).count();
        vec![Entry::counted("secret", region.secrets.secrets.len() - going), Entry::counted("restorable secret", going)]
    }),
    ..Service::new(
        model::source!("secretsmanager", ErrorsAs::CAPITAL),
        OPERATIONS,
        Wording::coral("ValidationException"),
    )
};

/// The operations.
const OPERATIONS: &[Table] = &[
    delete::OPERATIONS,
    list::OPERATIONS,
    password::OPERATIONS,
    policy::OPERATIONS,
    read::OPERATIONS,
    stages::OPERATIONS,
    tagging::OPERATIONS,
    write::OPERATIONS,
];

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let Event::Purge { arn } = event;
    let now = world.now;
    let gone =
        |secret: &Secret| secret.arn == arn && secret.deletion.as_ref().is_some_and(|deletion| deletion.due <= now);
    let secrets = &mut world.region(place).secrets.secrets;
    if let Some(name) = lookup::name_of(secrets, &arn).filter(|name| secrets.get(name).is_some_and(gone)) {
        secrets.remove(&name);
    }
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let shown = |secret: &Secret| {
        let tags = secret.tags.clone().filter(|_| secret.deletion.is_none())?;
        Some(Tagged { arn: secret.arn.clone(), tags })
    };
    world.region(place).secrets.secrets.values().filter_map(shown).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let secrets = &mut world.region(place).secrets.secrets;
    let name = lookup::name_of(secrets, arn).filter(|_| arn.starts_with("arn:"))?;
    secrets.get_mut(&name).map(Secret::tags_mut)
}
