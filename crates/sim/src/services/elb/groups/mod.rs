//! Target groups: making, listing, changing and deleting them. How they check their targets is in `checks`; the targets are in
//! `targets`, the attributes in `attributes`.

mod checks;

use serde_json::{Map, Value, json};

use super::arns::{What, check, check_count, check_name, configuration, invalid, page};
use super::balancers;
use super::state::Group;
use super::tagging;
use crate::call::{Call, Input, Members, Refusal, Reply, Table};
use crate::services::ec2;

/// The operations on target groups.
pub(super) const OPERATIONS: Table = &[
    ("CreateTargetGroup", create),
    ("DescribeTargetGroups", describe),
    ("ModifyTargetGroup", modify),
    ("DeleteTargetGroup", delete),
];

/// How many target groups a region may have.
const QUOTA: usize = 3000;

/// A target group as it reads back, without its load balancers.
fn document(group: &Group) -> Map<String, Value> {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("TargetGroupArn", group.arn.clone().into());
    put("TargetGroupName", group.name.clone().into());
    put("Protocol", json!(group.protocol));
    put("Port", json!(group.port));
    put("VpcId", json!(group.vpc));
    let check = &group.check;
    put("HealthCheckProtocol", json!(check.protocol));
    put("HealthCheckPort", json!(check.port));
    put("HealthCheckEnabled", check.enabled.into());
    put("HealthCheckIntervalSeconds", check.interval.into());
    put("HealthCheckTimeoutSeconds", check.timeout.into());
    put("HealthyThresholdCount", check.healthy.into());
    put("UnhealthyThresholdCount", check.unhealthy.into());
    put("HealthCheckPath", json!(check.path));
    match (&check.http_code, &check.grpc_code) {
        (Some(code), _) => put("Matcher", json!({ "HttpCode": code })),
        (None, Some(code)) => put("Matcher", json!({ "GrpcCode": code })),
        (None, None) => None,
    };
    put("TargetType", group.target_type.clone().into());
    put("ProtocolVersion", json!(group.protocol_version));
    put("IpAddressType", json!(group.ip_address_type));
    put("TargetControlPort", json!(group.control_port));
    document.retain(|_, value| !value.is_null());
    document
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("Name").to_owned();
    check_name("Target group", &name)?;
    let tags = tagging::DIALECT.given(input)?;
    let mut group = read(input)?;
    if let Some(vpc) = group.vpc.clone()
        && !ec2::vpc_exists(call.region(), &vpc)
    {
        return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
    }
    group.check = checks::read(input, &group, None)?;
    group.name = name;
    let elb = &call.region().elb;
    if let Some(existing) = elb.groups.values().find(|one| one.name == group.name) {
        return same_again(existing, &group, &tags);
    }
    if elb.groups.len() >= QUOTA {
        return Err(Refusal::new("TooManyTargetGroups", "The maximum number of target groups has been reached"));
    }
    balancers::service_role(call);
    let id = call.world.ids.hex(16);
    group.arn = call.arn("elasticloadbalancing", &format!("targetgroup/{}/{id}", group.name));
    group.tags = tags;
    group.made = call.region().elb.next();
    let answer = document(&group);
    call.region().elb.groups.insert(group.arn.clone(), group);
    Ok(json!({ "TargetGroups": [answer] }))
}

/// The same name again: the group that is there, if nothing differs.
fn same_again(existing: &Group, wanted: &Group, tags: &crate::tags::Tags) -> Reply {
    let same = existing.protocol == wanted.protocol
        && existing.protocol_version == wanted.protocol_version
        && existing.port == wanted.port
        && existing.vpc == wanted.vpc
        && existing.target_type == wanted.target_type
        && existing.ip_address_type == wanted.ip_address_type
        && existing.control_port == wanted.control_port
        && existing.check == wanted.check;
    let refuse = |what: &str| {
        let name = &existing.name;
        let text = format!("A target group with the same name '{name}' exists, but with different {what}");
        Err(Refusal::new("DuplicateTargetGroupName", text))
    };
    match (same, existing.tags == *tags) {
        (false, _) => refuse("settings"),
        (true, false) => refuse("tags"),
        (true, true) => Ok(json!({ "TargetGroups": [document(existing)] })),
    }
}

/// What a request says of a group that cannot change later.
fn read(input: &Input) -> Result<Group, Refusal> {
    let target_type = input.text("TargetType").unwrap_or("instance").to_owned();
    let text = |name: &str| input.text(name).map(str::to_owned);
    let lambda = target_type == "lambda";
    if lambda {
        for (member, words) in [("Protocol", "Protocol"), ("Port", "Port"), ("VpcId", "VPC ID")] {
            if input.has(member) {
                let text = format!("{words} cannot be specified for target groups with target type 'lambda'");
                return Err(invalid(text));
            }
        }
    } else {
        for (member, words) in [("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")] {
            if !input.has(member) {
                return Err(invalid(format!("A {words} must be specified")));
            }
        }
    }
    let protocol = text("Protocol");
    let http = matches!(protocol.as_deref(), Some("HTTP" | "HTTPS"));
    let version = text("ProtocolVersion");
    if let Some(version) = &version {
        if !http {
            let protocol = protocol.clone().unwrap_or_default();
            let text = format!("Protocol version is not supported for target groups with the {protocol} protocol");
            return Err(invalid(text));
        }
        if !["HTTP1", "HTTP2", "GRPC"].contains(&version.as_str()) {
            return Err(invalid(format!("Protocol version '{version}' must be one of '[GRPC, HTTP1, HTTP2]'")));
        }
    }
    if target_type == "alb" && protocol.as_deref() != Some("TCP") {
        return Err(configuration("Target groups with target type 'alb' must have the protocol 'TCP'"));
    }
    let geneve = protocol.as_deref() == Some("GENEVE");
    if geneve && input.integer("Port") != Some(6081) {
        return Err(invalid("Port must be '6081' for target groups with the GENEVE protocol"));
    }
    Ok(Group {
        port: input.integer("Port"),
        vpc: text("VpcId"),
        protocol_version: version.or_else(|| http.then(|| "HTTP1".to_owned())),
        protocol,
        target_type,
        ip_address_type: text("IpAddressType").or_else(|| (!geneve).then(|| "ipv4".to_owned())),
        control_port: input.integer("TargetControlPort"),
        ..Group::default()
    })
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let (arns, names) = (input.texts("TargetGroupArns"), input.texts("Names"));
    let balancer = input.text("LoadBalancerArn");
    if [!arns.is_empty(), !names.is_empty(), balancer.is_some()].iter().filter(|given| **given).count() > 1 {
        let text =
            "Target group names, target group ARNs, and a load balancer ARN cannot be specified at the same time";
        return Err(invalid(text));
    }
    check_count(arns.len().max(names.len()), "target groups")?;
    for arn in &arns {
        check(What::Group, arn)?;
    }
    let elb = &call.region().elb;
    let missing = arns.iter().any(|arn| !elb.groups.contains_key(arn))
        || names.iter().any(|name| !elb.groups.values().any(|group| group.name == *name));
    if missing {
        return Err(Refusal::new("TargetGroupNotFound", "One or more target groups not found"));
    }
    let used = match balancer {
        Some(arn) => Some(elb.groups_of(&elb.balancer(arn)?.arn)),
        None => None,
    };
    let asked = |group: &&Group| {
        used.as_ref().is_none_or(|used| used.contains(&group.arn))
            && (arns.is_empty() || arns.contains(&group.arn))
            && (names.is_empty() || names.contains(&group.name))
    };
    let mut found: Vec<&Group> = elb.groups.values().filter(asked).collect();
    found.sort_by_key(|group| group.made);
    let shown = |group: &Group| {
        let mut document = document(group);
        let balancers: Vec<String> = elb.balancers_of(&group.arn).into_iter().collect();
        document.insert("LoadBalancerArns".to_owned(), balancers.into());
        (group.arn.clone(), document)
    };
    let found: Vec<(String, Map<String, Value>)> = found.into_iter().map(shown).collect();
    let page = page(call, input, found, |(arn, _)| arn.clone(), &format!("{arns:?} {names:?} {balancer:?}"))?;
    let list: Vec<Value> = page.items.into_iter().map(|(_, document)| document.into()).collect();
    Ok(json!({ "TargetGroups": list, "NextMarker": page.next }))
}

fn modify(call: &mut Call<'_>, input: &Input) -> Reply {
    let elb = &mut call.region().elb;
    let group = elb.group_mut(input.text_or_empty("TargetGroupArn"))?;
    group.check = checks::read(input, group, Some(&group.check))?;
    let (arn, mut answer) = (group.arn.clone(), document(group));
    let balancers: Vec<String> = elb.balancers_of(&arn).into_iter().collect();
    answer.insert("LoadBalancerArns".to_owned(), balancers.into());
    Ok(json!({ "TargetGroups": [answer] }))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let arn = input.text_or_empty("TargetGroupArn");
    check(What::Group, arn)?;
    let elb = &mut call.region().elb;
    if elb.groups.contains_key(arn) && elb.in_use(arn) {
        let text = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(Refusal::new("ResourceInUse", text));
    }
    // Deleting what is not there succeeds.
    elb.groups.remove(arn);
    elb.uses.remove(arn);
    Ok(json!({}))
}
