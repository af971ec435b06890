//! Writes refusals, in each protocol's own form.

use serde_json::{Map, Value};

use super::xml_out::Xml;
use super::{Codec, Target, json};
use crate::call::Refusal;
use crate::model::Protocol;

/// Services that write `Message` where the others write `message`. Seen in AWS's models and in recorded replies.
const CAPITAL: &[&str] =
    &["secretsmanager", "servicediscovery", "application-autoscaling", "scheduler", "resourcegroupstaggingapi"];
/// Errors of the framework, which carry `message` everywhere.
const FRAMEWORK: &[&str] =
    &["ValidationException", "AccessDeniedException", "UnrecognizedClientException", "ThrottlingException"];

/// Whether an error in XML stands alone, as S3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// It does.
    Yes,
    /// It stands in an `ErrorResponse`.
    No,
}

/// The content type and body of a refusal by no service: in XML, or in JSON that JSON services of both kinds read.
pub fn nowhere(refusal: &Refusal, xml: Option<Bare>) -> (&'static str, Vec<u8>) {
    let Some(bare) = xml else {
        let body = serde_json::json!({ "__type": refusal.code, "message": refusal.message });
        return ("application/x-amz-json-1.1", body.to_string().into_bytes());
    };
    let mut xml = Xml::declared();
    let error = |xml: &mut Xml| {
        xml.element("Error", None, |xml| {
            xml.text("Type", "Sender");
            xml.text("Code", &refusal.code);
            xml.text("Message", &refusal.message);
        });
    };
    match bare {
        Bare::Yes => error(&mut xml),
        Bare::No => xml.element("ErrorResponse", None, error),
    }
    ("text/xml", xml.finish())
}

/// The content type and body of a refusal.
pub fn write(target: &Target, refusal: &Refusal, status: u16, request_id: &str) -> (String, Vec<u8>) {
    let service = target.service;
    match (target.codec, service.protocol) {
        (Codec::Cbor, _) => ("application/cbor".to_owned(), json::plain_cbor(&document(target, refusal))),
        (Codec::Own, Protocol::Json | Protocol::RestJson) => {
            let kind = match service.protocol {
                Protocol::Json => format!("application/x-amz-json-{}", service.json_version),
                _ => "application/json".to_owned(),
            };
            (kind, Value::Object(document(target, refusal)).to_string().into_bytes())
        }
        (Codec::Own, Protocol::Ec2) => {
            let mut xml = Xml::declared();
            xml.element("Response", None, |xml| {
                xml.element("Errors", None, |xml| {
                    xml.element("Error", None, |xml| {
                        xml.text("Code", &refusal.code);
                        xml.text("Message", &refusal.message);
                    });
                });
                xml.text("RequestID", request_id);
            });
            ("text/xml;charset=UTF-8".to_owned(), xml.finish())
        }
        (Codec::Own, Protocol::Query | Protocol::RestXml) => {
            let mut xml = if service.protocol == Protocol::RestXml { Xml::declared() } else { Xml::new() };
            xml.element("ErrorResponse", Some(&service.namespace), |xml| {
                xml.element("Error", None, |xml| {
                    xml.text("Type", if status < 500 { "Sender" } else { "Receiver" });
                    xml.text("Code", &refusal.code);
                    xml.text("Message", &refusal.message);
                });
                xml.text("RequestId", request_id);
            });
            ("text/xml".to_owned(), xml.finish())
        }
    }
}

/// The type of an error. DynamoDB is alone in naming its models', and the framework's, whole.
fn kind(service: &str, code: &str) -> String {
    match code {
        _ if service != "dynamodb" => code.to_owned(),
        "ValidationException" => format!("com.amazon.coral.validate#{code}"),
        "AccessDeniedException"
        | "MissingAuthenticationTokenException"
        | "SerializationException"
        | "UnknownOperationException"
        | "UnrecognizedClientException" => format!("com.amazon.coral.service#{code}"),
        _ => format!("com.amazonaws.dynamodb.v20120810#{code}"),
    }
}

fn document(target: &Target, refusal: &Refusal) -> Map<String, Value> {
    let capital = CAPITAL.contains(&target.service.name) && !FRAMEWORK.contains(&refusal.code.as_str());
    let mut map = Map::new();
    if target.service.protocol != Protocol::RestJson {
        map.insert("__type".to_owned(), kind(target.service.name, &refusal.code).into());
    }
    // What has no text is told by its type alone.
    if !refusal.message.is_empty() || target.service.protocol != Protocol::Json {
        map.insert(if capital { "Message" } else { "message" }.to_owned(), refusal.message.clone().into());
    }
    map.extend(refusal.fields.clone());
    map
}
