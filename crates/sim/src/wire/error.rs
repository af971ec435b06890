//! Writes refusals, in each protocol's own form.

use serde_json::{Map, Value};

use super::xml_out::Xml;
use super::{Codec, Target, json};
use crate::call::Refusal;
use crate::model::Protocol;

/// Errors of the framework, which carry `message` everywhere.
const FRAMEWORK: &[&str] =
    &["ValidationException", "AccessDeniedException", "UnrecognizedClientException", "ThrottlingException"];

/// Whether an error in XML stands alone, as S3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// It does.
    Yes,
    /// It stands in an `ErrorResponse`.
    No,
}

/// The content type and body of a refusal by no service: in XML, or in JSON that JSON services of both kinds read.
pub(super) fn nowhere(refusal: &Refusal, xml: Option<Bare>) -> (&'static str, Vec<u8>) {
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
pub(super) fn write(target: &Target, refusal: &Refusal, status: u16, request_id: &str) -> (String, Vec<u8>) {
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

/// Whether a service writes this refusal's text as `Message`. Its own refusals follow its model, if that has them; what the
/// framework finds in a request before the service sees it does not.
fn capital(target: &Target, refusal: &Refusal) -> bool {
    let own = !refusal.message.contains("validation error") && target.service.status_of(&refusal.code).is_some();
    let framework = FRAMEWORK.contains(&refusal.code.as_str());
    target.service.errors_as.capital && (own || !framework)
}

fn document(target: &Target, refusal: &Refusal) -> Map<String, Value> {
    let capital = capital(target, refusal);
    let mut map = Map::new();
    if target.service.protocol != Protocol::RestJson {
        map.insert("__type".to_owned(), (target.service.errors_as.kind)(&refusal.code).into());
    }
    // What has no text is told by its type alone.
    if !refusal.message.is_empty() || target.service.protocol != Protocol::Json {
        map.insert(if capital { "Message" } else { "message" }.to_owned(), refusal.message.clone().into());
    }
    map.extend(refusal.fields.clone());
    map
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use crate::lab::Lab;
    use crate::sim::Outcome;

    fn body(lab: &Lab, service: &str, path: &str, target: Option<&str>, asked: &Value) -> Value {
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/{service}/aws4_request, Signature=0");
        let request = http::Request::post(path).header("authorization", credential);
        let request = target.into_iter().fold(request, |request, target| request.header("x-amz-target", target));
        let request = request.body(Bytes::from(asked.to_string())).expect("a request");
        match lab.sim.answer(&request) {
            Outcome::Reply(reply, _) => serde_json::from_slice(reply.body()).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_of_a_services_own_is_written_as_its_model_has_it() {
        let lab = Lab::new();
        let asked = json!({
            "ScheduleExpression": "rate(10 years)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "RoleArn": "arn:aws:iam::123456789012:role/r"},
        });
        let refused = body(&lab, "scheduler", "/schedules/s", None, &asked);
        assert_eq!(refused, json!({"Message": "Invalid Schedule Expression rate(10 years)."}));
    }

    #[test]
    fn an_item_that_does_not_meet_its_condition_is_shown_beside_a_small_message() {
        let lab = Lab::new();
        lab.ok(
            "dynamodb.CreateTable",
            json!({
                "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            }),
        );
        lab.pass(60);
        let mut put = json!({"TableName": "tab", "Item": {"id": {"S": "a"}}});
        lab.ok("dynamodb.PutItem", put.clone());
        put["ConditionExpression"] = "attribute_not_exists(id)".into();
        let target = Some("DynamoDB_20120810.PutItem");
        let refused = body(&lab, "dynamodb", "/", target, &put);
        assert!(refused["message"].is_string() && refused["Message"].is_null());
        put["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD".into();
        let refused = body(&lab, "dynamodb", "/", target, &put);
        assert_eq!(
            (&refused["message"], &refused["Item"]["id"]["S"]),
            (&json!("The conditional request failed"), &json!("a"))
        );
        assert!(refused["Message"].is_null());
    }

    #[test]
    fn a_whole_number_that_can_have_a_fraction_is_written_with_one() {
        let lab = Lab::new();
        lab.ok("logs.CreateLogGroup", json!({"logGroupName": "/a"}));
        let metric = json!([{"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0}]);
        lab.ok(
            "logs.PutMetricFilter",
            json!({
                "logGroupName": "/a", "filterName": "f", "filterPattern": "", "metricTransformations": metric,
            }),
        );
        let read = body(&lab, "logs", "/", Some("Logs_20140328.DescribeMetricFilters"), &json!({}));
        let shown = &read["metricFilters"][0]["metricTransformations"][0]["defaultValue"];
        assert!(shown.is_f64(), "{shown}");
    }
}
