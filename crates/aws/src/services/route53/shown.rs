//! How records are shown.

use crate::shown::{Shown, told};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] =
    &[Shown { kind: "records", usual: &[told("records.[].alias.zone_id"), told("zone_id")], ..Shown::PLAIN }];
