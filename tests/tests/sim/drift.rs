//! Drift: what somebody does behind our back to a stack that is applied, by calls of their own. Each change is one that a plan
//! has to see and an apply has to undo (or, where a thing is gone, to make again).

use evenkeel_tests::simulated::Bench;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One change behind our back; the number picks the victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drift {
    /// Another rule in a security group.
    AddRule(usize),
    /// All ingress rules of a security group are gone.
    RevokeRules(usize),
    /// A target group's health check has another path.
    HealthCheck(usize),
    /// A load balancer's attribute is changed.
    Attribute(usize),
    /// A listener rule is gone.
    DeleteRule(usize),
    /// A listener is gone.
    DeleteListener(usize),
    /// A log group keeps its lines for another time.
    Retention(usize),
    /// A log group is gone.
    DeleteLogs(usize),
    /// A role has lost its managed policies.
    DetachPolicies(usize),
    /// A service is to run other tasks.
    DesiredCount(usize),
    /// A service can no longer be logged in to, or can.
    ExecuteCommand(usize),
    /// A service is gone.
    DeleteService(usize),
    /// A cluster's setting is changed.
    Insights,
    /// A record has another value.
    Record(usize),
    /// A record is gone.
    DeleteRecord(usize),
    /// A tag of ours has another value.
    Tag(usize),
}

/// Any drift.
pub fn drift() -> impl Strategy<Value = Drift> {
    (0..16_usize, 0..4_usize).prop_map(|(what, which)| match what {
        0 => Drift::AddRule(which),
        1 => Drift::RevokeRules(which),
        2 => Drift::HealthCheck(which),
        3 => Drift::Attribute(which),
        4 => Drift::DeleteRule(which),
        5 => Drift::DeleteListener(which),
        6 => Drift::Retention(which),
        7 => Drift::DeleteLogs(which),
        8 => Drift::DetachPolicies(which),
        9 => Drift::DesiredCount(which),
        10 => Drift::ExecuteCommand(which),
        11 => Drift::DeleteService(which),
        12 => Drift::Insights,
        13 => Drift::Record(which),
        14 => Drift::DeleteRecord(which),
        _ => Drift::Tag(which),
    })
}

/// What the stack `random` has of a list, by a part of a name or ARN.
fn ours(bench: &Bench, operation: &str, input: Value, list: &str, name: &str) -> Vec<Value> {
    let reply = bench.ask(operation, input);
    let all = reply[list].as_array().cloned().unwrap_or_default();
    all.into_iter()
        .filter(|item| name.is_empty() || item[name].as_str().is_some_and(|n| n.contains("random")))
        .collect()
}

fn pick(list: &[Value], which: usize) -> Option<Value> {
    (!list.is_empty()).then(|| list[which % list.len()].clone())
}

/// Changes it; nothing if the stack has no such thing, or AWS would not let it happen.
pub fn happen(bench: &Bench, drift: Drift) -> Option<()> {
    match drift {
        Drift::AddRule(_) | Drift::RevokeRules(_) => groups(bench, drift),
        Drift::HealthCheck(_)
        | Drift::Attribute(_)
        | Drift::DeleteRule(_)
        | Drift::DeleteListener(_)
        | Drift::Tag(_) => balancing(bench, drift),
        Drift::Retention(_) | Drift::DeleteLogs(_) | Drift::DetachPolicies(_) => logs_and_roles(bench, drift),
        Drift::DesiredCount(_) | Drift::ExecuteCommand(_) | Drift::DeleteService(_) | Drift::Insights => {
            running(bench, drift)
        }
        Drift::Record(which) | Drift::DeleteRecord(which) => record(bench, which, matches!(drift, Drift::Record(_))),
    }
}

fn groups(bench: &Bench, drift: Drift) -> Option<()> {
    let groups = ours(bench, "ec2.DescribeSecurityGroups", json!({}), "SecurityGroups", "GroupName");
    match drift {
        Drift::RevokeRules(which) => {
            let group = pick(&groups, which)?;
            let rules = group["IpPermissions"].clone();
            rules.as_array().filter(|rules| !rules.is_empty())?;
            let input = json!({ "GroupId": group["GroupId"], "IpPermissions": rules });
            bench.ask("ec2.RevokeSecurityGroupIngress", input);
        }
        Drift::AddRule(which) => {
            let group = pick(&groups, which)?;
            let rule = json!({ "IpProtocol": "tcp", "FromPort": 2222, "ToPort": 2222,
                "IpRanges": [{ "CidrIp": "198.51.100.0/24" }] });
            let input = json!({ "GroupId": group["GroupId"], "IpPermissions": [rule] });
            let place = bench.place.clone();
            // Twice the same drift is refused as a duplicate.
            bench.sim.call(&place, "ec2", "AuthorizeSecurityGroupIngress", input).ok()?;
        }
        _ => {}
    }
    Some(())
}

fn balancing(bench: &Bench, drift: Drift) -> Option<()> {
    let balancers = ours(bench, "elbv2.DescribeLoadBalancers", json!({}), "LoadBalancers", "LoadBalancerName");
    let listeners = |balancer: &Value| {
        let input = json!({ "LoadBalancerArn": balancer["LoadBalancerArn"] });
        ours(bench, "elbv2.DescribeListeners", input, "Listeners", "")
    };
    match drift {
        Drift::HealthCheck(which) => {
            let groups = ours(bench, "elbv2.DescribeTargetGroups", json!({}), "TargetGroups", "TargetGroupName");
            let arn = pick(&groups, which)?["TargetGroupArn"].clone();
            bench.ask("elbv2.ModifyTargetGroup", json!({ "TargetGroupArn": arn, "HealthCheckPath": "/drifted" }));
        }
        Drift::Attribute(which) => {
            let arn = pick(&balancers, which)?["LoadBalancerArn"].clone();
            let attributes = json!([{ "Key": "idle_timeout.timeout_seconds", "Value": "77" }]);
            let input = json!({ "LoadBalancerArn": arn, "Attributes": attributes });
            bench.ask("elbv2.ModifyLoadBalancerAttributes", input);
        }
        Drift::DeleteListener(which) => {
            let listener = pick(&listeners(&pick(&balancers, which)?), which)?;
            bench.ask("elbv2.DeleteListener", json!({ "ListenerArn": listener["ListenerArn"] }));
        }
        Drift::DeleteRule(which) => {
            let listener = pick(&listeners(&pick(&balancers, which)?), which)?;
            let input = json!({ "ListenerArn": listener["ListenerArn"] });
            let rules = ours(bench, "elbv2.DescribeRules", input, "Rules", "");
            let rules: Vec<Value> = rules.into_iter().filter(|rule| rule["IsDefault"] != true).collect();
            bench.ask("elbv2.DeleteRule", json!({ "RuleArn": pick(&rules, which)?["RuleArn"] }));
        }
        Drift::Tag(which) => {
            let groups = ours(bench, "elbv2.DescribeTargetGroups", json!({}), "TargetGroups", "TargetGroupName");
            let arn = pick(&groups, which)?["TargetGroupArn"].clone();
            let tags = json!([{ "Key": "team", "Value": "somebody" }]);
            bench.ask("elbv2.AddTags", json!({ "ResourceArns": [arn], "Tags": tags }));
        }
        _ => {}
    }
    Some(())
}

fn logs_and_roles(bench: &Bench, drift: Drift) -> Option<()> {
    let groups = ours(bench, "logs.DescribeLogGroups", json!({}), "logGroups", "logGroupName");
    match drift {
        Drift::Retention(which) => {
            let name = pick(&groups, which)?["logGroupName"].clone();
            bench.ask("logs.PutRetentionPolicy", json!({ "logGroupName": name, "retentionInDays": 3 }));
        }
        Drift::DeleteLogs(which) => {
            let name = pick(&groups, which)?["logGroupName"].clone();
            bench.ask("logs.DeleteLogGroup", json!({ "logGroupName": name }));
        }
        Drift::DetachPolicies(which) => {
            let role = pick(&ours(bench, "iam.ListRoles", json!({}), "Roles", "RoleName"), which)?["RoleName"].clone();
            let input = json!({ "RoleName": role });
            for policy in ours(bench, "iam.ListAttachedRolePolicies", input, "AttachedPolicies", "") {
                let input = json!({ "RoleName": role, "PolicyArn": policy["PolicyArn"] });
                bench.ask("iam.DetachRolePolicy", input);
            }
        }
        _ => {}
    }
    Some(())
}

fn running(bench: &Bench, drift: Drift) -> Option<()> {
    let clusters = bench.ask("ecs.ListClusters", json!({}))["clusterArns"].as_array().cloned().unwrap_or_default();
    let cluster = clusters.into_iter().find(|arn| arn.as_str().is_some_and(|arn| arn.ends_with("/random")))?;
    let services = ours(bench, "ecs.ListServices", json!({ "cluster": cluster }), "serviceArns", "");
    match drift {
        Drift::DesiredCount(which) => {
            let input = json!({ "cluster": cluster, "service": pick(&services, which)?, "desiredCount": 1 });
            // One that is being deleted, by an earlier drift, can no longer be changed.
            bench.sim.call(&bench.place, "ecs", "UpdateService", input).ok()?;
        }
        Drift::ExecuteCommand(which) => {
            let service = pick(&services, which)?;
            let input = json!({ "cluster": cluster, "service": service, "enableExecuteCommand": which % 2 == 0 });
            // One that is being deleted, by an earlier drift, can no longer be changed.
            bench.sim.call(&bench.place, "ecs", "UpdateService", input).ok()?;
        }
        Drift::DeleteService(which) => {
            let input = json!({ "cluster": cluster, "service": pick(&services, which)?, "force": true });
            bench.ask("ecs.DeleteService", input);
        }
        Drift::Insights => {
            let settings = json!([{ "name": "containerInsights", "value": "enhanced" }]);
            bench.ask("ecs.UpdateClusterSettings", json!({ "cluster": cluster, "settings": settings }));
        }
        _ => {}
    }
    Some(())
}

fn record(bench: &Bench, which: usize, change: bool) -> Option<()> {
    let zones = ours(bench, "route53.ListHostedZones", json!({}), "HostedZones", "Name");
    let zone = pick(&zones, 0)?["Id"].clone();
    let records =
        ours(bench, "route53.ListResourceRecordSets", json!({ "HostedZoneId": zone }), "ResourceRecordSets", "");
    // Who takes our mark from a record makes it his, and a plan then refuses to touch it.
    let mark = |record: &Value| record["Name"].as_str().is_some_and(|name| name.contains("._evenkeel."));
    let records: Vec<Value> = records
        .into_iter()
        .filter(|record| (record["Type"] == "A" || record["Type"] == "TXT") && !mark(record))
        .collect();
    let mut record = pick(&records, which)?;
    let action = if change {
        let value = if record["Type"] == "A" { "203.0.113.9" } else { "\"drifted\"" };
        record["ResourceRecords"] = json!([{ "Value": value }]);
        "UPSERT"
    } else {
        "DELETE"
    };
    let change = json!({ "Action": action, "ResourceRecordSet": record });
    let input = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": [change] } });
    bench.ask("route53.ChangeResourceRecordSets", input);
    Some(())
}
