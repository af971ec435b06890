//! VPCs, subnets, gateways, route tables, and what a region has on its first day.

use serde_json::{Value, json};

use super::{default_vpc, group, own_vpc, text};
use crate::lab::Lab;

#[test]
fn a_fresh_region_has_its_default_network() {
    let lab = Lab::new();
    let vpcs = lab.ok("ec2.DescribeVpcs", json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] }));
    assert_eq!(vpcs["Vpcs"][0]["CidrBlock"], "172.31.0.0/16");
    assert_eq!(vpcs["Vpcs"][0]["State"], "available");
    let subnets = lab.ok("ec2.DescribeSubnets", json!({}));
    let list = subnets["Subnets"].as_array().expect("subnets");
    let mut zones: Vec<String> = list.iter().map(|subnet| text(&subnet["AvailabilityZone"])).collect();
    zones.sort();
    assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c"]);
    assert!(list.iter().all(|subnet| {
        subnet["MapPublicIpOnLaunch"] == true
            && subnet["DefaultForAz"] == true
            && subnet["AvailableIpAddressCount"] == 4091
    }));
    let tables =
        lab.ok("ec2.DescribeRouteTables", json!({ "Filters": [{ "Name": "association.main", "Values": ["true"] }] }));
    let routes = &tables["RouteTables"][0]["Routes"];
    let local = json!({
        "DestinationCidrBlock": "172.31.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active",
    });
    assert_eq!(routes[0], local);
    let gateways = lab.ok("ec2.DescribeInternetGateways", json!({}));
    assert_eq!(routes[1]["GatewayId"], gateways["InternetGateways"][0]["InternetGatewayId"]);
    let acls = lab.ok("ec2.DescribeNetworkAcls", json!({}));
    assert_eq!(acls["NetworkAcls"][0]["Associations"].as_array().map(Vec::len), Some(3));
    assert_eq!(acls["NetworkAcls"][0]["Entries"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_same_seed_makes_the_same_network() {
    let (one, other) = (Lab::new(), Lab::new());
    for list in ["DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeManagedPrefixLists"] {
        let ask = |lab: &Lab| lab.ok(&format!("ec2.{list}"), json!({}));
        assert_eq!(ask(&one), ask(&other));
    }
    assert_ne!(one.subnets(), one.in_region("eu-west-1").subnets());
}

#[test]
fn a_vpc_is_pending_first_and_comes_with_its_fittings() {
    let lab = Lab::new();
    let made = lab.ok("ec2.CreateVpc", json!({ "CidrBlock": "10.1.2.3/16" }));
    let vpc = &made["Vpc"];
    assert_eq!((&vpc["State"], &vpc["CidrBlock"]), (&json!("pending"), &json!("10.1.0.0/16")));
    assert_eq!((&vpc["InstanceTenancy"], &vpc["IsDefault"]), (&json!("default"), &json!(false)));
    assert_eq!(vpc["Ipv6CidrBlockAssociationSet"], json!([]));
    assert_eq!(vpc["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"], "associated");
    lab.pass(5);
    let id = &vpc["VpcId"];
    let read = lab.ok("ec2.DescribeVpcs", json!({ "VpcIds": [id] }));
    assert_eq!(read["Vpcs"][0]["State"], "available");
    let inside = json!({ "Filters": [{ "Name": "vpc-id", "Values": [id] }] });
    let groups = lab.ok("ec2.DescribeSecurityGroups", inside.clone());
    assert_eq!(groups["SecurityGroups"][0]["GroupName"], "default");
    assert_eq!(lab.ok("ec2.DescribeRouteTables", inside.clone())["RouteTables"].as_array().map(Vec::len), Some(1));
    let attribute = |name: &str| lab.ok("ec2.DescribeVpcAttribute", json!({ "VpcId": id, "Attribute": name }));
    assert_eq!(attribute("enableDnsSupport")["EnableDnsSupport"]["Value"], true);
    assert_eq!(attribute("enableDnsHostnames")["EnableDnsHostnames"]["Value"], false);
    lab.ok("ec2.ModifyVpcAttribute", json!({ "VpcId": id, "EnableDnsHostnames": { "Value": true } }));
    assert_eq!(attribute("enableDnsHostnames")["EnableDnsHostnames"]["Value"], true);
    lab.ok("ec2.DeleteVpc", json!({ "VpcId": id }));
    assert_eq!(lab.ok("ec2.DescribeSecurityGroups", inside)["SecurityGroups"], json!([]));
}

#[test]
fn a_vpc_with_anything_in_it_cannot_be_deleted() {
    let lab = Lab::new();
    let vpc = own_vpc(&lab);
    let refused = || {
        let says = format!("The vpc '{vpc}' has dependencies and cannot be deleted.");
        lab.refuses("ec2.DeleteVpc", json!({ "VpcId": vpc }), "DependencyViolation", &says);
    };
    let id = group(&lab, "web", &vpc);
    refused();
    lab.ok("ec2.DeleteSecurityGroup", json!({ "GroupId": id }));
    let gateway = text(&lab.ok("ec2.CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"]);
    let both = json!({ "VpcId": vpc, "InternetGatewayId": gateway });
    lab.ok("ec2.AttachInternetGateway", both.clone());
    refused();
    let says = format!("The internetGateway '{gateway}' has dependencies and cannot be deleted.");
    lab.refuses("ec2.DeleteInternetGateway", json!({ "InternetGatewayId": gateway }), "DependencyViolation", &says);
    lab.ok("ec2.DetachInternetGateway", both);
    lab.ok("ec2.DeleteVpc", json!({ "VpcId": vpc }));
    lab.refuses("ec2.DescribeVpcs", json!({ "VpcIds": [vpc] }), "InvalidVpcID.NotFound", "does not exist");
}

#[test]
fn ranges_have_to_fit() {
    let lab = Lab::new();
    lab.refuses(
        "ec2.CreateVpc",
        json!({ "CidrBlock": "10.0.0.0/8" }),
        "InvalidVpc.Range",
        "The CIDR '10.0.0.0/8' is invalid.",
    );
    let vpc = own_vpc(&lab);
    let create = |range: &str| json!({ "VpcId": vpc, "CidrBlock": range });
    lab.ok("ec2.CreateSubnet", create("10.0.1.0/24"));
    let says = "The CIDR '10.0.1.128/25' conflicts with another subnet";
    lab.refuses("ec2.CreateSubnet", create("10.0.1.128/25"), "InvalidSubnet.Conflict", says);
    lab.refuses("ec2.CreateSubnet", create("10.1.0.0/24"), "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.");
    let zone = json!({ "VpcId": vpc, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1z" });
    lab.refuses(
        "ec2.CreateSubnet",
        zone,
        "InvalidParameterValue",
        "following availability zones: us-east-1a, us-east-1b",
    );
    let native = json!({ "VpcId": vpc, "Ipv6Native": true });
    lab.refuses("ec2.CreateSubnet", native, "MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId'");
    let both = json!({ "VpcId": vpc, "Ipv6Native": true, "CidrBlock": "10.0.2.0/24", "Ipv6CidrBlock": "2600::/64" });
    lab.refuses("ec2.CreateSubnet", both, "InvalidParameterCombination", "you cannot set ipv6Native to true.");
}

#[test]
fn a_vpc_has_five_ranges_at_most() {
    let lab = Lab::new();
    let vpc = own_vpc(&lab);
    let add = |number: u8| json!({ "VpcId": vpc, "CidrBlock": format!("10.{number}.0.0/16") });
    (1..5).for_each(|number| drop(lab.ok("ec2.AssociateVpcCidrBlock", add(number))));
    let says = format!("This network {vpc} has met its maximum number of allowed CIDRs: 5");
    lab.refuses("ec2.AssociateVpcCidrBlock", add(5), "CidrLimitExceeded", &says);
}

#[test]
fn subnets_have_defaults_that_can_be_modified() {
    let lab = Lab::new();
    let made =
        lab.ok("ec2.CreateSubnet", json!({ "VpcId": own_vpc(&lab), "CidrBlock": "10.0.1.0/24" }))["Subnet"].clone();
    for name in ["MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation", "EnableDns64", "Ipv6Native", "DefaultForAz"] {
        assert_eq!(made[name], false, "{name}");
    }
    let names = json!({
        "HostnameType": "ip-name", "EnableResourceNameDnsARecord": false, "EnableResourceNameDnsAAAARecord": false,
    });
    assert_eq!((&made["PrivateDnsNameOptionsOnLaunch"], &made["AvailableIpAddressCount"]), (&names, &json!(251)));
    let id = &made["SubnetId"];
    lab.ok("ec2.ModifySubnetAttribute", json!({ "SubnetId": id, "MapPublicIpOnLaunch": { "Value": true } }));
    let found = lab.ok("ec2.DescribeSubnets", json!({ "SubnetIds": [id] }));
    assert_eq!(found["Subnets"][0]["MapPublicIpOnLaunch"], true);
}

#[test]
fn routes_are_put_once_and_turn_black_without_their_target() {
    let lab = Lab::new();
    let vpc = own_vpc(&lab);
    let gateway = text(&lab.ok("ec2.CreateInternetGateway", json!({}))["InternetGateway"]["InternetGatewayId"]);
    let attachment = json!({ "VpcId": vpc, "InternetGatewayId": gateway });
    lab.ok("ec2.AttachInternetGateway", attachment.clone());
    let table = text(&lab.ok("ec2.CreateRouteTable", json!({ "VpcId": vpc }))["RouteTable"]["RouteTableId"]);
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway });
    assert_eq!(lab.ok("ec2.CreateRoute", route.clone())["Return"], true);
    let says = "The route identified by 0.0.0.0/0 already exists.";
    lab.refuses("ec2.CreateRoute", route.clone(), "RouteAlreadyExists", says);
    let subnet =
        lab.ok("ec2.CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" }))["Subnet"]["SubnetId"].clone();
    let association = lab.ok("ec2.AssociateRouteTable", json!({ "RouteTableId": table, "SubnetId": subnet }));
    assert_eq!(association["AssociationState"]["State"], "associated");
    let says = format!("The routeTable '{table}' has dependencies and cannot be deleted.");
    lab.refuses("ec2.DeleteRouteTable", json!({ "RouteTableId": table }), "DependencyViolation", &says);
    lab.ok("ec2.DetachInternetGateway", attachment);
    lab.ok("ec2.DeleteInternetGateway", json!({ "InternetGatewayId": gateway }));
    let read = lab.ok("ec2.DescribeRouteTables", json!({ "RouteTableIds": [table] }));
    assert_eq!(read["RouteTables"][0]["Routes"][1]["State"], "blackhole");
    lab.ok("ec2.DisassociateRouteTable", json!({ "AssociationId": association["AssociationId"] }));
    lab.ok("ec2.DeleteRoute", json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0" }));
    lab.ok("ec2.DeleteRouteTable", json!({ "RouteTableId": table }));
}

#[test]
fn zones_and_regions_are_told() {
    let lab = Lab::new().in_region("ap-southeast-2");
    let zones = lab.ok("ec2.DescribeAvailabilityZones", json!({ "ZoneNames": ["ap-southeast-2b"] }));
    assert_eq!(zones["AvailabilityZones"][0]["ZoneId"], "apse2-az2");
    lab.refuses("ec2.DescribeAvailabilityZones", json!({ "ZoneNames": ["x"] }), "InvalidParameterValue", "[x]");
    let regions = lab.ok("ec2.DescribeRegions", json!({ "RegionNames": ["eu-west-1"] }));
    assert_eq!(regions["Regions"][0]["Endpoint"], "ec2.eu-west-1.amazonaws.com");
    let attributes = lab.ok("ec2.DescribeAccountAttributes", json!({ "AttributeNames": ["default-vpc"] }));
    assert_eq!(attributes["AccountAttributes"][0]["AttributeValues"][0]["AttributeValue"], default_vpc(&lab));
}

#[test]
fn amazons_prefix_lists_serve_rules() {
    let lab = Lab::new();
    let filter = json!({ "Filters": [{ "Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"] }] });
    let list = lab.ok("ec2.DescribeManagedPrefixLists", filter.clone())["PrefixLists"][0].clone();
    assert_eq!((&list["OwnerId"], &list["PrefixListId"]), (&json!("AWS"), &json!("pl-63a5400a")));
    assert_eq!(lab.ok("ec2.DescribePrefixLists", filter)["PrefixLists"][0]["PrefixListId"], list["PrefixListId"]);
    let id = group(&lab, "web", &default_vpc(&lab));
    let peer = json!([{ "PrefixListId": list["PrefixListId"] }]);
    let rule: Value = json!([{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": peer }]);
    lab.ok("ec2.AuthorizeSecurityGroupEgress", json!({ "GroupId": id, "IpPermissions": rule }));
    let read = lab.ok("ec2.DescribeSecurityGroups", json!({ "GroupIds": [id] }));
    assert_eq!(read["SecurityGroups"][0]["IpPermissionsEgress"][1]["PrefixListIds"], peer);
}

#[test]
fn the_gateway_of_a_route_is_no_nat_gateway() {
    let lab = Lab::new();
    let tables = lab.ok("ec2.DescribeRouteTables", json!({}));
    let nat = "nat-0123456789abcdef0";
    let asked = json!({
        "RouteTableId": tables["RouteTables"][0]["RouteTableId"], "DestinationCidrBlock": "10.0.0.0/8", "GatewayId": nat,
    });
    lab.refuses(
        "ec2.CreateRoute",
        asked,
        "InvalidGatewayID.NotFound",
        &format!("The gateway ID '{nat}' does not exist"),
    );
}

#[test]
fn one_attribute_is_changed_at_a_time() {
    let lab = Lab::new();
    let on = json!({ "Value": true });
    let vpc = json!({ "VpcId": default_vpc(&lab), "EnableDnsSupport": on, "EnableDnsHostnames": on });
    let text = "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport";
    lab.refuses("ec2.ModifyVpcAttribute", vpc, "InvalidParameterCombination", text);
    let subnet = json!({ "SubnetId": lab.subnets()[0], "MapPublicIpOnLaunch": on, "EnableDns64": on });
    let text = "Fields for multiple attribute types specified: enableDns64, mapPublicIpOnLaunch";
    lab.refuses("ec2.ModifySubnetAttribute", subnet, "InvalidParameterCombination", text);
}
