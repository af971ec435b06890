//! Requests and replies on the wire: which service and operation a request is for, its input as a document, and the reply or
//! refusal in that protocol's own form. Everything follows from the models; knows no behaviour and no state.

mod error;
mod form;
mod json;
mod rest;
mod route;
mod xml_in;
mod xml_out;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::call::{Input, Refusal};
use crate::model::{Api, Operation, Protocol};

pub use self::route::{Credential, route, unanswered};

/// The HTTP requests that are answered.
pub type Request = http::Request<Bytes>;
/// The HTTP replies.
pub type Response = http::Response<Bytes>;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// The service's own.
    Own,
    /// CBOR, as newer clients of some JSON services send it.
    Cbor,
}

/// What a request is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// The service.
    pub service: &'static Api,
    /// The operation; a name alone if it is not simulated.
    pub operation: Result<&'static Operation, String>,
    /// How the body is written.
    pub codec: Codec,
    /// The members that stand in the path.
    pub path: Vec<(String, String)>,
}

impl Target {
    /// The name of the operation, also of one that is not simulated.
    pub fn operation_name(&self) -> &str {
        self.operation.as_ref().map_or_else(|name| name.as_str(), |operation| operation.name.as_str())
    }
}

/// Reads the input of a request.
///
/// # Errors
/// The refusal of a body that cannot be read.
pub fn read(target: &Target, operation: &'static Operation, request: &Request) -> Result<Input, Refusal> {
    let service = target.service;
    let Some(shape) = operation.input else { return Ok(Input::default()) };
    let value = match (target.codec, service.protocol) {
        (Codec::Cbor, _) => json::read_cbor(service, shape, request.body())?,
        (Codec::Own, Protocol::Query | Protocol::Ec2) => form::read(service, shape, &route::form_of(request))?,
        (Codec::Own, Protocol::Json) => json::read(service, shape, request.body())?,
        (Codec::Own, Protocol::RestXml | Protocol::RestJson) => rest::read(target, operation, shape, request)?,
    };
    match value {
        Value::Object(map) => Ok(Input(map)),
        _ => Ok(Input(Map::new())),
    }
}

/// Writes the reply of an operation.
pub fn write(target: &Target, operation: &Operation, output: &Value, request_id: &str) -> Response {
    let service = target.service;
    let mut builder = http::Response::builder().status(operation.status).header("x-amzn-requestid", request_id);
    let (kind, body) = match (target.codec, service.protocol) {
        (Codec::Cbor, _) => {
            builder = builder.header("smithy-protocol", "rpc-v2-cbor");
            ("application/cbor".to_owned(), json::write_cbor(service, operation.output, output))
        }
        (Codec::Own, Protocol::Query) => {
            ("text/xml".to_owned(), xml_out::query(service, operation, output, request_id))
        }
        (Codec::Own, Protocol::Ec2) => {
            ("text/xml;charset=UTF-8".to_owned(), xml_out::ec2(service, operation, output, request_id))
        }
        (Codec::Own, Protocol::Json) => (
            format!("application/x-amz-json-{}", service.json_version),
            json::write(service, operation.output, output).into_bytes(),
        ),
        (Codec::Own, Protocol::RestXml) => ("text/xml".to_owned(), xml_out::rest(service, operation, output)),
        (Codec::Own, Protocol::RestJson) => {
            ("application/json".to_owned(), json::write(service, operation.output, output).into_bytes())
        }
    };
    for (name, value) in rest::headers(service, operation.output, output) {
        builder = builder.header(name, value);
    }
    finish(builder.header("content-type", kind), body)
}

/// Writes a refusal.
pub fn refuse(target: &Target, refusal: &Refusal, request_id: &str) -> Response {
    let status = refusal.status.or_else(|| target.service.status_of(&refusal.code)).unwrap_or(400);
    let (kind, body) = error::write(target, refusal, status, request_id);
    let mut builder = http::Response::builder().status(status).header("x-amzn-requestid", request_id);
    if target.codec == Codec::Cbor {
        builder = builder.header("smithy-protocol", "rpc-v2-cbor");
    }
    if target.service.protocol == Protocol::RestJson {
        builder = builder.header("x-amzn-errortype", &refusal.code);
    }
    finish(builder.header("content-type", kind), body)
}

fn finish(builder: http::response::Builder, body: Vec<u8>) -> Response {
    // Only a header with a line break in it could fail here: then the reply is a fault of the server.
    builder.body(Bytes::from(body)).unwrap_or_else(|_| {
        let mut reply = http::Response::new(Bytes::new());
        *reply.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        reply
    })
}

/// An input given as a document instead of a request: cut down to its shape.
///
/// # Errors
/// `SerializationException` for a value of the wrong type.
pub fn typed(service: &Api, shape: crate::model::ShapeId, value: Value) -> Result<Input, Refusal> {
    match json::typed(service, shape, value, 0)? {
        Value::Object(map) => Ok(Input(map)),
        _ => Ok(Input::default()),
    }
}

/// In tests, an output with members that its shape does not have is a mistake of ours.
pub fn debug_assert_shape(service: &Api, shape: Option<crate::model::ShapeId>, output: &Value) {
    if cfg!(debug_assertions) && shape.is_some() {
        let _written = json::write(service, shape, output);
    }
}
