//! Tables of keys: what the maps of the stack file may hold, as data. The parser (`fields.rs`), the JSON
//! Schema, the reference page and `explain` all go by them. Knows no section; each section's table stands beside its reader.

pub(crate) mod entries;
mod explain;
mod json_schema;
mod keys;
mod reference;
mod words;

pub use explain::explain;
pub use json_schema::json_schema;
pub use reference::parts;

pub use self::keys::{Absent, Key, Made, Since, Table, Type, all, kinds};
pub(crate) use self::keys::{EMPTY, key, later};
