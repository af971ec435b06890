//! The world of the fake cloud as a value: things, their marks, and what it refuses. It behaves as AWS does where that
//! matters to the engine: names are unique, what is used cannot go, members go with their parent, some things take time.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_core::cloud::{Create, Goal, Update, Waiting};
use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Ready, Replace};
use evenkeel_core::snapshot::{Candidates, ForeignMember, Live, Owner, Readiness};
use serde_json::{Value, json};

use super::kinds::{KINDS, kinds, parent_field};

/// One thing.
#[derive(Clone, PartialEq, Debug)]
pub struct Thing {
    /// Its kind.
    pub kind: String,
    /// Its physical name; empty if it has none.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// What it is.
    pub doc: Doc,
    /// What would be lost with it.
    pub data: Option<String>,
    /// Members that are not ours.
    pub foreign: Vec<ForeignMember>,
    /// When it is ready.
    pub ready_at: Duration,
    /// When it is gone, if it is going.
    pub gone_at: Option<Duration>,
    /// Whether a newer revision has taken its place.
    pub outdated: bool,
    /// The id of the thing whose place it took.
    pub replaces: Option<String>,
    /// What its mark says of its protection.
    pub protected: bool,
    /// Foreign things that would go with it.
    pub inside: Vec<String>,
}

/// Everything that is there.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct World {
    /// The things by id.
    pub things: BTreeMap<String, Thing>,
    /// How long new things take to get ready.
    pub slowness: Duration,
    /// Nodes whose things never get healthy, with why.
    pub unhealthy: BTreeMap<NodeId, String>,
    /// Kinds that cannot be read.
    pub unreadable: BTreeMap<String, CloudError>,
    /// Kinds of which only what is named can be found.
    pub blind: BTreeMap<String, CloudError>,
    /// Fields that a creation leaves out: kind and field.
    pub forgetful: Vec<(String, String)>,
    made: u32,
}

type Answer<T> = Result<T, CloudError>;

fn refuse<T>(class: ErrorClass, operation: &str, text: String) -> Answer<T> {
    Err(CloudError { code: format!("{class:?}"), ..CloudError::local(class, operation, text) })
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|item| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The ids that a document refers to.
fn used(doc: &Doc) -> Vec<String> {
    let mut found = Vec::new();
    strings(doc, &mut found);
    let ids = found.into_iter().filter_map(|text| {
        let id = text.strip_suffix(".dns").unwrap_or(&text);
        id.starts_with("id:").then(|| id.to_owned())
    });
    ids.collect()
}

impl World {
    /// Puts a thing there by hand.
    pub fn put(&mut self, kind: &str, name: &str, owner: Owner, doc: Doc) -> String {
        self.made += 1;
        let id = format!("id:{kind}:{:04}", self.made);
        let thing = Thing {
            kind: kind.to_owned(),
            name: name.to_owned(),
            owner,
            doc,
            data: (kind == "log").then(|| "3 MB of logs".to_owned()),
            foreign: Vec::new(),
            ready_at: Duration::ZERO,
            gone_at: None,
            outdated: false,
            replaces: None,
            protected: false,
            inside: Vec::new(),
        };
        self.things.insert(id.clone(), thing);
        id
    }

    /// The thing of ours that was made for a node; the newest if there are several.
    pub fn of(&self, node: &str) -> Option<(&String, &Thing)> {
        let node: NodeId = node.parse().ok()?;
        self.things.iter().rev().find(|(_, thing)| thing.owner == Owner::Ours(node.clone()) && !thing.outdated)
    }

    /// The same, to be changed behind the engine's back.
    pub fn of_mut(&mut self, node: &str) -> Option<&mut Thing> {
        let id = self.of(node)?.0.clone();
        self.things.get_mut(&id)
    }

    /// Lets what is due happen.
    pub fn tick(&mut self, now: Duration) {
        self.things.retain(|_, thing| thing.gone_at.is_none_or(|at| at > now));
    }

    /// What is there, without ids, names of generations and times: to compare two worlds.
    pub fn shape(&self) -> Vec<String> {
        let name = |id: &String, thing: &Thing| match &thing.owner {
            Owner::Ours(node) => format!("<{node}>"),
            Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Nobody | Owner::Stray(_) => id.clone(),
        };
        let live: Vec<_> = self.things.iter().filter(|(_, thing)| !thing.outdated && thing.gone_at.is_none()).collect();
        let names: Vec<(&String, String)> = self.things.iter().map(|(id, thing)| (id, name(id, thing))).collect();
        let mut lines: Vec<String> = live
            .into_iter()
            .map(|(id, thing)| {
                let mut text = thing.doc.to_string();
                names.iter().for_each(|(id, name)| text = text.replace(*id, name));
                format!("{} {text} {}", name(id, thing), thing.foreign.len())
            })
            .collect();
        lines.sort();
        lines
    }

    /// What is not ours, in full.
    pub fn foreign(&self) -> BTreeMap<String, Thing> {
        let theirs = self.things.iter().filter(|(_, thing)| !matches!(thing.owner, Owner::Ours(_)));
        theirs.map(|(id, thing)| (id.clone(), thing.clone())).collect()
    }

    /// What a reading for a graph finds.
    pub fn candidates(&self, graph: &Graph, now: Duration) -> Candidates {
        let mut found = Candidates { blind: self.blind.clone(), ..Candidates::default() };
        for kind in KINDS {
            if let Some(error) = self.unreadable.get(kind.name) {
                found.kinds.insert(kind.name.to_owned(), Err(error.clone()));
                continue;
            }
            let things = self.things.iter().filter(|(_, thing)| thing.kind == kind.name && !thing.outdated);
            let present = things.filter(|(_, thing)| thing.gone_at.is_none());
            found
                .kinds
                .insert(kind.name.to_owned(), Ok(present.map(|(id, thing)| self.live(id, thing, now)).collect()));
        }
        for node in graph.nodes().filter(|node| node.lookup) {
            let of_kind = found.kinds.get(node.id.kind()).cloned().unwrap_or(Ok(Vec::new()));
            let looked_up = of_kind.map(|things| things.into_iter().find(|live| live.name == node.name));
            found.looked_up.insert(node.id.clone(), looked_up);
        }
        found
    }

    fn live(&self, id: &str, thing: &Thing, now: Duration) -> Live {
        let mut live = Live::new(id, thing.name.clone(), thing.owner.clone(), thing.doc.clone()).output("id", id);
        if thing.kind == "balancer" {
            live = live.output("dns", format!("{id}.dns"));
        }
        if thing.kind == "listener" {
            live.name = self.listener_name(thing);
        }
        live.uses = used(&thing.doc);
        let parent = parent_field(&thing.kind).and_then(|field| thing.doc.get(field));
        live.within = parent.and_then(Value::as_str).map(str::to_owned);
        live.data.clone_from(&thing.data);
        live.foreign.clone_from(&thing.foreign);
        live.replaces.clone_from(&thing.replaces);
        live.inside.clone_from(&thing.inside);
        live.protected = thing.protected;
        live.readiness = self.readiness(thing, now);
        live
    }

    /// A listener is called after its load balancer and its port; the generation comes last.
    fn listener_name(&self, thing: &Thing) -> String {
        let balancer = thing.doc["balancer"].as_str().and_then(|id| self.things.get(id));
        let name = balancer.map_or("", |balancer| balancer.name.as_str());
        let (base, generation) = match name.rsplit_once('-').map(|(base, last)| (base, last.parse::<u32>())) {
            Some((base, Ok(generation))) => (base, generation),
            _ => (name, 1),
        };
        evenkeel_core::name::of_generation(&format!("{base}:{}", thing.doc["port"]), generation, 0)
    }

    fn readiness(&self, thing: &Thing, now: Duration) -> Readiness {
        if let Owner::Ours(node) = &thing.owner
            && let Some(why) = self.unhealthy.get(node)
        {
            return Readiness::Failed(why.clone());
        }
        if thing.ready_at > now { Readiness::Pending("provisioning".to_owned()) } else { Readiness::Ready }
    }

    /// Makes a thing.
    pub fn create(&mut self, order: &Create<'_>, now: Duration) -> Answer<Live> {
        let kind = order.node.kind();
        let known = kinds();
        let rule = known.get(kind).ok_or_else(|| CloudError::bug("create", "no such kind"))?;
        let twin = self.things.values().find(|thing| {
            thing.kind == kind && !thing.outdated && rule.replace != Replace::Revise && {
                let same_port = kind == "listener"
                    && ["balancer", "port"].iter().all(|key| thing.doc.get(key) == order.want.get(key));
                same_port
                    || (kind == "rules" && thing.doc["group"] == order.want["group"])
                    || (kind != "listener" && !order.name.is_empty() && thing.name == order.name)
            }
        });
        match twin {
            Some(thing) if thing.gone_at.is_some() => {
                return refuse(ErrorClass::InUse, "create", format!("{} is still draining", order.name));
            }
            Some(_) => return refuse(ErrorClass::Exists, "create", format!("{kind} {} exists", order.name)),
            None => {}
        }
        self.parents("create", order.want, now)?;
        if rule.replace == Replace::Revise {
            let before = self.things.values_mut().filter(|thing| thing.owner == Owner::Ours(order.node.clone()));
            before.for_each(|thing| thing.outdated = true);
        }
        let mut doc = order.want.clone();
        for (_, field) in self.forgetful.iter().filter(|(of, _)| of == kind) {
            if let Some(map) = doc.as_object_mut() {
                map.remove(field);
            }
        }
        let id = self.put(kind, order.name, Owner::Ours(order.node.clone()), doc);
        let ready_at = now + if rule.ready == Ready::AtOnce { Duration::ZERO } else { self.slowness };
        let thing = self.things.get_mut(&id).expect("it was just made");
        thing.ready_at = ready_at;
        thing.replaces = order.replaces.map(str::to_owned);
        let thing = thing.clone();
        Ok(self.live(&id, &thing, now))
    }

    /// Everything that a document refers to has to be there, and a cluster has to be active.
    fn parents(&self, operation: &str, doc: &Doc, now: Duration) -> Answer<()> {
        for id in used(doc) {
            match self.things.get(&id) {
                Some(thing) if thing.kind == "cluster" && thing.ready_at > now => {
                    return refuse(ErrorClass::Invalid, operation, format!("{id} is not active"));
                }
                Some(thing) if thing.gone_at.is_none() => {}
                _ => return refuse(ErrorClass::Invalid, operation, format!("{id} does not exist")),
            }
        }
        Ok(())
    }

    /// Changes a thing: the fields that the changes name, and its mark.
    pub fn update(&mut self, order: &Update<'_>, now: Duration) -> Answer<Live> {
        self.parents("update", order.want, now)?;
        let slowness = self.slowness;
        let same_slot = |(id, thing): (&String, &Thing)| {
            thing.kind == "listener"
                && *id != order.live.id
                && ["balancer", "port"].iter().all(|key| thing.doc.get(key) == order.want.get(key))
        };
        let moves = order.changes.iter().any(|change| change.field() == "port");
        if moves && self.things.iter().any(same_slot) {
            return refuse(ErrorClass::Exists, "update", "the port is in use".to_owned());
        }
        let Some(thing) = self.things.get_mut(&order.live.id).filter(|thing| thing.gone_at.is_none()) else {
            return refuse(ErrorClass::Gone, "update", format!("{} is not there", order.live.id));
        };
        for change in order.changes {
            if let Some(at) = thing.foreign.iter().position(|member| {
                change.to.as_ref().is_some_and(|to| member.same.iter().all(|key| to.get(key) == member.have.get(key)))
            }) {
                if change.from.as_ref() != Some(&thing.foreign[at].have) {
                    return refuse(ErrorClass::Exists, "update", format!("{} exists already", change.path));
                }
                thing.foreign.remove(at);
            }
            let field = change.field();
            match order.want.get(field) {
                Some(value) => thing.doc[field] = value.clone(),
                None => drop(thing.doc.as_object_mut().and_then(|map| map.remove(field))),
            }
        }
        thing.owner = Owner::Ours(order.node.clone());
        if thing.kind == "service" && !order.changes.is_empty() {
            thing.ready_at = now + slowness;
        }
        let thing = thing.clone();
        Ok(self.live(&order.live.id, &thing, now))
    }

    /// Those who keep a thing from going: things outside it that use it or something in it.
    pub fn users(&self, id: &str) -> Vec<String> {
        let inside = |other: &str, thing: &Thing| {
            other == id || parent_field(&thing.kind).is_some_and(|field| thing.doc[field] == json!(id))
        };
        let members: Vec<&String> =
            self.things.iter().filter(|(other, thing)| inside(other, thing)).map(|(other, _)| other).collect();
        let outside = self.things.iter().filter(|(other, thing)| !inside(other, thing) && !thing.outdated);
        let users = outside.filter(|(_, thing)| used(&thing.doc).iter().any(|used| members.contains(&used)));
        users.map(|(other, _)| other.clone()).collect()
    }

    /// Deletes a thing with its members.
    pub fn delete(&mut self, node: &NodeId, live: &Live, now: Duration) -> Answer<()> {
        let Some(thing) = self.things.get(&live.id) else { return Ok(()) };
        let users = self.users(&live.id);
        if thing.kind != "task" && !users.is_empty() {
            return refuse(ErrorClass::InUse, "delete", format!("{} is used by {}", live.id, users.join(", ")));
        }
        if thing.kind == "service" {
            let gone_at = now + self.slowness;
            self.things.get_mut(&live.id).expect("it was just seen").gone_at.get_or_insert(gone_at);
            self.tick(now);
            return Ok(());
        }
        self.things.retain(|id, thing| {
            let member = parent_field(&thing.kind).is_some_and(|field| thing.doc[field] == json!(live.id));
            let revision = thing.kind == "task" && thing.owner == Owner::Ours(node.clone());
            *id != live.id && !member && !revision
        });
        Ok(())
    }

    /// How far a thing is.
    pub fn poll(&self, waiting: &Waiting, now: Duration) -> Answer<Readiness> {
        match (self.things.get(&waiting.live.id), waiting.goal) {
            (None, _) => Ok(Readiness::Gone),
            (Some(_), Goal::Vacant) => Ok(match self.users(&waiting.live.id).first() {
                Some(user) => Readiness::Pending(format!("used by {user}")),
                None => Readiness::Ready,
            }),
            (Some(_), Goal::Gone) => Ok(Readiness::Pending("draining".to_owned())),
            (Some(thing), Goal::Ready | Goal::Hold) => Ok(self.readiness(thing, now)),
        }
    }
}
