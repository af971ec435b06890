//! How parameters are shown.

use crate::shown::{Shown, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "parameter",
    usual: &[
        usual("description", ""),
        usual("allowed_pattern", ""),
        usual("sealed.description", ""),
        usual("sealed.allowed_pattern", ""),
        usual("sealed.kms_key", ""),
    ],
    ..Shown::PLAIN
}];
