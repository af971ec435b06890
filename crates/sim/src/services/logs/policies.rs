//! Resource policies: which of AWS's services may write to the logs of a region. They are kept and shown; nobody asks them.

use serde_json::{Value, json};

use super::common::{invalid, logs};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::paging;

/// The operations.
pub const OPERATIONS: Table =
    &[("DeleteResourcePolicy", delete), ("DescribeResourcePolicies", describe), ("PutResourcePolicy", put)];

const MOST: usize = 10;

fn shown(name: &str, document: &str, at: i64) -> Value {
    json!({ "policyName": name, "policyDocument": document, "lastUpdatedTime": at })
}

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text("policyName").ok_or_else(|| invalid("Policy name must be specified."))?.to_owned();
    let document = input.text_or_empty("policyDocument").to_owned();
    if !serde_json::from_str::<Value>(&document).is_ok_and(|document| document.is_object()) {
        return Err(invalid("Invalid Resource Policy: Json is malformed."));
    }
    let now = call.now().0;
    let policies = &mut logs(call).policies;
    if policies.len() >= MOST && !policies.contains_key(&name) {
        return Err(Refusal::new("LimitExceededException", "Resource limit exceeded."));
    }
    policies.insert(name.clone(), (document.clone(), now));
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
