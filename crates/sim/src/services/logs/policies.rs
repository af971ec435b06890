//! Resource policies: which of AWS's services may write to the logs of a region. They are kept and shown; nobody asks them.

use serde_json::{Map, Value, json};

use super::common::{invalid, logs};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::ordered::in_order;
use crate::paging;

/// The operations.
pub(super) const OPERATIONS: Table =
    &[("DeleteResourcePolicy", delete), ("DescribeResourcePolicies", describe), ("PutResourcePolicy", put)];

const MOST: usize = 10;

fn shown(name: &str, document: &str, at: i64) -> Value {
    json!({ "policyName": name, "policyDocument": document, "lastUpdatedTime": at, "policyScope": "ACCOUNT" })
}

/// A statement as it is kept: its members in their usual order, a list of one as that one.
fn statement(given: &Value) -> String {
    const ORDER: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let members: Vec<(&str, Value)> = ORDER.iter().filter_map(|name| Some((*name, single(given.get(name)?)))).collect();
    in_order(&members)
}

fn single(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.len() == 1 => items[0].clone(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), single(value))).collect(),
        _ => value.clone(),
    }
}

/// A policy as it is kept, written anew.
fn kept(document: &Map<String, Value>) -> String {
    let statements: Vec<String> = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().map(statement).collect(),
        Some(one) => vec![statement(one)],
        None => Vec::new(),
    };
    let version = document.get("Version").cloned().unwrap_or_else(|| "2008-10-17".into());
    let id = document.get("Id").map(|id| format!(r#""Id":{id},"#)).unwrap_or_default();
    format!(r#"{{"Version":{version},{id}"Statement":[{}]}}"#, statements.join(","))
}

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text("policyName").ok_or_else(|| invalid("Policy name must be specified."))?.to_owned();
    let document = input.text_or_empty("policyDocument").to_owned();
    let Ok(Value::Object(read)) = serde_json::from_str(&document) else {
        return Err(invalid("Invalid Resource Policy: Json is malformed."));
    };
    let now = call.now().0;
    let policies = &mut logs(call).policies;
    if policies.len() >= MOST && !policies.contains_key(&name) {
        return Err(Refusal::new("LimitExceededException", "Resource limit exceeded."));
    }
    // The answer shows it as it was sent.
    policies.insert(name.clone(), (kept(&read), now));
    Ok(json!({ "resourcePolicy": shown(&name, &document, now) }))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let size = input.integer("limit").and_then(|size| usize::try_from(size).ok()).unwrap_or(50);
    let items = logs(call).policies.iter().map(|(name, (document, at))| shown(name, document, *at)).collect();
    let key = |item: &Value| item.text_or_empty("policyName").to_owned();
    let page = paging::page(items, key, size, input.text("nextToken"), "policies");
    let page = page.map_err(|_| invalid("The specified nextToken is invalid."))?;
    Ok(json!({ "resourcePolicies": page.items, "nextToken": page.next }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("policyName");
    let lost = || Refusal::new("ResourceNotFoundException", format!("Policy with name [{name}] does not exist."));
    logs(call).policies.remove(name).ok_or_else(lost)?;
    Ok(json!({}))
}
