//! What is in a simulated AWS, as a few lines for a person: asked through its own operations, place by place.

use evenkeel_sim::services;
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

/// What is counted: service, operation, the list in its reply, and the words for one and for many.
const LISTS: &[(&str, &str, &str, &str)] = &[
    ("ecs", "ListClusters", "clusterArns", "clusters"),
    ("elbv2", "DescribeLoadBalancers", "LoadBalancers", "load balancers"),
    ("elbv2", "DescribeTargetGroups", "TargetGroups", "target groups"),
    ("ecs", "ListTaskDefinitions", "taskDefinitionArns", "task definitions"),
    ("logs", "DescribeLogGroups", "logGroups", "log groups"),
    ("acm", "ListCertificates", "CertificateSummaryList", "certificates"),
    ("ecr", "DescribeRepositories", "repositories", "repositories"),
    ("ssm", "DescribeParameters", "Parameters", "parameters"),
    ("secretsmanager", "ListSecrets", "SecretList", "secrets"),
    ("servicediscovery", "ListNamespaces", "Namespaces", "namespaces"),
    ("rds", "DescribeDBInstances", "DBInstances", "databases"),
    ("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", "network interfaces"),
];

/// What is in a world, a line each.
pub fn lines(world: &mut World) -> Vec<String> {
    let places: Vec<Place> = world
        .accounts
        .iter()
        .flat_map(|(account, held)| held.regions.keys().map(|region| Place::new(account, region)))
        .collect();
    let mut lines = Vec::new();
    for account in world.accounts.keys().cloned().collect::<Vec<_>>() {
        // Route 53 and IAM know no regions; any will do to ask them.
        let place = Place::new(&account, "us-east-1");
        let zones = list(world, &place, ("route53", "ListHostedZones", "HostedZones"));
        for zone in &zones {
            lines.push(format!("{account}: hosted zone {}", zone["Name"].as_str().unwrap_or_default()));
        }
        let roles = list(world, &place, ("iam", "ListRoles", "Roles"));
        let linked = |role: &&Value| role["Path"].as_str().is_some_and(|path| path.starts_with("/aws-service-role/"));
        let own = roles.iter().filter(|role| !linked(role)).count();
        if own > 0 {
            lines.push(format!("{account}: {own} roles"));
        }
    }
    for place in &places {
        of_region(world, place, &mut lines);
    }
    if lines.is_empty() {
        lines.push("nothing yet: every region has its default VPC, and that is all".to_owned());
    }
    lines
}

fn of_region(world: &mut World, place: &Place, lines: &mut Vec<String>) {
    let head = format!("{} {}", place.account, place.region);
    for cluster in list(world, place, ("ecs", "ListClusters", "clusterArns")) {
        let services = all_services(world, place, &cluster);
        let name = cluster.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        lines.push(format!("{head}: cluster {name} with {} services", services.len()));
        for arn in services {
            let input = json!({ "cluster": cluster, "services": [arn] });
            let Ok(reply) = services::call(world, place, "ecs", "DescribeServices", input) else { continue };
            let service = &reply["services"][0];
            lines.push(format!(
                "{head}:   service {} {} of {} tasks run, {}",
                service["serviceName"].as_str().unwrap_or_default(),
                service["runningCount"],
                service["desiredCount"],
                service["status"].as_str().unwrap_or_default(),
            ));
        }
    }
    let groups = list(world, place, ("ec2", "DescribeSecurityGroups", "SecurityGroups"));
    let own = groups.iter().filter(|group| group["GroupName"] != "default").count();
    let counted = LISTS
        .iter()
        .skip(1)
        .map(|(service, operation, member, words)| (list(world, place, (service, operation, member)).len(), *words));
    let mut counts: Vec<(usize, &str)> = counted.collect();
    counts.push((own, "security groups beside the default ones"));
    for (count, words) in counts.into_iter().filter(|(count, _)| *count > 0) {
        lines.push(format!("{head}: {count} {words}"));
    }
}

fn all_services(world: &mut World, place: &Place, cluster: &Value) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), Value::Null);
    loop {
        let input = json!({ "cluster": cluster, "maxResults": 100, "nextToken": token });
        let Ok(reply) = services::call(world, place, "ecs", "ListServices", input) else { return all };
        all.extend(reply["serviceArns"].as_array().cloned().unwrap_or_default());
        token = reply["nextToken"].clone();
        if token.is_null() {
            return all;
        }
    }
}

fn list(world: &mut World, place: &Place, (service, operation, member): (&str, &str, &str)) -> Vec<Value> {
    let reply = services::call(world, place, service, operation, json!({})).unwrap_or_default();
    reply[member].as_array().cloned().unwrap_or_default()
}
