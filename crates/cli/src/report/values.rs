//! Values of documents as a person reads them: on one line, or as a block of lines. Holes are shown as what they are;
//! what is in them is made harmless by `escape`.

use evenkeel_core::doc::{self, Text};
use serde_json::Value;

use super::escape::{self, text as clean};

/// What stands for a value that is known only after an earlier step.
pub const UNKNOWN: &str = "(known after apply)";

/// What fits into so many characters is shown on one line.
const WIDTH: usize = 72;

/// The value, or a mark in its place if its path is one of the secret ones.
pub fn redact(secret: &[&str], path: &str, value: &Value) -> Value {
    let plain = without_keys(path);
    let hidden = secret
        .iter()
        .any(|name| plain == *name || plain.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '['])));
    if hidden { Value::String("(secret)".to_owned()) } else { value.clone() }
}

/// `containers[web].environment` as `containers[].environment`.
fn without_keys(path: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for one in path.chars() {
        if one == ']' {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            out.push(one);
        }
        if one == '[' {
            depth += 1;
        }
    }
    out
}

/// The value on one line.
pub fn inline(value: &Value) -> String {
    if let Some(special) = special(value) {
        return special;
    }
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => word(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> = map
                .iter()
                .filter(|(_, item)| !is_noise(item))
                .map(|(key, item)| format!("{}: {}", word(key), inline(item)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

/// The value as lines: nested fields indented by two, list members behind a dash, texts line by line.
pub fn block(value: &Value) -> Vec<String> {
    block_in(value, WIDTH)
}

/// The same, where what fits into so many characters stays on one line.
pub fn block_in(value: &Value, width: usize) -> Vec<String> {
    if let Some(special) = special(value) {
        return vec![special];
    }
    match value {
        Value::String(text) => match parsed(text) {
            Some(inner) => block_in(&inner, width),
            None if text.contains('\n') => text.lines().map(clean).collect(),
            None => vec![word(text)],
        },
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .flat_map(|item| {
                let lines = if fits(item, width) { vec![inline(item)] } else { block_in(item, width) };
                lines.into_iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { "- " } else { "  " }))
            })
            .collect(),
        Value::Object(map) if !map.is_empty() => map
            .iter()
            .flat_map(|(key, item)| {
                if fits(item, width) {
                    return vec![format!("{}: {}", word(key), inline(item))];
                }
                let mut lines = vec![format!("{}:", word(key))];
                lines.extend(block_in(item, width).into_iter().map(|line| format!("  {line}")));
                lines
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => vec![inline(value)],
    }
}

/// Whether the value is best shown on one line.
pub fn is_small(value: &Value) -> bool {
    fits(value, WIDTH)
}

/// Whether the value is one line of at most so many characters.
pub fn fits(value: &Value, width: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.contains('\n') && parsed(text).is_none(),
        Value::Array(_) | Value::Object(_) => special(value).is_some() || inline(value).chars().count() <= width,
    }
}

/// Whether the value says nothing: not set, off, or empty.
pub fn is_noise(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_noise) && doc::as_unreturned(value).is_none(),
    }
}

/// The object or list that a text holds as JSON, such as a policy.
pub fn parsed(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

fn special(value: &Value) -> Option<String> {
    if doc::as_unreturned(value).is_some() {
        return Some("(not returned by AWS)".to_owned());
    }
    if !doc::is_hole(value) {
        return None;
    }
    match serde_json::from_value::<Text>(value.clone()) {
        Ok(text) => Some(open_text(&text)),
        Err(_) => Some(UNKNOWN.to_owned()),
    }
}

fn open_text(text: &Text) -> String {
    match text {
        Text::Known(known) => clean(known),
        Text::From(hole) => {
            format!("(known after apply: {} of {})", clean(&hole.output), clean(&hole.node.to_string()))
        }
        Text::Join(parts) => parts.iter().map(open_text).collect(),
    }
}

/// A text without quotes if nobody could take it for something else.
fn word(text: &str) -> String {
    let ambiguous = text.is_empty()
        || text.trim() != text
        || matches!(text, "true" | "false" | "none" | "null")
        || text.starts_with(['"', '{', '[', '('])
        || text.contains(": ")
        || text.contains(", ")
        || text.parse::<f64>().is_ok()
        || text.chars().any(escape::is_unseen);
    if !ambiguous {
        return text.to_owned();
    }
    // The values of TXT records hold quotes themselves.
    let easier = text.contains('"') && !text.contains(['\'', '\\']) && !text.chars().any(escape::is_unseen);
    if easier { format!("'{text}'") } else { escape::json(&Value::from(text), false) }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::id::NodeId;
    use serde_json::json;

    use super::*;

    #[test]
    fn one_line_is_short_and_unambiguous() {
        let dns = Text::output(NodeId::new("load_balancer", "web"), "dns_name");
        let value = json!({
            "port": 80, "path": "/", "off": false, "none": null, "count": "1",
            "url": Text::Join(vec!["http://".into(), dns.clone()]), "list": ["a b", ""], "dns": dns,
        });
        assert_eq!(
            inline(&value),
            r#"{count: "1", dns: (known after apply: dns_name of load_balancer.web), list: [a b, ""], path: /, port: 80, url: http://(known after apply: dns_name of load_balancer.web)}"#
        );
    }

    #[test]
    fn a_policy_is_shown_as_what_it_says() {
        let policy = json!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:GetParameters","ssm:GetParameter"],"Resource":"arn:aws:ssm:*:*:parameter/cruddur/*"}]}"#
        );
        insta::assert_snapshot!(block(&policy).join("\n"), @r"
        Statement:
          - Action: [ssm:GetParameters, ssm:GetParameter]
            Effect: Allow
            Resource: arn:aws:ssm:*:*:parameter/cruddur/*
        Version: 2012-10-17
        ");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        for text in ["a\u{1b}[2Jb", "a\u{9b}2Jb", "a\rb", "a\u{7f}", "a\u{202e}b", "a\u{200b}b"] {
            for shown in
                [inline(&json!(text)), inline(&json!({ text: text })), block(&json!(format!("x\n{text}"))).join("")]
            {
                assert!(!shown.chars().any(escape::is_unseen), "{shown:?}");
            }
        }
    }

    #[test]
    fn secret_paths_are_marked() {
        let secret = ["containers[].password"];
        let value = json!("hunter2");
        assert_eq!(redact(&secret, "containers[web].password", &value), json!("(secret)"));
        assert_eq!(redact(&secret, "containers[web].password.old", &value), json!("(secret)"));
        assert_eq!(redact(&secret, "containers[web].passwords", &value), value);
        assert_eq!(redact(&[], "containers[web].password", &value), value);
    }
}
