//! What is in a world, as data: so many of each kind of resource by region and service, and some of them by name. What a service tells
//! of itself, it decides.

use serde::Serialize;

/// Resources of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What one of them is called.
    pub kind: &'static str,
    /// How many there are.
    pub count: usize,
}
