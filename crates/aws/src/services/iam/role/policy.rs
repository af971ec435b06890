//! IAM policy documents in one canonical form, so that what the file says can be compared with what IAM stores as it was sent.
//! One value is a list of one; one statement is a list of one; an account's root ARN is its number; `*` as principal is
//! `{AWS: *}`; condition values are strings; no `Version` is `2008-10-17`, as IAM defines. Order means nothing: it is not
//! sorted away (holes have no place in an order), but the live document is put into the order of the wanted one. Pure.

use evenkeel_core::doc::{Doc, is_hole};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// The version that a document without one has.
const OLD_VERSION: &str = "2008-10-17";

/// The document in a reply, which is percent-encoded; a text that is no JSON is kept as it is, to be seen.
pub fn from_reply(text: &str) -> Doc {
    // Some endpoints forget the encoding here and there; a per cent sign then is one.
    let plain = text.trim_start().starts_with('{');
    let decoded = if plain { text.into() } else { percent_decode_str(text).decode_utf8_lossy() };
    match serde_json::from_str(&decoded) {
        Ok(document) => canonical(&document),
        Err(_) => Value::String(decoded.into_owned()),
    }
}

/// What is sent: `Version` first, as people write it.
pub fn to_request(document: &Doc) -> String {
    let Value::Object(map) = document else { return document.to_string() };
    let first = map.get_key_value("Version");
    let rest = map.iter().filter(|(key, _)| *key != "Version");
    let parts: Vec<String> =
        first.into_iter().chain(rest).map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", parts.join(","))
}

/// The canonical form; holes stay as they are.
pub fn canonical(document: &Doc) -> Doc {
    let Value::Object(map) = document else { return document.clone() };
    if is_hole(document) {
        return document.clone();
    }
    let mut out = map.clone();
    out.entry("Version").or_insert_with(|| OLD_VERSION.into());
    if let Some(statements) = map.get("Statement") {
        let statements = list(statements).into_iter().map(|one| statement(&one)).collect();
        out.insert("Statement".to_owned(), Value::Array(statements));
    }
    Value::Object(out)
}

fn statement(value: &Value) -> Value {
    let Value::Object(map) = value else { return value.clone() };
    if is_hole(value) {
        return value.clone();
    }
    let mut out = Map::new();
    for (key, value) in map {
        let value = match key.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => Value::Array(list(value)),
            "Principal" | "NotPrincipal" => principal(value),
            "Condition" => condition(value),
            "Sid" if value == "" => continue,
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    Value::Object(out)
}

fn principal(value: &Value) -> Value {
    match value {
        Value::String(all) if all == "*" => json!({ "AWS": ["*"] }),
        Value::Object(map) if !is_hole(value) => {
            let of_kind = |(kind, value): (&String, &Value)| {
                let values = list(value).into_iter().map(|one| if kind == "AWS" { account(one) } else { one });
                (kind.clone(), Value::Array(values.collect()))
            };
            Value::Object(map.iter().map(of_kind).collect())
        }
        _ => value.clone(),
    }
}

/// `arn:aws:iam::123456789012:root` is the same principal as `123456789012`; IAM stores the former.
fn account(value: Value) -> Value {
    let number = value.as_str().and_then(|text| {
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "iam", "", number, "root"] => Some((*number).to_owned()),
            _ => None,
        }
    });
    number.map_or(value, Value::String)
}

fn condition(value: &Value) -> Value {
    let Value::Object(operators) = value else { return value.clone() };
    if is_hole(value) {
        return value.clone();
    }
    let of_operator = |(operator, keys): (&String, &Value)| {
        let keys = match keys {
            Value::Object(map) if !is_hole(keys) => Value::Object(
                map.iter().map(|(key, value)| (key.clone(), list(value).into_iter().map(text).collect())).collect(),
            ),
            other => other.clone(),
        };
        (operator.clone(), keys)
    };
    Value::Object(operators.iter().map(of_operator).collect())
}

fn text(value: Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => other,
    }
}

/// A list without duplicates; one value is a list of one.
fn list(value: &Value) -> Vec<Value> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut out: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !out.contains(item) {
            out.push(item.clone());
        }
    }
    out
}

/// Puts the lists of a live document into the order of the wanted one; both canonical.
///
/// A hole takes whatever no other member of its list fits.
pub fn in_order_of(live: &Doc, want: &Doc) -> Doc {
    match (live, want) {
        (Value::Array(live), Value::Array(want)) => Value::Array(ordered(live, want)),
        (Value::Object(map), Value::Object(wanted)) if !is_hole(want) => {
            let one = |(key, value): (&String, &Value)| {
                (key.clone(), wanted.get(key).map_or_else(|| value.clone(), |want| in_order_of(value, want)))
            };
            Value::Object(map.iter().map(one).collect())
        }
        _ => live.clone(),
    }
}

fn ordered(live: &[Value], want: &[Value]) -> Vec<Value> {
    let mut left: Vec<&Value> = live.iter().collect();
    let mut places: Vec<Option<Value>> = vec![None; want.len()];
    // Members without holes first, so that a hole does not take one of theirs.
    for exact in [true, false] {
        for (place, want) in places.iter_mut().zip(want) {
            if place.is_some() {
                continue;
            }
            let fits = |live: &&Value| {
                let live = in_order_of(live, want);
                if exact { live == *want } else { may_be(&live, want) }
            };
            if let Some(at) = left.iter().position(fits) {
                *place = Some(in_order_of(left.remove(at), want));
            }
        }
    }
    // What fits nothing stands where something is missing, so that the difference is shown member by member.
    let mut left = left.into_iter();
    let mut out: Vec<Value> = Vec::with_capacity(live.len());
    for (place, want) in places.into_iter().zip(want) {
        out.extend(place.or_else(|| left.next().map(|live| in_order_of(live, want))));
    }
    out.extend(left.cloned());
    out
}

/// Whether a live value is what a wanted one may become once its holes are filled.
fn may_be(live: &Value, want: &Value) -> bool {
    if is_hole(want) {
        return live.is_string();
    }
    match (live, want) {
        (Value::Array(live), Value::Array(want)) => {
            live.len() == want.len() && live.iter().zip(want).all(|(live, want)| may_be(live, want))
        }
        (Value::Object(live), Value::Object(want)) => {
            live.len() == want.len()
                && want.iter().all(|(key, want)| live.get(key).is_some_and(|live| may_be(live, want)))
        }
        _ => live == want,
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::doc::Text;
    use evenkeel_core::id::NodeId;

    use super::*;

    #[test]
    fn spellings_of_one_policy_are_one() {
        let short = json!({
            "Statement": {
                "Effect": "Allow", "Action": "sts:AssumeRole", "Sid": "",
                "Principal": { "AWS": "arn:aws:iam::123456789012:root", "Service": "ecs-tasks.amazonaws.com" },
                "Condition": { "Bool": { "aws:SecureTransport": true } },
            }
        });
        let long = json!({
            "Version": "2008-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": ["sts:AssumeRole"],
                "Principal": { "AWS": ["123456789012"], "Service": ["ecs-tasks.amazonaws.com"] },
                "Condition": { "Bool": { "aws:SecureTransport": ["true"] } },
            }]
        });
        assert_eq!(canonical(&short), canonical(&long));
        assert_eq!(canonical(&canonical(&short)), canonical(&short));
        let anybody = |principal: Value| canonical(&json!({ "Statement": [{ "Principal": principal }] }));
        assert_eq!(anybody(json!("*")), anybody(json!({ "AWS": "*" })));
        assert_ne!(canonical(&json!({ "Version": "2012-10-17" })), canonical(&json!({})));
    }

    #[test]
    fn a_reply_is_decoded() {
        let encoded = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
        assert_eq!(from_reply(encoded), json!({ "Version": "2012-10-17", "Statement": [] }));
        assert_eq!(from_reply(r#"{"Id":"a%20b"}"#)["Id"], "a%20b", "this one was not encoded");
        // A plus sign is a plus sign here.
        assert_eq!(from_reply("%7B%22Id%22%3A%22a+b%22%7D")["Id"], "a+b");
        let sent = to_request(&json!({ "Statement": [], "Version": "2012-10-17" }));
        assert_eq!(sent, r#"{"Version":"2012-10-17","Statement":[]}"#);
    }

    #[test]
    fn order_means_nothing_even_beside_holes() {
        let hole = Text::output(NodeId::new("log_group", "web"), "arn").to_value();
        let want = canonical(&json!({ "Statement": [
            { "Sid": "A", "Action": ["x:1", "x:2"], "Resource": ["b", hole.clone(), "a"] },
            { "Sid": "B", "Action": "y:1", "Resource": hole },
        ]}));
        let live = canonical(&json!({ "Statement": [
            { "Sid": "B", "Action": "y:1", "Resource": "arn:1" },
            { "Sid": "A", "Action": ["x:2", "x:1"], "Resource": ["a", "b", "arn:1"] },
        ]}));
        let expected = canonical(&json!({ "Statement": [
            { "Sid": "A", "Action": ["x:1", "x:2"], "Resource": ["b", "arn:1", "a"] },
            { "Sid": "B", "Action": "y:1", "Resource": "arn:1" },
        ]}));
        assert_eq!(in_order_of(&live, &want), expected);
    }

    #[test]
    fn what_differs_stays_different() {
        let want = json!({ "Statement": [{ "Action": ["a", "b"] }, { "Action": ["c"] }] });
        let live = json!({ "Statement": [{ "Action": ["c", "d"] }, { "Action": ["b", "a"] }, { "Action": ["e"] }] });
        let ordered = in_order_of(&live, &want);
        assert_eq!(
            ordered,
            json!({ "Statement": [{ "Action": ["a", "b"] }, { "Action": ["c", "d"] }, { "Action": ["e"] }] })
        );
    }
}
