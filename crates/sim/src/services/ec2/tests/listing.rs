//! Filters, pages, ids, tags and dry runs: what all lists have in common.

use serde_json::{Value, json};

use super::{default_vpc, group, text};
use crate::lab::Lab;
use crate::services::ec2::describe::like;

fn names(reply: &Value) -> Vec<String> {
    let list = reply["SecurityGroups"].as_array().expect("groups");
    let mut names: Vec<String> = list.iter().map(|group| text(&group["GroupName"])).collect();
    names.sort();
    names
}

#[test]
fn patterns_have_stars_and_question_marks() {
    for (pattern, text_, fits) in [
        ("web", "web", true),
        ("web", "Web", false),
        ("w*", "web", true),
        ("*", "", true),
        ("w?b", "web", true),
        ("w?b", "weeb", false),
        ("*-a*b", "x-aab", true),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("", "x", false),
    ] {
        assert_eq!(like(pattern, text_), fits, "{pattern} {text_}");
    }
}

#[test]
fn filters_are_joined_and_their_values_alternatives() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    let (web, _) = (group(&lab, "web-a", &vpc), group(&lab, "web-b", &vpc));
    lab.ok("ec2.CreateTags", json!({ "Resources": [web], "Tags": [{ "Key": "stack", "Value": "shop" }] }));
    let find = |filters: Value| names(&lab.ok("ec2.DescribeSecurityGroups", json!({ "Filters": filters })));
    assert_eq!(find(json!([{ "Name": "group-name", "Values": ["web-*"] }])), ["web-a", "web-b"]);
    assert_eq!(find(json!([{ "Name": "group-name", "Values": ["web-b", "default"] }])), ["default", "web-b"]);
    let both = json!([{ "Name": "group-name", "Values": ["web-*"] }, { "Name": "tag:stack", "Values": ["sh?p"] }]);
    assert_eq!(find(both), ["web-a"]);
    assert_eq!(find(json!([{ "Name": "tag-key", "Values": ["stack"] }])), ["web-a"]);
    assert_eq!(find(json!([{ "Name": "vpc-id", "Values": ["vpc-0123456789abcdef0"] }])), Vec::<String>::new());
    let unknown = json!({ "Filters": [{ "Name": "colour", "Values": ["red"] }] });
    lab.refuses("ec2.DescribeSecurityGroups", unknown, "InvalidParameterValue", "The filter 'colour' is invalid");
}

#[test]
fn pages_cover_everything_once() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    for number in 0..11 {
        group(&lab, &format!("g{number}"), &vpc);
    }
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let page = lab.ok("ec2.DescribeSecurityGroups", json!({ "MaxResults": 5, "NextToken": token }));
        seen.extend(names(&page));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12);
    lab.refuses("ec2.DescribeSecurityGroups", json!({ "MaxResults": 4 }), "InvalidParameterValue", "maxResults");
    let ids = json!({ "MaxResults": 5, "GroupIds": ["sg-0123456789abcdef0"] });
    lab.refuses(
        "ec2.DescribeSecurityGroups",
        ids,
        "InvalidParameterCombination",
        "GroupIds cannot be used with the parameter MaxResults",
    );
    lab.refuses("ec2.DescribeSecurityGroups", json!({ "NextToken": "x" }), "InvalidParameterValue", "token");
}

#[test]
fn a_malformed_id_is_not_an_unknown_one() {
    let lab = Lab::new();
    let unknown = json!({ "GroupIds": ["sg-0123456789abcdef0"] });
    lab.refuses(
        "ec2.DescribeSecurityGroups",
        unknown,
        "InvalidGroup.NotFound",
        "'sg-0123456789abcdef0' does not exist",
    );
    lab.refuses("ec2.DescribeSecurityGroups", json!({ "GroupIds": ["web"] }), "InvalidGroupId.Malformed", "web");
    let says = "The vpc ID 'vpc-012345678' is malformed";
    lab.refuses("ec2.DescribeVpcs", json!({ "VpcIds": ["vpc-012345678"] }), "InvalidVpcId.Malformed", says);
    let says = "Invalid id: \"web\" (expecting \"vpc-...\")";
    lab.refuses("ec2.DescribeVpcs", json!({ "VpcIds": ["web"] }), "InvalidVpcId.Malformed", says);
    let rules = |id: &str| json!({ "Filters": [{ "Name": "group-id", "Values": [id] }] });
    let none = lab.ok("ec2.DescribeSecurityGroupRules", rules("sg-0123456789abcdef0"));
    assert_eq!(none["SecurityGroupRules"], json!([]));
    let says = "The security group ID 'web' is malformed";
    lab.refuses("ec2.DescribeSecurityGroupRules", rules("web"), "InvalidGroupId.Malformed", says);
    let says = "The subnet ID 'subnet-12345678' does not exist";
    lab.refuses("ec2.DescribeSubnets", json!({ "SubnetIds": ["subnet-12345678"] }), "InvalidSubnetID.NotFound", says);
    let says = "The networkInterface ID 'eni-12345678' does not exist";
    let ask = json!({ "NetworkInterfaceIds": ["eni-12345678"] });
    lab.refuses("ec2.DescribeNetworkInterfaces", ask, "InvalidNetworkInterfaceID.NotFound", says);
}

#[test]
fn a_dry_run_changes_nothing() {
    let lab = Lab::new();
    let wanted = json!({ "GroupName": "web", "Description": "d", "DryRun": true });
    let refusal = lab.refused("ec2.CreateSecurityGroup", wanted);
    assert_eq!((refusal.code.as_str(), refusal.status), ("DryRunOperation", Some(412)));
    assert_eq!(names(&lab.ok("ec2.DescribeSecurityGroups", json!({}))), ["default"]);
    let bad = json!({ "GroupName": "sg-web", "Description": "d", "DryRun": true });
    lab.refuses("ec2.CreateSecurityGroup", bad, "InvalidParameterValue", "sg-*");
}

#[test]
fn tags_come_with_the_request_and_later() {
    let lab = Lab::new();
    let tags = json!([{ "ResourceType": "security-group", "Tags": [{ "Key": "b", "Value": "2" }, { "Key": "a", "Value": "" }] }]);
    let made =
        lab.ok("ec2.CreateSecurityGroup", json!({ "GroupName": "web", "Description": "d", "TagSpecifications": tags }));
    let id = text(&made["GroupId"]);
    assert_eq!(made["Tags"], json!([{ "Key": "a", "Value": "" }, { "Key": "b", "Value": "2" }]));
    lab.ok(
        "ec2.CreateTags",
        json!({ "Resources": [id], "Tags": [{ "Key": "b", "Value": "3" }, { "Key": "c", "Value": "4" }] }),
    );
    let listed = |filters: Value| lab.ok("ec2.DescribeTags", json!({ "Filters": filters }))["Tags"].clone();
    let mine = json!([{ "Name": "resource-id", "Values": [id] }]);
    let first = json!({ "Key": "a", "Value": "", "ResourceId": id, "ResourceType": "security-group" });
    assert_eq!(listed(mine.clone())[0], first);
    assert_eq!(listed(json!([{ "Name": "tag:b", "Values": ["3"] }])).as_array().map(Vec::len), Some(1));
    // A wrong value keeps the tag, no value takes it, and no tags at all take all.
    lab.ok("ec2.DeleteTags", json!({ "Resources": [id], "Tags": [{ "Key": "b", "Value": "9" }, { "Key": "a" }] }));
    assert_eq!(listed(mine.clone()).as_array().map(Vec::len), Some(2));
    lab.ok("ec2.DeleteTags", json!({ "Resources": [id] }));
    assert_eq!(listed(mine), json!([]));
}

#[test]
fn tags_have_limits() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    let tag = |key: &str| json!({ "Resources": [vpc], "Tags": [{ "Key": key, "Value": "v" }] });
    lab.refuses("ec2.CreateTags", tag("aws:mine"), "InvalidParameterValue", "reserved for internal use");
    lab.refuses("ec2.CreateTags", tag(&"k".repeat(129)), "InvalidParameterValue", "128");
    let tags: Vec<Value> = (0..51).map(|number| json!({ "Key": format!("k{number}"), "Value": "" })).collect();
    lab.refuses(
        "ec2.CreateTags",
        json!({ "Resources": [vpc], "Tags": tags }),
        "TagLimitExceeded",
        "maximum number of Tags",
    );
    let bad = json!({ "Resources": ["nonsense"], "Tags": [{ "Key": "a", "Value": "b" }] });
    lab.refuses("ec2.CreateTags", bad, "InvalidID", "The ID 'nonsense' is not valid");
    let wrong = json!({ "CidrBlock": "10.0.0.0/16", "TagSpecifications": [{ "ResourceType": "subnet", "Tags": [] }] });
    lab.refuses("ec2.CreateVpc", wrong, "InvalidParameterValue", "'subnet' is not a valid taggable resource type");
}

#[test]
fn there_are_no_instances_but_their_filters_are_known() {
    let lab = Lab::new();
    let ask = |name: &str| json!({ "Filters": [{ "Name": name, "Values": ["x"] }] });
    assert_eq!(lab.ok("ec2.DescribeInstances", ask("network-interface.addresses.primary"))["Reservations"], json!([]));
    lab.refuses("ec2.DescribeInstances", ask("colour"), "InvalidParameterValue", "The filter 'colour' is invalid");
    let unknown = json!({ "InstanceIds": ["i-0123456789abcdef0"] });
    let says = "The instance ID 'i-0123456789abcdef0' does not exist";
    lab.refuses("ec2.DescribeInstances", unknown, "InvalidInstanceID.NotFound", says);
    let two = json!({ "InstanceIds": ["i-0123456789abcdef0", "i-0123456789abcdef1"] });
    let says = "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist";
    lab.refuses("ec2.DescribeInstances", two, "InvalidInstanceID.NotFound", says);
}

#[test]
fn there_are_no_images_and_each_way_to_miss_one_has_its_words() {
    let lab = Lab::new();
    assert_eq!(lab.ok("ec2.DescribeImages", json!({ "Owners": ["self"] }))["Images"], json!([]));
    let ask = |ids: &[&str]| lab.refused("ec2.DescribeImages", json!({ "ImageIds": ids }));
    let (one, two) = ("ami-0123456789abcdef0", "ami-0123456789abcdef1");
    assert_eq!(ask(&[one]).message, format!("The image id '[{one}]' does not exist"));
    let both = ask(&[one, two]);
    assert_eq!(
        (both.code.as_str(), both.message),
        ("InvalidAMIID.NotFound", format!("The image ids '[{one}, {two}]' do not exist"))
    );
    let bad = ask(&["nonsense"]);
    assert_eq!(
        (bad.code.as_str(), bad.message.as_str()),
        ("InvalidAMIID.Malformed", r#"Invalid id: "nonsense" (expecting "ami-...")"#)
    );
}
