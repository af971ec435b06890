//! How log groups are shown.

use crate::shown::{Shown, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown { kind: "log_group", usual: &[usual("class", "STANDARD")], ..Shown::PLAIN }];
