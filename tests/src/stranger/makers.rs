//! How a stranger makes a thing of each kind, by calls of his own, and how he takes it away again. One line of the table for
//! each kind of thing, and one for each kind of member that he puts into a thing of ours. Requests that AWS refuses do nothing.

use evenkeel_sim::services::cloud_map;
use evenkeel_sim::world::{Place, World};
use serde_json::{Value, json};

use super::unmake::{unmake_database, unmake_gateway, unmake_profile, unmake_role};
use super::{ask, list, pairs};
use crate::things::{Key, mark, things};

/// Makes a thing with a name and tags in a place; `None` where the place lacks something.
type Make = fn(&mut World, &Place, &str, &[(&str, &str)]) -> Option<()>;

/// How a thing of a kind is made and taken away.
pub struct Maker {
    /// The kind.
    pub kind: &'static str,
    /// Whether it has a name of its own; otherwise it is a member of a thing of the stack, which is named instead.
    pub named: bool,
    /// Where the simulated AWS keeps what is made.
    pub collections: &'static [&'static str],
    /// Makes one.
    pub make: Make,
    /// Takes away whatever has that name.
    pub unmake: fn(&mut World, &Place, &str),
    /// Takes away what was made.
    pub remove: fn(&mut World, &Place, &Key, &Value),
}

/// A part of a network. The stack that strangers visit has none of its own, into which one could be put.
const fn part_of_a_network(kind: &'static str) -> Maker {
    Maker {
        kind,
        named: false,
        collections: &[],
        make: |_, _, _, _| None,
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    }
}

/// The table.
pub const MAKERS: &[Maker] = &[
    part_of_a_network("vpc"),
    part_of_a_network("subnet"),
    part_of_a_network("internet_gateway"),
    part_of_a_network("elastic_ip"),
    part_of_a_network("nat_gateway"),
    part_of_a_network("route_table"),
    part_of_a_network("vpc_endpoint"),
    Maker {
        kind: "service",
        named: true,
        collections: &["ecs.running.services"],
        make: make_service,
        unmake: |world, place, name| {
            let clusters = list(world, place, "ecs.ListClusters", json!({}), "clusterArns");
            for cluster in clusters {
                ask(world, place, "ecs.DeleteService", json!({ "cluster": cluster, "service": name, "force": true }));
            }
        },
        remove: |world, place, _, thing| {
            let input = json!({ "cluster": thing["cluster"], "service": thing["name"], "force": true });
            ask(world, place, "ecs.DeleteService", input);
        },
    },
    Maker {
        kind: "task_definition",
        named: true,
        collections: &["ecs.registry.families.revisions"],
        make: |world, place, name, tags| {
            let container = json!({ "name": "his", "image": "example/his:1", "essential": true });
            let input = json!({ "family": name, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
                "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container],
                "tags": pairs(tags, "key", "value") });
            ask(world, place, "ecs.RegisterTaskDefinition", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, _, thing| {
            ask(world, place, "ecs.DeregisterTaskDefinition", json!({ "taskDefinition": thing["arn"] }));
        },
    },
    Maker {
        kind: "cluster",
        named: true,
        collections: &["ecs.registry.clusters"],
        make: |world, place, name, tags| {
            let input = json!({ "clusterName": name, "tags": pairs(tags, "key", "value") });
            ask(world, place, "ecs.CreateCluster", input).map(drop)
        },
        unmake: |world, place, name| drop(ask(world, place, "ecs.DeleteCluster", json!({ "cluster": name }))),
        remove: |world, place, _, thing| {
            // Whoever exchanged it in the middle of a run may have got a service of the stack with it.
            let cluster = json!({ "cluster": thing["name"] });
            for service in list(world, place, "ecs.ListServices", cluster.clone(), "serviceArns") {
                let input = json!({ "cluster": thing["name"], "service": service, "force": true });
                ask(world, place, "ecs.DeleteService", input);
            }
            ask(world, place, "ecs.DeleteCluster", cluster);
        },
    },
    Maker {
        kind: "gateway",
        named: true,
        collections: &["ecs.gateways.gateways"],
        make: |world, place, name, tags| {
            let roles = list(world, place, "iam.ListRoles", json!({}), "Roles");
            let role =
                roles.iter().find(|role| role["RoleName"].as_str().is_some_and(|name| name.contains("gateway")))?;
            let network = json!({ "ipAddressType": "ipv4" });
            let input = json!({ "name": name, "infrastructureRoleArn": role["Arn"], "deletionProtection": false,
                "configuration": { "hostSharedAlb": { "networkConfiguration": network } },
                "tags": pairs(tags, "key", "value") });
            ask(world, place, "ecs.CreateGateway", input).map(drop)
        },
        unmake: unmake_gateway,
        remove: |world, place, _, thing| {
            if let Some(name) = thing["name"].as_str() {
                unmake_gateway(world, place, name);
            }
        },
    },
    Maker {
        kind: "listener_rules",
        named: false,
        collections: &["elb.rules"],
        make: |world, place, stack, tags| {
            let listener = ours(world, "elb.listeners", stack)?.1["arn"].clone();
            let action = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
            let input = json!({ "ListenerArn": listener, "Priority": 7777, "Actions": action,
                "Conditions": [{ "Field": "path-pattern", "Values": ["/his/*"] }], "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "elbv2.CreateRule", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, _, thing| {
            ask(world, place, "elbv2.DeleteRule", json!({ "RuleArn": thing["arn"] }));
        },
    },
    Maker {
        kind: "listener",
        named: false,
        collections: &["elb.listeners"],
        make: |world, place, stack, tags| {
            let balancer = ours(world, "elb.balancers", stack)?.1["arn"].clone();
            let action = json!([{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }]);
            let input = json!({ "LoadBalancerArn": balancer, "Port": 8099, "Protocol": "HTTP",
                "DefaultActions": action, "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "elbv2.CreateListener", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, _, thing| {
            ask(world, place, "elbv2.DeleteListener", json!({ "ListenerArn": thing["arn"] }));
        },
    },
    Maker {
        kind: "load_balancer",
        named: true,
        collections: &["elb.balancers"],
        make: |world, place, name, tags| {
            let subnets = list(world, place, "ec2.DescribeSubnets", json!({}), "Subnets");
            let subnets: Vec<Value> = subnets.iter().map(|subnet| subnet["SubnetId"].clone()).collect();
            let mut input = json!({ "Name": name, "Subnets": subnets });
            input["Tags"] = pairs(tags, "Key", "Value");
            ask(world, place, "elbv2.CreateLoadBalancer", input).map(drop)
        },
        unmake: |world, place, name| {
            let input = json!({ "Names": [name] });
            for balancer in list(world, place, "elbv2.DescribeLoadBalancers", input, "LoadBalancers") {
                let input = json!({ "LoadBalancerArn": balancer["LoadBalancerArn"] });
                ask(world, place, "elbv2.DeleteLoadBalancer", input);
            }
        },
        remove: |world, place, _, thing| {
            ask(world, place, "elbv2.DeleteLoadBalancer", json!({ "LoadBalancerArn": thing["arn"] }));
        },
    },
    Maker {
        kind: "target_group",
        named: true,
        collections: &["elb.groups"],
        make: |world, place, name, tags| {
            let vpc = vpc(world, place)?;
            let input = json!({ "Name": name, "Protocol": "HTTP", "Port": 81, "VpcId": vpc, "TargetType": "ip",
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "elbv2.CreateTargetGroup", input).map(drop)
        },
        unmake: |world, place, name| {
            let input = json!({ "Names": [name] });
            for group in list(world, place, "elbv2.DescribeTargetGroups", input, "TargetGroups") {
                let input = json!({ "TargetGroupArn": group["TargetGroupArn"] });
                ask(world, place, "elbv2.DeleteTargetGroup", input);
            }
        },
        remove: |world, place, _, thing| {
            ask(world, place, "elbv2.DeleteTargetGroup", json!({ "TargetGroupArn": thing["arn"] }));
        },
    },
    Maker {
        kind: "security_group_rules",
        named: false,
        // A rule is a part of our group, which its file describes as a whole: drift, nobody's thing.
        collections: &[],
        make: |world, place, stack, _| {
            let group = ours(world, "ec2.groups", stack)?.0.key;
            let rule = json!({ "IpProtocol": "tcp", "FromPort": 7777, "ToPort": 7777,
                "IpRanges": [{ "CidrIp": "198.51.100.7/32" }] });
            let input = json!({ "GroupId": group, "IpPermissions": [rule] });
            ask(world, place, "ec2.AuthorizeSecurityGroupIngress", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    },
    Maker {
        kind: "existing_group_rules",
        named: false,
        // A rule without a mark is a part of the group, which is somebody else's.
        collections: &[],
        make: |world, place, _, tags| {
            let vpc = vpc(world, place)?;
            let filter = json!({ "Filters": [{ "Name": "group-name", "Values": ["default"] },
                { "Name": "vpc-id", "Values": [vpc] }] });
            let groups = list(world, place, "ec2.DescribeSecurityGroups", filter, "SecurityGroups");
            let rule = json!({ "IpProtocol": "tcp", "FromPort": 7778, "ToPort": 7778,
                "IpRanges": [{ "CidrIp": "198.51.100.8/32" }] });
            let specification = json!([{ "ResourceType": "security-group-rule", "Tags": pairs(tags, "Key", "Value") }]);
            let input = json!({ "GroupId": groups.first()?["GroupId"], "IpPermissions": [rule],
                "TagSpecifications": specification });
            ask(world, place, "ec2.AuthorizeSecurityGroupIngress", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    },
    Maker {
        kind: "security_group",
        named: true,
        collections: &["ec2.groups"],
        make: |world, place, name, tags| {
            let vpc = vpc(world, place)?;
            let specification = json!([{ "ResourceType": "security-group", "Tags": pairs(tags, "Key", "Value") }]);
            let input = json!({ "GroupName": name, "Description": "his", "VpcId": vpc,
                "TagSpecifications": specification });
            ask(world, place, "ec2.CreateSecurityGroup", input).map(drop)
        },
        unmake: |world, place, name| {
            let filter = json!({ "Filters": [{ "Name": "group-name", "Values": [name] }] });
            for group in list(world, place, "ec2.DescribeSecurityGroups", filter, "SecurityGroups") {
                ask(world, place, "ec2.DeleteSecurityGroup", json!({ "GroupId": group["GroupId"] }));
            }
        },
        remove: |world, place, key, _| {
            ask(world, place, "ec2.DeleteSecurityGroup", json!({ "GroupId": key.key }));
        },
    },
    Maker {
        kind: "log_group",
        named: true,
        collections: &["logs.groups"],
        make: |world, place, name, tags| {
            let tags: serde_json::Map<_, _> =
                tags.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
            ask(world, place, "logs.CreateLogGroup", json!({ "logGroupName": name, "tags": tags })).map(drop)
        },
        unmake: |world, place, name| drop(ask(world, place, "logs.DeleteLogGroup", json!({ "logGroupName": name }))),
        remove: |world, place, key, _| {
            ask(world, place, "logs.DeleteLogGroup", json!({ "logGroupName": key.key }));
        },
    },
    Maker {
        kind: "instance_profile",
        named: true,
        collections: &["iam.profiles"],
        make: |world, place, name, tags| {
            let input = json!({ "InstanceProfileName": name, "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "iam.CreateInstanceProfile", input).map(drop)
        },
        unmake: unmake_profile,
        remove: |world, place, key, _| unmake_profile(world, place, &key.key),
    },
    Maker {
        kind: "capacity_provider",
        named: true,
        collections: &["ecs.registry.providers"],
        make: |world, place, name, tags| {
            let group = "autoScalingGroup:11111111-2222-3333-4444-555555555555:autoScalingGroupName/his";
            let group = json!({ "autoScalingGroupArn": place.arn("autoscaling", group) });
            let input = json!({ "name": name, "autoScalingGroupProvider": group, "tags": pairs(tags, "key", "value") });
            ask(world, place, "ecs.CreateCapacityProvider", input).map(drop)
        },
        unmake: |world, place, name| {
            drop(ask(world, place, "ecs.DeleteCapacityProvider", json!({ "capacityProvider": name })));
        },
        remove: |world, place, key, _| {
            ask(world, place, "ecs.DeleteCapacityProvider", json!({ "capacityProvider": key.key }));
        },
    },
    Maker {
        kind: "repository",
        named: true,
        collections: &["ecr.repositories"],
        make: |world, place, name, tags| {
            let input = json!({ "repositoryName": name, "tags": pairs(tags, "Key", "Value") });
            ask(world, place, "ecr.CreateRepository", input).map(drop)
        },
        unmake: |world, place, name| {
            drop(ask(world, place, "ecr.DeleteRepository", json!({ "repositoryName": name, "force": true })));
        },
        remove: |world, place, key, _| {
            ask(world, place, "ecr.DeleteRepository", json!({ "repositoryName": key.key, "force": true }));
        },
    },
    Maker {
        kind: "namespace",
        named: true,
        collections: &["cloud_map.namespaces"],
        make: |world, place, name, tags| {
            let all = list(world, place, "servicediscovery.ListNamespaces", json!({}), "Namespaces");
            if all.iter().any(|one| one["Name"] == name) {
                return None;
            }
            // It is there at once, as one is that ECS makes for him.
            let arn = cloud_map::ensure_namespace(world, place, name);
            let input = json!({ "ResourceARN": arn, "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "servicediscovery.TagResource", input).map(drop)
        },
        // A name is free only a minute after its namespace was deleted.
        unmake: |_, _, _| {},
        remove: |world, place, key, _| {
            ask(world, place, "servicediscovery.DeleteNamespace", json!({ "Id": key.key }));
        },
    },
    Maker {
        kind: "discovery_service",
        named: true,
        collections: &["cloud_map.services"],
        make: |world, place, name, tags| {
            let all = list(world, place, "servicediscovery.ListNamespaces", json!({}), "Namespaces");
            let input = json!({ "Name": name, "NamespaceId": all.first()?["Id"], "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "servicediscovery.CreateService", input).map(drop)
        },
        unmake: |world, place, name| {
            let all = list(world, place, "servicediscovery.ListServices", json!({}), "Services");
            for service in all.iter().filter(|one| one["Name"] == name) {
                ask(world, place, "servicediscovery.DeleteService", json!({ "Id": service["Id"] }));
            }
        },
        remove: |world, place, key, _| {
            ask(world, place, "servicediscovery.DeleteService", json!({ "Id": key.key }));
        },
    },
    Maker {
        kind: "parameter",
        named: true,
        collections: &["ssm.parameters"],
        make: |world, place, name, tags| {
            let input = json!({ "Name": name, "Type": "String", "Value": "his", "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "ssm.PutParameter", input).map(drop)
        },
        unmake: |world, place, name| drop(ask(world, place, "ssm.DeleteParameter", json!({ "Name": name }))),
        remove: |world, place, key, _| drop(ask(world, place, "ssm.DeleteParameter", json!({ "Name": key.key }))),
    },
    Maker {
        kind: "secret",
        named: true,
        collections: &["secrets.secrets"],
        make: |world, place, name, tags| {
            let input = json!({ "Name": name, "SecretString": "his", "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "secretsmanager.CreateSecret", input).map(drop)
        },
        unmake: |world, place, name| {
            let input = json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true });
            ask(world, place, "secretsmanager.DeleteSecret", input);
        },
        remove: |world, place, key, _| {
            let input = json!({ "SecretId": key.key, "ForceDeleteWithoutRecovery": true });
            ask(world, place, "secretsmanager.DeleteSecret", input);
        },
    },
    Maker {
        kind: "role",
        named: true,
        collections: &["iam.roles"],
        make: |world, place, name, tags| {
            let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
            let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string(),
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "iam.CreateRole", input).map(drop)
        },
        unmake: unmake_role,
        remove: |world, place, _, thing| unmake_role(world, place, thing["name"].as_str().unwrap_or_default()),
    },
    Maker {
        kind: "role",
        named: false,
        collections: &["iam.profiles"],
        make: |world, place, stack, _| {
            let role = ours(world, "iam.roles", stack)?.1["name"].clone();
            ask(world, place, "iam.CreateInstanceProfile", json!({ "InstanceProfileName": "his" }))?;
            let input = json!({ "InstanceProfileName": "his", "RoleName": role });
            ask(world, place, "iam.AddRoleToInstanceProfile", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, _, thing| {
            let profile = thing["name"].clone();
            let input = json!({ "InstanceProfileName": profile });
            let shown = ask(world, place, "iam.GetInstanceProfile", input.clone()).unwrap_or_default();
            for role in shown["InstanceProfile"]["Roles"].as_array().into_iter().flatten() {
                let input = json!({ "InstanceProfileName": profile, "RoleName": role["RoleName"] });
                ask(world, place, "iam.RemoveRoleFromInstanceProfile", input);
            }
            ask(world, place, "iam.DeleteInstanceProfile", input);
        },
    },
    Maker {
        kind: "service_linked_role",
        named: false,
        // It is the account's, whoever has it made.
        collections: &[],
        make: |world, place, _, _| {
            let input = json!({ "AWSServiceName": "ecs.amazonaws.com" });
            ask(world, place, "iam.CreateServiceLinkedRole", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    },
    Maker {
        kind: "image",
        named: false,
        // One in a repository of the stack counts as the stack's, and keeps the repository; he has one of his own.
        collections: &[],
        make: |world, place, _, _| {
            ask(world, place, "ecr.CreateRepository", json!({ "repositoryName": "his-images" }));
            let manifest = json!({ "schemaVersion": 2, "config": {}, "layers": [] }).to_string();
            let input = json!({ "repositoryName": "his-images", "imageTag": "his", "imageManifest": manifest });
            ask(world, place, "ecr.PutImage", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    },
    Maker {
        kind: "records",
        named: false,
        collections: &["route53.zones.sets"],
        make: |world, place, stack, _| {
            let (key, zone) = ours(world, "route53.zones", stack)?;
            let name = format!("his.{}", zone["name"].as_str().unwrap_or_default());
            let set = json!({ "Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{ "Value": "192.0.2.77" }] });
            change(world, place, &key.key, "CREATE", set)
        },
        unmake: |_, _, _| {},
        remove: |world, place, key, thing| {
            let zone = key.key.split(':').next().unwrap_or_default();
            change(world, place, zone, "DELETE", thing["document"].clone());
        },
    },
    Maker {
        kind: "scaling",
        named: false,
        // A policy is a part of our target, which its file describes as a whole: drift, nobody's thing.
        collections: &[],
        make: |world, place, stack, _| {
            let target = ours(world, "scaling.targets", stack)?.1["scaled"].clone();
            let metric = json!({ "PredefinedMetricType": "ECSServiceAverageMemoryUtilization" });
            let input = json!({ "ServiceNamespace": "ecs", "ResourceId": target["resource"],
                "ScalableDimension": target["dimension"], "PolicyName": "his", "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 50.0, "PredefinedMetricSpecification": metric } });
            ask(world, place, "application-autoscaling.PutScalingPolicy", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |_, _, _, _| {},
    },
    Maker {
        kind: "database",
        named: true,
        collections: &["rds.instances"],
        make: |world, place, name, tags| {
            let input = json!({ "DBInstanceIdentifier": name, "Engine": "postgres", "DBInstanceClass": "db.t4g.micro",
                "AllocatedStorage": 20, "MasterUsername": "his", "MasterUserPassword": "long-enough-1",
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "rds.CreateDBInstance", input).map(drop)
        },
        unmake: |world, place, name| unmake_database(world, place, name),
        remove: |world, place, key, _| unmake_database(world, place, &key.key),
    },
    Maker {
        kind: "db_subnet_group",
        named: true,
        collections: &["rds.subnet_groups"],
        make: |world, place, name, tags| {
            let subnets = list(world, place, "ec2.DescribeSubnets", json!({}), "Subnets");
            let subnets: Vec<Value> = subnets.iter().map(|subnet| subnet["SubnetId"].clone()).collect();
            let input = json!({ "DBSubnetGroupName": name, "DBSubnetGroupDescription": "his", "SubnetIds": subnets,
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "rds.CreateDBSubnetGroup", input).map(drop)
        },
        unmake: |world, place, name| {
            drop(ask(world, place, "rds.DeleteDBSubnetGroup", json!({ "DBSubnetGroupName": name })));
        },
        remove: |world, place, key, _| {
            drop(ask(world, place, "rds.DeleteDBSubnetGroup", json!({ "DBSubnetGroupName": key.key })));
        },
    },
    Maker {
        kind: "db_parameter_group",
        named: true,
        collections: &["rds.parameter_groups"],
        make: |world, place, name, tags| {
            let input = json!({ "DBParameterGroupName": name, "DBParameterGroupFamily": "postgres16", "Description": "his",
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "rds.CreateDBParameterGroup", input).map(drop)
        },
        unmake: |world, place, name| {
            drop(ask(world, place, "rds.DeleteDBParameterGroup", json!({ "DBParameterGroupName": name })));
        },
        remove: |world, place, key, _| {
            drop(ask(world, place, "rds.DeleteDBParameterGroup", json!({ "DBParameterGroupName": key.key })));
        },
    },
    Maker {
        kind: "certificate",
        named: true,
        collections: &["acm.certificates"],
        make: |world, place, name, tags| {
            let input = json!({ "DomainName": format!("his{name}.example"), "ValidationMethod": "DNS",
                "Tags": pairs(tags, "Key", "Value") });
            ask(world, place, "acm.RequestCertificate", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, key, _| {
            drop(ask(world, place, "acm.DeleteCertificate", json!({ "CertificateArn": key.key })));
        },
    },
    Maker {
        kind: "hosted_zone",
        named: true,
        collections: &["route53.zones"],
        make: |world, place, name, tags| {
            let name = if name.contains('.') { name.to_owned() } else { format!("{name}.example") };
            let number = things(world).len();
            let input = json!({ "Name": name, "CallerReference": format!("his {number}") });
            let zone = ask(world, place, "route53.CreateHostedZone", input)?["HostedZone"]["Id"].clone();
            let id = zone.as_str()?.trim_start_matches("/hostedzone/");
            let tags = pairs(tags, "Key", "Value");
            let input = json!({ "ResourceType": "hostedzone", "ResourceId": id, "AddTags": tags });
            ask(world, place, "route53.ChangeTagsForResource", input).map(drop)
        },
        unmake: |_, _, _| {},
        remove: |world, place, key, _| drop(ask(world, place, "route53.DeleteHostedZone", json!({ "Id": key.key }))),
    },
];

/// The maker of a kind: of things of their own, or of members.
pub fn of(kind: &str, named: bool) -> Option<&'static Maker> {
    MAKERS.iter().find(|maker| maker.kind == kind && maker.named == named)
}

/// A thing of the stack in a collection: the first by mark.
fn ours(world: &World, collection: &str, stack: &str) -> Option<(Key, Value)> {
    let all = things(world);
    let ours = all
        .into_iter()
        .filter(|(key, thing)| key.collection == collection && mark(thing).is_some_and(|(whose, _)| whose == stack));
    ours.min_by_key(|(_, thing)| mark(thing).map(|(_, id)| id.to_owned()))
}

fn vpc(world: &mut World, place: &Place) -> Option<Value> {
    let filter = json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] });
    Some(list(world, place, "ec2.DescribeVpcs", filter, "Vpcs").first()?["VpcId"].clone())
}

fn change(world: &mut World, place: &Place, zone: &str, action: &str, set: Value) -> Option<()> {
    let change = json!({ "Action": action, "ResourceRecordSet": set });
    let input = json!({ "HostedZoneId": zone, "ChangeBatch": { "Changes": [change] } });
    ask(world, place, "route53.ChangeResourceRecordSets", input).map(drop)
}

fn make_service(world: &mut World, place: &Place, name: &str, tags: &[(&str, &str)]) -> Option<()> {
    (of("task_definition", true)?.make)(world, place, "strangers-own", &[]);
    let clusters = list(world, place, "ecs.ListClusters", json!({}), "clusterArns");
    let subnets = list(world, place, "ec2.DescribeSubnets", json!({}), "Subnets");
    let network = json!({ "awsvpcConfiguration": { "subnets": [subnets.first()?["SubnetId"]] } });
    let input = json!({ "cluster": clusters.first()?, "serviceName": name, "taskDefinition": "strangers-own",
        "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": network,
        "tags": pairs(tags, "key", "value") });
    ask(world, place, "ecs.CreateService", input).map(drop)
}
