//! Empty texts that clients send for what they do not mean, because their own documents have no other word for it: taken as absent,
//! as AWS takes them. Which empty texts do mean something, and which AWS refuses, is decided here, and by each service for its own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::service::Empties;
use crate::call::Input;
use crate::model::{Api, Operation, Shape, ShapeId, ShapeKind};

/// What an empty text is a value of, or clears, or is refused for by a service itself: ends of names.
const MEANT: &[&str] = &[
    "escription",
    "Comment",
    "Value",
    "String",
    "Pattern",
    "Policies",
    "Policy",
    "Document",
    "Data",
    "Body",
    "Password",
    "Expression",
];

/// What a part of an input leaves out with an empty text: ends of names.
const NAMED: &[&str] = &["Arn", "ARN", "RoleArn", "Id"];

/// The input without the empty texts that mean nothing: members of its own that need not be there, and ARNs and ids in its parts. One
/// that breaks a limit of its model stays, to be refused; so do the keys and values of tags, variables and items.
pub(super) fn left_out<'i>(api: &'static Api, operation: &Operation, input: &'i Input, own: Empties) -> Cow<'i, Input> {
    let Some(shape) = operation.input else { return Cow::Borrowed(input) };
    if !any_empty(&input.0) {
        return Cow::Borrowed(input);
    }
    let mut map = input.0.clone();
    clean((api, own), shape, &mut map, true);
    Cow::Owned(Input(map))
}

fn any_empty(map: &Map<String, Value>) -> bool {
    fn empty(value: &Value) -> bool {
        match value {
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.iter().any(empty),
            Value::Object(map) => map.values().any(empty),
            _ => false,
        }
    }
    map.values().any(empty)
}

fn clean((api, own): (&'static Api, Empties), shape: ShapeId, map: &mut Map<String, Value>, outermost: bool) {
    let ShapeKind::Structure { members, required, .. } = &api.shape(shape).kind else { return };
    let any = |common: &[&str], own: &[&str], name: &str| common.iter().chain(own).any(|end| name.ends_with(end));
    for member in members {
        let name = member.name.as_str();
        let shape = api.shape(member.shape);
        match map.get_mut(name) {
            Some(Value::String(text)) if text.is_empty() => {
                let needed = required.contains(&member.name) || is_limited(shape);
                let meant = any(MEANT, own.meant, name);
                let idle = if outermost { !meant } else { any(NAMED, own.idle, name) };
                if !needed && idle {
                    map.remove(name);
                }
            }
            Some(Value::Object(inner)) => clean((api, own), member.shape, inner, false),
            Some(Value::Array(items)) => {
                let ShapeKind::List { member, .. } = &shape.kind else { continue };
                for inner in items.iter_mut().filter_map(Value::as_object_mut) {
                    clean((api, own), member.shape, inner, false);
                }
            }
            _ => {}
        }
    }
}

/// Whether the model itself rules an empty text out.
fn is_limited(shape: &Shape) -> bool {
    let fits = |shape: &Shape| {
        shape.pattern.as_ref().is_none_or(|pattern| regex::Regex::new(pattern).is_ok_and(|it| it.is_match("")))
    };
    shape.min.is_some_and(|min| min > 0.0) || !shape.values.is_empty() || !fits(shape)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::lab::Lab;

    #[test]
    fn what_is_empty_and_need_not_be_there_is_absent() {
        let lab = Lab::new();
        let vpc = lab.ok("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
        for protocol in ["HTTP", "TCP"] {
            let group = json!({ "Name": protocol, "Protocol": protocol, "Port": 80, "VpcId": vpc, "TargetType": "ip",
                "ProtocolVersion": "" });
            lab.ok("elbv2.CreateTargetGroup", group);
        }
        let container = json!([{ "name": "app", "image": "nginx", "memory": 64 }]);
        let definition =
            json!({ "family": "f", "taskRoleArn": "", "executionRoleArn": "", "containerDefinitions": container });
        let made = lab.ok("ecs.RegisterTaskDefinition", definition);
        assert_eq!(made["taskDefinition"].get("taskRoleArn"), None);
        lab.ok("ecs.CreateCluster", json!({ "clusterName": "c" }));
        let service =
            json!({ "cluster": "c", "serviceName": "s", "taskDefinition": "f", "desiredCount": 0, "role": "" });
        lab.ok("ecs.CreateService", service);
    }

    #[test]
    fn an_empty_text_clears_what_can_be_empty() {
        let lab = Lab::new();
        let put =
            |more: &str| json!({ "Name": "p", "Type": "String", "Value": "v", "Description": more, "Overwrite": true });
        lab.ok("ssm.PutParameter", put("of mine"));
        lab.ok("ssm.PutParameter", put(""));
        let read = lab.ok("ssm.DescribeParameters", json!({}));
        assert_eq!(read["Parameters"][0].get("Description").filter(|text| !text.is_null()), None);
    }

    #[test]
    fn what_the_model_rules_out_is_still_refused() {
        let lab = Lab::new();
        let empty = json!({ "logGroupName": "/g", "kmsKeyId": "", "logGroupClass": "" });
        lab.refuses("logs.CreateLogGroup", empty, "InvalidParameterException", "logGroupClass");
        let table = json!({ "TableName": "tab", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }] });
        lab.ok("dynamodb.CreateTable", table);
        lab.pass(60);
        let scan = json!({ "TableName": "tab", "FilterExpression": "" });
        lab.refuses("dynamodb.Scan", scan, "ValidationException", "expression can not be empty");
    }
}
