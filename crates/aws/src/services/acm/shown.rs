//! How certificates are shown.

use crate::shown::{Shown, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "certificate",
    usual: &[usual("key_algorithm", "RSA_2048"), usual("state", "valid")],
    ..Shown::PLAIN
}];
