//! Lifecycle policies in one canonical form, so that what the file says can be compared with what ECR prints anew: rules by their
//! priority, lists of tags sorted, no empty descriptions. Pure.

use evenkeel_core::doc::Doc;
use serde_json::{Map, Value, json};

/// The canonical form; no policy is an empty object.
pub(super) fn canonical(document: &Doc) -> Doc {
    let Some(rules) = document.get("rules").and_then(Value::as_array) else { return json!({}) };
    let mut rules: Vec<Value> = rules.iter().map(rule).collect();
    rules.sort_by_key(|rule| rule["rulePriority"].as_i64());
    json!({ "rules": rules })
}

/// The document in a reply; a text that is no JSON is kept as it is, to be seen.
pub(super) fn from_reply(text: Option<&str>) -> Doc {
    let Some(text) = text else { return json!({}) };
    match serde_json::from_str(text) {
        Ok(document) => canonical(&document),
        Err(_) => Value::String(text.to_owned()),
    }
}

fn rule(rule: &Value) -> Value {
    let Value::Object(rule) = rule else { return rule.clone() };
    let kept = rule.iter().filter(|(key, value)| !(value.is_null() || *key == "description" && **value == ""));
    let all: Map<String, Value> = kept
        .map(|(key, value)| (key.clone(), if key == "selection" { selection(value) } else { value.clone() }))
        .collect();
    Value::Object(all)
}

fn selection(selection: &Value) -> Value {
    let Value::Object(selection) = selection else { return selection.clone() };
    let sorted = |value: &Value| match value {
        Value::Array(tags) => {
            let mut tags = tags.clone();
            tags.sort_by_key(ToString::to_string);
            Value::Array(tags)
        }
        other => other.clone(),
    };
    Value::Object(selection.iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_policy_are_one() {
        let rule = |priority: u32, selection: Value| json!({ "rulePriority": priority, "description": "", "selection": selection });
        let tags = |tags: Value| json!({ "tagStatus": "tagged", "tagPrefixList": tags });
        let one = json!({ "rules": [rule(2, json!({ "tagStatus": "any" })), rule(1, tags(json!(["b", "a"])))] });
        let mut other = json!({ "rules": [rule(1, tags(json!(["a", "b"]))), rule(2, json!({ "tagStatus": "any" }))] });
        other["rules"][0].as_object_mut().unwrap().remove("description");
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(from_reply(Some(&one.to_string())), canonical(&canonical(&one)));
        assert_eq!(from_reply(None), json!({}));
        assert_eq!(from_reply(Some("x")), "x");
    }
}
