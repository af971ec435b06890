//! Load balancers: names, networks, states, idempotency, deletion, lists.

use serde_json::{Value, json};

use super::{balancer, column, group, listener, network, text};
use crate::lab::Lab;

#[test]
fn a_load_balancer_reads_back_with_its_defaults() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let made = lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": "web", "Subnets": [subnets[1], subnets[0]] }));
    let one = &made["LoadBalancers"][0];
    let arn = text(&one["LoadBalancerArn"]);
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/"), "{arn}");
    assert_eq!(arn.rsplit('/').next().map(str::len), Some(16));
    let dns = text(&one["DNSName"]);
    assert!(dns.starts_with("web-") && dns.ends_with(".us-east-1.elb.amazonaws.com"), "{dns}");
    assert_eq!(one["CanonicalHostedZoneId"], "Z35SXDOTRQ7X7K");
    assert_eq!((&one["Scheme"], &one["Type"]), (&json!("internet-facing"), &json!("application")));
    assert_eq!(one["IpAddressType"], "ipv4");
    assert_eq!(one["SecurityGroups"].as_array().map(Vec::len), Some(1), "the VPC's default group");
    let zones = column(&one["AvailabilityZones"], "ZoneName");
    assert!(zones.is_sorted() && zones.len() == 2, "{zones:?}");
    assert_eq!(one["AvailabilityZones"][0]["LoadBalancerAddresses"], json!([]));
    assert_eq!(one["State"], json!({ "Code": "provisioning" }));
    assert!(one.get("EnablePrefixForIpv6SourceNat").is_none());
}

#[test]
fn a_load_balancer_is_active_after_some_minutes() {
    let lab = Lab::new();
    balancer(&lab, "web");
    let state = || lab.ok("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["State"]["Code"].clone();
    lab.pass(100);
    assert_eq!(state(), "provisioning");
    lab.pass(120);
    assert_eq!(state(), "active");
}

#[test]
fn an_internal_one_and_a_network_one_have_other_dns_names() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let input = json!({ "Name": "in", "Subnets": subnets[..2], "Scheme": "internal" });
    let made = lab.ok("elbv2.CreateLoadBalancer", input);
    assert!(text(&made["LoadBalancers"][0]["DNSName"]).starts_with("internal-in-"));
    let arn = network(&lab, "net");
    let one = lab.ok("elbv2.DescribeLoadBalancers", json!({ "LoadBalancerArns": [arn] }))["LoadBalancers"][0].clone();
    let id = arn.rsplit('/').next().expect("an id");
    assert_eq!(one["DNSName"], format!("net-{id}.elb.us-east-1.amazonaws.com"));
    assert_eq!(one["CanonicalHostedZoneId"], "Z26RNL4JYFTOTI");
    assert_eq!(one["EnablePrefixForIpv6SourceNat"], "off");
    assert!(one.get("SecurityGroups").is_none());
}

#[test]
fn names_are_letters_digits_and_hyphens_up_to_32() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let refuses = |name: &str, part: &str| {
        let input = json!({ "Name": name, "Subnets": subnets[..2] });
        lab.refuses("elbv2.CreateLoadBalancer", input, "ValidationError", part);
    };
    refuses(
        &"a".repeat(33),
        &format!("The load balancer name '{}' cannot be longer than '32' characters", "a".repeat(33)),
    );
    refuses("internal-web", "Load balancer name cannot begin with 'internal-'");
    refuses(
        "web_1",
        "The load balancer name 'web_1' can only contain characters that are alphanumeric characters and hyphens(-)",
    );
    refuses("-web", "cannot begin or end with '-'");
    refuses("web-", "cannot begin or end with '-'");
}

#[test]
fn subnets_are_of_two_zones_and_exist() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let create = |subnets: &[&str]| json!({ "Name": "web", "Subnets": subnets });
    let least = "At least two subnets in two different Availability Zones must be specified";
    lab.refuses("elbv2.CreateLoadBalancer", create(&[&subnets[0]]), "ValidationError", least);
    lab.refuses("elbv2.CreateLoadBalancer", json!({ "Name": "web" }), "ValidationError", least);
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        create(&[&subnets[0], &subnets[0]]),
        "InvalidConfigurationRequest",
        "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
    );
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        create(&[&subnets[0], "vpc-0123"]),
        "SubnetNotFound",
        "The subnet ID 'vpc-0123' does not exist",
    );
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        json!({ "Name": "web", "Subnets": subnets[..2], "SecurityGroups": ["sg-0123456789abcdef0"] }),
        "InvalidSecurityGroup",
        "The security group 'sg-0123456789abcdef0' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: \
         InvalidGroup.NotFound; Request ID: ",
    );
}

#[test]
fn the_same_again_is_the_same_and_other_settings_are_refused() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let first = balancer(&lab, "web");
    assert_eq!(balancer(&lab, "web"), first);
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        json!({ "Name": "web", "Subnets": subnets[..2], "Scheme": "internal" }),
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'web' exists, but with different settings",
    );
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        json!({ "Name": "web", "Subnets": subnets[..2], "Tags": [{ "Key": "a", "Value": "b" }] }),
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'web' exists, but with different tags",
    );
}

#[test]
fn deletion_protection_holds_and_deleting_what_is_gone_succeeds() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let protect = |value: &str| {
        let attributes = json!([{ "Key": "deletion_protection.enabled", "Value": value }]);
        lab.ok("elbv2.ModifyLoadBalancerAttributes", json!({ "LoadBalancerArn": arn, "Attributes": attributes }));
    };
    protect("true");
    let refusal = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
    lab.refuses("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }), "OperationNotPermitted", &refusal);
    protect("false");
    lab.ok("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }));
    lab.ok("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }));
    lab.refuses(
        "elbv2.DescribeLoadBalancers",
        json!({ "LoadBalancerArns": [arn] }),
        "LoadBalancerNotFound",
        "One or more load balancers not found",
    );
    let part = "'web' is not a valid load balancer ARN";
    lab.refuses("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": "web" }), "ValidationError", part);
}

#[test]
fn deleting_a_load_balancer_deletes_its_listeners_and_frees_its_groups() {
    let lab = Lab::new();
    let (arn, target) = (balancer(&lab, "web"), group(&lab, "a"));
    let front = listener(&lab, &arn, 80, &target);
    lab.ok("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }));
    let part = "One or more listeners not found";
    lab.refuses("elbv2.DescribeListeners", json!({ "ListenerArns": [front] }), "ListenerNotFound", part);
    lab.ok("elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": target }));
}

#[test]
fn one_missing_name_fails_the_whole_list() {
    let lab = Lab::new();
    balancer(&lab, "web");
    lab.refuses(
        "elbv2.DescribeLoadBalancers",
        json!({ "Names": ["web", "other"] }),
        "LoadBalancerNotFound",
        "One or more load balancers not found",
    );
    let many: Vec<String> = (0..21).map(|number| format!("web{number}")).collect();
    let part = "You cannot describe more than '20' load balancers at a time";
    lab.refuses("elbv2.DescribeLoadBalancers", json!({ "Names": many }), "ValidationError", part);
}

#[test]
fn lists_are_paged_in_the_order_of_making() {
    let lab = Lab::new();
    let names = ["zeta", "alpha", "mid"];
    for name in names {
        balancer(&lab, name);
    }
    let (mut seen, mut marker) = (Vec::new(), None::<String>);
    loop {
        let page = lab.ok("elbv2.DescribeLoadBalancers", json!({ "PageSize": 2, "Marker": marker }));
        seen.extend(column(&page["LoadBalancers"], "LoadBalancerName"));
        marker = page["NextMarker"].as_str().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, names);
    let part = "Member must have value less than or equal to 400";
    lab.refuses("elbv2.DescribeLoadBalancers", json!({ "PageSize": 401 }), "ValidationError", part);
}

#[test]
fn an_application_load_balancer_may_change_its_subnets() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let arn = balancer(&lab, "web");
    let input = json!({ "LoadBalancerArn": arn, "Subnets": [subnets[0], subnets[2]] });
    let answer = lab.ok("elbv2.SetSubnets", input);
    let mut now = column(&answer["AvailabilityZones"], "SubnetId");
    now.sort();
    let mut wanted = vec![subnets[0].clone(), subnets[2].clone()];
    wanted.sort();
    assert_eq!(now, wanted);
    assert_eq!(answer["IpAddressType"], "ipv4");
}

#[test]
fn a_network_load_balancer_without_groups_cannot_get_any() {
    let lab = Lab::new();
    let (arn, web) = (network(&lab, "net"), balancer(&lab, "web"));
    let groups = lab.ok("elbv2.DescribeLoadBalancers", json!({ "LoadBalancerArns": [web] }));
    let groups = groups["LoadBalancers"][0]["SecurityGroups"].clone();
    let part = "which was created without any security groups.";
    let input = json!({ "LoadBalancerArn": arn, "SecurityGroups": groups });
    lab.refuses("elbv2.SetSecurityGroups", input, "InvalidConfigurationRequest", part);
    let answer = lab.ok("elbv2.SetSecurityGroups", json!({ "LoadBalancerArn": web, "SecurityGroups": groups }));
    assert_eq!(answer["SecurityGroupIds"], groups);
}

#[test]
fn a_network_load_balancer_leaves_zones_and_enters_them_again() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let arn = network(&lab, "net");
    let set = |subnets: &[String]| json!({ "LoadBalancerArn": arn, "Subnets": subnets });
    lab.ok("elbv2.SetSubnets", set(&subnets[..3]));
    let answer = lab.ok("elbv2.SetSubnets", set(&subnets[1..2]));
    assert_eq!(column(&answer["AvailabilityZones"], "SubnetId"), [subnets[1].clone()]);
    let zone = lab.ok("ec2.DescribeSubnets", json!({ "SubnetIds": [subnets[1]] }))["Subnets"][0].clone();
    let twin =
        json!({ "VpcId": zone["VpcId"], "CidrBlock": "172.31.240.0/24", "AvailabilityZone": zone["AvailabilityZone"] });
    let twin = text(&lab.ok("ec2.CreateSubnet", twin)["Subnet"]["SubnetId"]);
    lab.refuses("elbv2.SetSubnets", set(&[twin]), "InvalidConfigurationRequest", "must be removed before");
}

#[test]
fn an_elastic_address_is_of_one_load_balancer() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let id = text(&lab.ok("ec2.AllocateAddress", json!({ "Domain": "vpc" }))["AllocationId"]);
    let input = |name: &str, mapping: Value| json!({ "Name": name, "Type": "network", "SubnetMappings": [mapping] });
    let mapping = json!({ "SubnetId": subnets[0], "AllocationId": id });
    let made = lab.ok("elbv2.CreateLoadBalancer", input("one", mapping.clone()));
    let address = &made["LoadBalancers"][0]["AvailabilityZones"][0]["LoadBalancerAddresses"][0];
    assert_eq!(address["AllocationId"], id.as_str());
    assert!(address["IpAddress"].is_string());
    let arn = made["LoadBalancers"][0]["LoadBalancerArn"].clone();
    lab.ok("elbv2.CreateLoadBalancer", input("one", mapping.clone()));
    let part = format!("The allocation IDs '{id}' are not available for use");
    lab.refuses("elbv2.CreateLoadBalancer", input("two", mapping.clone()), "AllocationIdNotFound", &part);
    let more = json!({ "LoadBalancerArn": arn, "SubnetMappings": [mapping, { "SubnetId": subnets[1] }] });
    assert_eq!(lab.ok("elbv2.SetSubnets", more)["AvailabilityZones"].as_array().map(Vec::len), Some(2));
    let other = text(&lab.ok("ec2.AllocateAddress", json!({ "Domain": "vpc" }))["AllocationId"]);
    let other =
        json!({ "LoadBalancerArn": arn, "SubnetMappings": [{ "SubnetId": subnets[0], "AllocationId": other }] });
    lab.refuses("elbv2.SetSubnets", other, "InvalidConfigurationRequest", "cannot be changed");
    let mut inside = input("three", json!({ "SubnetId": subnets[0], "PrivateIPv4Address": "172.31.0.77" }));
    lab.refuses(
        "elbv2.CreateLoadBalancer",
        inside.clone(),
        "InvalidConfigurationRequest",
        "the scheme 'internet-facing'",
    );
    inside["Scheme"] = "internal".into();
    lab.ok("elbv2.CreateLoadBalancer", inside);
}

#[test]
fn limits_and_policies_are_told() {
    let lab = Lab::new();
    let limits = lab.ok("elbv2.DescribeAccountLimits", json!({}));
    assert!(limits["Limits"].as_array().expect("limits").contains(&json!({ "Name": "target-groups", "Max": "3000" })));
    let one = lab.ok("elbv2.DescribeSSLPolicies", json!({ "Names": ["ELBSecurityPolicy-TLS13-1-2-2021-06"] }));
    let ciphers = column(&one["SslPolicies"][0]["Ciphers"], "Name");
    assert_eq!((ciphers.len(), ciphers[0].as_str()), (11, "TLS_AES_128_GCM_SHA256"));
    let part = "SSL policy 'none' not found";
    lab.refuses("elbv2.DescribeSSLPolicies", json!({ "Names": ["none"] }), "SSLPolicyNotFound", part);
}

#[test]
fn capacity_can_be_reserved_and_given_back() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let none = lab.ok("elbv2.DescribeCapacityReservation", json!({ "LoadBalancerArn": arn }));
    assert_eq!(none["CapacityReservationState"], json!([]));
    let input = json!({ "LoadBalancerArn": arn, "MinimumLoadBalancerCapacity": { "CapacityUnits": 100 } });
    lab.ok("elbv2.ModifyCapacityReservation", input);
    let some = lab.ok("elbv2.DescribeCapacityReservation", json!({ "LoadBalancerArn": arn }));
    assert_eq!(some["MinimumLoadBalancerCapacity"]["CapacityUnits"], 100);
}

#[test]
fn interfaces_outlive_their_load_balancer_by_minutes() {
    let lab = Lab::new();
    let arn = balancer(&lab, "web");
    let id = arn.rsplit(":loadbalancer/").next().expect("a path").to_owned();
    let count = || {
        let filters = json!([{ "Name": "description", "Values": [format!("ELB {id}")] }]);
        let found = lab.ok("ec2.DescribeNetworkInterfaces", json!({ "Filters": filters }));
        found["NetworkInterfaces"].as_array().map(Vec::len)
    };
    assert_eq!(count(), Some(2), "one in each zone");
    lab.ok("elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }));
    lab.pass(60);
    assert_eq!(count(), Some(2));
    lab.pass(240);
    assert_eq!(count(), Some(0));
}

#[test]
fn a_load_balancer_for_the_internet_needs_a_gateway() {
    let lab = Lab::new();
    let vpc = text(&lab.ok("ec2.CreateVpc", json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"]);
    let subnet = |zone: &str, cidr: &str| {
        let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
        text(&lab.ok("ec2.CreateSubnet", input)["Subnet"]["SubnetId"])
    };
    let subnets = [subnet("us-east-1a", "10.9.0.0/24"), subnet("us-east-1b", "10.9.1.0/24")];
    let part = format!("VPC {vpc} has no internet gateway");
    let input = json!({ "Name": "web", "Subnets": subnets });
    lab.refuses("elbv2.CreateLoadBalancer", input, "InvalidSubnet", &part);
    lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": "web", "Subnets": subnets, "Scheme": "internal" }));
}

#[test]
fn a_subnet_needs_eight_free_addresses() {
    let lab = Lab::new();
    let vpc = text(&lab.ok("ec2.CreateVpc", json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"]);
    let subnet = |zone: &str, cidr: &str| {
        let input = json!({ "VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone });
        text(&lab.ok("ec2.CreateSubnet", input)["Subnet"]["SubnetId"])
    };
    // Of sixteen addresses five are AWS's; four load balancers take four more.
    let subnets = [subnet("us-east-1a", "10.9.0.0/28"), subnet("us-east-1b", "10.9.1.0/28")];
    let create = |number: u32| json!({ "Name": format!("web{number}"), "Subnets": subnets, "Scheme": "internal" });
    for number in 0..4 {
        lab.ok("elbv2.CreateLoadBalancer", create(number));
    }
    let part = format!("Not enough IP space available in {}.", subnets[0]);
    lab.refuses("elbv2.CreateLoadBalancer", create(4), "InvalidSubnet", &part);
}

#[test]
fn both_kinds_of_addresses_take_subnets_with_both() {
    let lab = Lab::new();
    let subnets = lab.subnets();
    let dual = json!({ "Name": "web", "Subnets": [subnets[0], subnets[1]], "IpAddressType": "dualstack" });
    let says = "You must specify subnets with an associated IPv6 CIDR block.";
    lab.refuses("elbv2.CreateLoadBalancer", dual.clone(), "ValidationError", says);
    let vpc = lab.ok("ec2.DescribeSubnets", json!({ "SubnetIds": [subnets[0]] }))["Subnets"][0]["VpcId"].clone();
    let range = lab.ok("ec2.AssociateVpcCidrBlock", json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }));
    let range = text(&range["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]);
    let start = range.strip_suffix("00::/56").expect("256 subnets");
    let give =
        |number: usize| json!({ "SubnetId": subnets[number], "Ipv6CidrBlock": format!("{start}0{number}::/64") });
    let given = lab.ok("ec2.AssociateSubnetCidrBlock", give(0));
    lab.refuses("ec2.AssociateSubnetCidrBlock", give(0), "CidrLimitExceeded", "IPv6 CIDRs: 1");
    let taken = json!({ "SubnetId": subnets[1], "Ipv6CidrBlock": format!("{start}00::/64") });
    lab.refuses("ec2.AssociateSubnetCidrBlock", taken, "InvalidSubnet.Conflict", "conflicts with another subnet");
    lab.refuses("elbv2.CreateLoadBalancer", dual.clone(), "ValidationError", says);
    lab.ok("ec2.AssociateSubnetCidrBlock", give(1));
    let arn = lab.ok("elbv2.CreateLoadBalancer", dual)["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let set = |subnet: usize| json!({ "LoadBalancerArn": arn, "Subnets": [subnets[0], subnets[subnet]] });
    lab.refuses("elbv2.SetSubnets", set(2), "ValidationError", says);
    for kind in ["ipv4", "dualstack"] {
        lab.ok("elbv2.SetIpAddressType", json!({ "LoadBalancerArn": arn, "IpAddressType": kind }));
    }
    let association = json!({ "AssociationId": given["Ipv6CidrBlockAssociation"]["AssociationId"] });
    lab.ok("ec2.DisassociateSubnetCidrBlock", association.clone());
    let code = "InvalidSubnetCidrBlockAssociationID.NotFound";
    lab.refuses("ec2.DisassociateSubnetCidrBlock", association, code, "does not exist");
    let shown = lab.ok("ec2.DescribeSubnets", json!({ "SubnetIds": [subnets[0], subnets[1]] }));
    let ranges = |at: usize| shown["Subnets"][at]["Ipv6CidrBlockAssociationSet"].as_array().map_or(9, Vec::len);
    assert_eq!(ranges(0) + ranges(1), 1);
}
