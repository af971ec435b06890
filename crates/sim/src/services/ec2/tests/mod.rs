//! What EC2 is known to do, a test for each.

mod groups;
mod listing;
mod networks;
mod slow;

use serde_json::{Value, json};

use crate::lab::Lab;

/// The id of the default VPC.
fn default_vpc(lab: &Lab) -> String {
    text(&lab.ok("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"])
}

/// A VPC of one's own.
fn own_vpc(lab: &Lab) -> String {
    let vpc = text(&lab.ok("ec2.CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" }))["Vpc"]["VpcId"]);
    lab.pass(5);
    vpc
}

/// A security group.
fn group(lab: &Lab, name: &str, vpc: &str) -> String {
    let wanted = json!({ "GroupName": name, "Description": "for tests", "VpcId": vpc });
    text(&lab.ok("ec2.CreateSecurityGroup", wanted)["GroupId"])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
