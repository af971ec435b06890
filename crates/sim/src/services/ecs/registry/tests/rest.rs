//! Tags, account settings, container instances.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fargate;
use crate::lab::Lab;

const INVALID: &str = "InvalidParameterException";

#[test]
fn tags_of_clusters_and_definitions_are_set_and_removed() {
    let lab = Lab::new();
    let cluster = lab.ok("ecs.CreateCluster", json!({}))["cluster"]["clusterArn"].clone();
    let reply = lab.ok("ecs.RegisterTaskDefinition", fargate(json!({})));
    let definition = reply["taskDefinition"]["taskDefinitionArn"].clone();
    for arn in [cluster, definition] {
        let tags = json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "" }]);
        lab.ok("ecs.TagResource", json!({ "resourceArn": arn, "tags": tags }));
        assert_eq!(lab.ok("ecs.ListTagsForResource", json!({ "resourceArn": arn }))["tags"], tags);
        lab.ok("ecs.UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a", "no"] }));
        let left = lab.ok("ecs.ListTagsForResource", json!({ "resourceArn": arn }));
        assert_eq!(left["tags"], json!([{ "key": "b", "value": "" }]));
    }
    let place = lab.place.clone();
    let tagged = lab.sim.with_world(|world| super::super::tagged(world, &place));
    assert_eq!(tagged.len(), 2);
}

#[test]
fn tags_of_nothing_and_bad_tags_are_refused() {
    let lab = Lab::new();
    let arn = |resource: &str| format!("arn:aws:ecs:us-east-1:123456789012:{resource}");
    for (resource, words) in [
        ("cluster/no", "The specified cluster does not exist. Specify a valid ARN and try again."),
        ("service/c/no", "The specified service does not exist. Specify a valid ARN and try again."),
        ("task-definition/no:1", "The specified task definition does not exist. Specify a valid ARN and try again."),
        ("service/no", "Long arn format must be used for tagging operations"),
    ] {
        lab.refuses("ecs.ListTagsForResource", json!({ "resourceArn": arn(resource) }), INVALID, words);
    }
    lab.refuses("ecs.ListTagsForResource", json!({ "resourceArn": "x" }), INVALID, "Invalid arn syntax.");
    lab.ok("ecs.CreateCluster", json!({}));
    let tag = |tags: Value| json!({ "resourceArn": arn("cluster/default"), "tags": tags });
    let many: Vec<Value> = (0..51).map(|it| json!({ "key": format!("k{it}"), "value": "" })).collect();
    lab.refuses("ecs.TagResource", tag(json!(many)), INVALID, "maximum number of tags");
    lab.refuses("ecs.TagResource", tag(json!([{ "key": "aws:x", "value": "" }])), INVALID, "'aws:'");
    let twice = json!([{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }]);
    lab.refuses("ecs.TagResource", tag(twice), INVALID, "Duplicate tag key");
    lab.ok("ecs.TagResource", tag(json!(many[..50])));
    lab.ok("ecs.TagResource", tag(json!([{ "key": "k0", "value": "other" }])));
}

#[test]
fn a_principals_setting_goes_before_the_accounts_and_that_before_the_usual() {
    let lab = Lab::new();
    let effective = || {
        let reply =
            lab.ok("ecs.ListAccountSettings", json!({ "name": "containerInsights", "effectiveSettings": true }));
        (reply["settings"][0]["value"].clone(), reply["settings"][0]["principalArn"].clone())
    };
    let root = json!("arn:aws:iam::123456789012:root");
    assert_eq!(effective(), (json!("disabled"), root.clone()));
    lab.ok("ecs.PutAccountSettingDefault", json!({ "name": "containerInsights", "value": "enabled" }));
    assert_eq!(effective(), (json!("enabled"), root));
    assert_eq!(lab.ok("ecs.ListAccountSettings", json!({}))["settings"], json!([]), "the principal has set nothing");
    let put = lab.ok("ecs.PutAccountSetting", json!({ "name": "containerInsights", "value": "enhanced" }));
    assert_eq!(put["setting"]["type"], "user");
    assert_eq!(effective(), (json!("enhanced"), put["setting"]["principalArn"].clone()));
    assert_eq!(lab.ok("ecs.ListAccountSettings", json!({}))["settings"], json!([put["setting"]]));
    lab.ok("ecs.DeleteAccountSetting", json!({ "name": "containerInsights" }));
    assert_eq!(effective().0, "enabled");
}

#[test]
fn every_setting_has_a_value() {
    let lab = Lab::new();
    let (mut found, mut token) = (BTreeMap::new(), Value::Null);
    loop {
        let page = lab.ok("ecs.ListAccountSettings", json!({ "effectiveSettings": true, "nextToken": token }));
        let page_size = page["settings"].as_array().unwrap().len();
        assert!(page_size <= 10);
        for setting in page["settings"].as_array().unwrap() {
            found.insert(setting["name"].as_str().unwrap().to_owned(), setting["value"].clone());
        }
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(found.len(), 11);
    assert_eq!(found["serviceLongArnFormat"], "enabled");
}

#[test]
fn bad_settings_are_refused() {
    let lab = Lab::new();
    let put = |name: &str, value: &str, part: &str| {
        lab.refuses("ecs.PutAccountSetting", json!({ "name": name, "value": value }), INVALID, part);
    };
    put("taskLongArnFormat", "ENABLED", "Invalid setting 'value'");
    put("taskLongArnFormat", "disabled", "You can no longer disable");
    put("no", "enabled", "Invalid setting 'name'");
}

#[test]
fn no_cluster_has_instances() {
    let lab = Lab::new();
    lab.refuses("ecs.ListContainerInstances", json!({}), "ClusterNotFoundException", "Cluster not found.");
    lab.ok("ecs.CreateCluster", json!({}));
    assert_eq!(lab.ok("ecs.ListContainerInstances", json!({}))["containerInstanceArns"], json!([]));
    let read = lab.ok("ecs.DescribeContainerInstances", json!({ "containerInstances": ["abc"] }));
    let arn = "arn:aws:ecs:us-east-1:123456789012:container-instance/default/abc";
    assert_eq!(read["failures"], json!([{ "arn": arn, "reason": "MISSING" }]));
    let none = json!({ "containerInstances": [] });
    lab.refuses("ecs.DescribeContainerInstances", none, INVALID, "cannot be empty");
    let attributes = |attribute: Value| json!({ "attributes": [attribute] });
    let good = attributes(json!({ "name": "stack", "value": "production", "targetId": arn }));
    lab.refuses("ecs.PutAttributes", good, "TargetNotFoundException", "not found");
    lab.refuses(
        "ecs.PutAttributes",
        attributes(json!({ "name": "a:b", "targetId": arn })),
        INVALID,
        "'a:b' is invalid",
    );
    let listed = lab.ok("ecs.ListAttributes", json!({ "targetType": "container-instance" }));
    assert_eq!(listed["attributes"], json!([]));
}

#[test]
fn missing_and_unknown_values_are_told_in_the_words_of_ecs() {
    let lab = Lab::new();
    for (operation, input, text) in [
        ("ecs.DescribeTaskDefinition", json!({}), "TaskDefinition can not be blank."),
        ("ecs.DescribeContainerInstances", json!({}), "Container instances cannot be empty."),
        ("ecs.ListTaskDefinitions", json!({ "sort": "UP" }), "sort should be one of [ASC,DESC]"),
        ("ecs.TagResource", json!({ "resourceArn": "x" }), "Tags can not be empty."),
    ] {
        let refusal = lab.refused(operation, input);
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), (INVALID, text));
    }
    let definition = fargate(json!({ "requiresCompatibilities": ["LAMBDA"] }));
    let text = "requiresCompatibilities should be one of [EC2,FARGATE,EXTERNAL,MANAGED_INSTANCES]";
    lab.refuses("ecs.RegisterTaskDefinition", definition, "ClientException", text);
}

#[test]
fn every_row_of_a_strategy_keeps_within_the_limits_of_the_model() {
    let lab = Lab::new();
    let strategy = json!([{ "capacityProvider": "FARGATE", "weight": 1001 }]);
    let cluster = json!({ "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": strategy });
    lab.refuses("ecs.CreateCluster", cluster, INVALID, "Invalid 'weight' setting.");
}
