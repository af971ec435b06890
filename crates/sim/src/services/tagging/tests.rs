//! What the tagging API promises. Log groups and policies stand for all that can carry tags.

use serde_json::{Value, json};

use crate::lab::Lab;

const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

fn arn(name: &str) -> String {
    format!("arn:aws:logs:us-east-1:123456789012:log-group:{name}")
}

fn groups(lab: &Lab, count: usize) {
    for number in 0..count {
        let tags = json!({ "team": if number % 2 == 0 { "a" } else { "b" }, "number": number.to_string() });
        lab.ok("logs.CreateLogGroup", json!({ "logGroupName": format!("g{number:03}"), "tags": tags }));
    }
}

fn found(lab: &Lab, input: Value) -> usize {
    lab.ok("resourcegroupstaggingapi.GetResources", input)["ResourceTagMappingList"].as_array().map_or(0, Vec::len)
}

#[test]
fn the_last_page_has_an_empty_token() {
    let lab = Lab::new();
    groups(&lab, 3);
    let get = |input| lab.ok("resourcegroupstaggingapi.GetResources", input);
    let first = get(json!({ "ResourcesPerPage": 2 }));
    assert_ne!(first["PaginationToken"], "");
    let last = get(json!({ "ResourcesPerPage": 2, "PaginationToken": first["PaginationToken"] }));
    assert_eq!(last["PaginationToken"], "");
    assert_eq!(last["ResourceTagMappingList"][0]["ResourceARN"], arn("g002"));
    assert!(last["ResourceTagMappingList"][0]["ComplianceDetails"].is_null());
}

#[test]
fn filters_are_all_to_be_met_and_one_of_their_values() {
    let lab = Lab::new();
    groups(&lab, 4);
    lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "bare" }));
    assert_eq!(found(&lab, json!({})), 4);
    let team = |values: &[&str]| json!({ "Key": "team", "Values": values });
    assert_eq!(found(&lab, json!({ "TagFilters": [team(&["a"])] })), 2);
    assert_eq!(found(&lab, json!({ "TagFilters": [team(&["a", "b"])] })), 4);
    assert_eq!(found(&lab, json!({ "TagFilters": [team(&[])] })), 4);
    assert_eq!(found(&lab, json!({ "TagFilters": [team(&["a"]), { "Key": "number", "Values": ["2", "3"] }] })), 1);
    assert_eq!(found(&lab, json!({ "ResourceTypeFilters": ["logs:log-group"] })), 4);
    assert_eq!(found(&lab, json!({ "ResourceTypeFilters": ["ecs", "logs:other"] })), 0);
    assert_eq!(found(&lab, json!({ "ResourceARNList": [arn("g001"), arn("none")] })), 1);
    let both = json!({ "ResourceARNList": [arn("g001")], "TagFilters": [team(&["a"])] });
    lab.refuses("resourcegroupstaggingapi.GetResources", both, "InvalidParameterException", "ResourceARNList");
}

#[test]
fn what_belongs_to_no_region_shows_in_one_only() {
    let lab = Lab::new();
    let input = json!({ "PolicyName": "p", "PolicyDocument": ALLOW, "Tags": [{ "Key": "a", "Value": "1" }] });
    lab.ok("iam.CreatePolicy", input);
    assert_eq!(found(&lab, json!({ "ResourceTypeFilters": ["iam:policy"] })), 1);
    assert_eq!(found(&lab.in_region("eu-west-1"), json!({})), 0);
}

#[test]
fn tags_are_written_where_they_can_be_and_failures_told() {
    let lab = Lab::new();
    groups(&lab, 1);
    let input = json!({ "ResourceARNList": [arn("g000"), arn("none")], "Tags": { "new": "1" } });
    let reply = lab.ok("resourcegroupstaggingapi.TagResources", input);
    let failed = reply["FailedResourcesMap"].as_object().unwrap();
    assert_eq!(failed.keys().collect::<Vec<_>>(), [&arn("none")]);
    assert_eq!(failed[&arn("none")]["ErrorCode"], "InvalidParameterException");
    let keys = lab.ok("resourcegroupstaggingapi.GetTagKeys", json!({}));
    assert_eq!(keys, json!({ "PaginationToken": "", "TagKeys": ["new", "number", "team"] }));
    let remove = json!({ "ResourceARNList": [arn("g000")], "TagKeys": ["team"] });
    let reply = lab.ok("resourcegroupstaggingapi.UntagResources", remove);
    assert_eq!(reply["FailedResourcesMap"], json!({}));
    let values = lab.ok("resourcegroupstaggingapi.GetTagValues", json!({ "Key": "team" }));
    assert_eq!(values["TagValues"], json!([]));
    let many: Vec<String> = (0..21).map(|number| arn(&number.to_string())).collect();
    let input = json!({ "ResourceARNList": many, "Tags": { "a": "b" } });
    lab.refuses(
        "resourcegroupstaggingapi.TagResources",
        input,
        "InvalidParameterException",
        "less than or equal to 20",
    );
}
