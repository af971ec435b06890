//! A stranger in the account: somebody who may write, and does so between any two requests of a run. He forges marks, takes
//! names, puts things into ours and exchanges ours for his. What he does is made from the table of kinds; whatever evenkeel
//! does about it is not his affair.

pub mod makers;
mod unmake;

use evenkeel_aws::kinds;
use evenkeel_core::graph::Graph;
use evenkeel_sim::services;
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

use self::makers::{MAKERS, Maker};
use crate::simulated::Others;
use crate::things::{Key, is_of, mark, things};

/// What the stranger does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Makes a thing of a kind that bears a forged mark of this id.
    Forge(&'static str, String),
    /// Makes a thing of a kind with the name that ours has or is to have; exchanges it for ours, if ours is there.
    Usurp(&'static str),
    /// Makes a member of a kind inside a thing of ours.
    Intrude(&'static str),
}

/// Everything that he can do to a stack: for each kind each sort of forged mark, each name, each member.
pub fn mischiefs(graph: &Graph) -> Vec<Mischief> {
    let mut all = Vec::new();
    for maker in MAKERS {
        let kind = maker.kind;
        if maker.named {
            // Of its own kind (double or unknown), of another kind, of none, and what is no id at all.
            let own = graph.of_kind(kind).next().map(|node| node.id.to_string());
            let other = graph.nodes().find(|node| node.id.kind() != kind).map(|node| node.id.to_string());
            let ids = own.into_iter().chain(other).chain([
                format!("{kind}.nobody"),
                "nokind.zz".to_owned(),
                "no id at all".to_owned(),
                String::new(),
            ]);
            all.extend(ids.map(|id| Mischief::Forge(kind, id)));
            all.push(Mischief::Usurp(kind));
        } else {
            all.push(Mischief::Intrude(kind));
        }
    }
    all
}

/// A stranger's day: what he does to the world of a stack.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// What he does.
    pub mischief: Mischief,
    /// The stack.
    pub stack: String,
    /// The names of the stack's things of the kind.
    pub names: Vec<String>,
}

impl Stranger {
    /// Somebody who does this to that stack.
    pub fn new(mischief: Mischief, graph: &Graph) -> Self {
        let (Mischief::Forge(kind, _) | Mischief::Usurp(kind) | Mischief::Intrude(kind)) = &mischief;
        let names = graph.of_kind(kind).map(|node| node.name.clone()).collect();
        Self { mischief, stack: graph.stack.name.clone(), names }
    }

    /// Does it; what he has made or changed is noted as his.
    pub fn act(&self, world: &mut World, place: &Place, others: &Others) {
        let before = things(world);
        let (Mischief::Forge(kind, _) | Mischief::Usurp(kind) | Mischief::Intrude(kind)) = &self.mischief;
        let named = !matches!(self.mischief, Mischief::Intrude(_));
        let maker = makers::of(kind, named).expect("there is a maker");
        match &self.mischief {
            Mischief::Forge(_, id) => {
                // What no region holds is marked for a stack in a region.
                let global = matches!(*kind, "role" | "hosted_zone");
                let stack = if global { format!("{}@{}", self.stack, place.region) } else { self.stack.clone() };
                let tags = vec![("evenkeel:stack", stack.as_str()), ("evenkeel:id", id.as_str())];
                (maker.make)(world, place, "strangers-own", &tags);
            }
            Mischief::Usurp(_) => {
                let name = self.names.first().cloned().unwrap_or_else(|| "strangers-own".to_owned());
                (maker.unmake)(world, place, &name);
                (maker.make)(world, place, &name, &[("owner", "stranger")]);
            }
            Mischief::Intrude(_) => {
                (maker.make)(world, place, &self.stack, &[("owner", "stranger")]);
            }
        }
        let after = things(world);
        others.add(after.into_iter().filter(|(key, thing)| before.get(key) != Some(thing) && !self.is_ours(thing)));
    }

    /// Whether nobody can tell his thing from one of the stack: it bears a whole mark for its kind, of an entry that has no thing of
    /// its own. Who may write such a mark gives his thing to the stack.
    pub fn gives(&self, wanted: &Graph) -> bool {
        match &self.mischief {
            Mischief::Forge(kind, id) => {
                let of_kind = id.split_once('.').is_some_and(|(of, _)| of == *kind);
                of_kind && !wanted.nodes().any(|node| node.id.to_string() == *id)
            }
            Mischief::Usurp(_) | Mischief::Intrude(_) => false,
        }
    }

    /// Whether a thing is one of the stack that he has only put something into.
    fn is_ours(&self, thing: &Value) -> bool {
        let forged = matches!(self.mischief, Mischief::Forge(..));
        !forged && mark(thing).is_some_and(|(stack, _)| is_of(stack, &self.stack))
    }
}

/// Takes away everything that the stranger made and that is still there; gives what would not go.
pub fn tidy(world: &mut World, place: &Place, others: &Others) -> Vec<Key> {
    // Members first, then what they are in.
    for _ in 0..3 {
        for key in others.things().into_keys() {
            if let Some(thing) = things(world).get(&key) {
                for maker in MAKERS.iter().filter(|maker| maker.collections.contains(&key.collection.as_str())) {
                    (maker.remove)(world, place, &key, thing);
                }
            }
        }
    }
    let left = things(world);
    let made = |key: &Key| MAKERS.iter().any(|maker: &Maker| maker.collections.contains(&key.collection.as_str()));
    // The group that AWS gives every VPC stays for ever; he has only put a rule into it.
    let stays = |thing: &Value| thing["name"] == "default";
    let is_left = |key: &Key| left.get(key).is_some_and(|thing| !stays(thing));
    others.things().into_keys().filter(|key| made(key) && is_left(key)).collect()
}

/// Asks, and takes no for an answer: a stranger is refused as anybody is.
fn ask(world: &mut World, place: &Place, operation: &str, input: Value) -> Option<Value> {
    let (service, name) = operation.split_once('.')?;
    services::call(world, place, service, name, input).ok()
}

/// A list in a reply.
fn list(world: &mut World, place: &Place, operation: &str, input: Value, member: &str) -> Vec<Value> {
    let reply = ask(world, place, operation, input).unwrap_or_default();
    reply[member].as_array().cloned().unwrap_or_default()
}

/// Tags as a list of pairs.
fn pairs(tags: &[(&str, &str)], key: &str, value: &str) -> Value {
    tags.iter().map(|(name, text)| json!({ key: name, value: text })).collect()
}

/// Kinds that nobody can play the stranger with: they are only looked up.
pub fn without_makers() -> Vec<&'static str> {
    kinds::ALL
        .iter()
        .filter(|entry| !MAKERS.iter().any(|maker| maker.kind == entry.kind.name))
        .map(|entry| entry.kind.name)
        .collect()
}
