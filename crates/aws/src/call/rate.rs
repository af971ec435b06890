//! AWS's published request rates as token buckets: how many requests of a group may go at once, and how many a second after
//! that. Sources: the service guides on API throttling (ECS, Elastic Load Balancing, EC2, Route 53, CloudWatch Logs).
//! Arithmetic on instants; sleeping is the caller's work.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// A group of operations that share one bucket.
struct Group {
    name: &'static str,
    burst: f64,
    per_second: f64,
    operations: &'static [&'static str],
}

const GROUPS: &[Group] = &[
    Group {
        name: "ecs cluster modify",
        burst: 20.0,
        per_second: 1.0,
        operations: &["ecs:CreateCluster", "ecs:UpdateCluster", "ecs:DeleteCluster", "ecs:PutClusterCapacityProviders"],
    },
    Group {
        name: "ecs task definition modify",
        burst: 20.0,
        per_second: 1.0,
        operations: &["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"],
    },
    Group {
        name: "ecs task definition read",
        burst: 50.0,
        per_second: 20.0,
        operations: &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies"],
    },
    Group {
        name: "ecs service modify",
        burst: 50.0,
        per_second: 5.0,
        operations: &["ecs:CreateService", "ecs:UpdateService", "ecs:DeleteService"],
    },
    Group {
        name: "ecs service read",
        burst: 100.0,
        per_second: 20.0,
        operations: &["ecs:DescribeServices", "ecs:ListServices"],
    },
    Group {
        name: "ecs deployment read",
        burst: 50.0,
        per_second: 20.0,
        operations: &["ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"],
    },
    Group {
        name: "ecs tag modify",
        burst: 20.0,
        per_second: 10.0,
        operations: &["ecs:TagResource", "ecs:UntagResource"],
    },
    Group {
        name: "elb read",
        burst: 40.0,
        per_second: 10.0,
        operations: &[
            "elb:DescribeLoadBalancers",
            "elb:DescribeTargetGroups",
            "elb:DescribeListeners",
            "elb:DescribeRules",
            "elb:DescribeTags",
            "elb:DescribeLoadBalancerAttributes",
            "elb:DescribeTargetGroupAttributes",
            "elb:DescribeTargetHealth",
        ],
    },
    Group {
        name: "ec2 rules",
        burst: 50.0,
        per_second: 5.0,
        operations: &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
        ],
    },
    Group {
        name: "ec2 modify",
        burst: 50.0,
        per_second: 5.0,
        operations: &["ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"],
    },
    Group { name: "logs create", burst: 10.0, per_second: 10.0, operations: &["logs:CreateLogGroup"] },
    Group { name: "logs delete", burst: 10.0, per_second: 10.0, operations: &["logs:DeleteLogGroup"] },
    Group { name: "logs retention", burst: 5.0, per_second: 5.0, operations: &["logs:PutRetentionPolicy"] },
    Group { name: "logs tags", burst: 5.0, per_second: 5.0, operations: &["logs:ListTagsForResource"] },
    Group {
        name: "route53",
        burst: 50.0,
        per_second: 10.0,
        operations: &[
            "route53:ChangeResourceRecordSets",
            "route53:ListResourceRecordSets",
            "route53:ListHostedZones",
            "route53:GetChange",
        ],
    },
];

/// The buckets of one run.
#[derive(Debug)]
pub struct Rates {
    /// Whether buckets hold from the start; otherwise each holds once AWS has refused a request of its group.
    always: bool,
    buckets: HashMap<&'static str, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// Full buckets.
    pub fn new(always: bool) -> Self {
        Self { always, buckets: HashMap::new() }
    }

    /// Takes a token for a request; the instant to wait for, if there is none left.
    pub fn turn(&mut self, operation: &str, now: Instant) -> Option<Instant> {
        let group = group(operation)?;
        if !self.always && !self.buckets.contains_key(group.name) {
            return None;
        }
        let bucket = self.buckets.entry(group.name).or_insert(Bucket { tokens: group.burst, filled: now });
        let gained = now.saturating_duration_since(bucket.filled).as_secs_f64() * group.per_second;
        bucket.tokens = (bucket.tokens + gained).min(group.burst);
        bucket.filled = bucket.filled.max(now);
        // A negative balance is a queue: each further request waits one interval longer.
        bucket.tokens -= 1.0;
        (bucket.tokens < 0.0).then(|| now + Duration::from_secs_f64(-bucket.tokens / group.per_second))
    }

    /// Notes that AWS refused a request: the bucket is emptier than we thought.
    pub fn refused(&mut self, operation: &str, now: Instant) {
        if let Some(group) = group(operation) {
            let bucket = self.buckets.entry(group.name).or_insert(Bucket { tokens: 0.0, filled: now });
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }
}

fn group(operation: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.operations.contains(&operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_goes_at_once_and_the_rest_in_turn() {
        let now = Instant::now();
        let mut rates = Rates::new(true);
        for _ in 0..20 {
            assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), None);
        }
        assert_eq!(rates.turn("ecs:DeregisterTaskDefinition", now), Some(now + Duration::from_secs(1)));
        assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), Some(now + Duration::from_secs(2)));
        assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now + Duration::from_secs(30)), None);
    }

    #[test]
    fn elsewhere_pacing_begins_with_the_first_refusal() {
        let now = Instant::now();
        let mut rates = Rates::new(false);
        for _ in 0..100 {
            assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), None);
        }
        rates.refused("ecs:RegisterTaskDefinition", now);
        assert!(rates.turn("ecs:RegisterTaskDefinition", now).is_some());
    }
}
