//! Security groups and their rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{default_vpc, group, own_vpc, text};
use crate::lab::Lab;
use crate::services::ec2::{self, NewInterface};

fn tcp(port: u16, ranges: &[&str]) -> Value {
    let ranges: Vec<Value> = ranges.iter().map(|range| json!({ "CidrIp": range })).collect();
    json!([{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges }])
}

fn ingress(lab: &Lab, id: &str) -> Value {
    lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": [id] }))["SecurityGroups"][0]["IpPermissions"].clone()
}

#[test]
fn a_new_group_lets_everything_out_and_nothing_in() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    let made = lab.ok("ec2.CreateSecurityGroup", json!({ "GroupName": "web", "Description": "d", "VpcId": vpc }));
    let id = text(&made["GroupId"]);
    assert_eq!(made["SecurityGroupArn"], format!("arn:aws:ec2:us-east-1:123456789012:security-group/{id}"));
    assert!(made["Tags"].is_null());
    let read = lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": [id] }));
    let found = &read["SecurityGroups"][0];
    assert_eq!(found["IpPermissions"], json!([]));
    let open = json!([{
        "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }], "Ipv6Ranges": [], "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }]);
    assert_eq!(found["IpPermissionsEgress"], open);
    let rules =
        lab.ok("ec2.DescribeSecurityGroupRules", json!({ "Filters": [{ "Name": "group-id", "Values": [id] }] }));
    let rule = &rules["SecurityGroupRules"][0];
    assert_eq!((&rule["FromPort"], &rule["ToPort"], &rule["Tags"]), (&json!(-1), &json!(-1), &json!([])));
}

#[test]
fn the_default_group_admits_itself() {
    let lab = Lab::new();
    let read = lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupNames": ["default"] }));
    let found = &read["SecurityGroups"][0];
    assert_eq!(found["Description"], "default VPC security group");
    let pair = &found["IpPermissions"][0]["UserIdGroupPairs"];
    assert_eq!(*pair, json!([{ "GroupId": found["GroupId"], "UserId": "123456789012" }]));
    let id = &found["GroupId"];
    let says = format!("the specified group: \"{}\" name: \"default\" cannot be deleted by a user", text(id));
    lab.refuses("ec2.DeleteSecurityGroup", json!({ "GroupId": id }), "CannotDelete", &says);
}

#[test]
fn a_name_is_taken_once_in_a_vpc_whatever_its_case() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    group(&lab, "web", &vpc);
    let again = json!({ "GroupName": "WEB", "Description": "d", "VpcId": vpc });
    let says = format!("The security group 'WEB' already exists for VPC '{vpc}'");
    lab.refuses("ec2.CreateSecurityGroup", again, "InvalidGroup.Duplicate", &says);
    group(&lab, "web", &own_vpc(&lab));
}

#[test]
fn names_and_descriptions_have_their_letters() {
    let lab = Lab::new();
    let ask = |name: &str, description: &str| json!({ "GroupName": name, "Description": description });
    let invalid = "InvalidParameterValue";
    lab.refuses("ec2.CreateSecurityGroup", ask("sg-web", "d"), invalid, "Group names may not be in the format sg-*.");
    lab.refuses(
        "ec2.CreateSecurityGroup",
        ask("web", "für"),
        invalid,
        "Value (für) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.",
    );
    lab.refuses("ec2.CreateSecurityGroup", ask("web", "a<b"), invalid, "Invalid security group description.");
    lab.refuses("ec2.CreateSecurityGroup", ask("default", "d"), invalid, "reserved security group name");
    let text = "The request must contain the parameter GroupDescription";
    lab.refuses("ec2.CreateSecurityGroup", json!({ "GroupName": "web" }), "MissingParameter", text);
}

#[test]
fn rules_of_the_same_ports_are_merged_and_normalised() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let permissions = json!([
        { "IpProtocol": "6", "FromPort": 80, "ToPort": 80, "IpRanges": [{ "CidrIp": "10.0.0.5/8", "Description": "in" }] },
        { "IpProtocol": "TCP", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{ "CidrIpv6": "2001:0DB8:0:0::/32" }] },
    ]);
    let made = lab.ok("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": permissions }));
    assert_eq!(made["Return"], true);
    let rules = made["SecurityGroupRules"].as_array().expect("rules");
    assert_eq!(rules.len(), 2);
    assert!(rules.iter().all(|rule| rule["Tags"].is_null() && rule["IpProtocol"] == "tcp"));
    let merged = json!([{
        "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [], "PrefixListIds": [],
        "IpRanges": [{ "CidrIp": "10.0.0.0/8", "Description": "in" }], "Ipv6Ranges": [{ "CidrIpv6": "2001:db8::/32" }],
    }]);
    assert_eq!(ingress(&lab, &id), merged);
}

#[test]
fn ranges_keep_the_order_in_which_they_were_added() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let first = ["10.3.0.0/16", "10.1.0.0/16", "10.9.0.0/16", "10.2.0.0/16", "10.8.0.0/16"];
    let add = "ec2.AuthorizeSecurityGroupIngress";
    lab.ok(add, json!({ "GroupId": id, "IpPermissions": tcp(443, &first) }));
    lab.ok("ec2.RevokeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": tcp(443, &first[..1]) }));
    lab.ok(add, json!({ "GroupId": id, "IpPermissions": tcp(443, &["10.0.0.0/16", "10.3.0.0/16"]) }));
    let read = ingress(&lab, &id)[0]["IpRanges"].clone();
    let read: Vec<&str> = read.as_array().expect("a list").iter().filter_map(|it| it["CidrIp"].as_str()).collect();
    assert_eq!(read, ["10.1.0.0/16", "10.9.0.0/16", "10.2.0.0/16", "10.8.0.0/16", "10.0.0.0/16", "10.3.0.0/16"]);
}

#[test]
fn a_rule_exists_once() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let add = "ec2.AuthorizeSecurityGroupIngress";
    lab.ok(add, json!({ "GroupId": id, "IpPermissions": tcp(443, &["10.0.0.0/8"]) }));
    let both = json!({ "GroupId": id, "IpPermissions": tcp(443, &["10.9.9.9/8", "11.0.0.0/8"]) });
    let says = "the specified rule \"peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW\" already exists";
    lab.refuses(add, both, "InvalidPermission.Duplicate", says);
    assert_eq!(
        ingress(&lab, &id)[0]["IpRanges"].as_array().map(Vec::len),
        Some(1),
        "nothing of a refused request is done"
    );
    let out =
        json!({ "GroupId": id, "IpPermissions": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }] });
    let says = "the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists";
    lab.refuses("ec2.AuthorizeSecurityGroupEgress", out, "InvalidPermission.Duplicate", says);
    let twice = json!({ "GroupId": id, "IpPermissions": tcp(1, &["1.0.0.0/8", "1.2.3.4/8"]) });
    lab.refuses(add, twice, "InvalidParameterValue", "The same permission must not appear multiple times");
}

#[test]
fn impossible_rules_are_refused() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let add = "ec2.AuthorizeSecurityGroupIngress";
    let one = |protocol: &str, from: i64, to: i64, range: &str| {
        json!({ "GroupId": id, "IpPermissions": [{
            "IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": [{ "CidrIp": range }],
        }] })
    };
    let invalid = "InvalidParameterValue";
    lab.refuses(add, one("tcp", 90, 80, "10.0.0.0/8"), invalid, "Invalid TCP/UDP port range (90:80)");
    lab.refuses(add, one("tcp", 80, 80, "10.0.0.0"), invalid, "CIDR block 10.0.0.0 is malformed");
    lab.refuses(add, one("bogus", 80, 80, "10.0.0.0/8"), invalid, "Unknown protocol");
    lab.refuses(
        add,
        json!({ "GroupId": "sg-0123456789abcdef0", "IpPermissions": tcp(80, &["10.0.0.0/8"]) }),
        "InvalidGroup.NotFound",
        "The security group 'sg-0123456789abcdef0' does not exist",
    );
    let other = group(&lab, "other", &own_vpc(&lab));
    let foreign =
        json!({ "GroupId": id, "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": other }] }] });
    let says = "You have specified two resources that belong to different networks.";
    lab.refuses(add, foreign, "InvalidGroup.NotFound", says);
    let named = json!({ "GroupName": "nobody", "IpPermissions": tcp(80, &["10.0.0.0/8"]) });
    let says = format!("The security group 'nobody' does not exist in default VPC '{}'", default_vpc(&lab));
    lab.refuses(add, named, "InvalidGroup.NotFound", &says);
}

#[test]
fn sixty_rules_of_a_family_and_direction_fit() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let add = "ec2.AuthorizeSecurityGroupIngress";
    let ranges: Vec<String> = (0..60).map(|number| format!("10.{number}.0.0/16")).collect();
    let ranges: Vec<&str> = ranges.iter().map(String::as_str).collect();
    lab.ok(add, json!({ "GroupId": id, "IpPermissions": tcp(80, &ranges) }));
    let v6 = json!([{ "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{ "CidrIpv6": "::/0" }] }]);
    lab.ok(add, json!({ "GroupId": id, "IpPermissions": v6 }));
    let more = json!({ "GroupId": id, "IpPermissions": tcp(80, &["11.0.0.0/8"]) });
    let says = "The maximum number of rules per security group has been reached.";
    lab.refuses(add, more, "RulesPerSecurityGroupLimitExceeded", says);
}

#[test]
fn revoking_what_is_not_there_is_an_error_outside_the_default_vpc_only() {
    let lab = Lab::new();
    let revoke = "ec2.RevokeSecurityGroupIngress";
    let ask = |id: &str| json!({ "GroupId": id, "IpPermissions": tcp(80, &["10.0.0.0/8"]) });
    let there = group(&lab, "web", &default_vpc(&lab));
    let reply = lab.ok(revoke, ask(&there));
    assert_eq!(reply["UnknownIpPermissions"][0]["IpRanges"], json!([{ "CidrIp": "10.0.0.0/8" }]));
    let here = group(&lab, "web", &own_vpc(&lab));
    lab.refuses(
        revoke,
        ask(&here),
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    );
    lab.ok("ec2.AuthorizeSecurityGroupIngress", ask(&here));
    let reply = lab.ok(revoke, ask(&here));
    assert_eq!(reply["RevokedSecurityGroupRules"][0]["CidrIpv4"], "10.0.0.0/8");
    assert_eq!(ingress(&lab, &here), json!([]));
}

#[test]
fn rules_are_revoked_by_id() {
    let lab = Lab::new();
    let id = group(&lab, "web", &own_vpc(&lab));
    let made =
        lab.ok("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": tcp(80, &["1.0.0.0/8"]) }));
    let rule = text(&made["SecurityGroupRules"][0]["SecurityGroupRuleId"]);
    let unknown = json!({ "GroupId": id, "SecurityGroupRuleIds": ["sgr-0123456789abcdef0"] });
    let says = "The security group rule ID 'sgr-0123456789abcdef0' does not exist";
    lab.refuses("ec2.RevokeSecurityGroupIngress", unknown, "InvalidSecurityGroupRuleId.NotFound", says);
    lab.ok("ec2.RevokeSecurityGroupIngress", json!({ "GroupId": id, "SecurityGroupRuleIds": [rule] }));
    assert_eq!(ingress(&lab, &id), json!([]));
}

#[test]
fn a_rule_is_modified_in_place() {
    let lab = Lab::new();
    let id = group(&lab, "web", &own_vpc(&lab));
    let made =
        lab.ok("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": tcp(80, &["1.0.0.0/8"]) }));
    let rule = text(&made["SecurityGroupRules"][0]["SecurityGroupRuleId"]);
    let change = |rule_: Value| json!({ "GroupId": id, "SecurityGroupRules": [{ "SecurityGroupRuleId": rule, "SecurityGroupRule": rule_ }] });
    let modify = "ec2.ModifySecurityGroupRules";
    lab.refuses(
        modify,
        change(json!({ "CidrIpv4": "1.0.0.0/8" })),
        "InvalidParameterValue",
        "Invalid value 'null' for protocol.",
    );
    let half = json!({ "IpProtocol": "tcp", "FromPort": 80, "CidrIpv4": "1.0.0.0/8" });
    lab.refuses(modify, change(half), "InvalidParameterValue", "Must specify both from and to ports with TCP/UDP.");
    let nobody = json!({ "IpProtocol": "-1" });
    lab.refuses(
        modify,
        change(nobody),
        "MissingParameter",
        "exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
    );
    let two = json!({ "IpProtocol": "-1", "CidrIpv4": "1.0.0.0/8", "ReferencedGroupId": id });
    lab.refuses(modify, change(two), "InvalidParameterCombination", "Only one of cidrIp,");
    let good =
        json!({ "IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "CidrIpv4": "2.0.0.0/8", "Description": "new" });
    lab.ok(modify, change(good));
    let found = lab.ok("ec2.DescribeSecurityGroupRules", json!({ "SecurityGroupRuleIds": [rule] }));
    let found = &found["SecurityGroupRules"][0];
    assert_eq!(
        (&found["CidrIpv4"], &found["ToPort"], &found["Description"]),
        (&json!("2.0.0.0/8"), &json!(82), &json!("new"))
    );
}

#[test]
fn descriptions_change_without_the_rule() {
    let lab = Lab::new();
    let id = group(&lab, "web", &own_vpc(&lab));
    let mut wanted = tcp(80, &["1.0.0.0/8"]);
    let made = lab.ok("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": id, "IpPermissions": wanted }));
    let before = made["SecurityGroupRules"][0]["SecurityGroupRuleId"].clone();
    wanted[0]["IpRanges"][0]["Description"] = "office".into();
    lab.ok("ec2.UpdateSecurityGroupRuleDescriptionsIngress", json!({ "GroupId": id, "IpPermissions": wanted }));
    let found = lab.ok("ec2.DescribeSecurityGroupRules", json!({ "SecurityGroupRuleIds": [before] }));
    assert_eq!(found["SecurityGroupRules"][0]["Description"], "office");
    let absent = json!({ "GroupId": id, "IpPermissions": tcp(81, &["1.0.0.0/8"]) });
    lab.refuses(
        "ec2.UpdateSecurityGroupRuleDescriptionsIngress",
        absent,
        "InvalidPermission.NotFound",
        "does not exist",
    );
    let gone = json!({ "GroupId": id, "SecurityGroupRuleDescriptions": [{ "SecurityGroupRuleId": before }] });
    lab.ok("ec2.UpdateSecurityGroupRuleDescriptionsIngress", gone);
    let found = lab.ok("ec2.DescribeSecurityGroupRules", json!({ "SecurityGroupRuleIds": [before] }));
    assert!(found["SecurityGroupRules"][0]["Description"].is_null());
}

#[test]
fn a_group_that_a_rule_of_another_refers_to_cannot_be_deleted() {
    let lab = Lab::new();
    let vpc = own_vpc(&lab);
    let (a, b) = (group(&lab, "a", &vpc), group(&lab, "b", &vpc));
    let rule =
        json!({ "GroupId": b, "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": a }] }] });
    lab.ok("ec2.AuthorizeSecurityGroupIngress", rule.clone());
    let says = format!("resource {a} has a dependent object");
    lab.refuses("ec2.DeleteSecurityGroup", json!({ "GroupId": a }), "DependencyViolation", &says);
    let held = lab
        .ok("ec2.DescribeSecurityGroups", json!({ "Filters": [{ "Name": "ip-permission.group-id", "Values": [a] }] }));
    assert_eq!(held["SecurityGroups"][0]["GroupId"], b);
    lab.ok("ec2.RevokeSecurityGroupIngress", rule);
    assert_eq!(lab.ok("ec2.DeleteSecurityGroup", json!({ "GroupId": a }))["GroupId"], a);
    lab.refuses("ec2.DeleteSecurityGroup", json!({ "GroupId": a }), "InvalidGroup.NotFound", "does not exist");
}

#[test]
fn a_group_in_use_by_an_interface_cannot_be_deleted() {
    let lab = Lab::new();
    let id = group(&lab, "web", &default_vpc(&lab));
    let subnet = lab.subnets()[0].clone();
    let wanted = NewInterface {
        subnet: subnet.clone(),
        groups: vec![id.clone()],
        description: "ELB app/web/50dc6c495c0c9188".to_owned(),
        requester: "amazon-elb".to_owned(),
        public: true,
    };
    let got = lab.sim.with_world(|world| ec2::attach(world, &lab.place, wanted)).expect("an interface");
    lab.refuses("ec2.DeleteSecurityGroup", json!({ "GroupId": id }), "DependencyViolation", "has a dependent object");
    let read = lab.ok("ec2.DescribeNetworkInterfaces", json!({ "Filters": [{ "Name": "group-id", "Values": [id] }] }));
    let found = &read["NetworkInterfaces"][0];
    assert_eq!((&found["Status"], &found["RequesterId"]), (&json!("in-use"), &json!("amazon-elb")));
    assert_eq!(found["Association"]["IpOwnerId"], "amazon-elb");
    assert_eq!(found["PrivateDnsName"], got.private_dns);
    lab.refuses(
        "ec2.DeleteSubnet",
        json!({ "SubnetId": subnet }),
        "DependencyViolation",
        "has dependencies and cannot be deleted.",
    );
    lab.refuses(
        "ec2.DeleteNetworkInterface",
        json!({ "NetworkInterfaceId": got.id }),
        "InvalidParameterValue",
        "is currently in use.",
    );
    let attachment = &found["Attachment"]["AttachmentId"];
    let says = "You are not allowed to manage 'ela-attach' attachments.";
    lab.refuses("ec2.DetachNetworkInterface", json!({ "AttachmentId": attachment }), "OperationNotPermitted", says);
    lab.sim.with_world(|world| ec2::release(world, &lab.place, &got.id));
    lab.ok("ec2.DeleteSecurityGroup", json!({ "GroupId": id }));
}

#[test]
fn addresses_of_a_subnet_are_given_once_and_run_out() {
    let lab = Lab::new();
    let vpc = own_vpc(&lab);
    let made = lab.ok("ec2.CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/28" }));
    assert_eq!(made["Subnet"]["AvailableIpAddressCount"], 11);
    let subnet = text(&made["Subnet"]["SubnetId"]);
    let create = || lab.ask("ec2.CreateNetworkInterface", json!({ "SubnetId": subnet }));
    let addresses: BTreeSet<String> =
        (0..11).map(|_| text(&create().expect("room")["NetworkInterface"]["PrivateIpAddress"])).collect();
    assert_eq!(addresses.len(), 11);
    assert!(addresses.contains("10.0.1.4") && addresses.contains("10.0.1.14"));
    assert_eq!(create().expect_err("full").code, "InsufficientFreeAddressesInSubnet");
}
