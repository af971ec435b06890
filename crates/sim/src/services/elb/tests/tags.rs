//! Tags of all kinds of resources, and their limits.

use serde_json::{Value, json};

use super::{balancer, group, listener, rule};
use crate::lab::Lab;

fn everything(lab: &Lab) -> Vec<String> {
    let (web, target) = (balancer(lab, "web"), group(lab, "a"));
    let front = listener(lab, &web, 80, &target);
    let rule = rule(lab, &front, 1);
    vec![web, target, front, rule]
}

#[test]
fn every_kind_carries_tags() {
    let lab = Lab::new();
    let all = everything(&lab);
    for arn in &all {
        let tags = json!([{ "Key": "b", "Value": "2" }, { "Key": "a", "Value": "1" }]);
        lab.ok("elbv2.AddTags", json!({ "ResourceArns": [arn], "Tags": tags }));
        lab.ok("elbv2.RemoveTags", json!({ "ResourceArns": [arn], "TagKeys": ["b", "other"] }));
    }
    let read = lab.ok("elbv2.DescribeTags", json!({ "ResourceArns": all }));
    for (arn, one) in all.iter().zip(read["TagDescriptions"].as_array().expect("descriptions")) {
        assert_eq!(*one, json!({ "ResourceArn": arn, "Tags": [{ "Key": "a", "Value": "1" }] }));
    }
    let place = lab.place.clone();
    assert_eq!(lab.sim.with_world(|world| crate::services::tagging::tagged(world, &place)).len(), 4);
}

#[test]
fn one_resource_is_tagged_and_twenty_are_described_at_a_time() {
    let lab = Lab::new();
    let all = everything(&lab);
    lab.refuses(
        "elbv2.AddTags",
        json!({ "ResourceArns": all[..2], "Tags": [{ "Key": "a", "Value": "1" }] }),
        "ValidationError",
        "Only one resource can be tagged at a time",
    );
    let many = vec![all[0].clone(); 21];
    let part = "Cannot have more than 20 resources described";
    lab.refuses("elbv2.DescribeTags", json!({ "ResourceArns": many }), "ValidationError", part);
}

#[test]
fn tags_are_checked() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let many: Vec<Value> = (0..51).map(|number| json!({ "Key": format!("k{number}"), "Value": "" })).collect();
    let part = "The maximum number of tags on the resource has been exceeded";
    lab.refuses("elbv2.AddTags", json!({ "ResourceArns": [arn], "Tags": many }), "TooManyTags", part);
    let twice = json!([{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }]);
    lab.refuses("elbv2.AddTags", json!({ "ResourceArns": [arn], "Tags": twice }), "DuplicateTagKeys", "a");
    let gone = arn.replace("/web/", "/other/");
    let part = format!("Load balancer '{gone}' not found");
    lab.refuses("elbv2.DescribeTags", json!({ "ResourceArns": [gone] }), "LoadBalancerNotFound", &part);
}

#[test]
fn another_regions_resources_are_not_found() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let other = lab.in_region("eu-west-1");
    let part = format!("Load balancer '{arn}' not found");
    let input = json!({ "LoadBalancerArn": arn });
    other.refuses("elbv2.DescribeLoadBalancerAttributes", input, "LoadBalancerNotFound", &part);
    let part = format!("'{arn}' must be in ARN format");
    other.refuses("elbv2.DescribeTags", json!({ "ResourceArns": [arn] }), "ValidationError", &part);
}
