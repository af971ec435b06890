//! The states that an instance passes through, and what each of them brings: the endpoint, changed values, the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Instance, change, engines, settings, snapshots};
use crate::call::Members;
use crate::services::{ec2, secrets};
use crate::world::{self, Place, World};

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// An instance (in its turn) passes on to the next of these states.
    Next(String, u64, Vec<(String, Duration)>),
    /// The maintenance window of an instance begins.
    Window(String),
    /// A snapshot is complete.
    SnapshotReady(String),
    /// The network interfaces of a deleted instance go.
    Detach(Vec<String>),
}

/// States in which nothing is under way.
const RESTING: [&str; 3] = ["available", "stopped", "storage-optimization"];

/// Sends an instance through states, each for about its time; a state of no time at the end stays. Else it ends as
/// `available`, or gone after `deleting`.
pub(super) fn run(world: &mut World, place: &Place, name: &str, mut steps: Vec<(String, Duration)>) {
    if steps.is_empty() {
        return arrive(world, place, name);
    }
    let (status, usual) = steps.remove(0);
    let rds = &mut world.region(place).rds;
    let Some(instance) = rds.instances.get_mut(name) else { return };
    instance.status = status;
    instance.turn += 1;
    let turn = instance.turn;
    // The address is known when the first backup is taken.
    if instance.status == "backing-up" {
        instance.reachable = true;
    }
    if usual > Duration::ZERO {
        let delay = world.about(usual);
        world.after(delay, place, world::Event::Rds(Event::Next(name.to_owned(), turn, steps)));
    }
}

/// At the end of all states.
fn arrive(world: &mut World, place: &Place, name: &str) {
    let rds = &mut world.region(place).rds;
    let Some(instance) = rds.instances.get_mut(name) else { return };
    if instance.status == "deleting" {
        return end(world, place, name);
    }
    let applying = std::mem::take(&mut instance.applying);
    if matches!(instance.status.as_str(), "rebooting" | "upgrading" | "starting") {
        settings::restarted(instance);
    }
    // A restart is when waiting changes of the class are taken over.
    for (member, value) in applying {
        apply(instance, &member, value);
    }
    "available".clone_into(&mut instance.status);
    instance.reachable = true;
    instance.turn += 1;
    if let Some(new) = instance.fields.text("DBInstanceIdentifier").filter(|new| *new != name).map(str::to_owned)
        && let Some(instance) = rds.instances.remove(name)
    {
        rds.instances.insert(new, instance);
    }
}

/// Takes a changed value over.
pub(super) fn apply(instance: &mut Instance, member: &str, value: Value) {
    match member {
        "MasterUserPassword" => return,
        "Port" => {
            instance.port = value.as_i64().unwrap_or(instance.port);
            return;
        }
        "DBInstanceIdentifier" => {
            let arn = instance.fields.text_or_empty("DBInstanceArn");
            let start = arn.rsplit_once(':').map_or("", |(start, _)| start).to_owned();
            let new = format!("{start}:{}", value.as_str().unwrap_or_default());
            instance.fields.insert("DBInstanceArn".to_owned(), new.into());
        }
        "EngineVersion" => {
            let engine = instance.fields.text_or_empty("Engine").to_owned();
            let (old, new) = (instance.fields.text_or_empty("EngineVersion"), value.as_str().unwrap_or_default());
            if engines::major(&engine, old) != engines::major(&engine, new) {
                // A group of one's own was named together with the version.
                let group = instance.fields.list("DBParameterGroups").first();
                let group = group.and_then(|group| group.text("DBParameterGroupName")).map(str::to_owned);
                let own = group.filter(|name| !name.starts_with("default."));
                super::inputs::groups_of(&mut instance.fields, &engine, new, own.as_deref(), None);
            }
        }
        _ => {}
    }
    instance.fields.insert(member.to_owned(), value);
}

fn end(world: &mut World, place: &Place, name: &str) {
    let Some(instance) = world.region(place).rds.instances.remove(name) else { return };
    if let Some(secret) = instance.fields.get("MasterUserSecret").and_then(|secret| secret.text("SecretArn")) {
        secrets::remove_owned(world, place, secret);
    }
    if let Some(snapshot) = world
        .region(place)
        .rds
        .snapshots
        .values_mut()
        .find(|snapshot| instance.final_snapshot.as_deref() == snapshot.fields.text("DBSnapshotIdentifier"))
    {
        snapshot.available = true;
    }
    let delay = world.about(Duration::from_secs(20));
    world.after(delay, place, world::Event::Rds(Event::Detach(instance.interfaces)));
}

/// Makes the changes that have waited; what is busy is maintained a little later.
fn maintain(world: &mut World, place: &Place, name: &str) {
    let now = world.now;
    let Some(instance) = world.region(place).rds.instances.get_mut(name) else { return };
    if !rests(instance) {
        let later = world::Event::Rds(Event::Window(name.to_owned()));
        return world.after(Duration::from_secs(600), place, later);
    }
    let due = std::mem::take(&mut instance.pending);
    let steps = change::begin(instance, due, now);
    if !steps.is_empty() {
        run(world, place, name, steps);
    }
}

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    match event {
        Event::Next(name, turn, steps) => {
            let same = |instance: &Instance| instance.turn == turn;
            if world.region(place).rds.instances.get(&name).is_some_and(same) {
                run(world, place, &name, steps);
            }
        }
        Event::Window(name) => maintain(world, place, &name),
        Event::SnapshotReady(name) => snapshots::ready(&mut world.region(place).rds, &name),
        Event::Detach(interfaces) => {
            for interface in interfaces {
                ec2::release(world, place, &interface);
            }
        }
    }
}

/// Whether nothing is under way with an instance.
pub(super) fn rests(instance: &Instance) -> bool {
    RESTING.contains(&instance.status.as_str())
}
