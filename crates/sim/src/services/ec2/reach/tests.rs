//! Which packets arrive, as tables of cases: rules of groups, then routes, addresses and endpoints. Everything is made by requests.

use serde_json::{Value, json};

use super::{End, HTTPS, Obstacle, Packet};
use crate::lab::Lab;

const GOES: Result<(), Obstacle> = Ok(());
const ANYWHERE: &str = "0.0.0.0/0";

struct Scene {
    lab: Lab,
    vpc: Value,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

impl Scene {
    fn new() -> Self {
        let lab = Lab::new();
        let vpc = lab.ok("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
        Self { lab, vpc }
    }

    /// A group without any rule.
    fn group(&self, name: &str) -> String {
        let made = json!({ "GroupName": name, "Description": "x", "VpcId": self.vpc });
        let id = self.lab.ok("ec2.CreateSecurityGroup", made)["GroupId"].clone();
        let all = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": ANYWHERE }] }]);
        self.lab.ok("ec2.RevokeSecurityGroupEgress", json!({ "GroupId": id, "IpPermissions": all }));
        text(&id)
    }

    /// An interface of that group in one of the default subnets.
    fn interface(&self, subnet: usize, group: &str) -> String {
        let made = json!({ "SubnetId": self.lab.subnets()[subnet], "Groups": [group] });
        text(&self.lab.ok("ec2.CreateNetworkInterface", made)["NetworkInterface"]["NetworkInterfaceId"])
    }

    fn address(&self, interface: &str) -> String {
        let read = self.lab.ok("ec2.DescribeNetworkInterfaces", json!({ "NetworkInterfaceIds": [interface] }));
        text(&read["NetworkInterfaces"][0]["PrivateIpAddress"])
    }

    fn rule(&self, egress: bool, group: &str, (protocol, from, to): (&str, i64, i64), peer: &str) {
        let mut rule = json!({ "IpProtocol": protocol, "FromPort": from, "ToPort": to });
        let (list, item) = match peer.get(..3) {
            Some("sg-") => ("UserIdGroupPairs", json!({ "GroupId": peer })),
            Some("pl-") => ("PrefixListIds", json!({ "PrefixListId": peer })),
            _ if peer.contains(':') => ("Ipv6Ranges", json!({ "CidrIpv6": peer })),
            _ => ("IpRanges", json!({ "CidrIp": peer })),
        };
        rule[list] = json!([item]);
        let direction = if egress { "Egress" } else { "Ingress" };
        let input = json!({ "GroupId": group, "IpPermissions": [rule] });
        self.lab.ok(&format!("ec2.AuthorizeSecurityGroup{direction}"), input);
    }

    fn way(&self, from: End<'_>, to: End<'_>, packet: Packet) -> Result<(), Obstacle> {
        self.lab.sim.with_world(|world| super::way(&world.region(&self.lab.place).ec2, from, to, packet))
    }

    /// Out to an address of the internet.
    fn out(&self, from: &str) -> Result<(), Obstacle> {
        self.way(End::Interface(from), End::Address(super::address_of("example.com")), HTTPS)
    }

    fn service(&self, from: &str, service: &str) -> Result<(), Obstacle> {
        self.lab.sim.with_world(|world| super::to_service(&world.region(&self.lab.place).ec2, from, service))
    }

    /// A private subnet: a route table with nothing but the local route; its id.
    fn private(&self, subnet: usize) -> String {
        let table = self.lab.ok("ec2.CreateRouteTable", json!({ "VpcId": self.vpc }))["RouteTable"].clone();
        let id = text(&table["RouteTableId"]);
        let input = json!({ "RouteTableId": id, "SubnetId": self.lab.subnets()[subnet] });
        self.lab.ok("ec2.AssociateRouteTable", input);
        id
    }

    fn elastic(&self) -> Value {
        self.lab.ok("ec2.AllocateAddress", json!({ "Domain": "vpc" }))["AllocationId"].clone()
    }

    fn make_public(&self, interface: &str) {
        let input = json!({ "AllocationId": self.elastic(), "NetworkInterfaceId": interface });
        self.lab.ok("ec2.AssociateAddress", input);
    }
}

#[test]
fn groups_of_both_ends_decide() {
    use Obstacle::{Egress, Ingress};
    let all = ("-1", -1, -1);
    let web = ("tcp", 8080, 8080);
    // Rules out of the source and into the destination; `A` and `B` stand for their groups, `a` and `b` for their addresses.
    type Rules<'r> = &'r [((&'r str, i64, i64), &'r str)];
    let cases: &[(&str, Rules<'_>, Rules<'_>, Result<(), Obstacle>)] = &[
        ("no rule at all", &[], &[], Err(Egress)),
        ("out, but not in", &[(all, ANYWHERE)], &[], Err(Ingress)),
        ("in, but not out", &[], &[(all, ANYWHERE)], Err(Egress)),
        ("open to all addresses", &[(all, ANYWHERE)], &[(web, ANYWHERE)], GOES),
        ("open to each other", &[(web, "B")], &[(web, "A")], GOES),
        ("open to the other's address", &[(web, "b/32")], &[(web, "a/32")], GOES),
        ("open to another group", &[(all, ANYWHERE)], &[(web, "B")], Err(Ingress)),
        ("out to another group", &[(web, "A")], &[(all, ANYWHERE)], Err(Egress)),
        ("another port", &[(all, ANYWHERE)], &[(("tcp", 80, 80), "A")], Err(Ingress)),
        ("a range of ports", &[(all, ANYWHERE)], &[(("tcp", 8000, 9000), "A")], GOES),
        ("every port of TCP", &[(("tcp", 0, 65535), ANYWHERE)], &[(("tcp", 0, 65535), "A")], GOES),
        ("another protocol", &[(all, ANYWHERE)], &[(("udp", 8080, 8080), "A")], Err(Ingress)),
        ("everything of the group", &[(all, ANYWHERE)], &[(all, "A")], GOES),
        ("another range", &[(all, "10.0.0.0/8")], &[(all, ANYWHERE)], Err(Egress)),
        ("the range of the VPC", &[(all, "172.31.0.0/16")], &[(web, "172.31.0.0/16")], GOES),
        ("only IPv6", &[(all, "::/0")], &[(all, ANYWHERE)], Err(Egress)),
    ];
    for (what, out, into, expected) in cases {
        let scene = Scene::new();
        let (from_group, to_group) = (scene.group("from"), scene.group("to"));
        let (from, to) = (scene.interface(0, &from_group), scene.interface(1, &to_group));
        let peer = |word: &str| match word {
            "A" => from_group.clone(),
            "B" => to_group.clone(),
            "a/32" => format!("{}/32", scene.address(&from)),
            "b/32" => format!("{}/32", scene.address(&to)),
            other => other.to_owned(),
        };
        out.iter().for_each(|(traffic, word)| scene.rule(true, &from_group, *traffic, &peer(word)));
        into.iter().for_each(|(traffic, word)| scene.rule(false, &to_group, *traffic, &peer(word)));
        let way = scene.way(End::Interface(&from), End::Interface(&to), Packet::tcp(8080));
        assert_eq!(way, *expected, "{what}");
        // By its address the other end is the same.
        let address = scene.address(&to).parse().expect("an address");
        assert_eq!(scene.way(End::Interface(&from), End::Address(address), Packet::tcp(8080)), *expected, "{what}");
    }
}

#[test]
fn a_rule_for_a_prefix_list_means_its_addresses() {
    let scene = Scene::new();
    let (from_group, to_group) = (scene.group("from"), scene.group("to"));
    let (from, to) = (scene.interface(0, &from_group), scene.interface(1, &to_group));
    scene.rule(true, &from_group, ("-1", -1, -1), ANYWHERE);
    let list = |range: &str| {
        let made =
            json!({ "PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 5, "Entries": [{ "Cidr": range }] });
        text(&scene.lab.ok("ec2.CreateManagedPrefixList", made)["PrefixList"]["PrefixListId"])
    };
    scene.rule(false, &to_group, ("tcp", 443, 443), &list("10.0.0.0/8"));
    assert_eq!(scene.way(End::Interface(&from), End::Interface(&to), HTTPS), Err(Obstacle::Ingress));
    scene.rule(false, &to_group, ("tcp", 443, 443), &list("172.31.0.0/16"));
    assert_eq!(scene.way(End::Interface(&from), End::Interface(&to), HTTPS), GOES);
}

#[test]
fn an_interface_without_groups_of_its_own_is_in_the_default_one() {
    let scene = Scene::new();
    let plain = |subnet: usize| {
        let made = json!({ "SubnetId": scene.lab.subnets()[subnet] });
        text(&scene.lab.ok("ec2.CreateNetworkInterface", made)["NetworkInterface"]["NetworkInterfaceId"])
    };
    let (one, other) = (plain(0), plain(1));
    assert_eq!(scene.way(End::Interface(&one), End::Interface(&other), HTTPS), GOES, "its members meet");
    let group = scene.group("from");
    scene.rule(true, &group, ("-1", -1, -1), ANYWHERE);
    let stranger = scene.interface(0, &group);
    assert_eq!(scene.way(End::Interface(&stranger), End::Interface(&one), HTTPS), Err(Obstacle::Ingress));
}

#[test]
fn the_way_out_needs_a_public_address_or_a_nat_gateway() {
    let scene = Scene::new();
    let group = scene.group("g");
    let from = scene.interface(0, &group);
    scene.make_public(&from);
    assert_eq!(scene.out(&from), Err(Obstacle::Egress));
    scene.rule(true, &group, ("tcp", 443, 443), ANYWHERE);
    assert_eq!(scene.out(&from), GOES);
    assert_eq!(scene.service(&from, "ssm"), GOES);
    let hidden = scene.interface(0, &group);
    assert_eq!(scene.out(&hidden), Err(Obstacle::Private));
    // In a subnet without a route out no address helps.
    let table = scene.private(1);
    let inside = scene.interface(1, &group);
    assert_eq!(scene.out(&inside), Err(Obstacle::Route));
    let made = json!({ "SubnetId": scene.lab.subnets()[0], "AllocationId": scene.elastic() });
    let nat = scene.lab.ok("ec2.CreateNatGateway", made)["NatGateway"]["NatGatewayId"].clone();
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": nat });
    scene.lab.ok("ec2.CreateRoute", route);
    assert_eq!(scene.out(&inside), Err(Obstacle::Route), "it is not ready yet");
    scene.lab.pass(300);
    assert_eq!(scene.out(&inside), GOES);
    // A narrower route wins, whatever becomes of it.
    let narrow = json!({ "RouteTableId": table, "DestinationCidrBlock": "34.0.0.0/8", "NetworkInterfaceId": hidden });
    scene.lab.ok("ec2.CreateRoute", narrow);
    assert_eq!(scene.out(&inside), Err(Obstacle::Route), "it takes nothing that is not meant for it");
    let open = json!({ "NetworkInterfaceId": hidden, "SourceDestCheck": { "Value": false } });
    scene.lab.ok("ec2.ModifyNetworkInterfaceAttribute", open);
    assert_eq!(scene.out(&inside), Err(Obstacle::Ingress));
    scene.rule(false, &group, ("-1", -1, -1), &group);
    assert_eq!(scene.out(&inside), Err(Obstacle::Private), "an instance that translates needs an address");
    scene.make_public(&hidden);
    assert_eq!(scene.out(&inside), GOES);
}

#[test]
fn a_nat_gateway_in_a_private_subnet_leads_nowhere() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.rule(true, &group, ("-1", -1, -1), ANYWHERE);
    let table = scene.private(0);
    let made = json!({ "SubnetId": scene.lab.subnets()[0], "AllocationId": scene.elastic() });
    let nat = scene.lab.ok("ec2.CreateNatGateway", made)["NatGateway"]["NatGatewayId"].clone();
    scene.lab.pass(300);
    let route = json!({ "RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": nat });
    scene.lab.ok("ec2.CreateRoute", route);
    assert_eq!(scene.out(&scene.interface(0, &group)), Err(Obstacle::Route));
}

#[test]
fn endpoints_stand_for_services() {
    let scene = Scene::new();
    let (group, door) = (scene.group("g"), scene.group("door"));
    scene.rule(true, &group, ("-1", -1, -1), ANYWHERE);
    let table = scene.private(1);
    let from = scene.interface(1, &group);
    assert_eq!(scene.service(&from, "ecr.api"), Err(Obstacle::Route));
    let endpoint = |kind: &str, service: &str, more: Value| {
        let mut made = json!({ "VpcId": scene.vpc, "VpcEndpointType": kind, "ServiceName": format!("com.amazonaws.us-east-1.{service}") });
        more.as_object().into_iter().flatten().for_each(|(name, value)| made[name] = value.clone());
        scene.lab.ok("ec2.CreateVpcEndpoint", made);
        scene.lab.pass(300);
    };
    let place = json!({ "SubnetIds": [scene.lab.subnets()[0]], "SecurityGroupIds": [door] });
    endpoint("Interface", "ecr.api", place.clone());
    assert_eq!(scene.service(&from, "ecr.api"), Err(Obstacle::Ingress));
    scene.rule(false, &door, ("tcp", 443, 443), &group);
    assert_eq!(scene.service(&from, "ecr.api"), GOES);
    assert_eq!(scene.service(&from, "ecr.dkr"), Err(Obstacle::Route), "each service has its own");
    let mut nameless = place;
    nameless["PrivateDnsEnabled"] = false.into();
    endpoint("Interface", "logs", nameless);
    assert_eq!(scene.service(&from, "logs"), Err(Obstacle::Route), "the name leads elsewhere");
    assert_eq!(scene.service(&from, "s3"), Err(Obstacle::Route));
    endpoint("Gateway", "s3", json!({ "RouteTableIds": [table] }));
    assert_eq!(scene.service(&from, "s3"), GOES);
    let public = scene.interface(0, &group);
    assert_eq!(scene.service(&public, "s3"), Err(Obstacle::Private), "its route is in another table");
    let bound = scene.group("bound");
    let lists = scene.lab.ok("ec2.DescribePrefixLists", json!({}))["PrefixLists"].clone();
    let s3 = lists.as_array().into_iter().flatten().find(|list| list["PrefixListName"] == "com.amazonaws.us-east-1.s3");
    scene.rule(true, &bound, ("tcp", 443, 443), &text(&s3.expect("the list of S3")["PrefixListId"]));
    let bound = scene.interface(1, &bound);
    assert_eq!(scene.service(&bound, "s3"), GOES);
    assert_eq!(scene.service(&bound, "ecr.api"), Err(Obstacle::Egress));
}

#[test]
fn the_internet_gets_in_where_there_is_a_public_address_a_route_and_a_rule() {
    let scene = Scene::new();
    let group = scene.group("g");
    let to = scene.interface(0, &group);
    let ask = |to: &str| scene.way(End::Address(super::address_of("example.com")), End::Interface(to), Packet::tcp(80));
    assert_eq!(ask(&to), Err(Obstacle::Private));
    scene.make_public(&to);
    assert_eq!(ask(&to), Err(Obstacle::Ingress));
    scene.rule(false, &group, ("tcp", 80, 80), ANYWHERE);
    assert_eq!(ask(&to), GOES);
    scene.private(0);
    assert_eq!(ask(&to), Err(Obstacle::Route));
}

#[test]
fn what_a_network_acl_denies_does_not_pass() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.rule(true, &group, ("-1", -1, -1), ANYWHERE);
    scene.rule(false, &group, ("-1", -1, -1), ANYWHERE);
    let (from, to) = (scene.interface(0, &group), scene.interface(1, &group));
    let beside = scene.interface(0, &group);
    let ask = |to: &str| scene.way(End::Interface(&from), End::Interface(to), HTTPS);
    assert_eq!(ask(&to), GOES);
    let entries = |entry: Value| {
        scene.lab.sim.with_world(|world| {
            let acl = world.region(&scene.lab.place).ec2.acls.values_mut().next().expect("an ACL");
            acl.entries.retain(|entry| entry["RuleNumber"] != 50);
            acl.entries.push(entry);
        });
    };
    let ports = |from: u16, to: u16| json!({ "From": from, "To": to });
    let mut denies = json!({ "Egress": false, "Protocol": "6", "RuleAction": "deny", "RuleNumber": 50,
        "CidrBlock": "172.31.0.0/16", "PortRange": ports(443, 443) });
    entries(denies.clone());
    assert_eq!((ask(&to), ask(&beside)), (Err(Obstacle::Acl), GOES), "within a subnet it has no say");
    denies["PortRange"] = ports(1024, 65535);
    entries(denies.clone());
    assert_eq!(ask(&to), Err(Obstacle::Acl), "the answer has to pass too");
    denies["PortRange"] = ports(22, 22);
    entries(denies);
    assert_eq!(ask(&to), GOES);
}

#[test]
fn between_networks_and_to_nobody_nothing_passes() {
    let scene = Scene::new();
    let group = scene.group("g");
    scene.rule(true, &group, ("-1", -1, -1), ANYWHERE);
    let from = scene.interface(0, &group);
    let nobody = "172.31.0.250".parse().expect("an address");
    assert_eq!(scene.way(End::Interface(&from), End::Address(nobody), HTTPS), Err(Obstacle::Nobody));
    assert_eq!(scene.way(End::Interface(&from), End::Interface("eni-1"), HTTPS), Err(Obstacle::Nobody));
    let vpc = scene.lab.ok("ec2.CreateVpc", json!({ "CidrBlock": "10.1.0.0/16" }))["Vpc"]["VpcId"].clone();
    let subnet = scene.lab.ok("ec2.CreateSubnet", json!({ "VpcId": vpc, "CidrBlock": "10.1.0.0/24" }));
    let made = json!({ "SubnetId": subnet["Subnet"]["SubnetId"] });
    let other = text(&scene.lab.ok("ec2.CreateNetworkInterface", made)["NetworkInterface"]["NetworkInterfaceId"]);
    assert_eq!(scene.way(End::Interface(&from), End::Interface(&other), HTTPS), Err(Obstacle::Route));
}
