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
mod tagging;
#[cfg(test)]
mod tests;
mod write;

pub use self::link::*;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::service::{Carriers, Service};
use crate::call::Table;
use crate::model::{self, ErrorsAs};
use crate::tags::{Tagged, Tags};
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Moment, Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["secrets"],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| {
        vec![Entry::counted(
            "secret",
            region.secrets.secrets.values().filter(|secret| secret.deletion.is_none()).count(),
        )]
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

/// The stage of the version that is read unless another is asked for.
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// The stage of a version that is to become the current one.
const PENDING: &str = "AWSPENDING";

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// By name.
    secrets: BTreeMap<String, Secret>,
}

/// A secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Secret {
    arn: String,
    name: String,
    description: Option<String>,
    key: Option<String>,
    kind: Option<String>,
    owner: Option<String>,
    /// The oldest first.
    versions: Vec<Version>,
    /// None until there was a tag.
    tags: Option<Tags>,
    policy: Option<String>,
    created: Moment,
    changed: Moment,
    accessed: Option<Moment>,
    deletion: Option<Deletion>,
}

/// A deletion that has not taken effect yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Deletion {
    asked: Moment,
    due: Moment,
}

/// A version of a secret's value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Version {
    id: String,
    text: Option<String>,
    binary: Option<String>,
    stages: Vec<String>,
    created: Moment,
    accessed: Option<Moment>,
}

impl Secret {
    fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    fn staged(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.stages.iter().any(|other| other == stage))
    }

    /// Tags as they are kept from now on.
    fn tags_mut(&mut self) -> &mut Tags {
        self.tags.get_or_insert_default()
    }
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A deletion takes effect.
    Purge {
        /// The secret's ARN.
        arn: String,
    },
}

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
