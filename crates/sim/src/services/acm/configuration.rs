//! What the account wishes for all its certificates of a region: how long before its end each is announced to expire. Nobody
//! is told of it in the simulation.

use serde_json::json;

use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[("GetAccountConfiguration", get), ("PutAccountConfiguration", put)];

const DAYS: i64 = 45;

fn get(call: &mut Call<'_>, _input: &Input) -> Reply {
    let days = call.region().acm.days_before_expiry.unwrap_or(DAYS);
    Ok(json!({ "ExpiryEvents": { "DaysBeforeExpiry": days } }))
}

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let days = input.map("ExpiryEvents").and_then(|events| events.integer("DaysBeforeExpiry"));
    let days = days.ok_or_else(|| Refusal::new("ValidationException", "Configuration for events is empty."))?;
    call.region().acm.days_before_expiry = Some(days);
    Ok(json!({}))
}
