//! How a service writes tags, what it does not accept, and how it says so: parameters, and the three operations that follow from them
//! alone. Which resource has which tags, a service tells by a [`Carrier`].

use serde_json::{Value, json};

use super::rules::{self, On, Pair, pairs};
use super::{Tags, from_list, from_map, to_list, to_map};
use crate::call::{Call, Input, Members, Refusal, Reply};

pub use super::rules::{Breach, Rule};

/// How many tags most resources may have.
pub const MOST_TAGS: usize = 50;
/// What keys must not begin with.
pub const AWS: &[&str] = &["aws:"];

/// One way to write, check and change tags.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// How tags are written.
    pub form: Form,
    /// The member of a request that has new tags.
    pub tags: &'static str,
    /// The member of a request that says which tags to remove.
    pub keys: Keys,
    /// The member of a reply that has the tags.
    pub shown: &'static str,
    /// What is not accepted; the first rule that is broken decides.
    pub rules: &'static [Rule],
    /// Whether the resource is looked for before the tags of a request are checked.
    pub looks_first: bool,
    /// Whether keys are the same whatever their case.
    pub folds: bool,
}

/// How tags are written.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A list of pairs with these members.
    List(&'static str, &'static str),
    /// A map.
    Map,
}

/// How a request says which tags to remove.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    /// A list of keys, in this member.
    Names(&'static str),
    /// A list of tags, in this member: one with a value removes only a tag of that value.
    Tags(&'static str),
}

impl Dialect {
    /// Lists of `Key` and `Value`.
    pub const LIST: Self = Self {
        form: Form::List("Key", "Value"),
        tags: "Tags",
        keys: Keys::Names("TagKeys"),
        shown: "Tags",
        rules: &[],
        looks_first: false,
        folds: false,
    };
    /// The same with small names of the members.
    pub const SMALL: Self = Self { tags: "tags", keys: Keys::Names("tagKeys"), shown: "tags", ..Self::LIST };
    /// Maps.
    pub const MAP: Self = Self { form: Form::Map, ..Self::LIST };

    /// The tags of a request, unchecked.
    pub fn read(&self, input: &impl Members) -> Tags {
        match self.form {
            Form::List(key, value) => from_list(input.list(self.tags), key, value),
            Form::Map => from_map(input.map(self.tags)),
        }
    }

    /// The tags of a request.
    ///
    /// # Errors
    /// If they break a rule for requests.
    pub fn given(&self, input: &impl Members) -> Result<Tags, Refusal> {
        let tags = self.read(input);
        match self.form {
            // In a list a key can occur twice.
            Form::List(key, value) => {
                let list = input.list(self.tags).iter();
                let pairs: Vec<Pair<'_>> = list.map(|tag| (tag.text_or_empty(key), tag.text_or_empty(value))).collect();
                rules::check(self.rules, &pairs, On::Request)?;
            }
            Form::Map => rules::check(self.rules, &pairs(&tags), On::Request)?,
        }
        Ok(tags)
    }

    /// The tags of a request that makes a resource.
    ///
    /// # Errors
    /// If they break a rule.
    pub fn first(&self, input: &impl Members) -> Result<Tags, Refusal> {
        self.changed(&Tags::new(), self.given(input)?, &[])
    }

    /// The tags of a resource after some were set, and then some removed.
    ///
    /// # Errors
    /// If they break a rule for resources.
    pub fn changed(&self, there: &Tags, set: Tags, remove: &[String]) -> Result<Tags, Refusal> {
        let mut all = there.clone();
        if self.folds {
            all.retain(|old, _| !set.keys().any(|key| key.eq_ignore_ascii_case(old)));
        }
        all.extend(set);
        self.without(&mut all, remove);
        rules::check(self.rules, &pairs(&all), On::Whole)?;
        Ok(all)
    }

    /// Removes tags by key.
    pub fn without(&self, tags: &mut Tags, keys: &[String]) {
        tags.retain(|old, _| {
            !keys.iter().any(|key| if self.folds { key.eq_ignore_ascii_case(old) } else { key == old })
        });
    }

    /// Removes the tags that a request names.
    pub fn removed(&self, tags: &mut Tags, input: &impl Members) {
        match self.keys {
            Keys::Names(member) => self.without(tags, &input.texts(member)),
            Keys::Tags(member) => tags.retain(|key, value| !named(input.list(member), key, value)),
        }
    }

    /// Writes tags.
    pub fn written(&self, tags: &Tags) -> Value {
        match self.form {
            Form::List(key, value) => to_list(tags, key, value),
            Form::Map => to_map(tags),
        }
    }
}

/// Whether a list of tags names one: by its key alone, or with its value, which may be empty.
pub fn named(list: &[Value], key: &str, value: &str) -> bool {
    list.iter().any(|tag| tag.text("Key") == Some(key) && tag.text("Value").is_none_or(|text| text == value))
}

/// Resources that a service finds by what a request says, and the dialect of their tags.
pub trait Carrier {
    /// The dialect.
    const DIALECT: Dialect;

    /// The tags of the resource that a request names.
    ///
    /// # Errors
    /// If there is none.
    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal>;
}

/// Adds tags.
///
/// # Errors
/// If there is no such resource, or the tags break a rule.
pub fn add<C: Carrier>(call: &mut Call<'_>, input: &Input) -> Reply {
    let early = if C::DIALECT.looks_first { None } else { Some(C::DIALECT.given(input)?) };
    let there = C::tags(call, input)?;
    let new = early.map_or_else(|| C::DIALECT.given(input), Ok)?;
    *there = C::DIALECT.changed(there, new, &[])?;
    Ok(json!({}))
}

/// Removes tags.
///
/// # Errors
/// If there is no such resource.
pub fn remove<C: Carrier>(call: &mut Call<'_>, input: &Input) -> Reply {
    C::DIALECT.removed(C::tags(call, input)?, input);
    Ok(json!({}))
}

/// Lists the tags.
///
/// # Errors
/// If there is no such resource.
pub fn list<C: Carrier>(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = C::DIALECT.written(C::tags(call, input)?);
    Ok(json!({ C::DIALECT.shown: tags }))
}
