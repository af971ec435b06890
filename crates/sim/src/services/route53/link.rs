//! What other services ask of Route 53: what a name resolves to, and zones that belong to Cloud Map.

use super::making::{self, NewZone};
use super::state::{RecordSet, bare, set_key};
use super::{names, reading, zones};
use crate::call::Refusal;
use crate::world::{Place, World};

/// Who owns the zones of namespaces.
const CLOUD_MAP: &str = "servicediscovery.amazonaws.com";

/// The values of a record in the account's public zones, as DNS would give them; empty if there is none, or its change has not
/// reached all servers yet.
pub fn resolve(world: &World, account: &str, name: &str, kind: &str) -> Vec<String> {
    let (Some(account), Ok(name)) = (world.accounts.get(account), names::canonical(name)) else { return Vec::new() };
    let zones = account.route53.zones.values();
    let public = zones.filter(|zone| !zone.private && names::is_within(&name, &zone.name));
    let Some(longest) = public.clone().map(|zone| zone.name.len()).max() else { return Vec::new() };
    // Of several zones of one name any may be the one that the world asks.
    let nearest = public.filter(|zone| zone.name.len() == longest);
    let mut answers = nearest.map(|zone| {
        let sets = reading::answering(zone, &name);
        sets.into_iter()
            .filter(|set| set.kind == kind && set.spread <= world.now)
            .flat_map(RecordSet::values)
            .collect::<Vec<_>>()
    });
    answers.find(|values| !values.is_empty()).unwrap_or_default()
}

/// Why a namespace of that name cannot have a zone in a VPC.
pub fn zone_conflict(world: &mut World, place: &Place, name: &str, vpc: &str) -> Option<Refusal> {
    let vpc = (place.region.to_string(), vpc.to_owned());
    let name = names::escaped(name).ok()?;
    zones::clash(world.account(&place.account).route53.zones.values(), &name, &vpc)
}

/// Makes a hosted zone for a namespace; its id. `vpc` makes it a private one.
pub fn create_zone(world: &mut World, place: &Place, name: &str, vpc: Option<&str>, owner: &str) -> String {
    let new = NewZone {
        name: names::escaped(name).unwrap_or_else(|_| format!("{name}.")),
        reference: world.ids.uuid(),
        comment: Some(format!("Created by AWS Cloud Map namespace with ARN {owner}")),
        vpc: vpc.map(|vpc| (place.region.to_string(), vpc.to_owned())),
        linked: Some((CLOUD_MAP.to_owned(), owner.to_owned())),
    };
    making::zone(world, &place.account, new)
}

/// Removes a zone of a namespace with all that is in it.
pub fn remove_zone(world: &mut World, place: &Place, id: &str) {
    world.account(&place.account).route53.zones.remove(bare(id));
}

/// Sets (or with no values removes) a record of a namespace's zone.
#[expect(clippy::too_many_arguments, reason = "a record and where it stands")]
pub fn set_record(world: &mut World, place: &Place, zone: &str, name: &str, kind: &str, ttl: i64, values: &[String]) {
    let (Ok(zone), Ok(name)) = (world.account(&place.account).route53.zone(zone), names::canonical(name)) else {
        return;
    };
    if values.is_empty() {
        zone.sets.remove(&set_key(&name, kind, None));
    } else {
        zone.put(RecordSet::simple(&name, kind, ttl, values));
    }
}
