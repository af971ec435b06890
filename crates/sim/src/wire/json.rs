//! Reads and writes JSON bodies, and CBOR ones, which hold the same. What comes in is cut down to the model's members and
//! checked for their types; what goes out is written in the model's order.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use crate::call::Refusal;
use crate::model::{Api, ShapeId, ShapeKind};
use crate::world::Moment;

/// Deeper than any document that a service takes.
const DEEPEST: usize = 64;

/// Reads a JSON body.
///
/// # Errors
/// `SerializationException` for what is no JSON or has members of the wrong type.
pub(super) fn read(service: &Api, shape: ShapeId, body: &[u8]) -> Result<Value, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    let value: Value = serde_json::from_slice(body).map_err(|_| malformed(""))?;
    typed(service, shape, value, 0)
}

fn malformed(text: &str) -> Refusal {
    Refusal::new("SerializationException", text)
}

/// Cuts a document down to a shape and checks the types of what is left.
///
/// # Errors
/// `SerializationException` for a value of the wrong type.
pub(super) fn typed(service: &Api, shape: ShapeId, value: Value, depth: usize) -> Result<Value, Refusal> {
    if depth > DEEPEST {
        return Err(malformed("the document is nested too deeply"));
    }
    match (&service.shape(shape).kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        // A structure without members is a document: it holds whatever its sender likes.
        (ShapeKind::Structure { members, .. }, Value::Object(map)) if members.is_empty() => Ok(map.into()),
        (ShapeKind::Structure { members, .. }, Value::Object(mut map)) => {
            let mut kept = Map::new();
            for member in members {
                let name = if map.contains_key(&member.name) { &member.name } else { member.wire_name() };
                match map.remove(name) {
                    None | Some(Value::Null) => {}
                    Some(value) => {
                        kept.insert(member.name.clone(), typed(service, member.shape, value, depth + 1)?);
                    }
                }
            }
            Ok(kept.into())
        }
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            let items = items.into_iter().map(|item| typed(service, member.shape, item, depth + 1));
            items.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        (ShapeKind::Map { value: member, .. }, Value::Object(map)) => {
            let pairs = map.into_iter().map(|(key, value)| Ok((key, typed(service, member.shape, value, depth + 1)?)));
            pairs.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        (ShapeKind::String | ShapeKind::Blob, value @ Value::String(_))
        | (ShapeKind::Boolean, value @ Value::Bool(_))
        | (ShapeKind::Float, value @ Value::Number(_)) => Ok(value),
        (ShapeKind::Integer, Value::Number(number)) => integer(&number).map(Value::from).ok_or_else(|| malformed("")),
        (ShapeKind::Timestamp { .. }, Value::Number(number)) => Ok(number.into()),
        (ShapeKind::Timestamp { .. }, Value::String(text)) => {
            Moment::parse_iso(&text).map(Moment::value).ok_or_else(|| malformed(""))
        }
        // Services of this protocol take numbers and truth values written as text, as old clients send them.
        (kind @ (ShapeKind::Integer | ShapeKind::Float | ShapeKind::Boolean), Value::String(text)) => {
            scalar(kind, &text).ok_or_else(|| wrong(kind, "STRING_VALUE"))
        }
        (kind, Value::String(_)) => Err(wrong(kind, "STRING_VALUE")),
        (kind, Value::Number(_)) => Err(wrong(kind, "NUMBER_VALUE")),
        (kind, Value::Bool(true)) => Err(wrong(kind, "TRUE_VALUE")),
        (kind, Value::Bool(false)) => Err(wrong(kind, "FALSE_VALUE")),
        (_, Value::Array(_)) => Err(malformed("Unrecognized collection type class java.util.ArrayList")),
        (_, Value::Object(_)) => Err(malformed("Start of structure or map found where not expected.")),
    }
}

fn wrong(kind: &ShapeKind, found: &str) -> Refusal {
    let wanted = match kind {
        ShapeKind::Structure { .. } | ShapeKind::Map { .. } | ShapeKind::List { .. } => {
            return malformed("Unexpected field type");
        }
        ShapeKind::String => "String",
        ShapeKind::Integer => "Integer",
        ShapeKind::Float => "Double",
        ShapeKind::Boolean => "Boolean",
        ShapeKind::Timestamp { .. } => "Date",
        ShapeKind::Blob => "Blob",
    };
    malformed(&format!("{found} cannot be converted to {wanted}"))
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers within the range come here")]
fn integer(number: &Number) -> Option<i64> {
    let whole = |float: &f64| float.fract() == 0.0 && float.abs() < 9.0e15;
    number.as_i64().or_else(|| number.as_f64().filter(whole).map(|float| float as i64))
}

/// A value that is written as text, of a type that has no parts.
pub(super) fn scalar(kind: &ShapeKind, text: &str) -> Option<Value> {
    match kind {
        ShapeKind::Integer => text.parse::<i64>().ok().map(Value::from),
        ShapeKind::Float => text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number),
        ShapeKind::Boolean => match text {
            "true" | "True" | "TRUE" | "1" => Some(true.into()),
            "false" | "False" | "FALSE" | "0" => Some(false.into()),
            _ => None,
        },
        ShapeKind::Timestamp { .. } => {
            Moment::parse_iso(text).or_else(|| text.parse().ok().map(Moment::from_seconds)).map(Moment::value)
        }
        ShapeKind::Structure { .. }
        | ShapeKind::List { .. }
        | ShapeKind::Map { .. }
        | ShapeKind::String
        | ShapeKind::Blob => Some(text.into()),
    }
}

/// Writes a JSON body.
pub(super) fn write(service: &Api, shape: Option<ShapeId>, output: &Value) -> String {
    match shape {
        Some(shape) if is_document(service, shape) => {
            if let Value::Object(map) = output {
                debug_assert_known(service, shape, map);
            }
            "{}".to_owned()
        }
        Some(shape) => shaped(service, shape, output).to_string(),
        // An operation without an output answers with nothing at all.
        None => String::new(),
    }
}

fn is_document(service: &Api, shape: ShapeId) -> bool {
    matches!(&service.shape(shape).kind, ShapeKind::Structure { members, .. } if members.is_empty())
}

/// A document cut down to its shape, under the names of the wire.
fn shaped(service: &Api, shape: ShapeId, value: &Value) -> Value {
    match (&service.shape(shape).kind, value) {
        (ShapeKind::Structure { members, .. }, Value::Object(_)) if members.is_empty() => value.clone(),
        (ShapeKind::Structure { members, .. }, Value::Object(map)) => {
            debug_assert_known(service, shape, map);
            let present = members.iter().filter_map(|member| {
                let value = map.get(&member.name).filter(|value| !value.is_null())?;
                Some((member.wire_name().to_owned(), shaped(service, member.shape, value)))
            });
            Value::Object(present.collect())
        }
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            items.iter().map(|item| shaped(service, member.shape, item)).collect()
        }
        (ShapeKind::Map { value: member, .. }, Value::Object(map)) => {
            let pairs = map.iter().map(|(key, value)| (key.clone(), shaped(service, member.shape, value)));
            Value::Object(pairs.collect())
        }
        (ShapeKind::Timestamp { format }, value) if format.as_deref() == Some("iso8601") => {
            value.as_f64().map_or(Value::Null, |seconds| Moment::from_seconds(seconds).iso().into())
        }
        // A whole number that can have a fraction is written with one: `75.0`.
        (ShapeKind::Float, Value::Number(number)) => number.as_f64().map_or(Value::Null, Value::from),
        _ => value.clone(),
    }
}

/// In tests, a member that the output does not have is a mistake of ours.
pub(super) fn debug_assert_known(service: &Api, shape: ShapeId, map: &Map<String, Value>) {
    if cfg!(debug_assertions)
        && let ShapeKind::Structure { members, .. } = &service.shape(shape).kind
    {
        for name in map.keys() {
            let known = members.iter().any(|member| member.name == *name);
            assert!(known, "{}: {} has no member {name}", service.name, service.shape(shape).name);
        }
    }
}

/// Reads a CBOR body.
///
/// # Errors
/// `SerializationException` for what is no CBOR or has members of the wrong type.
pub(super) fn read_cbor(service: &Api, shape: ShapeId, body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // The limit keeps a body of nested brackets from using up the stack.
    let value: Cbor =
        ciborium::de::from_reader_with_recursion_limit(body, DEEPEST).map_err(|_| malformed("the body is no CBOR"))?;
    typed(service, shape, from_cbor(value), 0)
}

fn from_cbor(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Cbor::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cbor::Text(text) => text.into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Tag(_, inner) => from_cbor(*inner),
        Cbor::Array(items) => items.into_iter().map(from_cbor).collect(),
        Cbor::Map(pairs) => {
            let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key.into_text().ok()?, from_cbor(value))));
            Value::Object(pairs.collect())
        }
        _ => Value::Null,
    }
}

/// Writes a CBOR body.
pub(super) fn write_cbor(service: &Api, shape: Option<ShapeId>, output: &Value) -> Vec<u8> {
    let value = shape.map_or(Cbor::Map(Vec::new()), |shape| to_cbor(service, shape, output));
    encode(&value)
}

/// Writes a document without a shape as CBOR: the body of a refusal.
pub(super) fn plain_cbor(map: &Map<String, Value>) -> Vec<u8> {
    let pairs = map.iter().map(|(key, value)| {
        let value = value.as_str().map_or_else(|| Cbor::Text(value.to_string()), |text| Cbor::Text(text.to_owned()));
        (Cbor::Text(key.clone()), value)
    });
    encode(&Cbor::Map(pairs.collect()))
}

fn encode(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    drop(ciborium::into_writer(value, &mut bytes));
    bytes
}

fn to_cbor(service: &Api, shape: ShapeId, value: &Value) -> Cbor {
    match (&service.shape(shape).kind, value) {
        (ShapeKind::Structure { members, .. }, Value::Object(map)) => {
            debug_assert_known(service, shape, map);
            let present = members.iter().filter_map(|member| {
                let value = map.get(&member.name).filter(|value| !value.is_null())?;
                Some((Cbor::Text(member.name.clone()), to_cbor(service, member.shape, value)))
            });
            Cbor::Map(present.collect())
        }
        (ShapeKind::List { member, .. }, Value::Array(items)) => {
            Cbor::Array(items.iter().map(|item| to_cbor(service, member.shape, item)).collect())
        }
        (ShapeKind::Map { value: member, .. }, Value::Object(map)) => {
            let pairs = map.iter().map(|(key, value)| (Cbor::Text(key.clone()), to_cbor(service, member.shape, value)));
            Cbor::Map(pairs.collect())
        }
        // Tag 1 is a moment in seconds.
        (ShapeKind::Timestamp { .. }, value) => Cbor::Tag(1, Box::new(Cbor::Float(value.as_f64().unwrap_or_default()))),
        (ShapeKind::Blob, Value::String(text)) => Cbor::Bytes(STANDARD.decode(text).unwrap_or_default()),
        (_, Value::String(text)) => Cbor::Text(text.clone()),
        (_, Value::Bool(flag)) => Cbor::Bool(*flag),
        (ShapeKind::Float, value) => Cbor::Float(value.as_f64().unwrap_or_default()),
        (_, value) => value.as_i64().map_or(Cbor::Null, |number| Cbor::Integer(number.into())),
    }
}
