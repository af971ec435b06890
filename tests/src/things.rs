//! A simulated world as things: its whole serialised state, cut where one thing ends and the next begins, without histories.
//! Everything that a service keeps is there by default, so that a service that is added is seen without anybody's help; what
//! is left out stands in the tables below, with the reason. Knows nothing of stacks, and compares nothing.

use std::collections::BTreeMap;

use evenkeel_sim::world::World;
use serde_json::{Map, Value, json};

/// Where a thing is kept: the account and region, the collection of its service, and its key there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `123456789012 us-east-1`, or the account alone.
    pub place: String,
    /// `elb.groups`.
    pub collection: String,
    /// Its id or name; empty for what a service has one of.
    pub key: String,
}

impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {} {}", self.place, self.collection, self.key)
    }
}

/// What is there.
pub type Things = BTreeMap<Key, Value>;

/// Collections that tell what was, not what is, or repeat what stands elsewhere.
pub const HISTORIES: &[(&str, &str)] = &[
    ("acm.tokens", "requests that were made"),
    ("cloud_map.operations", "operations that were begun"),
    ("dynamodb.transactions", "requests that were made"),
    ("ec2.asked", "requests that were made"),
    ("ec2.tokens", "requests that were made"),
    ("ecs.running.asked", "requests that were made"),
    ("ecs.running.deployments", "what a service went through"),
    ("ecs.running.revisions", "what a service went through"),
    ("ecs.running.tokens", "requests that were made"),
    ("elb.made", "a counter"),
    ("elb.uses", "an index of listeners and rules"),
    ("iam.deletions", "requests that were made"),
    ("iam.sessions", "who has asked for credentials"),
    ("rds.endpoint", "what AWS calls the account in addresses"),
    ("route53.changes", "requests that were made"),
    ("route53.check_references", "requests that were made"),
    ("route53.references", "requests that were made"),
    ("scaling.activities", "what a service went through"),
    ("ssm.deleted", "names that were given up"),
];

/// Members that tell what was, by the collection and the name; those of inner documents likewise.
pub const PAST: &[(&str, &str, &str)] = &[
    ("acm.certificates", "serial", "made up"),
    ("cloud_map.services", "creator_request", "a token"),
    ("cloud_map.namespaces", "creator_request", "a token"),
    ("cloud_map.services", "revision", "a counter"),
    ("ec2.interfaces", "mac", "made up"),
    ("ec2.interfaces", "subnet", "which of several is chance"),
    ("ec2.interfaces", "zone", "which of several is chance"),
    ("ec2.groups", "order", "when rules came"),
    ("ecs.gateways.gateways", "request", "the request that made it"),
    ("ecs.gateways.gateways", "updated", "a moment"),
    ("ecs.gateways.gateways", "updating", "a moment"),
    ("ecs.registry.families.revisions", "revision", "a counter"),
    ("ecs.registry.providers", "change", "what it went through"),
    ("ecs.running.services", "deployment", "what it went through"),
    ("ecs.running.services", "discovery", "an index of Cloud Map"),
    ("ecs.running.services", "events", "what it went through"),
    ("ecs.running.services", "failed", "a counter"),
    ("ecs.running.services", "failed_lately", "a counter"),
    ("ecs.running.services", "good_revision", "what it went through"),
    ("ecs.running.services", "id", "made up"),
    ("ecs.running.services", "next_tick", "a moment to come"),
    ("ecs.running.services", "reason", "what it went through"),
    ("ecs.running.services", "request", "the request that made it"),
    ("ecs.running.services", "revision", "what it went through"),
    ("ecs.running.services", "round", "a counter"),
    ("ecs.running.services", "retry_at", "a moment to come"),
    ("ecs.running.services", "steady", "a moment"),
    ("ecs.running.services", "tasks", "an index of tasks"),
    ("ecs.running.services", "updated", "a moment"),
    ("ecs.running.tasks", "availabilityZone", "which of several is chance"),
    ("ecs.running.tasks", "capacityProviderName", "which of several is chance"),
    ("ecs.running.tasks", "containerInstanceArn", "which of several is chance"),
    ("ecs.running.tasks", "attachments", "its interface, which stands for itself"),
    ("ecs.running.tasks", "interface", "its interface, which stands for itself"),
    ("ecs.running.tasks", "mac", "made up"),
    ("ecs.running.tasks", "revision", "a counter"),
    ("ecs.running.tasks", "runtimeId", "made up"),
    ("ecs.running.tasks", "subnet", "which of several is chance"),
    ("ecs.running.tasks", "version", "a counter"),
    ("elb.balancers", "made", "a counter"),
    ("elb.groups", "made", "a counter"),
    ("elb.groups", "round", "a counter"),
    ("elb.groups", "zone", "which of several is chance"),
    ("elb.listeners", "made", "a counter"),
    ("iam.roles", "used", "who has used it"),
    ("logs.groups.streams", "token", "a token"),
    ("rds.instances", "DbiResourceId", "made up"),
    ("rds.instances", "SecretArn", "made up"),
    ("rds.instances", "storage_locked", "a moment"),
    ("rds.instances", "turn", "a counter"),
    ("route53.zones", "reference", "a token"),
    ("route53.zones.sets", "spread", "a moment"),
    ("scaling.targets", "alarms", "made up"),
    ("scaling.targets", "due", "a moment to come"),
    ("secrets.secrets", "accessed", "who has read it"),
    ("secrets.secrets", "arn", "its end is made up"),
    ("secrets.secrets", "changed", "a moment"),
    ("secrets.secrets", "created", "a moment"),
    ("secrets.secrets", "versions", "values that were sent"),
    ("ssm.parameters", "ciphertext", "made up"),
    ("ssm.parameters", "modified", "a moment"),
    ("ssm.parameters", "number", "a counter"),
];

/// Collections inside the things of others, whose members are things of their own.
const INNER: &[(&str, &str)] =
    &[("route53.zones", "sets"), ("ecs.registry.families", "revisions"), ("logs.groups", "streams")];

/// How things say that they are gone and only remembered: the collection, the member, and what it says then (nothing: anything).
pub const REMEMBERED: &[(&str, &str, Option<&str>)] = &[
    ("ec2.endpoints", "State", Some("\"deleted\"")),
    ("ec2.nats", "State", Some("\"deleted\"")),
    ("ecs.running.services", "gone", None),
    ("ecs.running.tasks", "stopping", None),
    ("ecs.registry.clusters", "deleted", Some("true")),
    ("ecs.registry.providers", "change", Some("\"DELETE\"")),
    ("ecs.registry.families.revisions", "deregistered", None),
    ("ecs.registry.families.revisions", "delete_requested", None),
    ("secrets.secrets", "deletion", None),
];

/// The tag of a service that begins with the number of the revision it runs; the revision itself is compared by content.
const REVISION_TAG: &str = "evenkeel:task-definition";

/// Everything that there is.
pub fn things(world: &World) -> Things {
    let document = serde_json::to_value(world).expect("a world is JSON");
    let mut things = Things::new();
    for (account, services) in object(document.get("accounts").cloned()) {
        for (name, service) in object(Some(services)) {
            if name != "regions" {
                of_service(&mut things, &account, &name, service);
                continue;
            }
            for (region, services) in object(Some(service)) {
                let place = format!("{account} {region}");
                for (name, service) in object(Some(services)) {
                    of_service(&mut things, &place, &name, service);
                }
            }
        }
    }
    tags_to_their_things(&mut things);
    things
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn of_service(things: &mut Things, place: &str, path: &str, service: Value) {
    for (member, value) in object(Some(service)) {
        let collection = format!("{path}.{member}");
        if path == "ecs" {
            of_service(things, place, &collection, value);
        } else if !HISTORIES.iter().any(|(name, _)| *name == collection) {
            of_collection(things, place, &collection, value, "");
        }
    }
}

/// Adds the things of a collection; `of` is what that is inside of, if it is.
fn of_collection(things: &mut Things, place: &str, collection: &str, value: Value, of: &str) {
    let Value::Object(entries) = value else {
        let key = Key { place: place.to_owned(), collection: collection.to_owned(), key: of.to_owned() };
        if !value.is_null() {
            things.insert(key, value);
        }
        return;
    };
    for (key, mut thing) in entries {
        let key = if of.is_empty() { key } else { format!("{of}:{key}") };
        if is_remembered(collection, &thing) {
            continue;
        }
        if let Some(members) = thing.as_object_mut() {
            for (_, inner) in INNER.iter().filter(|(outer, _)| *outer == collection) {
                let inside = members.remove(*inner).unwrap_or_default();
                of_collection(things, place, &format!("{collection}.{inner}"), inside, &key);
            }
        }
        // A family is what its revisions are.
        if collection == "ecs.registry.families" {
            continue;
        }
        forget(collection, &mut thing);
        things.insert(Key { place: place.to_owned(), collection: collection.to_owned(), key }, thing);
    }
}

fn is_remembered(collection: &str, thing: &Value) -> bool {
    REMEMBERED.iter().any(|(name, member, says)| {
        let value = &thing[*member];
        *name == collection
            && match says {
                None => !value.is_null(),
                Some(text) => {
                    let written = value.to_string();
                    written.as_str() == *text
                }
            }
    })
}

/// Takes out what tells of the past.
fn forget(collection: &str, value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !PAST.iter().any(|(name, member, _)| *name == collection && member == key));
            if let Some(Value::String(text)) = map.get_mut(REVISION_TAG)
                && let Some((_, rest)) = text.split_once(' ')
            {
                *text = rest.to_owned();
            }
            map.values_mut().for_each(|inner| forget(collection, inner));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| forget(collection, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// EC2 keeps all tags in one place.
fn tags_to_their_things(things: &mut Things) {
    let kept: Vec<Key> = things.keys().filter(|key| key.collection == "ec2.tags").cloned().collect();
    for tags in kept {
        if tags.key.starts_with("sgr-") {
            rule_with_tags(things, &tags);
            continue;
        }
        let owner = things.keys().find(|key| {
            key.place == tags.place && key.key == tags.key && key.collection != tags.collection && {
                key.collection.starts_with("ec2.")
            }
        });
        // What is only remembered keeps its tags.
        if owner.is_none() && ["nat-", "vpce-"].iter().any(|kind| tags.key.starts_with(kind)) {
            things.remove(&tags);
            continue;
        }
        if let Some(owner) = owner.cloned()
            && let Some(value) = things.remove(&tags)
            && let Some(owner) = things.get_mut(&owner)
        {
            match owner {
                Value::Object(owner) => drop(owner.insert("tags".to_owned(), value)),
                // A gateway is no more than what it is attached to.
                _ => *owner = json!({ "is": owner.take(), "tags": value }),
            }
        }
    }
}

/// A rule of a security group is a part of it, but one with a mark is a thing of its own: the group may be somebody else's.
fn rule_with_tags(things: &mut Things, key: &Key) {
    let holds = |(of, thing): &(&Key, &mut Value)| of.place == key.place && !thing["rules"][&key.key].is_null();
    let mut groups = things.iter_mut().filter(|(of, _)| of.collection == "ec2.groups");
    let found = groups.find(holds).and_then(|(of, thing)| {
        let rule = thing["rules"].as_object_mut()?.remove(&key.key)?;
        Some((of.clone(), rule))
    });
    let Some((group, mut rule)) = found else { return };
    rule["tags"] = things.remove(key).unwrap_or_default();
    if mark(&rule).is_some() {
        let name = format!("{}:{}", group.key, key.key);
        things.insert(Key { collection: "ec2.groups.rules".to_owned(), key: name, ..group }, rule);
    } else if let Some(group) = things.get_mut(&group) {
        group["rules"][&key.key] = rule;
    }
}

/// The tags of a thing, if it can carry some.
pub fn tags(thing: &Value) -> Option<&Map<String, Value>> {
    thing.get("tags").and_then(Value::as_object)
}

/// Whether a mark's stack is this one, in whatever region: roles and zones name that too.
pub fn is_of(mark: &str, stack: &str) -> bool {
    mark.split('@').next() == Some(stack)
}

/// The mark that a thing carries: the stack and the id.
pub fn mark(thing: &Value) -> Option<(&str, &str)> {
    let tags = tags(thing)?;
    let tag = |key: &str| tags.get(key).and_then(Value::as_str);
    Some((tag("evenkeel:stack")?, tag("evenkeel:id").unwrap_or_default()))
}
