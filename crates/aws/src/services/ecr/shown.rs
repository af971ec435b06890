//! How repositories are shown.

use crate::shown::{Shown, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "repository",
    usual: &[
        usual("encryption", "AES256"),
        usual("mutability", "MUTABLE"),
        usual("policy.Version", "2012-10-17"),
        usual("scan_on_push", "false"),
    ],
    ..Shown::PLAIN
}];
