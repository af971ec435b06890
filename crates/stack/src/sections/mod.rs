//! One file per section of the stack file. Each takes the interpolated tree of its section and gives the typed part of
//! the [`Stack`](super::model::Stack), reporting everything that is wrong on the way. What they read with is in
//! `ctx.rs`, and the keys that all entries have (`name`, `tags`, `moved_from`, `protect`) are in `table/entries.rs`.

pub(crate) mod authenticate;
pub(crate) mod autoscaling;
pub(crate) mod autoscaling_keys;
pub(crate) mod balancer_types;
pub(crate) mod build;
pub(crate) mod capacity_providers;
pub(crate) mod certificates;
pub(crate) mod cluster;
pub(crate) mod conditions;
pub(crate) mod container_keys;
pub(crate) mod containers;
pub(crate) mod databases;
pub(crate) mod deployment;
pub(crate) mod deployment_checks;
pub(crate) mod discovery;
pub(crate) mod dns;
pub(crate) mod env_file;
pub(crate) mod existing;
pub(crate) mod gateways;
pub(crate) mod grants;
pub(crate) mod group_protocols;
pub(crate) mod hooks;
pub(crate) mod ingress;
pub(crate) mod inline;
pub(crate) mod instance_requirements;
pub(crate) mod launch_type;
pub(crate) mod lifecycle;
pub(crate) mod listener_protocols;
pub(crate) mod listeners;
pub(crate) mod load_balancers;
pub(crate) mod log_groups;
pub(crate) mod logs;
pub(crate) mod namespaces;
pub(crate) mod network;
pub(crate) mod own_network;
mod own_subnets;
pub(crate) mod parameters;
pub(crate) mod records;
pub(crate) mod repositories;
pub(crate) mod roles;
pub(crate) mod schedules;
pub(crate) mod secret_entries;
pub(crate) mod secrets;
pub(crate) mod security_groups;
pub(crate) mod service_connect;
pub(crate) mod service_file;
pub(crate) mod service_keys;
pub(crate) mod service_targets;
pub(crate) mod services;
pub(crate) mod shifting;
pub(crate) mod sidecars;
pub(crate) mod target_groups;
pub(crate) mod value_sources;

pub(crate) use super::ctx::Ctx;
pub(crate) use super::table::entries::{META, NAME};
use super::tree::{Entry, Tree, Value};
use std::collections::BTreeMap;

/// Whether the text can be the name of an entry.
pub(crate) fn entry_name_ok(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Reads each entry of a section with `read`.
pub(crate) fn each<'t, T>(
    ctx: &Ctx<'_>,
    section: Option<&'t Tree>,
    what: &str,
    mut read: impl FnMut(&'t Entry) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut found = BTreeMap::new();
    let Some(section) = section else { return found };
    let entries = match &section.value {
        Value::Map(entries) => entries,
        Value::Null | Value::Wrong => return found,
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
            ctx.problems.error(
                "wrong-type",
                &section.place,
                format!("this must be a map of {what} entries, but it is {}", section.describe()),
                "Write a name of your choice for each entry, with its settings under it.",
            );
            return found;
        }
    };
    for entry in entries {
        if !entry_name_ok(&entry.key) {
            ctx.problems.error(
                "bad-name",
                &entry.place,
                format!("`{}` is not a valid name for an entry", entry.key),
                "Use letters, digits, `-`, `_` and `.`; begin with a letter or digit; at most 100 characters.",
            );
        }
        match read(entry) {
            Some(value) => drop(found.insert(entry.key.clone(), value)),
            // What is left out of the model would look as if it had left the file, and be deleted.
            None if !ctx.problems.failed() => {
                let help = "This is a bug in evenkeel. Please report it with the file.";
                ctx.problems.error("internal", &entry.place, format!("{what} `{}` could not be read", entry.key), help);
            }
            None => {}
        }
    }
    found
}
