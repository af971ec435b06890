//! How namespaces and services of Cloud Map are shown.

use crate::shown::{Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown { kind: "namespace", usual: &[usual("description", ""), usual("type", "HTTP")], ..Shown::PLAIN },
    Shown {
        kind: "discovery_service",
        usual: &[usual("health_check", "true"), usual("routing_policy", "MULTIVALUE"), told("types")],
        ..Shown::PLAIN
    },
];
