//! What other services ask of Secrets Manager: whether a secret can be read, and secrets that a database keeps.

use serde_json::json;

use super::{CURRENT, Secret, Version, lookup, password};
use crate::world::{Moment, Place, Region, World};

/// Whether a secret can be read, by its ARN (with or without the random end, a JSON key and a version) or its name.
pub fn secret_exists(region: &Region, arn: &str) -> bool {
    let mut parts = arn.splitn(8, ':');
    let ends: Vec<&str> = parts.by_ref().take(7).collect();
    let is_arn = arn.starts_with("arn:");
    let base = if is_arn { ends.join(":") } else { arn.to_owned() };
    let rest: Vec<&str> = if is_arn { parts.next().unwrap_or_default().split(':').collect() } else { Vec::new() };
    let secrets = &region.secrets.secrets;
    let name = lookup::name_of(secrets, &base);
    let Some(secret) = name.and_then(|name| secrets.get(&name)).filter(|secret| secret.deletion.is_none()) else {
        return false;
    };
    let given = |index: usize| rest.get(index).copied().filter(|text| !text.is_empty());
    let version = match (given(1), given(2)) {
        (_, Some(id)) => secret.version(id),
        (stage, None) => secret.staged(stage.unwrap_or(CURRENT)),
    };
    let Some(version) = version else { return false };
    given(0).is_none_or(|key| has_key(version, key))
}

/// A version of a secret, as another service reads it.
#[derive(Clone, Debug)]
pub struct ReadVersion {
    /// The secret's ARN.
    pub arn: String,
    /// The version's id.
    pub id: String,
    /// Its text; none if it is binary.
    pub text: Option<String>,
    /// Its stages.
    pub stages: Vec<String>,
    /// Since when there is it.
    pub created: Moment,
}

/// What comes of reading a secret.
#[derive(Clone, Debug)]
pub enum Read {
    /// A version.
    Version(ReadVersion),
    /// The secret is to be deleted.
    Marked,
    /// There is no such secret or version.
    Absent,
}

/// Reads a version of a secret, by its stage or id; the current one unless told.
pub fn read_version(region: &Region, name: &str, version: Option<&str>) -> Read {
    let Some(secret) = region.secrets.secrets.get(name) else { return Read::Absent };
    if secret.deletion.is_some() {
        return Read::Marked;
    }
    let wanted = version.unwrap_or(CURRENT);
    let Some(version) = secret.staged(wanted).or_else(|| secret.version(wanted)) else { return Read::Absent };
    Read::Version(ReadVersion {
        arn: secret.arn.clone(),
        id: version.id.clone(),
        text: version.text.clone(),
        stages: version.stages.clone(),
        created: version.created,
    })
}

fn has_key(version: &Version, key: &str) -> bool {
    let text = version.text.as_deref().unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.get(key).is_some())
}

/// Makes a secret that another service owns, such as a database's password; its ARN.
pub fn create_owned(world: &mut World, place: &Place, name: &str, owner: &str) -> String {
    let random = world.ids.mixed(lookup::RANDOM_LENGTH);
    let arn = place.arn("secretsmanager", &format!("secret:{name}-{random}"));
    let secret_word = password::usual(&mut world.ids);
    let version = Version {
        id: world.ids.uuid(),
        text: Some(json!({ "username": "admin", "password": secret_word }).to_string()),
        stages: vec![CURRENT.to_owned()],
        created: world.now,
        ..Version::default()
    };
    let secret = Secret {
        arn: arn.clone(),
        name: name.to_owned(),
        owner: Some(owner.to_owned()),
        versions: vec![version],
        created: world.now,
        changed: world.now,
        ..Secret::default()
    };
    world.region(place).secrets.secrets.insert(name.to_owned(), secret);
    arn
}

/// Removes such a secret at once.
pub fn remove_owned(world: &mut World, place: &Place, arn: &str) {
    let secrets = &mut world.region(place).secrets.secrets;
    if let Some(name) = lookup::name_of(secrets, arn) {
        secrets.remove(&name);
    }
}
