//! Task definitions: families and their revisions. A revision never changes and its number is never given again; it goes from
//! ACTIVE to INACTIVE to DELETE_IN_PROGRESS, and after that nobody sees it. What a definition may say is checked in `check`,
//! how it reads back is decided in `form`.

mod capabilities;
mod check;
mod containers;
mod fargate;
mod form;
pub(super) mod lists;
mod network;
mod roles;
mod sizes;
mod volumes;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::checks::{arn, at_most, client, invalid};
use super::Registry;
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::tags::{self, Tags};
use crate::world::{Moment, Place};

/// The most revisions that can be deleted at once.
const MOST: usize = 10;
/// How long a revision that is to be deleted can still be seen.
const LINGERS: Duration = Duration::from_secs(3600);

/// A family.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Family {
    /// The number of the newest revision there ever was.
    last: u32,
    revisions: BTreeMap<u32, Revision>,
}

/// A revision.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Revision {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
    document: Map<String, Value>,
    deregistered: Option<Moment>,
    delete_requested: Option<Moment>,
}

impl Family {
    /// Its active revisions.
    pub(super) fn active(&self) -> impl Iterator<Item = &Revision> {
        self.revisions.values().filter(|revision| revision.status() == "ACTIVE")
    }
}

impl Revision {
    /// Whether it is being deleted.
    pub(super) fn deleting(&self) -> bool {
        self.delete_requested.is_some()
    }

    fn status(&self) -> &'static str {
        match (self.delete_requested, self.deregistered) {
            (Some(_), _) => "DELETE_IN_PROGRESS",
            (None, Some(_)) => "INACTIVE",
            (None, None) => "ACTIVE",
        }
    }

    /// Whether it can be seen at all.
    fn visible(&self, now: Moment) -> bool {
        self.delete_requested.is_none_or(|at| now < at.plus(LINGERS))
    }

    /// As `DescribeTaskDefinition` shows it.
    pub(super) fn show(&self) -> Value {
        let mut shown = self.document.clone();
        shown.insert("status".to_owned(), self.status().into());
        for (name, at) in [("deregisteredAt", self.deregistered), ("deleteRequestedAt", self.delete_requested)] {
            if let Some(at) = at {
                shown.insert(name.to_owned(), at.value());
            }
        }
        Value::Object(shown)
    }
}

/// A revision by `family` (its newest active one) or `family:revision`.
pub(super) fn find<'r>(registry: &'r Registry, text: &str) -> Option<&'r Revision> {
    match text.split_once(':') {
        None => {
            let revisions = &registry.families.get(text)?.revisions;
            revisions.values().rev().find(|revision| revision.status() == "ACTIVE")
        }
        Some((family, number)) => registry.families.get(family)?.revisions.get(&number.parse().ok()?),
    }
}

/// A revision by `family:revision`.
pub(super) fn find_mut<'r>(registry: &'r mut Registry, text: &str) -> Option<&'r mut Revision> {
    let (family, number) = text.split_once(':')?;
    registry.families.get_mut(family)?.revisions.get_mut(&number.parse().ok()?)
}

/// `family` or `family:revision` out of what a client sent.
fn named<'a>(place: &Place, text: &'a str) -> Result<&'a str, Refusal> {
    if text.is_empty() {
        return Err(invalid("TaskDefinition can not be blank."));
    }
    let rest = if text.starts_with("arn:") {
        let found = arn(place, text)?;
        if found.kind != "task-definition" {
            return Err(invalid("Invalid identifier: Unexpected resource type in ARN"));
        }
        found.rest
    } else {
        text
    };
    match rest.split_once(':') {
        Some((_, number)) if !number.parse::<u32>().is_ok_and(|number| number > 0) => {
            Err(client(format!("Invalid revision number. Number: {number}")))
        }
        _ => Ok(rest),
    }
}

/// `RegisterTaskDefinition`.
pub(super) fn register(call: &mut Call<'_>, input: &Input) -> Reply {
    check::check(&input.0, &call.place)?;
    if input.has("tags") && input.list("tags").is_empty() {
        return Err(client("Tags can not be empty."));
    }
    let tags = super::dialect::DIALECT.first(input)?;
    let mut document = form::stored(&input.0, &call.place);
    let family = input.text_or_empty("family").to_owned();
    let (now, by, place) = (call.now(), call.caller.arn.clone(), call.place.clone());
    let there = call.region().ecs.registry.families.entry(family.clone()).or_default();
    there.last += 1;
    let number = there.last;
    let arn = place.arn("ecs", &format!("task-definition/{family}:{number}"));
    document.insert("taskDefinitionArn".to_owned(), arn.clone().into());
    document.insert("revision".to_owned(), number.into());
    document.insert("registeredAt".to_owned(), now.value());
    document.insert("registeredBy".to_owned(), by.into());
    let revision = Revision { arn, tags, document, ..Revision::default() };
    let mut reply = json!({ "taskDefinition": revision.show() });
    if !revision.tags.is_empty() {
        reply["tags"] = tags::to_list(&revision.tags, "key", "value");
    }
    there.revisions.insert(number, revision);
    Ok(reply)
}

/// `DescribeTaskDefinition`.
pub(super) fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let text = input.text_or_empty("taskDefinition");
    let name = named(&call.place, text)?.to_owned();
    let now = call.now();
    let found = find(&call.region().ecs.registry, &name).filter(|it| it.visible(now) && of(text, it)).cloned();
    let found = found.ok_or_else(|| client("Unable to describe task definition."))?;
    let mut reply = json!({ "taskDefinition": found.show() });
    if input.texts("include").iter().any(|it| it == "TAGS") {
        reply["tags"] = tags::to_list(&found.tags, "key", "value");
    }
    Ok(reply)
}

/// Whether an ARN, if the text is one, is of the account that the revision belongs to.
fn of(text: &str, revision: &Revision) -> bool {
    !text.starts_with("arn:") || revision.arn.split(':').nth(4) == text.split(':').nth(4)
}

/// `DeregisterTaskDefinition`.
pub(super) fn deregister(call: &mut Call<'_>, input: &Input) -> Reply {
    let text = input.text_or_empty("taskDefinition");
    let name = named(&call.place, text)?.to_owned();
    if !name.contains(':') {
        return Err(client(format!("Invalid revision number. Number: {name}")));
    }
    let now = call.now();
    let found = find_mut(&mut call.region().ecs.registry, &name).filter(|it| !it.deleting() && of(text, it));
    let revision = found.ok_or_else(|| client("The specified task definition does not exist."))?;
    revision.deregistered.get_or_insert(now);
    Ok(json!({ "taskDefinition": revision.show() }))
}

/// `DeleteTaskDefinitions`.
pub(super) fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let asked = input.texts("taskDefinitions");
    if asked.is_empty() {
        return Err(invalid("TaskDefinitions cannot be empty."));
    }
    if asked.len() > MOST {
        return Err(at_most("taskDefinitions", MOST));
    }
    let now = call.now();
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for text in &asked {
        let name = named(&call.place, text)?.to_owned();
        if !name.contains(':') {
            return Err(client(format!("Invalid revision number. Number: {name}")));
        }
        let own = call.arn("ecs", &format!("task-definition/{name}"));
        let found = find_mut(&mut call.region().ecs.registry, &name).filter(|it| it.visible(now) && of(text, it));
        let reason = match found {
            Some(revision) if revision.deregistered.is_some() => {
                revision.delete_requested.get_or_insert(now);
                deleted.push(revision.show());
                continue;
            }
            Some(_) => {
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
            }
            None => {
                "The specified task definition does not exist. Specify a valid account, family, revision and try again."
            }
        };
        let arn = if text.starts_with("arn:") { text.clone() } else { own };
        failures.push(json!({ "arn": arn, "reason": reason }));
    }
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}
