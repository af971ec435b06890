//! A plan for programs. The document is versioned: fields may be added to version 1, none is renamed or removed.

use evenkeel_aws::kinds;
use evenkeel_core::diff::{Change, Effect};
use evenkeel_core::plan::{Action, HeldBecause, Plan, Step};
use serde_json::{Map, Value, json};

use super::values::redact;
use super::verbs;

/// The name of the format.
pub const FORMAT: &str = "evenkeel-plan";
/// Its version.
pub const VERSION: u32 = 1;

/// The document.
pub fn document(plan: &Plan) -> Value {
    let mut summary: Map<String, Value> =
        plan.counts().into_iter().map(|(verb, count)| (verb.code().to_owned(), json!(count))).collect();
    summary.insert("unchanged".to_owned(), json!(plan.unchanged));
    summary.insert("held".to_owned(), json!(plan.held.len()));
    summary.insert("conflicts".to_owned(), json!(plan.conflicts.len()));
    let needed: Vec<_> = plan.needed().collect();
    json!({
        "format": FORMAT,
        "version": VERSION,
        "stack": plan.stack.name,
        "region": plan.stack.region,
        "has_changes": plan.has_changes(),
        "blocked": plan.blocked(),
        "summary": summary,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "held": plan.held.iter().map(|held| {
            let (why, help) = verbs::held(held);
            let error = match &held.why {
                HeldBecause::Unreadable(error) | HeldBecause::Unseen(error) => json!(error),
                _ => Value::Null,
            };
            json!({
                "node": held.node, "what": verbs::intent(&held.what), "needed": needed.contains(&held), "why": verbs::held_code(&held.why), "words": why, "help": help, "error": error,
            })
        }).collect::<Vec<_>>(),
        "conflicts": plan.conflicts.iter().map(|conflict| json!({
            "node": conflict.node,
            "there": conflict.there,
            "stack": conflict.stack,
            "adopt": conflict.obstacle.is_none().then_some(&conflict.adopt),
            "obstacle": conflict.obstacle.as_ref().map(verbs::obstacle),
            "changes": changes(conflict.node.kind(), &conflict.changes),
        })).collect::<Vec<_>>(),
        "notes": plan.notes.iter().map(|note| json!({ "node": note.node, "text": verbs::note(note) })).collect::<Vec<_>>(),
        "unreadable": plan.unread,
        "unproven": plan.unproven,
    })
}

fn step(step: &Step) -> Value {
    let mut out = json!({
        "id": step.id,
        "node": step.node,
        "name": step.name,
        "verb": step.verb(),
        "why": verbs::reason_code(&step.why),
        "words": verbs::reason(step),
        "after": step.after,
        "data_loss": step.data,
    });
    let kind = step.node.kind();
    let more = match &step.action {
        Action::Create { want, replaces: None } => json!({ "want": shown(kind, want) }),
        Action::Create { want, replaces: Some(old) } => {
            json!({ "want": shown(kind, want), "replaces": old.live.id, "changes": changes(kind, &old.changes) })
        }
        Action::Update { live, changes: list, .. } | Action::Adopt { live, changes: list, .. } => {
            json!({ "id_in_aws": live.id, "changes": changes(kind, list) })
        }
        Action::Delete { live, with, .. } => json!({ "id_in_aws": live.id, "with": with }),
        Action::Wait { goal, of, deadline_secs, .. } => {
            json!({ "goal": goal, "of": of, "deadline_secs": deadline_secs })
        }
    };
    if let (Value::Object(out), Value::Object(more)) = (&mut out, more) {
        out.extend(more);
    }
    out
}

fn shown(kind: &str, want: &Value) -> Value {
    match want {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), redact(kinds::shown(kind).secret, name, value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => want.clone(),
    }
}

fn changes(kind: &str, list: &[Change]) -> Value {
    let one = |change: &Change| {
        let shown =
            |value: &Option<Value>| value.as_ref().map(|value| redact(kinds::shown(kind).secret, &change.path, value));
        json!({
            "path": change.path,
            "from": shown(&change.from),
            "to": shown(&change.to),
            "forces_replacement": change.effect == Effect::Replace,
            "only_told": change.effect == Effect::Tell,
        })
    };
    Value::Array(list.iter().map(one).collect())
}

/// Whether a text is such a document, and not a plan that can be applied.
pub fn is_document(text: &str) -> bool {
    let document: Option<Value> = serde_json::from_str(text).ok();
    document.is_some_and(|document| document.get("summary").is_some() && document.get("graph").is_none())
}
