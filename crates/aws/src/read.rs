//! What a reading is: what it is for, and what each service fetched. What was fetched is raw; the kinds turn it into canonical
//! documents. A part that could not be read is an error in its place, never an empty list. Knows no service.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Graph;

/// What a reading is for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The stack whose marks to look for.
    pub stack: &'a str,
    /// What is wanted; names in it are looked for even if nothing carries our mark. Empty for a destruction.
    pub graph: &'a Graph,
    /// Whether to find every last thing of the stack (a destruction), at the price of more requests.
    pub thorough: bool,
    /// Whether to look closely at what would go with load balancers and listeners of ours.
    pub closely: bool,
    /// Read only the services that these kinds need; `None` reads all.
    pub only: Option<&'a BTreeSet<String>>,
}

impl Scope<'_> {
    /// Whether any of these kinds is asked for.
    pub fn wants(&self, kinds: &[&str]) -> bool {
        self.only.is_none_or(|only| kinds.iter().any(|kind| only.contains(*kind)))
    }
}

/// A part of a reading: what was fetched, or why it could not be.
pub type Part<T> = Result<T, CloudError>;

/// Everything that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The stack whose marks count.
    pub stack: String,
    /// The region that was read.
    pub region: String,
    /// Kinds of which only what the scope names could be found, and why no more.
    pub blind: BTreeMap<String, CloudError>,
    parts: Vec<Box<dyn Any + Send + Sync>>,
}

impl Fetched {
    /// From what each service fetched.
    pub fn new(stack: &str, region: &str, gathered: Vec<Gathered>) -> Self {
        let mut fetched = Self {
            stack: stack.to_owned(),
            region: region.to_owned(),
            blind: BTreeMap::new(),
            parts: Vec::with_capacity(gathered.len()),
        };
        for gathered in gathered {
            fetched.blind.extend(gathered.blind);
            fetched.parts.push(gathered.part);
        }
        fetched
    }

    /// What the service fetched whose reader gives this type.
    ///
    /// # Errors
    /// `Bug`: no reader gives it.
    pub fn part<T: Any>(&self) -> Result<&T, CloudError> {
        let found = self.parts.iter().find_map(|part| part.downcast_ref());
        found.ok_or_else(|| CloudError::bug("read", format!("nobody fetches {}", std::any::type_name::<T>())))
    }
}

/// What one service fetched.
#[derive(Debug)]
pub struct Gathered {
    part: Box<dyn Any + Send + Sync>,
    blind: BTreeMap<String, CloudError>,
}

impl Gathered {
    /// All that was asked for, or why not.
    pub fn of<T: Any + Send + Sync>(part: T) -> Self {
        Self { part: Box::new(part), blind: BTreeMap::new() }
    }

    /// The same, where of some kinds only what the scope names could be looked for.
    #[must_use]
    pub fn blind_to(mut self, kinds: impl IntoIterator<Item = (String, CloudError)>) -> Self {
        self.blind.extend(kinds);
        self
    }
}
