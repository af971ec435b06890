//! What the roles of tasks allow, as far as the file tells: which role of the file a task has, and whether a statement allows an action.
//! What it cannot judge it takes for allowed. Decides nothing about what a task needs.

use evenkeel_core::doc::Text;
use serde::Deserialize as _;
use serde_json::Value as Json;

use super::super::model::{ManagedRole, Role, Stack, TaskDefinition};
use super::super::pattern;

/// The role of the file that a task has as its `executionRoleArn` or `taskRoleArn`, with its entry; `None` if it is not one of ours.
pub(super) fn role_of<'s>(stack: &'s Stack, task: &TaskDefinition, member: &str) -> Option<(String, &'s ManagedRole)> {
    referred(stack, &text(&task.document[member])?)
}

/// The role of the file that something refers to, with its entry; `None` if it is not one of ours.
pub(super) fn referred<'s>(stack: &'s Stack, role: &Text) -> Option<(String, &'s ManagedRole)> {
    let Text::From(hole) = role else { return None };
    let entry = hole.node.name().to_owned();
    match stack.roles.get(&entry) {
        Some(Role::Managed(role)) if hole.node.kind() == "role" => Some((entry, role)),
        _ => None,
    }
}

/// The statements of all inline policies of a role.
pub(super) fn statements(role: &ManagedRole) -> impl Iterator<Item = &Json> {
    role.inline.values().flat_map(|policy| several(&policy["Statement"]))
}

/// Whether a statement allows an action, on whatever resource.
pub(super) fn allows(statement: &Json, action: &str) -> bool {
    // Actions know no case.
    let action = action.to_ascii_lowercase();
    let acts = |given: &Json| given.as_str().is_none_or(|text| pattern::fits(&text.to_ascii_lowercase(), &action));
    let named = several(&statement["Action"]);
    // What is excepted, and what only a step will tell, is taken for allowed.
    statement["Effect"] == "Allow" && (named.is_empty() || named.into_iter().any(acts))
}

/// One or a list, as IAM has it everywhere.
pub(super) fn several(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        one => vec![one],
    }
}

/// A member of a document as a text, which may be known later.
pub(super) fn text(value: &Json) -> Option<Text> {
    Text::deserialize(value).ok()
}
