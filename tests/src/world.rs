//! What is in an account, seen by plain SDK calls and described in lines without ids, so that two worlds can be compared:
//! what an apply made, what a destroy left, whether something foreign was touched.

use std::collections::BTreeSet;

use evenkeel_aws::client::Aws;

/// Everything that an account has of the kinds that a stack is made of, one line each, AWS's own things left out.
pub async fn world(aws: &Aws) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    groups(aws, &mut lines).await;
    balancers(aws, &mut lines).await;
    clusters(aws, &mut lines).await;
    roles(aws, &mut lines).await;
    logs(aws, &mut lines).await;
    zones(aws, &mut lines).await;
    lines
}

async fn groups(aws: &Aws, lines: &mut BTreeSet<String>) {
    let reply = aws.ec2().describe_security_groups().send().await.expect("groups are listed");
    for group in reply.security_groups() {
        let name = group.group_name().unwrap_or_default();
        if name == "default" {
            continue;
        }
        lines.insert(format!("security group {name}: {}", group.description().unwrap_or_default()));
        let directions = [("from", group.ip_permissions()), ("to", group.ip_permissions_egress())];
        for (word, rules) in directions {
            for rule in rules {
                let (protocol, low, high) = (rule.ip_protocol().unwrap_or("-"), rule.from_port(), rule.to_port());
                let ranges = rule.ip_ranges().iter().filter_map(|range| range.cidr_ip());
                let ranges6 = rule.ipv6_ranges().iter().filter_map(|range| range.cidr_ipv6());
                for peer in ranges.chain(ranges6) {
                    lines.insert(format!("security group {name}: {protocol} {low:?}-{high:?} {word} {peer}"));
                }
                for pair in rule.user_id_group_pairs() {
                    let id = pair.group_id().unwrap_or_default();
                    let peer = reply.security_groups().iter().find(|g| g.group_id() == Some(id));
                    let peer = peer.and_then(|g| g.group_name()).unwrap_or(id);
                    lines.insert(format!("security group {name}: {protocol} {low:?}-{high:?} {word} group {peer}"));
                }
            }
        }
    }
}

async fn balancers(aws: &Aws, lines: &mut BTreeSet<String>) {
    let groups = aws.elb().describe_target_groups().send().await.expect("target groups are listed");
    for group in groups.target_groups() {
        let (name, port) = (group.target_group_name().unwrap_or_default(), group.port());
        let (path, every) = (group.health_check_path(), group.health_check_interval_seconds());
        lines.insert(format!("target group {name}: port {port:?}, checks {path:?} every {every:?} s"));
    }
    let named = |arn: Option<&str>| {
        let found = groups.target_groups().iter().find(|group| group.target_group_arn() == arn);
        found.and_then(|group| group.target_group_name()).unwrap_or("-").to_owned()
    };
    let reply = aws.elb().describe_load_balancers().send().await.expect("load balancers are listed");
    for balancer in reply.load_balancers() {
        let name = balancer.load_balancer_name().unwrap_or_default();
        let (zones, groups) = (balancer.availability_zones().len(), balancer.security_groups().len());
        lines.insert(format!("load balancer {name}: {:?}, {zones} zones, {groups} groups", balancer.scheme()));
        let arn = balancer.load_balancer_arn().unwrap_or_default();
        let listeners =
            aws.elb().describe_listeners().load_balancer_arn(arn).send().await.expect("listeners are listed");
        for listener in listeners.listeners() {
            let place = format!("{name}:{}", listener.port().unwrap_or_default());
            let rules = aws.elb().describe_rules().listener_arn(listener.listener_arn().unwrap_or_default());
            for rule in rules.send().await.expect("rules are listed").rules() {
                let actions: Vec<String> = rule
                    .actions()
                    .iter()
                    .map(|action| {
                        let target = action.target_group_arn().or_else(|| {
                            action
                                .forward_config()
                                .and_then(|f| f.target_groups().first())
                                .and_then(|t| t.target_group_arn())
                        });
                        format!("{:?} {}", action.r#type(), named(target))
                    })
                    .collect();
                let hosts: Vec<&str> = rule
                    .conditions()
                    .iter()
                    .filter_map(|condition| condition.host_header_config())
                    .flat_map(|config| config.values().iter().map(String::as_str))
                    .collect();
                lines.insert(format!("rule {place} {}: {hosts:?} {actions:?}", rule.priority().unwrap_or_default()));
            }
        }
    }
}

async fn clusters(aws: &Aws, lines: &mut BTreeSet<String>) {
    let arns = aws.ecs().list_clusters().send().await.expect("clusters are listed");
    let reply =
        aws.ecs().describe_clusters().set_clusters(arns.cluster_arns).send().await.expect("clusters are described");
    for cluster in reply.clusters().iter().filter(|cluster| cluster.status() == Some("ACTIVE")) {
        let name = cluster.cluster_name().unwrap_or_default();
        lines.insert(format!("cluster {name}"));
        let services =
            aws.ecs().list_services().cluster(name).max_results(100).send().await.expect("services are listed");
        for batch in services.service_arns().chunks(10) {
            let batch = aws.ecs().describe_services().cluster(name).set_services(Some(batch.to_vec())).send().await;
            for service in
                batch.expect("services are described").services().iter().filter(|s| s.status() == Some("ACTIVE"))
            {
                let (name, count) = (service.service_name().unwrap_or_default(), service.desired_count());
                let definition = service.task_definition().unwrap_or_default();
                let reply = aws.ecs().describe_task_definition().task_definition(definition).send().await;
                let reply = reply.expect("task definitions are described");
                let containers: Vec<String> = reply
                    .task_definition()
                    .map(|definition| definition.container_definitions())
                    .unwrap_or_default()
                    .iter()
                    .map(|container| {
                        let variables: Vec<String> = container
                            .environment()
                            .iter()
                            .map(|pair| format!("{}={}", pair.name().unwrap_or("-"), pair.value().unwrap_or("-")))
                            .collect();
                        format!(
                            "{} {} {variables:?}",
                            container.name().unwrap_or("-"),
                            container.image().unwrap_or("-")
                        )
                    })
                    .collect();
                lines.insert(format!("service {name}: {count} of {containers:?}"));
            }
        }
    }
    let active = aws_task_definitions(aws).await;
    lines.extend(active.into_iter().map(|arn| format!("task definition {arn}")));
}

/// The families and revisions that are active.
async fn aws_task_definitions(aws: &Aws) -> Vec<String> {
    let reply = aws.ecs().list_task_definitions().max_results(100).send().await.expect("task definitions are listed");
    let short = |arn: &String| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let mut active = Vec::new();
    for arn in reply.task_definition_arns() {
        let reply = aws.ecs().describe_task_definition().task_definition(arn).send().await.expect("it is described");
        let status = reply.task_definition().and_then(|definition| definition.status()).map(|s| s.as_str().to_owned());
        if status.as_deref() == Some("ACTIVE") {
            active.push(short(arn));
        }
    }
    active
}

async fn roles(aws: &Aws, lines: &mut BTreeSet<String>) {
    let reply = aws.iam().list_roles().send().await.expect("roles are listed");
    for role in reply.roles().iter().filter(|role| !role.path().starts_with("/aws-service-role/")) {
        let name = role.role_name();
        let attached =
            aws.iam().list_attached_role_policies().role_name(name).send().await.expect("policies are listed");
        let attached: Vec<&str> =
            attached.attached_policies().iter().filter_map(|policy| policy.policy_name()).collect();
        let inline = aws.iam().list_role_policies().role_name(name).send().await.expect("inline policies are listed");
        lines.insert(format!("role {}{name}: {attached:?} {:?}", role.path(), inline.policy_names()));
    }
}

async fn logs(aws: &Aws, lines: &mut BTreeSet<String>) {
    let reply = aws.logs().describe_log_groups().send().await.expect("log groups are listed");
    for group in reply.log_groups() {
        lines.insert(format!(
            "log group {}: {:?} days",
            group.log_group_name().unwrap_or("-"),
            group.retention_in_days()
        ));
    }
}

async fn zones(aws: &Aws, lines: &mut BTreeSet<String>) {
    let reply = aws.route53().list_hosted_zones().send().await.expect("zones are listed");
    for zone in reply.hosted_zones() {
        lines.insert(format!("zone {}", zone.name()));
        let records = aws.route53().list_resource_record_sets().hosted_zone_id(zone.id()).send().await;
        for record in records.expect("records are listed").resource_record_sets() {
            let kind = record.r#type().as_str();
            if record.name() == zone.name() && matches!(kind, "NS" | "SOA") {
                continue;
            }
            let values: Vec<&str> = record.resource_records().iter().map(|value| value.value()).collect();
            let alias = record.alias_target().is_some();
            lines.insert(format!("record {} {kind}: {values:?} alias {alias} ttl {:?}", record.name(), record.ttl()));
        }
    }
}
