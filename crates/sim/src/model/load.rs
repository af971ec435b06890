//! Reads the extracted API models into shapes with resolved references. The files are part of the program, so a mistake in them
//! is a mistake of ours and stops the first test that touches the service.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use super::{Api, Location, Member, Operation, Protocol, Shape, ShapeId, ShapeKind, Source};

#[derive(Deserialize)]
struct Document {
    metadata: Metadata,
    operations: BTreeMap<String, RawOperation>,
    shapes: BTreeMap<String, RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    api_version: String,
    protocol: String,
    #[serde(default)]
    protocols: Vec<String>,
    json_version: Option<String>,
    target_prefix: Option<String>,
    signing_name: Option<String>,
    endpoint_prefix: String,
    xml_namespace: Option<String>,
}

#[derive(Deserialize)]
struct RawOperation {
    http: RawHttp,
    input: Option<RawMember>,
    output: Option<RawMember>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    method: String,
    request_uri: String,
    response_code: Option<u16>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawMember {
    shape: String,
    location: Option<String>,
    location_name: Option<String>,
    query_name: Option<String>,
    flattened: bool,
    result_wrapper: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShape {
    #[serde(rename = "type")]
    kind: String,
    // A list of pairs keeps the order of the file, which is the order of the XML.
    #[serde(default, deserialize_with = "ordered")]
    members: Vec<(String, RawMember)>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default, rename = "enum")]
    values: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<String>,
    member: Option<RawMember>,
    key: Option<RawMember>,
    value: Option<RawMember>,
    #[serde(default)]
    flattened: bool,
    payload: Option<String>,
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    fault: bool,
    error: Option<RawError>,
    timestamp_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawError {
    code: Option<String>,
    http_status_code: Option<u16>,
    #[serde(default)]
    fault: bool,
}

fn ordered<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<(String, RawMember)>, D::Error> {
    struct Pairs;
    impl<'de> serde::de::Visitor<'de> for Pairs {
        type Value = Vec<(String, RawMember)>;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("members by name")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    from.deserialize_map(Pairs)
}

/// Reads the model of a service that has this place in the list of services.
///
/// # Panics
/// If the file is not what `scripts/models` writes.
pub(crate) fn load(index: usize, source: &'static Source) -> Api {
    let name = source.name;
    let document: Document = match serde_json::from_str(source.text) {
        Ok(document) => document,
        Err(error) => panic!("crates/sim/models/{name}.json: {error}"),
    };
    let ids: HashMap<&str, u32> = document.shapes.keys().map(String::as_str).zip(0..).collect();
    let resolve = |shape: &str| match ids.get(shape) {
        Some(id) => ShapeId(*id),
        None => panic!("crates/sim/models/{name}.json: there is no shape {shape}"),
    };
    let errors = document.shapes.iter().filter(|(_, shape)| shape.exception || shape.error.is_some()).map(error_of);
    let operations = document.operations.iter().map(|(operation, raw)| {
        let side = |member: &Option<RawMember>| member.as_ref().map(|member| resolve(&member.shape));
        let operation = Operation {
            name: operation.clone(),
            method: raw.http.method.clone(),
            uri: raw.http.request_uri.clone(),
            status: raw.http.response_code.unwrap_or(200),
            input: side(&raw.input),
            output: side(&raw.output),
            result_wrapper: raw.output.as_ref().and_then(|output| output.result_wrapper.clone()),
            input_element: raw.input.as_ref().and_then(|input| input.location_name.clone()),
        };
        (operation.name.clone(), operation)
    });
    let metadata = &document.metadata;
    Api {
        name,
        index,
        errors_as: source.errors_as,
        protocol: protocol(metadata),
        api_version: metadata.api_version.clone(),
        target_prefix: metadata.target_prefix.clone().unwrap_or_default(),
        json_version: metadata.json_version.clone().unwrap_or_else(|| "1.1".to_owned()),
        signing_name: metadata.signing_name.clone().unwrap_or_else(|| metadata.endpoint_prefix.clone()),
        namespace: namespace(metadata),
        operations: operations.collect(),
        errors: errors.collect(),
        shapes: document.shapes.iter().map(|(name, raw)| shape(name, raw, &resolve)).collect(),
    }
}

/// The namespace of the replies. EC2's ends in a slash that its model lacks; Route 53's stands with its inputs only.
fn namespace(metadata: &Metadata) -> String {
    match &metadata.xml_namespace {
        Some(known) => format!("{}/", known.trim_end_matches('/')),
        None => format!("https://{}.amazonaws.com/doc/{}/", metadata.endpoint_prefix, metadata.api_version),
    }
}

fn protocol(metadata: &Metadata) -> Protocol {
    let has = |name: &str| metadata.protocol == name || metadata.protocols.iter().any(|known| known == name);
    if has("json") {
        Protocol::Json
    } else if has("ec2") {
        Protocol::Ec2
    } else if has("query") {
        Protocol::Query
    } else if has("rest-xml") {
        Protocol::RestXml
    } else {
        Protocol::RestJson
    }
}

fn error_of((name, shape): (&String, &RawShape)) -> (String, (u16, bool)) {
    let error = shape.error.as_ref();
    let code = error.and_then(|error| error.code.clone()).unwrap_or_else(|| name.clone());
    let server = shape.fault || error.is_some_and(|error| error.fault);
    let status = error.and_then(|error| error.http_status_code).unwrap_or(if server { 500 } else { 400 });
    (code, (status, server))
}

fn shape(name: &str, raw: &RawShape, resolve: &impl Fn(&str) -> ShapeId) -> Shape {
    let member = |name: &str, raw: &RawMember| Member {
        name: name.to_owned(),
        shape: resolve(&raw.shape),
        location_name: raw.location_name.clone(),
        query_name: raw.query_name.clone(),
        location: match raw.location.as_deref() {
            Some("uri") => Location::Uri,
            Some("querystring") => Location::Query,
            Some("header" | "headers" | "statusCode") => Location::Header,
            _ => Location::Body,
        },
        flattened: raw.flattened,
    };
    let part = |name: &str, raw: &Option<RawMember>| member(name, raw.as_ref().unwrap_or(&RawMember::default()));
    let kind = match raw.kind.as_str() {
        "structure" => ShapeKind::Structure {
            members: raw.members.iter().map(|(name, raw)| member(name, raw)).collect(),
            required: raw.required.clone(),
            payload: raw.payload.clone(),
        },
        "list" => ShapeKind::List { member: part("member", &raw.member), flattened: raw.flattened },
        "map" => {
            ShapeKind::Map { key: part("key", &raw.key), value: part("value", &raw.value), flattened: raw.flattened }
        }
        "integer" | "long" => ShapeKind::Integer,
        "float" | "double" => ShapeKind::Float,
        "boolean" => ShapeKind::Boolean,
        "timestamp" => ShapeKind::Timestamp { format: raw.timestamp_format.clone() },
        "blob" => ShapeKind::Blob,
        _ => ShapeKind::String,
    };
    Shape {
        name: name.to_owned(),
        kind,
        min: raw.min,
        max: raw.max,
        pattern: raw.pattern.clone(),
        values: raw.values.clone(),
        regex: OnceLock::new(),
    }
}
