//! The REST protocols: finds the operation of a path, reads members from path, query string, headers and body, and says which
//! members of an output are headers.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::json::{self, scalar};
use super::{Request, Target, xml_in};
use crate::call::Refusal;
use crate::model::{Api, Location, Operation, Protocol, ShapeId, ShapeKind};

/// The operation of a request's method and path, with the members in the path.
pub(super) fn matching(
    service: &'static Api,
    request: &Request,
) -> Option<(&'static Operation, Vec<(String, String)>)> {
    let path = request.uri().path();
    let fits = |operation: &&Operation| operation.method == request.method().as_str();
    let found =
        service.operations.values().filter(fits).filter_map(|operation| Some((operation, fit(&operation.uri, path)?)));
    // Where a fixed path and one with a member both fit (`/x/{Id}` and `/x/count`), the fixed one is meant.
    found.min_by_key(|(_, members)| members.len())
}

fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let wanted: Vec<&str> = template.split('?').next()?.trim_matches('/').split('/').collect();
    let given: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut members = Vec::new();
    for (index, part) in wanted.iter().enumerate() {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            // A greedy member takes the rest of the path.
            Some(name) if name.ends_with('+') => {
                members.push((name.trim_end_matches('+').to_owned(), decode(&given.get(index..)?.join("/"))));
                return Some(members);
            }
            Some(name) => members.push((name.to_owned(), decode(given.get(index).filter(|part| !part.is_empty())?))),
            None if given.get(index) == Some(part) => {}
            None => return None,
        }
    }
    // Ids that hold a slash themselves, as `/hostedzone//hostedzone/Z1`, are cleaned by clients; nothing else is longer.
    (wanted.len() == given.len()).then_some(members)
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Reads the input of a request.
///
/// # Errors
/// The refusal of a body that cannot be read.
pub(super) fn read(
    target: &Target,
    operation: &Operation,
    shape: ShapeId,
    request: &Request,
) -> Result<Value, Refusal> {
    let service = target.service;
    let ShapeKind::Structure { members, payload, .. } = &service.shape(shape).kind else { return Ok(Value::Null) };
    let body = |shape: ShapeId| match service.protocol {
        Protocol::RestXml => xml_in::read(service, shape, request.body()),
        _ => json::read(service, shape, request.body()),
    };
    let mut map = match payload {
        Some(name) => {
            let member = members.iter().find(|member| member.name == *name);
            let inner = member.map(|member| body(member.shape)).transpose()?;
            inner.map(|inner| Map::from_iter([(name.clone(), inner)])).unwrap_or_default()
        }
        None => match body(shape)? {
            Value::Object(map) => map,
            _ => Map::new(),
        },
    };
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let path: HashMap<&str, &str> = target.path.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for member in members {
        let name = member.wire_name();
        let texts: Vec<String> = match member.location {
            Location::Body => continue,
            Location::Uri => path.get(name).map(|text| (*text).to_owned()).into_iter().collect(),
            Location::Query => query.iter().filter(|(known, _)| known == name).map(|(_, text)| text.clone()).collect(),
            Location::Header => {
                let header = request.headers().get(name).and_then(|value| value.to_str().ok());
                header.map(str::to_owned).into_iter().collect()
            }
        };
        map.remove(&member.name);
        let value = match &service.shape(member.shape).kind {
            ShapeKind::List { member, .. } => {
                let kind = &service.shape(member.shape).kind;
                Some(texts.iter().filter_map(|text| scalar(kind, text)).collect::<Vec<_>>())
                    .filter(|list| !list.is_empty())
                    .map(Value::from)
            }
            kind => match texts.first() {
                Some(text) => Some(scalar(kind, text).ok_or_else(|| invalid(service, name, text))?),
                None => None,
            },
        };
        if let Some(value) = value {
            map.insert(member.name.clone(), value);
        }
    }
    debug_assert!(!operation.uri.is_empty(), "a REST operation has a path");
    Ok(map.into())
}

fn invalid(service: &Api, name: &str, text: &str) -> Refusal {
    let code = if service.protocol == Protocol::RestXml { "InvalidInput" } else { "ValidationException" };
    Refusal::new(code, format!("Invalid value '{text}' for {name}"))
}

/// The members of an output that are headers.
pub(super) fn headers(service: &Api, shape: Option<ShapeId>, output: &Value) -> Vec<(String, String)> {
    let Some(ShapeKind::Structure { members, .. }) = shape.map(|shape| &service.shape(shape).kind) else {
        return Vec::new();
    };
    let of_headers = members.iter().filter(|member| member.location == Location::Header);
    of_headers
        .filter_map(|member| Some((member.wire_name().to_owned(), output.get(&member.name)?.as_str()?.to_owned())))
        .collect()
}
