//! What a gateway runs in the account of its owner, through the doors that everybody uses: a load balancer with an HTTPS listener and a
//! security group, a certificate; and for each route target groups, rules, and a group that the tasks of its service get. All of it
//! carries `AmazonECSManaged`, and the gateway's tags if they are propagated. Decides nothing about when.

use serde_json::{Value, json};

use super::state::{Balancer, Gateway, Route, of};
use crate::call::{Members, Refusal, Reply};
use crate::services::{self, acm, ec2};
use crate::tags::{self, Tags};
use crate::world::{Place, World};

/// Where production traffic of a route goes first.
const FIRST_PRIORITY: usize = 1000;

fn list(marks: &Tags) -> Value {
    tags::to_list(marks, "Key", "Value")
}

fn elb(world: &mut World, place: &Place, operation: &str, input: Value) -> Reply {
    services::call(world, place, "elbv2", operation, input)
}

/// A security group of ECS's own.
fn group(world: &mut World, place: &Place, name: &str, vpc: &str, marks: &Tags) -> Result<String, Refusal> {
    let made = json!({ "GroupName": name, "Description": "Managed by Amazon ECS", "VpcId": vpc,
        "TagSpecifications": [{ "ResourceType": "security-group", "Tags": list(marks) }] });
    let reply = services::call(world, place, "ec2", "CreateSecurityGroup", made)?;
    Ok(reply.text_or_empty("GroupId").to_owned())
}

fn let_in(world: &mut World, place: &Place, group: &str, port: i64, from: &Value, marks: &Tags) -> Result<(), Refusal> {
    let mut permission = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port });
    if let (Some(all), Some(from)) = (permission.as_object_mut(), from.as_object()) {
        all.extend(from.clone());
    }
    let input = json!({ "GroupId": group, "IpPermissions": [permission],
        "TagSpecifications": [{ "ResourceType": "security-group-rule", "Tags": list(marks) }] });
    services::call(world, place, "ec2", "AuthorizeSecurityGroupIngress", input).map(drop)
}

/// The load balancer of a gateway, made for the first service that connects.
pub(super) fn balancer(world: &mut World, place: &Place, gateway: &mut Gateway) -> Result<Balancer, Refusal> {
    if let Some(there) = gateway.balancers.first() {
        return Ok(there.clone());
    }
    let (marks, subnets) = (gateway.marks(), gateway.subnets());
    let vpc = subnets.first().and_then(|id| ec2::subnet(world.region(place), id)).map(|it| it.vpc).unwrap_or_default();
    let id = world.ids.hex(8);
    let network = gateway.body.map("networkConfiguration").cloned().unwrap_or_default();
    let group = group(world, place, &format!("ecs-gateway-{id}"), &vpc, &marks)?;
    let mut groups = vec![group.clone()];
    match network.text("inboundSecurityGroup").filter(|group| !group.is_empty()) {
        Some(inbound) => groups.push(inbound.to_owned()),
        None => {
            let world_wide = json!({ "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
            let_in(world, place, &group, 443, &world_wide, &marks)?;
        }
    }
    let made = json!({ "Name": format!("ecs-gateway-alb-{id}"), "Type": "application", "Subnets": subnets,
        "SecurityGroups": groups, "Scheme": gateway.body.text("scheme"),
        "IpAddressType": network.text("ipAddressType"), "Tags": list(&marks) });
    let reply = match elb(world, place, "CreateLoadBalancer", made) {
        Ok(reply) => reply,
        Err(refusal) => {
            let gone = json!({ "GroupId": group });
            services::call(world, place, "ec2", "DeleteSecurityGroup", gone).ok();
            return Err(refusal);
        }
    };
    let arn = reply["LoadBalancers"][0].text_or_empty("LoadBalancerArn").to_owned();
    let domain = format!("*.{id}.ecs.{}.on.aws", place.region);
    let wanted = json!({ "DomainName": domain, "ValidationMethod": "DNS", "Tags": list(&marks) });
    let certificate = services::call(world, place, "acm", "RequestCertificate", wanted)?;
    let certificate = certificate.text_or_empty("CertificateArn").to_owned();
    acm::issue(world, place, &certificate);
    let listener = json!({ "LoadBalancerArn": arn, "Protocol": "HTTPS", "Port": 443,
        "Certificates": [{ "CertificateArn": certificate }], "Tags": list(&marks),
        "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }] });
    let reply = elb(world, place, "CreateListener", listener)?;
    let listener = reply["Listeners"][0].text_or_empty("ListenerArn").to_owned();
    let made = Balancer { arn, listener, group, certificate, id };
    gateway.balancers.push(made.clone());
    settings(world, place, gateway, &made);
    Ok(made)
}

/// Gives a load balancer the attributes that the gateway has.
fn settings(world: &mut World, place: &Place, gateway: &Gateway, balancer: &Balancer) {
    let logs = gateway.body.map("accessLogs").and_then(|it| it.map("destination")).and_then(|it| it.map("s3"));
    let bucket = logs.and_then(|it| it.text("bucket")).unwrap_or_default();
    let pairs = [
        ("deletion_protection.enabled", gateway.protection.to_string()),
        ("routing.http.desync_mitigation_mode", gateway.body.text("httpDesync").unwrap_or("defensive").to_owned()),
        ("access_logs.s3.enabled", (!bucket.is_empty()).to_string()),
        ("access_logs.s3.bucket", bucket.to_owned()),
    ];
    let pairs: Vec<Value> = pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let input = json!({ "LoadBalancerArn": balancer.arn, "Attributes": pairs });
    elb(world, place, "ModifyLoadBalancerAttributes", input).ok();
}

/// Takes a change of a gateway to its load balancers; what failed, as the gateway tells it.
pub(super) fn adapt(world: &mut World, place: &Place, gateway: &Gateway) -> Vec<Value> {
    let acl = gateway.body.text_or_empty("webACLArn").to_owned();
    let inbound = gateway.body.map("networkConfiguration").and_then(|it| it.text("inboundSecurityGroup"));
    let inbound = inbound.filter(|group| !group.is_empty()).map(str::to_owned);
    let mut failures = Vec::new();
    for balancer in &gateway.balancers {
        settings(world, place, gateway, balancer);
        let groups: Vec<&String> = std::iter::once(&balancer.group).chain(inbound.as_ref()).collect();
        let input = json!({ "LoadBalancerArn": balancer.arn, "SecurityGroups": groups });
        elb(world, place, "SetSecurityGroups", input).ok();
        if acl.contains("fail") {
            let text = format!("The web ACL {acl} cannot be associated.");
            let error = json!({ "operation": "wafv2:AssociateWebACL", "code": "AccessDenied", "message": text });
            failures.push(json!({ "arn": balancer.arn, "errors": [error] }));
        }
    }
    failures
}

/// The health check of a connector, as a target group has it.
fn check(connector: &Value) -> Value {
    let check = connector.map("healthCheck").cloned().unwrap_or_default();
    let mut input = json!({});
    let names = [
        ("healthCheckProtocol", "HealthCheckProtocol"),
        ("healthCheckPath", "HealthCheckPath"),
        ("healthCheckTimeoutSeconds", "HealthCheckTimeoutSeconds"),
        ("healthCheckIntervalSeconds", "HealthCheckIntervalSeconds"),
        ("healthyThresholdCount", "HealthyThresholdCount"),
        ("unhealthyThresholdCount", "UnhealthyThresholdCount"),
    ];
    for (from, to) in names {
        if let Some(value) = check.member(from) {
            input[to] = value.clone();
        }
    }
    if let Some(port) = check.integer("healthCheckPort") {
        input["HealthCheckPort"] = port.to_string().into();
    }
    if let Some(code) = check.map("matcher").and_then(|it| it.text("httpCode")) {
        input["Matcher"] = json!({ "HttpCode": code });
    }
    input
}

fn with(mut input: Value, more: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (input.as_object_mut(), more) {
        all.extend(more);
    }
    input
}

fn delay(world: &mut World, place: &Place, group: &str, connector: &Value) {
    let seconds = connector.map("deregistrationDelay").and_then(|it| it.integer("timeoutSeconds")).unwrap_or(300);
    let pair = json!({ "Key": "deregistration_delay.timeout_seconds", "Value": seconds.to_string() });
    let input = json!({ "TargetGroupArn": group, "Attributes": [pair] });
    elb(world, place, "ModifyTargetGroupAttributes", input).ok();
}

/// Makes what a route needs: two target groups, the rules that lead to them, and the group of its service's tasks.
pub(super) fn route(
    world: &mut World,
    place: &Place,
    gateway: &Gateway,
    balancer: &Balancer,
    route: &mut Route,
) -> Result<(), Refusal> {
    let marks = gateway.marks();
    let vpc = gateway.subnets().first().and_then(|id| ec2::subnet(world.region(place), id)).map(|it| it.vpc);
    let id = world.ids.hex(8);
    route.host = format!("{id}.{}.ecs.{}.on.aws", balancer.id, place.region);
    (route.balancer, route.certificate) = (balancer.arn.clone(), balancer.certificate.clone());
    for letter in ["a", "b"] {
        let made = json!({ "Name": format!("ecs-gateway-tg-{id}-{letter}"), "Protocol": "HTTP", "Port": route.port,
            "VpcId": vpc, "TargetType": "ip", "Tags": list(&marks) });
        let reply = elb(world, place, "CreateTargetGroup", with(made, check(&route.connector)))?;
        let arn = reply["TargetGroups"][0].text_or_empty("TargetGroupArn").to_owned();
        delay(world, place, &arn, &route.connector);
        route.groups.push(arn);
    }
    let host = json!({ "Field": "host-header", "HostHeaderConfig": { "Values": [route.host] } });
    let at = FIRST_PRIORITY + of(world, place).routes.len() * 2;
    let header = gateway.body.map("testTrafficRules").and_then(|it| it.map("header")).cloned();
    if let Some(header) = header {
        let header = json!({ "Field": "http-header", "HttpHeaderConfig": {
            "HttpHeaderName": header.text("name"), "Values": header.texts("values") } });
        route.test_rule = Some(rule(world, place, balancer, route, (at - 1, &[host.clone(), header]), &marks)?);
    }
    route.rule = rule(world, place, balancer, route, (at, &[host]), &marks)?;
    if route.service_group.is_empty() {
        let vpc = vpc.unwrap_or_default();
        route.service_group = group(world, place, &format!("ecs-gateway-service-{id}"), &vpc, &marks)?;
    }
    let from = json!({ "UserIdGroupPairs": [{ "GroupId": balancer.group }] });
    let_in(world, place, &route.service_group.clone(), route.port, &from, &marks)
}

fn rule(
    world: &mut World,
    place: &Place,
    balancer: &Balancer,
    route: &Route,
    (priority, conditions): (usize, &[Value]),
    marks: &Tags,
) -> Result<String, Refusal> {
    let share = |(index, arn): (usize, &String)| json!({ "TargetGroupArn": arn, "Weight": 100 - 100 * index });
    let groups: Vec<Value> = route.groups.iter().enumerate().map(share).collect();
    let input = json!({ "ListenerArn": balancer.listener, "Priority": priority, "Conditions": conditions,
        "Actions": [{ "Type": "forward", "ForwardConfig": { "TargetGroups": groups } }], "Tags": list(marks) });
    let reply = elb(world, place, "CreateRule", input)?;
    Ok(reply["Rules"][0].text_or_empty("RuleArn").to_owned())
}

/// Gives the target groups of a route the health check and the delay of its connector.
pub(super) fn recheck(world: &mut World, place: &Place, route: &Route) {
    for group in &route.groups {
        let input = with(json!({ "TargetGroupArn": group }), check(&route.connector));
        elb(world, place, "ModifyTargetGroup", input).ok();
        delay(world, place, group, &route.connector);
    }
    let gateway = of(world, place).gateways.get(&route.gateway).cloned().unwrap_or_default();
    let balancer = gateway.balancers.iter().find(|it| it.arn == route.balancer);
    // Another port is opened too; the one that is open already is refused.
    if let Some(balancer) = balancer {
        let from = json!({ "UserIdGroupPairs": [{ "GroupId": balancer.group }] });
        let_in(world, place, &route.service_group, route.port, &from, &gateway.marks()).ok();
    }
}

/// Whether something is gone.
fn gone(reply: &Reply) -> bool {
    reply.as_ref().err().is_none_or(|refusal| refusal.code.contains("NotFound"))
}

/// Clears away what a route needed, and the load balancer with the last one; whether nothing of it is left.
pub(super) fn clear(world: &mut World, place: &Place, route: &Route) -> bool {
    for rule in route.test_rule.iter().chain([&route.rule]).filter(|arn| !arn.is_empty()) {
        elb(world, place, "DeleteRule", json!({ "RuleArn": rule })).ok();
    }
    let mut all = true;
    for group in &route.groups {
        all &= gone(&elb(world, place, "DeleteTargetGroup", json!({ "TargetGroupArn": group })));
    }
    let others = |other: &&Route| other.arn != route.arn && !other.goes();
    let shared = of(world, place).routes.values().filter(others);
    let shared: Vec<(String, String)> = shared.map(|it| (it.balancer.clone(), it.service_group.clone())).collect();
    let used = |group: &str| shared.iter().any(|(_, other)| other == group);
    if !route.service_group.is_empty() && !used(&route.service_group) {
        let input = json!({ "GroupId": route.service_group });
        all &= gone(&services::call(world, place, "ec2", "DeleteSecurityGroup", input));
    }
    let used = shared.iter().any(|(balancer, _)| *balancer == route.balancer);
    let gateway = of(world, place).gateways.get(&route.gateway).cloned().unwrap_or_default();
    let balancer = gateway.balancers.iter().find(|it| it.arn == route.balancer).cloned();
    let Some(balancer) = balancer.filter(|_| !used) else { return all };
    let off = json!([{ "Key": "deletion_protection.enabled", "Value": "false" }]);
    let off = json!({ "LoadBalancerArn": balancer.arn, "Attributes": off });
    elb(world, place, "ModifyLoadBalancerAttributes", off).ok();
    elb(world, place, "DeleteLoadBalancer", json!({ "LoadBalancerArn": balancer.arn })).ok();
    let group = json!({ "GroupId": balancer.group });
    all &= gone(&services::call(world, place, "ec2", "DeleteSecurityGroup", group));
    let certificate = json!({ "CertificateArn": balancer.certificate });
    all &= gone(&services::call(world, place, "acm", "DeleteCertificate", certificate));
    if all && let Some(gateway) = of(world, place).gateways.get_mut(&route.gateway) {
        gateway.balancers.retain(|it| it.arn != balancer.arn);
    }
    all
}
