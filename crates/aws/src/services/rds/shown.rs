//! How databases and their groups are shown.

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
        ..Shown::PLAIN
    },
    Shown { kind: "db_subnet_group", usual: &[told("vpc")], ..Shown::PLAIN },
];
