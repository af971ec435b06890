//! How roles are shown.

use crate::shown::{Shown, usual};

/// The trust of a role for tasks.
const TRUST: &str =
    "{Statement: [{Action: [sts:AssumeRole], Effect: Allow, Principal: {Service: [ecs-tasks.amazonaws.com]}}]}";

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[Shown {
    kind: "role",
    usual: &[
        usual("inline.*.Version", "2012-10-17"),
        usual("max_session_secs", "3600"),
        usual("trust", TRUST),
        usual("trust.Version", "2012-10-17"),
    ],
    ..Shown::PLAIN
}];
