//! Tests of Elastic Load Balancing: each name states a fact. They stand on the default VPC of a fresh region.

mod attributes;
mod balancers;
mod groups;
mod listeners;
mod rules;
mod tags;
mod targets;

use serde_json::{Value, json};

use crate::lab::Lab;

/// An application load balancer in two zones; its ARN.
pub(super) fn balancer(lab: &Lab, name: &str) -> String {
    let subnets = lab.subnets();
    let made = lab.ok("elbv2.CreateLoadBalancer", json!({ "Name": name, "Subnets": subnets[..2] }));
    text(&made["LoadBalancers"][0]["LoadBalancerArn"])
}

/// A network load balancer in one zone; its ARN.
pub(super) fn network(lab: &Lab, name: &str) -> String {
    let subnets = lab.subnets();
    let input = json!({ "Name": name, "Type": "network", "Subnets": subnets[..1] });
    text(&lab.ok("elbv2.CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"])
}

/// The same that answers on IPv6 too, in a subnet with a range of both; its ARN.
pub(super) fn dual(lab: &Lab, name: &str) -> String {
    let vpc = vpc(lab);
    let range = lab.ok("ec2.AssociateVpcCidrBlock", json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }));
    let range = text(&range["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"]).replace("00::/56", "00::/64");
    let subnet = lab.subnets()[0].clone();
    lab.ok("ec2.AssociateSubnetCidrBlock", json!({ "SubnetId": subnet, "Ipv6CidrBlock": range }));
    let input = json!({ "Name": name, "Type": "network", "Subnets": [subnet], "IpAddressType": "dualstack" });
    text(&lab.ok("elbv2.CreateLoadBalancer", input)["LoadBalancers"][0]["LoadBalancerArn"])
}

/// The default VPC.
pub(super) fn vpc(lab: &Lab) -> String {
    text(&lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["VpcId"])
}

/// What makes a target group for addresses.
pub(super) fn group_input(lab: &Lab, name: &str) -> Value {
    json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc(lab), "TargetType": "ip" })
}

/// A target group for addresses; its ARN.
pub(super) fn group(lab: &Lab, name: &str) -> String {
    text(&lab.ok("elbv2.CreateTargetGroup", group_input(lab, name))["TargetGroups"][0]["TargetGroupArn"])
}

/// The same for TCP.
pub(super) fn tcp_group(lab: &Lab, name: &str) -> String {
    let mut input = group_input(lab, name);
    input["Protocol"] = "TCP".into();
    text(&lab.ok("elbv2.CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"])
}

/// What makes a listener that forwards to a group.
pub(super) fn listener_input(balancer: &str, port: u16, group: &str) -> Value {
    json!({
        "LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port,
        "DefaultActions": [{ "Type": "forward", "TargetGroupArn": group }],
    })
}

/// A listener that forwards to a group; its ARN.
pub(super) fn listener(lab: &Lab, balancer: &str, port: u16, group: &str) -> String {
    let made = lab.ok("elbv2.CreateListener", listener_input(balancer, port, group));
    text(&made["Listeners"][0]["ListenerArn"])
}

/// What makes a rule that answers by itself.
pub(super) fn rule_input(listener: &str, priority: u32) -> Value {
    json!({
        "ListenerArn": listener, "Priority": priority,
        "Conditions": [{ "Field": "path-pattern", "Values": [format!("/{priority}/*")] }],
        "Actions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "200" } }],
    })
}

/// A rule that answers by itself; its ARN.
pub(super) fn rule(lab: &Lab, listener: &str, priority: u32) -> String {
    text(&lab.ok("elbv2.CreateRule", rule_input(listener, priority))["Rules"][0]["RuleArn"])
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The values of a list's items under a name.
pub(super) fn column(list: &Value, name: &str) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|item| text(&item[name])).collect()
}
