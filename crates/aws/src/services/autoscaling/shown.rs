//! How the autoscaling of services is shown.

use crate::shown::{Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "scaling",
    usual: &[
        told("applied_limits"),
        told("cluster"),
        usual("schedule", "[]"),
        told("service"),
        usual("suspended", "[]"),
    ],
    ..Shown::PLAIN
}];
