//! How secrets are shown.

use crate::shown::{Shown, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "secret",
    usual: &[usual("description", ""), usual("kms_key", ""), usual("recovery_days", "30"), usual("state", "in use")],
    ..Shown::PLAIN
}];
