//! How a stack does, for a program: one document.

use serde_json::{Value, json};

use crate::commands::session::seeing::Seen;

/// The document.
pub fn document(seen: &Seen) -> Value {
    let mut document = json!(seen);
    if let Some(map) = document.as_object_mut() {
        map.insert("format".to_owned(), "evenkeel-status".into());
        map.insert("version".to_owned(), 1.into());
        map.insert("state".to_owned(), json!(seen.status.state()));
    }
    document
}
