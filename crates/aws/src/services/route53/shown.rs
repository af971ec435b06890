//! How zones and records are shown.

use serde_json::Value;

use super::hosted_zone;
use crate::shown::{Shown, told};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown {
        kind: hosted_zone::KIND,
        absent: Some("to have it made, write `create: true` under the zone in `dns:`"),
        next: Some(enter),
        ..Shown::PLAIN
    },
    Shown {
        kind: "records",
        usual: &[told("records.[].alias.zone_id"), told("zone_id")],
        parts: &["records"],
        ..Shown::PLAIN
    },
];

fn enter(want: &Value) -> String {
    hosted_zone::next_step(want["name"].as_str().unwrap_or_default())
}
