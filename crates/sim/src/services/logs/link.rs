//! What other services ask of CloudWatch Logs: whether a group is there, and writing to it.

use sha2::{Digest, Sha256};

use super::state::{Group, Stream};
use crate::world::{Place, Region, World};

/// Whether there is a group of that name.
pub fn group_exists(region: &Region, group: &str) -> bool {
    region.logs.groups.contains_key(group)
}

/// Makes a group, as containers do with `awslogs-create-group`; nothing happens if it is there.
pub fn create_group(world: &mut World, place: &Place, group: &str) {
    let created = world.now.0;
    let fresh = || Group { created, class: "STANDARD".to_owned(), ..Group::default() };
    world.region(place).logs.groups.entry(group.to_owned()).or_insert_with(fresh);
}

/// Writes one more line into a stream that is there; its id follows from where it is, so that no other id depends on it.
pub fn write_more(world: &mut World, place: &Place, group: &str, stream: &str, line: &str) {
    let now = world.now;
    let Some(found) = world.region(place).logs.groups.get_mut(group).and_then(|it| it.streams.get_mut(stream)) else {
        return;
    };
    let hash = Sha256::digest(format!("{group} {stream} {}", found.events.len()));
    let digits: String = hash.iter().map(|byte| format!("{:02}", byte % 100)).collect();
    found.put(now, now.0, line, digits[..56].to_owned());
}

/// Writes a line, making the stream if need be; false if there is no such group.
pub fn write(world: &mut World, place: &Place, group: &str, stream: &str, line: &str) -> bool {
    let now = world.now;
    let mut ids = world.ids.clone();
    let Some(group) = world.region(place).logs.groups.get_mut(group) else { return false };
    if !group.streams.contains_key(stream) {
        group.streams.insert(stream.to_owned(), Stream::new(&mut ids, now));
    }
    if let Some(stream) = group.streams.get_mut(stream) {
        stream.add(&mut ids, now, now.0, line);
    }
    world.ids = ids;
    true
}
