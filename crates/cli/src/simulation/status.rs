//! What is in a simulated AWS, as a few lines for a person: asked through its own operations, place by place.

use evenkeel_sim::services;
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

/// What is counted: service, operation, the list in its reply, and the word for one of them.
const LISTS: &[(&str, &str, &str, &str)] = &[
    ("elbv2", "DescribeLoadBalancers", "LoadBalancers", "load balancer"),
    ("elbv2", "DescribeTargetGroups", "TargetGroups", "target group"),
    ("ecs", "ListTaskDefinitions", "taskDefinitionArns", "task definition"),
    ("logs", "DescribeLogGroups", "logGroups", "log group"),
    ("acm", "ListCertificates", "CertificateSummaryList", "certificate"),
    ("ecr", "DescribeRepositories", "repositories", "repository"),
    ("ssm", "DescribeParameters", "Parameters", "parameter"),
    ("secretsmanager", "ListSecrets", "SecretList", "secret"),
    ("servicediscovery", "ListNamespaces", "Namespaces", "namespace"),
    ("rds", "DescribeDBInstances", "DBInstances", "database"),
    ("dynamodb", "ListTables", "TableNames", "table"),
    ("scheduler", "ListSchedules", "Schedules", "schedule"),
    ("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", "network interface"),
];

/// How replies call the token of the next page, and how requests do.
const TOKENS: &[(&str, &str)] = &[
    ("nextToken", "nextToken"),
    ("NextToken", "NextToken"),
    ("NextMarker", "Marker"),
    ("Marker", "Marker"),
    ("LastEvaluatedTableName", "ExclusiveStartTableName"),
];

/// `1 role`, `2 roles`.
fn counted(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {word}s"),
    }
}

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
        let zones = list(world, &place, ("route53", "ListHostedZones", "HostedZones"), json!({}));
        for zone in &zones {
            lines.push(format!("{account}: hosted zone {}", zone["Name"].as_str().unwrap_or_default()));
        }
        let roles = list(world, &place, ("iam", "ListRoles", "Roles"), json!({}));
        let linked = |role: &&Value| role["Path"].as_str().is_some_and(|path| path.starts_with("/aws-service-role/"));
        let own = roles.iter().filter(|role| !linked(role)).count();
        if own > 0 {
            lines.push(format!("{account}: {}", counted(own, "role")));
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
    for cluster in list(world, place, ("ecs", "ListClusters", "clusterArns"), json!({})) {
        let services = list(world, place, ("ecs", "ListServices", "serviceArns"), json!({ "cluster": cluster }));
        let name = cluster.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        lines.push(format!("{head}: cluster {name} with {}", counted(services.len(), "service")));
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
    let groups = list(world, place, ("ec2", "DescribeSecurityGroups", "SecurityGroups"), json!({}));
    let own = groups.iter().filter(|group| group["GroupName"] != "default").count();
    for (service, operation, member, word) in LISTS {
        let count = list(world, place, (service, operation, member), json!({})).len();
        if count > 0 {
            lines.push(format!("{head}: {}", counted(count, word)));
        }
    }
    if own > 0 {
        lines.push(format!("{head}: {} beside the default ones", counted(own, "security group")));
    }
}

/// A whole list, page after page.
fn list(
    world: &mut World,
    place: &Place,
    (service, operation, member): (&str, &str, &str),
    mut input: Value,
) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let Ok(reply) = services::call(world, place, service, operation, input.clone()) else { return all };
        all.extend(reply[member].as_array().cloned().unwrap_or_default());
        let next = TOKENS.iter().find(|(token, _)| reply[token].is_string());
        let Some((token, asked)) = next.filter(|_| reply["IsTruncated"] != false) else { return all };
        input[asked] = reply[token].clone();
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_sim::world::Moment;

    use super::*;

    #[test]
    fn everything_is_counted_however_many_pages_it_takes() {
        let mut world = World::new(1, Moment::wall());
        let place = Place::new("123456789012", "eu-west-1");
        assert_eq!(lines(&mut world), ["nothing yet: every region has its default VPC, and that is all"]);
        for number in 0..120 {
            let name = json!({ "logGroupName": format!("/g{number}") });
            services::call(&mut world, &place, "logs", "CreateLogGroup", name).expect("a log group");
        }
        services::call(&mut world, &place, "ecr", "CreateRepository", json!({ "repositoryName": "one" })).expect("one");
        services::call(&mut world, &place, "ecr", "CreateRepository", json!({ "repositoryName": "two" })).expect("two");
        services::call(&mut world, &place, "ecs", "CreateCluster", json!({ "clusterName": "c" })).expect("one");
        let told = lines(&mut world);
        for line in ["120 log groups", "2 repositories", "cluster c with 0 services"] {
            assert!(told.contains(&format!("123456789012 eu-west-1: {line}")), "{line} in {told:#?}");
        }
    }
}
