//! Which operations share which token bucket. Sources: the service guides on API throttling. Rates that AWS
//! publishes are here, and one that its support tells (`PutParameter`); services without any never refuse for their rate. Knows no state.

use crate::call::Input;
use crate::throttle::Bucket;

/// A row: the service, the bucket's name, its burst and refill a second, and its operations (`*` at the end for any).
/// Operations in a bucket called `each` have one of their own each.
type Row = (&'static str, &'static str, f64, f64, &'static [&'static str]);

const EACH: &str = "each";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("ecs", "cluster modify", 20.0, 1.0, &["CreateCluster", "DeleteCluster", "UpdateCluster", "UpdateClusterSettings", "PutClusterCapacityProviders"]),
    ("ecs", "cluster read", 50.0, 20.0, &["DescribeClusters", "ListClusters"]),
    ("ecs", "definition modify", 20.0, 1.0, &["RegisterTaskDefinition", "DeregisterTaskDefinition"]),
    ("ecs", "definition read", 50.0, 20.0, &["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"]),
    ("ecs", "definition delete", 5.0, 1.0, &["DeleteTaskDefinitions"]),
    ("ecs", "provider modify", 10.0, 1.0, &["CreateCapacityProvider", "UpdateCapacityProvider", "DeleteCapacityProvider"]),
    ("ecs", "provider read", 50.0, 20.0, &["DescribeCapacityProviders"]),
    ("ecs", "tag modify", 20.0, 10.0, &["TagResource", "UntagResource"]),
    ("ecs", "tag read", 50.0, 20.0, &["ListTagsForResource"]),
    ("ecs", "resource modify", 100.0, 40.0, &["RunTask", "StartTask", "StopTask", "ExecuteCommand", "UpdateTaskProtection", "RegisterContainerInstance", "DeregisterContainerInstance", "UpdateContainerInstancesState"]),
    ("ecs", "resource read", 100.0, 20.0, &["ListTasks", "DescribeTasks", "GetTaskProtection", "ListContainerInstances", "DescribeContainerInstances"]),
    ("ecs", "service modify", 50.0, 5.0, &["CreateService", "UpdateService", "DeleteService"]),
    ("ecs", "services of a namespace", 10.0, 1.0, &["ListServicesByNamespace"]),
    ("ecs", "service read", 100.0, 20.0, &["DescribeServices", "ListServices"]),
    ("ecs", "deployments", 50.0, 20.0, &["DescribeServiceDeployments", "ListServiceDeployments"]),
    ("ecs", "revisions", 50.0, 20.0, &["DescribeServiceRevisions"]),
    ("elbv2", "describe", 40.0, 10.0, &["Describe*"]),
    ("ec2", EACH, 100.0, 10.0, &["CreateTags", "DeleteTags"]),
    ("ec2", EACH, 100.0, 5.0, &["CreateNetworkInterface"]),
    ("ec2", EACH, 20.0, 5.0, &["DescribeSecurityGroupReferences", "DescribeStaleSecurityGroups"]),
    ("ec2", "resource intensive", 50.0, 5.0, &["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]),
    ("ec2", EACH, 100.0, 20.0, &["Describe*", "Get*", "List*", "Search*"]),
    ("ec2", EACH, 50.0, 5.0, &["*"]),
    ("route53", "account", 50.0, 10.0, &["*"]),
    ("route53", EACH, 40.0, 2.0, &["CreateHostedZone"]),
    ("route53", EACH, 40.0, 5.0, &["DeleteHostedZone"]),
    ("route53", EACH, 20.0, 5.0, &["AssociateVPCWithHostedZone"]),
    ("route53", EACH, 10.0, 5.0, &["DisassociateVPCFromHostedZone"]),
    ("route53", EACH, 50.0, 0.5, &["CreateHealthCheck"]),
    ("route53", EACH, 15.0, 3.0, &["DeleteHealthCheck"]),
    ("route53", EACH, 50.0, 10.0, &["*"]),
    ("ssm", "get", 40.0, 40.0, &["GetParameter", "GetParameters", "GetParametersByPath"]),
    ("ssm", "put", 3.0, 3.0, &["PutParameter"]),
    ("servicediscovery", "discover", 2000.0, 1000.0, &["DiscoverInstances"]),
    ("logs", EACH, 10.0, 10.0, &["CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups"]),
    ("logs", EACH, 5.0, 5.0, &["PutRetentionPolicy", "DeleteRetentionPolicy", "TagResource", "UntagResource", "ListTagsForResource"]),
    ("acm", EACH, 10.0, 10.0, &["DescribeCertificate", "ListTagsForCertificate"]),
    ("acm", EACH, 8.0, 8.0, &["ListCertificates"]),
    ("acm", EACH, 5.0, 5.0, &["RequestCertificate", "AddTagsToCertificate", "RemoveTagsFromCertificate", "UpdateCertificateOptions"]),
    ("acm", EACH, 1.0, 1.0, &["ImportCertificate"]),
];

/// EC2's answer to whoever asks for everything at once.
const UNFILTERED: Row = ("ec2", EACH, 50.0, 10.0, &["Describe*"]);

fn holds(row: &Row, service: &str, operation: &str) -> bool {
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => operation.starts_with(start),
        None => operation == *pattern,
    };
    row.0 == service && row.4.iter().any(fits)
}

fn asks_for_all(input: &Input) -> bool {
    let narrows =
        |name: &String| name == "Filters" || name == "MaxResults" || name.ends_with("Ids") || name.ends_with("Names");
    !input.0.iter().any(|(name, value)| narrows(name) && !value.is_null())
}

/// The buckets that a request takes a token from: none if AWS publishes no rate. Route 53 has one for the account besides the
/// operation's own.
pub fn buckets(service: &'static str, operation: &str, input: &Input) -> Vec<Bucket> {
    let made = |row: &Row, suffix: &str| Bucket {
        name: if row.1 == EACH { format!("{service} {operation}{suffix}") } else { format!("{service} {}", row.1) },
        burst: row.2,
        per_second: row.3,
        global: service == "route53",
    };
    let mut rows = ROWS.iter().filter(|row| holds(row, service, operation));
    let Some(first) = rows.next() else { return Vec::new() };
    if service == "ec2" && operation.starts_with("Describe") && first.2 > UNFILTERED.2 && asks_for_all(input) {
        return vec![made(&UNFILTERED, " unfiltered")];
    }
    let own = rows.next().filter(|_| service == "route53");
    std::iter::once(first).chain(own).map(|row| made(row, "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(service: &'static str, operation: &str) -> Vec<(f64, f64)> {
        let filtered = Input(serde_json::Map::from_iter([("MaxResults".to_owned(), 5.into())]));
        buckets(service, operation, &filtered).iter().map(|bucket| (bucket.burst, bucket.per_second)).collect()
    }

    #[test]
    fn registering_and_deregistering_definitions_share_a_bucket() {
        let name = |operation| buckets("ecs", operation, &Input::default())[0].name.clone();
        assert_eq!(name("RegisterTaskDefinition"), name("DeregisterTaskDefinition"));
        assert_ne!(name("RegisterTaskDefinition"), name("DescribeTaskDefinition"));
        assert_eq!(of("ecs", "RegisterTaskDefinition"), [(20.0, 1.0)]);
        assert_eq!(of("ecs", "DescribeServices"), [(100.0, 20.0)]);
    }

    #[test]
    fn ec2_gives_less_to_who_asks_for_everything() {
        assert_eq!(of("ec2", "DescribeSecurityGroups"), [(100.0, 20.0)]);
        let all = buckets("ec2", "DescribeSecurityGroups", &Input::default());
        assert_eq!((all[0].burst, all[0].per_second), (50.0, 10.0));
        assert_eq!(of("ec2", "DeleteSecurityGroup"), [(50.0, 5.0)]);
        assert_eq!(of("ec2", "CreateTags"), [(100.0, 10.0)]);
    }

    #[test]
    fn route_53_counts_for_the_account_and_for_the_operation() {
        assert_eq!(of("route53", "CreateHostedZone"), [(50.0, 10.0), (40.0, 2.0)]);
        assert_eq!(of("route53", "ChangeResourceRecordSets"), [(50.0, 10.0), (50.0, 10.0)]);
        assert!(buckets("route53", "GetChange", &Input::default()).iter().all(|bucket| bucket.global));
    }

    #[test]
    fn services_without_published_rates_have_no_buckets() {
        assert!(of("iam", "CreateRole").is_empty());
        assert!(of("elbv2", "CreateRule").is_empty());
        assert_eq!(of("elbv2", "DescribeRules"), [(40.0, 10.0)]);
        assert_eq!(of("logs", "TagResource"), [(5.0, 5.0)]);
        assert_eq!(of("acm", "ImportCertificate"), [(1.0, 1.0)]);
        assert_eq!(of("ssm", "GetParameters"), [(40.0, 40.0)]);
    }
}
