//! What an AWS service has to offer: the contract between its folder and everything else. Everything that goes through the
//! services (classes of errors, request rates, tagging, reading, permissions, the table of kinds) walks one list of these.

use futures::future::BoxFuture;

use crate::call::Manners;
use crate::client::Aws;
use crate::finder::Finder;
use crate::floor::Floor;
use crate::read::{Gathered, Scope};
use crate::resource::Entry;
use crate::shown::Shown;

/// Reads what a scope asks for of a service, in as few requests as its batch limits allow.
pub type Fetch = for<'a> fn(&'a Aws, &'a Scope<'a>, &'a Finder<'a>) -> BoxFuture<'a, Gathered>;

/// A service.
pub struct Service {
    /// What AWS calls it.
    pub title: &'static str,
    /// How to get along with it.
    pub manners: Manners,
    /// The resource types under which the tagging API is asked for its things; none if it has other ways to find them.
    pub tag_types: &'static [&'static str],
    /// Its reader.
    pub fetch: Fetch,
    /// The kinds of its resources.
    pub kinds: &'static [&'static Entry],
    /// The requests that no plan can do without.
    pub floor: &'static [Floor],
    /// How they are shown to a person; a kind that is not here is shown as it is.
    pub shown: &'static [Shown],
}
