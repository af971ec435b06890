//! Which letters tags and descriptions may have: what AWS's models rule out is refused, service by service, and EC2 takes anything.

use serde_json::{Value, json};

use crate::lab::Lab;

const LETTERS: &str = "letters, spaces and _.:/=+-@ and no others: \u{e4} is one, but not this % one";

/// What makes something with tags: the operation, its input without them, the name of the list, and of keys and values.
fn makers(lab: &Lab) -> Vec<(&'static str, Value, &'static str, (&'static str, &'static str))> {
    let vpc = lab.ok("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
    let (large, small) = (("Key", "Value"), ("key", "value"));
    let group = json!({ "Name": "g", "Protocol": "HTTP", "Port": 80, "VpcId": vpc });
    let container = json!([{ "name": "app", "image": "nginx", "memory": 64 }]);
    let role = json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust.to_string() });
    vec![
        ("elbv2.CreateTargetGroup", group, "Tags", large),
        ("iam.CreateRole", role, "Tags", large),
        ("ecs.CreateCluster", json!({ "clusterName": "c" }), "tags", small),
        ("ecs.RegisterTaskDefinition", json!({ "family": "f", "containerDefinitions": container }), "tags", small),
        ("acm.RequestCertificate", json!({ "DomainName": "a.example" }), "Tags", large),
        ("ssm.PutParameter", json!({ "Name": "p", "Type": "String", "Value": "v" }), "Tags", large),
        (
            "rds.CreateDBParameterGroup",
            json!({ "DBParameterGroupName": "g", "DBParameterGroupFamily": "postgres16", "Description": "d" }),
            "Tags",
            large,
        ),
    ]
}

fn tagged(input: &Value, list: &str, (key, value): (&str, &str), tag: (&str, &str)) -> Value {
    let mut input = input.clone();
    input[list] = json!([{ key: tag.0, value: tag.1 }]);
    input
}

#[test]
fn tags_have_the_letters_that_the_models_allow_and_may_be_empty() {
    let lab = Lab::new();
    for (operation, input, list, names) in makers(&lab) {
        for tag in [("100%", "x"), ("k", LETTERS), ("a,b", ""), ("aws:mine", "x")] {
            lab.refused(operation, tagged(&input, list, names, tag));
        }
        lab.ok(operation, tagged(&input, list, names, ("Team \u{c4}/a_b.c:d=e+f-g@h", "")));
    }
    let tags = json!({ "logGroupName": "/g", "tags": { "a%": "b" } });
    lab.refused("logs.CreateLogGroup", tags);
    lab.ok("logs.CreateLogGroup", json!({ "logGroupName": "/g", "tags": { "a": "" } }));
    let any = json!([{ "ResourceType": "security-group", "Tags": [{ "Key": "100%", "Value": LETTERS }] }]);
    lab.ok("ec2.CreateSecurityGroup", json!({ "GroupName": "g", "Description": "d", "TagSpecifications": any }));
}

#[test]
fn the_description_of_a_role_is_latin() {
    let lab = Lab::new();
    let (_, input, ..) = makers(&lab).swap_remove(1);
    let described = |text: &str| {
        let mut input = input.clone();
        input["Description"] = text.into();
        input
    };
    for text in ["\u{2014} a dash", "\u{65e5}\u{672c}", "\u{7f}", "\u{20ac}"] {
        lab.refuses("iam.CreateRole", described(text), "ValidationError", "'description'");
    }
    lab.ok("iam.CreateRole", described("caf\u{e9}, 100%\n\u{ff}"));
}
