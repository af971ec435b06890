//! What every entry of a stack file may say, after reading. Data only; knows no section.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;

/// What every entry may say.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Where the entry stands.
    pub place: Place,
    /// `name:`, the exact physical name, if given.
    pub name: Option<String>,
    /// `tags:` of the entry over the `tags:` of the stack; without evenkeel's own marks.
    pub tags: BTreeMap<String, String>,
    /// `moved_from:`, the entry's old name in its section.
    pub moved_from: Option<String>,
    /// `protect: true`.
    pub protect: bool,
}
