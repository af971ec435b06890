//! How security groups and their rules are shown.

use serde_json::Value;

use crate::shown::{Shown, told, usual};

/// How the kinds of this service are shown.
pub(super) const SHOWN: &[Shown] = &[
    Shown { kind: "security_group", usual: &[told("vpc")], ..Shown::PLAIN },
    Shown {
        kind: "security_group_rules",
        usual: &[usual("egress", "[all to 0.0.0.0/0]"), told("group")],
        shorter: rules,
        ..Shown::PLAIN
    },
    Shown {
        kind: "existing_group_rules",
        usual: &[usual("ingress", "[]"), usual("egress", "[]")],
        shorter: rules,
        parts: &["ingress", "egress"],
        ..Shown::PLAIN
    },
];

fn rules(at: &[&str], value: &Value) -> Option<Value> {
    match at {
        ["ingress", "[]"] => rule("from", value),
        ["egress", "[]"] => rule("to", value),
        _ => None,
    }
}

/// `tcp 80 from 0.0.0.0/0`.
fn rule(word: &str, rule: &Value) -> Option<Value> {
    let number = |key: &str| rule.get(key).and_then(Value::as_i64);
    let text = |key: &str| rule.get(key).and_then(Value::as_str);
    let ports = match (number("from_port")?, number("to_port")?) {
        (-1, -1) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let protocol = if text("protocol")? == "-1" { "all" } else { text("protocol")? };
    let description = text("description").map_or_else(String::new, |words| format!(" ({words})"));
    Some(format!("{protocol}{ports} {word} {}{description}", text("peer")?).into())
}
