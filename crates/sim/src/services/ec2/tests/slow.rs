//! What takes time: NAT gateways, VPC endpoints, prefix lists.

use serde_json::{Value, json};

use super::{default_vpc, text};
use crate::lab::Lab;

fn state(lab: &Lab, id: &str) -> Value {
    lab.ok("ec2.DescribeNatGateways", json!({ "NatGatewayIds": [id] }))["NatGateways"][0]["State"].clone()
}

#[test]
fn a_nat_gateway_takes_minutes_and_holds_its_address() {
    let lab = Lab::new();
    let subnet = lab.subnets()[0].clone();
    lab.refuses("ec2.CreateNatGateway", json!({ "SubnetId": subnet }), "MissingParameter", "AllocationId");
    let address = lab.ok("ec2.AllocateAddress", json!({ "Domain": "vpc" }));
    let allocation = &address["AllocationId"];
    let made = lab.ok("ec2.CreateNatGateway", json!({ "SubnetId": subnet, "AllocationId": allocation }));
    let id = text(&made["NatGateway"]["NatGatewayId"]);
    assert_eq!(made["NatGateway"]["State"], "pending");
    assert_eq!(made["NatGateway"]["NatGatewayAddresses"][0]["PublicIp"], address["PublicIp"]);
    lab.pass(200);
    assert_eq!(state(&lab, &id), "available");
    lab.refuses("ec2.ReleaseAddress", json!({ "AllocationId": allocation }), "InvalidIPAddress.InUse", "in use");
    let gateway = lab.ok("ec2.DescribeInternetGateways", json!({}))["InternetGateways"][0]["InternetGatewayId"].clone();
    let both = json!({ "InternetGatewayId": gateway, "VpcId": default_vpc(&lab) });
    let says =
        "has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.";
    lab.refuses("ec2.DetachInternetGateway", both, "DependencyViolation", says);
    lab.ok("ec2.DeleteNatGateway", json!({ "NatGatewayId": id }));
    assert_eq!(state(&lab, &id), "deleting");
    lab.pass(60);
    assert_eq!(state(&lab, &id), "deleted");
    lab.ok("ec2.ReleaseAddress", json!({ "AllocationId": allocation }));
    lab.ok("ec2.DeleteSubnet", json!({ "SubnetId": subnet }));
    lab.pass(3700);
    let says = format!("NAT gateway {id} was not found");
    lab.refuses("ec2.DescribeNatGateways", json!({ "NatGatewayIds": [id] }), "NatGatewayNotFound", &says);
}

#[test]
fn an_interface_endpoint_comes_up_and_goes_with_its_interfaces() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let wanted = json!({
        "VpcId": default_vpc(&lab), "ServiceName": "com.amazonaws.us-east-1.ecr.api", "VpcEndpointType": "Interface",
        "SubnetIds": subnets,
    });
    let made = lab.ok("ec2.CreateVpcEndpoint", wanted)["VpcEndpoint"].clone();
    assert_eq!((&made["State"], &made["Groups"][0]["GroupName"]), (&json!("pending"), &json!("default")));
    assert_eq!(made["NetworkInterfaceIds"].as_array().map(Vec::len), Some(3));
    let read = || lab.ok("ec2.DescribeVpcEndpoints", json!({}))["VpcEndpoints"].clone();
    lab.pass(120);
    assert_eq!(read()[0]["State"], "available");
    let reply = lab.ok("ec2.DeleteVpcEndpoints", json!({ "VpcEndpointIds": [made["VpcEndpointId"], "vpce-12345678"] }));
    assert_eq!(reply["Unsuccessful"][0]["Error"]["Code"], "InvalidVpcEndpointId.NotFound");
    assert_eq!(read()[0]["State"], "deleting");
    lab.pass(60);
    assert_eq!(read(), json!([]));
    assert_eq!(lab.ok("ec2.DescribeNetworkInterfaces", json!({}))["NetworkInterfaces"], json!([]));
}

#[test]
fn a_gateway_endpoint_puts_its_route() {
    let lab = Lab::new();
    let table = lab.ok("ec2.DescribeRouteTables", json!({}))["RouteTables"][0]["RouteTableId"].clone();
    let wanted = json!({
        "VpcId": default_vpc(&lab), "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
    });
    let made = lab.ok("ec2.CreateVpcEndpoint", wanted.clone())["VpcEndpoint"].clone();
    assert_eq!(made["State"], "available");
    let routes = lab.ok("ec2.DescribeRouteTables", json!({}))["RouteTables"][0]["Routes"].clone();
    assert_eq!(routes[2]["GatewayId"], made["VpcEndpointId"]);
    lab.refuses("ec2.CreateVpcEndpoint", wanted, "RouteAlreadyExists", "already has a route");
}

#[test]
fn a_prefix_list_has_versions() {
    let lab = Lab::new();
    let wanted = json!({
        "PrefixListName": "offices", "AddressFamily": "IPv4", "MaxEntries": 2,
        "Entries": [{ "Cidr": "10.0.0.0/8", "Description": "one" }],
    });
    let made = lab.ok("ec2.CreateManagedPrefixList", wanted)["PrefixList"].clone();
    assert_eq!((&made["State"], &made["Version"]), (&json!("create-in-progress"), &json!(1)));
    lab.pass(10);
    let id = &made["PrefixListId"];
    let add = |version: u8, range: &str| json!({ "PrefixListId": id, "CurrentVersion": version, "AddEntries": [{ "Cidr": range }] });
    lab.refuses("ec2.ModifyManagedPrefixList", add(7, "11.0.0.0/8"), "PrefixListVersionMismatch", "7");
    assert_eq!(lab.ok("ec2.ModifyManagedPrefixList", add(1, "11.0.0.0/8"))["PrefixList"]["Version"], 2);
    lab.pass(10);
    lab.refuses(
        "ec2.ModifyManagedPrefixList",
        add(2, "12.0.0.0/8"),
        "InvalidParameterValue",
        "maximum number of entries",
    );
    let old = lab.ok("ec2.GetManagedPrefixListEntries", json!({ "PrefixListId": id, "TargetVersion": 1 }));
    assert_eq!(old["Entries"], json!([{ "Cidr": "10.0.0.0/8", "Description": "one" }]));
    lab.ok("ec2.DeleteManagedPrefixList", json!({ "PrefixListId": id }));
    lab.pass(10);
    lab.refuses(
        "ec2.GetManagedPrefixListEntries",
        json!({ "PrefixListId": id }),
        "InvalidPrefixListID.NotFound",
        "does not exist",
    );
}

#[test]
fn a_gateway_deleted_while_pending_does_not_come_back() {
    let lab = Lab::new();
    let allocation = lab.ok("ec2.AllocateAddress", json!({}))["AllocationId"].clone();
    let wanted = json!({ "SubnetId": lab.subnets()[0], "AllocationId": allocation });
    let id = text(&lab.ok("ec2.CreateNatGateway", wanted)["NatGateway"]["NatGatewayId"]);
    lab.ok("ec2.DeleteNatGateway", json!({ "NatGatewayId": id }));
    lab.pass(300);
    assert_eq!(state(&lab, &id), "deleted");
}

#[test]
fn the_tagging_api_sees_and_changes_tags() {
    let lab = Lab::new();
    let vpc = default_vpc(&lab);
    lab.ok("ec2.CreateTags", json!({ "Resources": [vpc], "Tags": [{ "Key": "a", "Value": "1" }] }));
    let arn = format!("arn:aws:ec2:us-east-1:123456789012:vpc/{vpc}");
    let all = lab.sim.with_world(|world| crate::services::tagging::tagged(world, &lab.place));
    assert_eq!(all.iter().map(|tagged| tagged.arn.as_str()).collect::<Vec<_>>(), [arn.as_str()]);
    let set = crate::tags::Tags::from([("b".to_owned(), "2".to_owned())]);
    let done =
        lab.sim.with_world(|world| crate::services::tagging::retag(world, &lab.place, &arn, &set, &["a".to_owned()]));
    assert!(done);
    let read = lab.ok("ec2.DescribeVpcs", json!({ "VpcIds": [vpc] }));
    assert_eq!(read["Vpcs"][0]["Tags"], json!([{ "Key": "b", "Value": "2" }]));
    let unknown = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-0123456789abcdef0";
    assert!(!lab.sim.with_world(|world| crate::services::tagging::retag(world, &lab.place, unknown, &set, &[])));
}

#[test]
fn an_endpoint_is_of_a_service_that_there_is() {
    let lab = Lab::new();
    for kind in ["Gateway", "Interface"] {
        let service = "com.amazonaws.us-east-1.nothing";
        let asked = json!({ "VpcId": default_vpc(&lab), "ServiceName": service, "VpcEndpointType": kind });
        let text = format!("The Vpc Endpoint Service '{service}' does not exist");
        lab.refuses("ec2.CreateVpcEndpoint", asked, "InvalidServiceName", &text);
    }
}

#[test]
fn a_client_token_makes_one_thing_and_is_for_one_request() {
    let lab = Lab::new();
    let asked = |description: &str| {
        json!({
            "SubnetId": lab.subnets()[0], "Description": description, "ClientToken": "once",
        })
    };
    let made = lab.ok("ec2.CreateNetworkInterface", asked("a"))["NetworkInterface"]["NetworkInterfaceId"].clone();
    let again = lab.ok("ec2.CreateNetworkInterface", asked("a"));
    assert_eq!(again["NetworkInterface"]["NetworkInterfaceId"], made);
    let text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
    lab.refuses("ec2.CreateNetworkInterface", asked("b"), "IdempotentParameterMismatch", text);
    let endpoint = json!({
        "VpcId": default_vpc(&lab), "ServiceName": "com.amazonaws.us-east-1.s3", "ClientToken": "once",
    });
    let made = lab.ok("ec2.CreateVpcEndpoint", endpoint.clone())["VpcEndpoint"]["VpcEndpointId"].clone();
    assert_eq!(lab.ok("ec2.CreateVpcEndpoint", endpoint)["VpcEndpoint"]["VpcEndpointId"], made);
}
