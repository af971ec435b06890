//! Transactions: all or nothing. Decides the reasons of a cancellation, one for each operation, and that a repeated request
//! is carried out once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::expression::{Scope, project};
use super::single::find;
use super::writes::{Write, commit, consumed, read_units, write_units};
use super::{invalid, name_of, usable, value};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations on several items at once.
pub(super) const OPERATIONS: Table = &[("TransactWriteItems", write), ("TransactGetItems", get)];

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Whether this request was carried out before.
fn repeated(call: &mut Call<'_>, input: &Input) -> Result<bool, Refusal> {
    let Some(token) = input.text("ClientRequestToken") else { return Ok(false) };
    let now = call.now();
    let known = &mut call.region().dynamodb.transactions;
    known.retain(|_, (_, at)| now.since(*at) < REMEMBERED);
    let asked = Value::from(input.list("TransactItems")).to_string();
    match known.get(token) {
        Some((request, _)) if *request == asked => Ok(true),
        Some(_) => {
            let text = "The provided client token is already in use with different parameters.";
            Err(Refusal::new("IdempotentParameterMismatchException", text))
        }
        None => Ok(false),
    }
}

fn write(call: &mut Call<'_>, input: &Input) -> Reply {
    let mut writes = Vec::new();
    for item in input.list("TransactItems") {
        let kinds = ["Put", "Update", "Delete", "ConditionCheck"];
        let given: Vec<&str> = kinds.into_iter().filter(|kind| item.has(kind)).collect();
        let [kind] = given[..] else {
            return Err(invalid("TransactItems can only contain one of Check, Put, Update or Delete"));
        };
        let request = item.map(kind).cloned().unwrap_or_default();
        writes.push((request.text_or_empty("TableName").to_owned(), Write::of(&request, kind)?));
    }
    let again = repeated(call, input)?;
    let (mut seen, mut outcomes, mut reasons) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (name, write) in &writes {
        let table = usable(call, name)?;
        if !seen.insert((name_of(name).to_owned(), write.place(table)?)) {
            return Err(invalid("Transaction request cannot include multiple operations on one item"));
        }
        match write.try_on(table) {
            Ok(outcome) => {
                outcomes.push((name.clone(), outcome));
                reasons.push(json!({"Code": "None"}));
            }
            Err(refusal) => reasons.push(reason(refusal)),
        }
    }
    let mut capacity: Map<String, Value> = Map::new();
    if !again && outcomes.len() < writes.len() {
        return Err(cancelled(reasons));
    }
    for (name, outcome) in &outcomes {
        if !again {
            commit(usable(call, name)?, outcome);
        }
        let bytes = outcome.new.as_ref().or(outcome.old.as_ref()).map_or(0, value::item_bytes);
        let before = capacity.get(name).and_then(|known| known.number("CapacityUnits")).unwrap_or_default();
        capacity.insert(name.clone(), consumed(input, name, before + 2.0 * write_units(bytes)));
    }
    if let Some(token) = input.text("ClientRequestToken") {
        let entry = (Value::from(input.list("TransactItems")).to_string(), call.now());
        call.region().dynamodb.transactions.insert(token.to_owned(), entry);
    }
    let capacity: Vec<Value> = capacity.into_iter().map(|(_, used)| used).filter(|used| !used.is_null()).collect();
    Ok(json!({"ConsumedCapacity": (!capacity.is_empty()).then_some(capacity)}))
}

fn reason(refusal: Refusal) -> Value {
    let code = match refusal.code.as_str() {
        "ConditionalCheckFailedException" => "ConditionalCheckFailed",
        _ => "ValidationError",
    };
    json!({"Code": code, "Message": refusal.message, "Item": refusal.fields.get("Item")})
}

fn cancelled(reasons: Vec<Value>) -> Refusal {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.text_or_empty("Code")).collect();
    let text = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let present = |reason: &Value| -> Value {
        let members = reason.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
    };
    let shown: Vec<Value> = reasons.iter().map(present).collect();
    Refusal::new("TransactionCanceledException", format!("{text} [{}]", codes.join(", ")))
        .with("CancellationReasons", shown)
}

fn get(call: &mut Call<'_>, input: &Input) -> Reply {
    let (mut responses, mut capacity) = (Vec::new(), Vec::new());
    for wanted in input.list("TransactItems") {
        let wanted = wanted.map("Get").cloned().unwrap_or_default();
        let mut scope = Scope::of(&wanted)?;
        let paths = scope.projection(&wanted)?;
        scope.finish()?;
        let name = wanted.text_or_empty("TableName");
        let key = value::checked_item(wanted.map("Key").unwrap_or(&Map::new()))?;
        let item = find(usable(call, name)?, &key)?;
        capacity.push(consumed(input, name, 2.0 * read_units(item.map_or(0, value::item_bytes), true)));
        let item = item.map(|item| paths.as_ref().map_or_else(|| item.clone(), |paths| project(item, paths)));
        responses.push(item.map_or_else(|| json!({}), |item| json!({"Item": item})));
    }
    capacity.retain(|used| !used.is_null());
    Ok(json!({"Responses": responses, "ConsumedCapacity": (!capacity.is_empty()).then_some(capacity)}))
}
