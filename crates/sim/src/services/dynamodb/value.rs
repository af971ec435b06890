//! Attribute values: checked and brought into the form in which they read back, compared, measured. Knows no tables.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::decimal::Decimal;
use super::{Item, bad_value, invalid};
use crate::call::Refusal;

/// The type and content of a value, such as `("S", "x")`.
pub(super) fn parts(value: &Value) -> (&str, &Value) {
    value.as_object().and_then(|map| map.iter().next()).map_or(("NULL", &Value::Null), |(kind, inner)| (kind, inner))
}

/// The type of a value.
pub(super) fn kind(value: &Value) -> &str {
    parts(value).0
}

/// Checks a value and brings its numbers into their form.
pub(super) fn checked(value: &Value) -> Result<Value, Refusal> {
    let map = value.as_object().filter(|map| !map.is_empty()).ok_or_else(|| {
        invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    })?;
    if map.len() > 1 {
        let text = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
        return Err(invalid(text));
    }
    let (kind, inner) = parts(value);
    let inner = match (kind, inner) {
        ("N", Value::String(text)) => Decimal::parse(text)?.text().into(),
        ("SS" | "NS" | "BS", Value::Array(items)) => set(kind, items)?,
        ("L", Value::Array(items)) => items.iter().map(checked).collect::<Result<Vec<_>, _>>()?.into(),
        ("M", Value::Object(map)) => checked_item(map)?.into(),
        ("NULL", Value::Bool(false)) => {
            return Err(bad_value("Null attribute value types must have the value of true"));
        }
        (_, inner) => inner.clone(),
    };
    Ok(json!({ kind: inner }))
}

fn set(kind: &str, items: &[Value]) -> Result<Value, Refusal> {
    let what = match kind {
        "SS" => "string",
        "NS" => "number",
        _ => "binary",
    };
    if items.is_empty() {
        return Err(bad_value(&format!("An {what} set  may not be empty")));
    }
    let mut kept: Vec<String> = Vec::new();
    for item in items.iter().filter_map(Value::as_str) {
        let item = if kind == "NS" { Decimal::parse(item)?.text() } else { item.to_owned() };
        if kept.contains(&item) {
            let all: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            return Err(bad_value(&format!("Input collection [{}] contains duplicates.", all.join(", "))));
        }
        kept.push(item);
    }
    Ok(kept.into())
}

/// Checks all values of an item.
pub(super) fn checked_item(item: &Map<String, Value>) -> Result<Item, Refusal> {
    item.iter().map(|(name, value)| Ok((name.clone(), checked(value)?))).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap_or_default()
}

/// Compares two values of one type that has an order.
pub(super) fn compare(one: &Value, two: &Value) -> Option<Ordering> {
    match (parts(one), parts(two)) {
        (("S", Value::String(one)), ("S", Value::String(two))) => Some(one.cmp(two)),
        (("N", Value::String(one)), ("N", Value::String(two))) => {
            Some(Decimal::parse(one).ok()?.cmp(&Decimal::parse(two).ok()?))
        }
        (("B", Value::String(one)), ("B", Value::String(two))) => Some(decoded(one).cmp(&decoded(two))),
        _ => None,
    }
}

/// Whether two values are the same; sets are without regard to order.
pub(super) fn equal(one: &Value, two: &Value) -> bool {
    match (parts(one), parts(two)) {
        (("SS" | "NS" | "BS", Value::Array(a)), (kind_two, Value::Array(b))) => {
            kind(one) == kind_two && a.len() == b.len() && a.iter().all(|item| b.contains(item))
        }
        (("L", Value::Array(a)), ("L", Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(one, two)| equal(one, two))
        }
        (("M", Value::Object(a)), ("M", Value::Object(b))) => {
            a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| equal(value, other)))
        }
        (one, two) => one == two,
    }
}

/// Whether a text, set or list has another value in it.
pub(super) fn contains(whole: &Value, part: &Value) -> bool {
    match (parts(whole), parts(part)) {
        (("S", Value::String(whole)), ("S", Value::String(part))) => whole.contains(part.as_str()),
        (("B", Value::String(whole)), ("B", Value::String(part))) => {
            let (whole, part) = (decoded(whole), decoded(part));
            part.is_empty() || whole.windows(part.len()).any(|window| window == part)
        }
        (("SS", Value::Array(items)), ("S", part))
        | (("NS", Value::Array(items)), ("N", part))
        | (("BS", Value::Array(items)), ("B", part)) => items.contains(part),
        (("L", Value::Array(items)), _) => items.iter().any(|item| equal(item, part)),
        _ => false,
    }
}

/// Whether a text or binary begins with another.
pub(super) fn begins_with(whole: &Value, start: &Value) -> bool {
    match (parts(whole), parts(start)) {
        (("S", Value::String(whole)), ("S", Value::String(start))) => whole.starts_with(start.as_str()),
        (("B", Value::String(whole)), ("B", Value::String(start))) => decoded(whole).starts_with(&decoded(start)),
        _ => false,
    }
}

/// What `size()` gives; none for types without a size.
pub(super) fn length(value: &Value) -> Option<usize> {
    match parts(value) {
        ("S", Value::String(text)) => Some(text.len()),
        ("B", Value::String(text)) => Some(decoded(text).len()),
        (_, Value::Array(items)) => Some(items.len()),
        ("M", Value::Object(map)) => Some(map.len()),
        _ => None,
    }
}

/// About how many bytes a value takes.
pub(super) fn bytes(value: &Value) -> usize {
    match parts(value) {
        ("N", Value::String(text)) => text.len().div_ceil(2) + 1,
        ("S", Value::String(text)) => text.len(),
        ("B", Value::String(text)) => decoded(text).len(),
        ("L", Value::Array(items)) => 3 + items.iter().map(|item| 1 + bytes(item)).sum::<usize>(),
        (_, Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::len).sum(),
        ("M", Value::Object(map)) => 3 + map.iter().map(|(name, item)| 1 + name.len() + bytes(item)).sum::<usize>(),
        _ => 1,
    }
}

/// About how many bytes an item takes.
pub(super) fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + bytes(value)).sum()
}
