//! Pages and filters that all lists of RDS share: 20 to 100 records, a marker.

use serde_json::{Map, Value};

use super::invalid;
use crate::call::{Input, Members, Refusal};
use crate::paging;

/// One page of records under `member`, in the order given.
pub(super) fn page(
    input: &Input,
    member: &str,
    records: Vec<Value>,
    key: fn(&Value) -> String,
) -> Result<Value, Refusal> {
    let size = input.integer("MaxRecords").unwrap_or(100);
    if !(20..=100).contains(&size) {
        return Err(invalid(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100")));
    }
    let mut scope = input.0.clone();
    scope.remove("Marker");
    scope.remove("MaxRecords");
    let scope = format!("{member} {}", Value::Object(scope));
    let page = paging::page(records, key, usize::try_from(size).unwrap_or(100), input.text("Marker"), &scope);
    let page = page.map_err(|_| {
        let marker = input.text_or_empty("Marker");
        invalid(format!("The specified marker is invalid: {marker}"))
    })?;
    let mut answer = Map::new();
    answer.insert(member.to_owned(), page.items.into());
    answer.insert("Marker".to_owned(), page.next.into());
    Ok(answer.into())
}

/// The values of a filter; none if it is not used.
///
/// # Errors
/// For filters that are not among the known ones.
pub(super) fn filters(input: &Input, known: &[&str]) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut found = Vec::new();
    for filter in input.list("Filters") {
        let name = filter.text_or_empty("Name");
        if !known.contains(&name) {
            return Err(invalid(format!("Unrecognized filter name: {name}")));
        }
        found.push((name.to_owned(), filter.texts("Values")));
    }
    Ok(found)
}
