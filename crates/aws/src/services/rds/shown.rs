//! How databases and their groups are shown.

use serde_json::Value;

use crate::shown::{Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown {
        kind: "database",
        usual: &[
            told("version_at_most"),
            told("storage.at_most"),
            told("subnet_group"),
            told("pending"),
            usual("parameter_group", "default"),
            usual("auto_minor_upgrade", "true"),
            usual("multi_az", "false"),
            usual("performance_insights", "false"),
            usual("public", "false"),
            usual("storage.max", "0"),
        ],
        changing: Some(waiting),
        ..Shown::PLAIN
    },
    Shown { kind: "db_subnet_group", usual: &[told("vpc")], ..Shown::PLAIN },
];

/// What RDS changes in the maintenance window unless it is told otherwise. Source: ModifyDBInstance, `ApplyImmediately`.
const IN_WINDOW: &[&str] = &["class", "multi_az", "storage", "version"];

fn waiting(want: &Value, changes: &[&str]) -> Option<String> {
    // Whoever wants it at once wants nothing to wait.
    let at_once = want.get("pending").is_some_and(|pending| !pending.is_null());
    let late: Vec<&str> = IN_WINDOW.iter().copied().filter(|field| changes.contains(field)).collect();
    if at_once || late.is_empty() {
        return None;
    }
    let window =
        want.get("maintenance_window").and_then(Value::as_str).map(|it| format!(" ({it})")).unwrap_or_default();
    let (what, verb) = (late.join(", "), if late.len() == 1 { "changes" } else { "change" });
    Some(format!("{what} {verb} in the maintenance window{window}; `apply_immediately: true` changes at once"))
}
