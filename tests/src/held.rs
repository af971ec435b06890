//! What a plan holds, as short lines for assertions and stories. Written apart from the command line's words, so that a change of
//! those changes no test of the engine.

use evenkeel_core::plan::{Intent, Plan};

/// What would have been done: `delete`, `replace, because of port`.
pub fn intent(what: &Intent) -> String {
    match what {
        Intent::Anything => "anything".to_owned(),
        Intent::Create => "create".to_owned(),
        Intent::Update => "update".to_owned(),
        Intent::Replace(path) => format!("replace, because of {path}"),
        Intent::Delete => "delete".to_owned(),
        Intent::LookUp => "look up".to_owned(),
        Intent::LookForDropped => "look for what left the file".to_owned(),
    }
}

/// Everything that is held, as `delete node`.
pub fn held(plan: &Plan) -> Vec<String> {
    plan.held.iter().map(|held| format!("{} {}", intent(&held.what), held.node)).collect()
}
