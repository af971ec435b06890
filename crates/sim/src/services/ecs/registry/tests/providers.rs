//! Capacity providers and their clusters.

use serde_json::{Value, json};

use crate::lab::Lab;

const INVALID: &str = "InvalidParameterException";

fn group(scaling: Value) -> Value {
    let arn = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:57ffcb94:autoScalingGroupName/MyASG";
    json!({ "name": "mine", "autoScalingGroupProvider": { "autoScalingGroupArn": arn, "managedScaling": scaling } })
}

fn put(providers: Value, strategy: Value) -> Value {
    json!({ "cluster": "web", "capacityProviders": providers, "defaultCapacityProviderStrategy": strategy })
}

fn with_cluster() -> Lab {
    let lab = Lab::new();
    lab.ok("ecs.CreateCluster", json!({ "clusterName": "web" }));
    lab
}

#[test]
fn the_providers_of_fargate_are_always_there() {
    let lab = Lab::new();
    let read = lab.ok("ecs.DescribeCapacityProviders", json!({}));
    let names: Vec<&str> =
        read["capacityProviders"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["FARGATE", "FARGATE_SPOT"]);
    assert_eq!(read["capacityProviders"][0]["status"], "ACTIVE");
    let read = lab.ok("ecs.DescribeCapacityProviders", json!({ "capacityProviders": ["no", "FARGATE"] }));
    assert_eq!(read["failures"][0]["reason"], "MISSING");
    assert_eq!(read["capacityProviders"].as_array().unwrap().len(), 1);
    let many: Vec<String> = (0..101).map(|at| format!("p{at}")).collect();
    let text = "capacityProviders can have at most 100 items.";
    let asked = json!({ "capacityProviders": many });
    lab.refuses("ecs.DescribeCapacityProviders", asked, "InvalidParameterException", text);
}

#[test]
fn the_providers_of_a_cluster_come_back_sorted_and_the_strategy_as_it_was() {
    let lab = with_cluster();
    let strategy =
        json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 3 }, { "capacityProvider": "FARGATE", "base": 1 }]);
    let changed = lab.ok("ecs.PutClusterCapacityProviders", put(json!(["FARGATE_SPOT", "FARGATE"]), strategy));
    assert_eq!(changed["cluster"]["capacityProviders"], json!(["FARGATE", "FARGATE_SPOT"]));
    assert_eq!(
        changed["cluster"]["defaultCapacityProviderStrategy"],
        json!([
            { "capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0 },
            { "capacityProvider": "FARGATE", "weight": 0, "base": 1 },
        ])
    );
    assert!(changed["cluster"].get("attachments").is_none(), "Fargate brings none");
    let changed = lab.ok("ecs.PutClusterCapacityProviders", put(json!([]), json!([])));
    assert_eq!(changed["cluster"]["capacityProviders"], json!([]));
}

#[test]
fn a_strategy_keeps_to_the_rules() {
    let lab = with_cluster();
    let refuses = |providers: Value, strategy: Value, part: &str| {
        lab.refuses("ecs.PutClusterCapacityProviders", put(providers, strategy), INVALID, part);
    };
    refuses(json!(["no"]), json!([]), "The specified capacity provider was not found.");
    let of = |name: &str, base: u32| json!({ "capacityProvider": name, "base": base });
    refuses(json!([]), json!([of("FARGATE", 0)]), "cannot contain a capacity provider that is not associated");
    let both = json!(["FARGATE", "FARGATE_SPOT"]);
    let bases = json!([of("FARGATE", 1), of("FARGATE_SPOT", 1)]);
    refuses(both.clone(), bases, "contains multiple capacity providers with a base value defined.");
    refuses(both, json!([of("FARGATE", 0), of("FARGATE", 0)]), "contains duplicate capacity providers");
    lab.ok("ecs.CreateCapacityProvider", group(json!({ "status": "DISABLED" })));
    let mixed = json!([of("FARGATE", 0), of("mine", 0)]);
    refuses(json!(["FARGATE", "mine"]), mixed, "cannot contain a mix of capacity providers");
    let unknown = json!({ "cluster": "no", "capacityProviders": [], "defaultCapacityProviderStrategy": [] });
    lab.refuses("ecs.PutClusterCapacityProviders", unknown, "ClusterNotFoundException", "Cluster not found.");
}

#[test]
fn a_provider_of_a_group_reads_back_with_its_defaults() {
    let lab = Lab::new();
    let made = lab.ok("ecs.CreateCapacityProvider", group(json!({ "status": "ENABLED", "targetCapacity": 90 })));
    let provider = &made["capacityProvider"]["autoScalingGroupProvider"];
    assert_eq!(
        provider["managedScaling"],
        json!({
            "status": "ENABLED", "targetCapacity": 90, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10000,
            "instanceWarmupPeriod": 300,
        })
    );
    assert_eq!(provider["managedTerminationProtection"], "DISABLED");
    assert_eq!(provider["managedDraining"], "ENABLED");
    let again = group(json!({}));
    lab.refuses(
        "ecs.CreateCapacityProvider",
        again,
        "ClientException",
        "The specified capacity provider already exists.",
    );
    let update = json!({ "name": "mine", "autoScalingGroupProvider": { "managedScaling": { "targetCapacity": 50 } } });
    let changed = lab.ok("ecs.UpdateCapacityProvider", update);
    let scaling = &changed["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"];
    assert_eq!((&scaling["targetCapacity"], &scaling["status"]), (&json!(50), &json!("ENABLED")));
    assert_eq!(changed["capacityProvider"]["updateStatus"], "UPDATE_COMPLETE");
}

#[test]
fn bad_providers_are_refused() {
    let lab = Lab::new();
    let mut named = group(json!({}));
    named["name"] = json!("fargate-x");
    let text = "The specified capacity provider name is invalid.";
    lab.refuses("ecs.CreateCapacityProvider", named, INVALID, text);
    let steps = group(json!({ "minimumScalingStepSize": 9, "maximumScalingStepSize": 3 }));
    lab.refuses(
        "ecs.CreateCapacityProvider",
        steps,
        INVALID,
        "The minimum or maximum scaling step size value is invalid.",
    );
    lab.refuses("ecs.CreateCapacityProvider", json!({ "name": "x" }), INVALID, "must have either");
    lab.refuses("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "FARGATE" }), "ClientException", "reserved");
}

#[test]
fn the_attachments_of_a_cluster_take_their_time() {
    let lab = with_cluster();
    lab.ok("ecs.CreateCapacityProvider", group(json!({ "status": "ENABLED" })));
    let changed = lab.ok("ecs.PutClusterCapacityProviders", put(json!(["mine"]), json!([])));
    assert_eq!(changed["cluster"]["attachmentsStatus"], "UPDATE_IN_PROGRESS");
    let text = "The specified cluster is in a busy state. Cannot perform PutClusterCapacityProviders.";
    let empty = put(json!([]), json!([]));
    lab.refuses("ecs.PutClusterCapacityProviders", empty.clone(), "UpdateInProgressException", text);
    lab.pass(15);
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": ["web"], "include": ["ATTACHMENTS"] }));
    assert_eq!(read["clusters"][0]["attachmentsStatus"], "UPDATE_COMPLETE");
    assert_eq!(read["clusters"][0]["attachments"][0]["details"][0]["value"], "mine");
    let deleted = lab.ok("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "mine" }));
    assert_eq!(deleted["capacityProvider"]["updateStatus"], "DELETE_FAILED", "it is still attached");
    assert_eq!(deleted["capacityProvider"]["status"], "ACTIVE");
    lab.ok("ecs.PutClusterCapacityProviders", empty);
    let deleted = lab.ok("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "mine" }));
    assert_eq!(deleted["capacityProvider"]["updateStatus"], "DELETE_IN_PROGRESS");
    lab.pass(30);
    let read = lab.ok("ecs.DescribeCapacityProviders", json!({ "capacityProviders": ["mine"] }));
    assert_eq!(read["capacityProviders"][0]["status"], "INACTIVE");
    lab.ok("ecs.CreateCapacityProvider", group(json!({})));
}

fn managed(lab: &Lab) -> Value {
    let trust = |service: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "Service": service },
            "Action": "sts:AssumeRole" }] })
        .to_string()
    };
    for (name, service) in [("infra", "ecs.amazonaws.com"), ("ecsInstanceRole", "ec2.amazonaws.com")] {
        lab.ok("iam.CreateRole", json!({ "RoleName": name, "AssumeRolePolicyDocument": trust(service) }));
    }
    lab.ok("iam.CreateInstanceProfile", json!({ "InstanceProfileName": "p" }));
    let subnet = lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["SubnetId"].clone();
    json!({
        "name": "managed", "cluster": "web",
        "managedInstancesProvider": {
            "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infra",
            "instanceLaunchTemplate": {
                "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/p",
                "networkConfiguration": { "subnets": [subnet] },
            },
        },
    })
}

#[test]
fn managed_instances_belong_to_a_cluster() {
    let lab = with_cluster();
    let wanted = managed(&lab);
    let refused = |text: &str| lab.refuses("ecs.CreateCapacityProvider", wanted.clone(), "ClientException", text);
    refused("ServiceAccessDeniedException for ECSInfrastructureRole");
    lab.pass(60);
    refused("Invalid IAM Instance Profile");
    let hold = json!({ "InstanceProfileName": "p", "RoleName": "ecsInstanceRole" });
    lab.ok("iam.AddRoleToInstanceProfile", hold);
    let mut nowhere = wanted.clone();
    nowhere["managedInstancesProvider"]["instanceLaunchTemplate"]["networkConfiguration"]["subnets"] =
        json!(["subnet-1"]);
    lab.refuses("ecs.CreateCapacityProvider", nowhere, INVALID, "does not exist");
    let made = lab.ok("ecs.CreateCapacityProvider", wanted);
    assert_eq!(made["capacityProvider"]["status"], "PROVISIONING");
    assert_eq!(made["capacityProvider"]["type"], "MANAGED_INSTANCES");
    lab.pass(30);
    let read = lab.ok("ecs.DescribeCapacityProviders", json!({ "capacityProviders": ["managed"] }));
    assert_eq!(read["capacityProviders"][0]["updateStatus"], "CREATE_COMPLETE");
    let text = "Cannot associate Managed Instances";
    lab.refuses("ecs.PutClusterCapacityProviders", put(json!(["managed"]), json!([])), INVALID, text);
    let changed = lab.ok("ecs.PutClusterCapacityProviders", put(json!(["FARGATE"]), json!([])));
    assert_eq!(changed["cluster"]["capacityProviders"], json!(["FARGATE", "managed"]), "it stays");
    let code = "ClusterContainsCapacityProviderException";
    lab.refuses(
        "ecs.DeleteCluster",
        json!({ "cluster": "web" }),
        code,
        "Cluster Scoped Capacity Providers are attached",
    );
    lab.ok("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "managed" }));
    lab.pass(30);
    lab.ok("ecs.DeleteCluster", json!({ "cluster": "web" }));
}

#[test]
fn what_is_required_of_instances_is_given_as_a_whole() {
    let lab = with_cluster();
    let mut wanted = managed(&lab);
    lab.ok("iam.AddRoleToInstanceProfile", json!({ "InstanceProfileName": "p", "RoleName": "ecsInstanceRole" }));
    lab.pass(60);
    let requirements = json!({ "vCpuCount": { "min": 2, "max": 4 }, "memoryMiB": { "min": 0 } });
    wanted["managedInstancesProvider"]["instanceLaunchTemplate"]["instanceRequirements"] = requirements;
    lab.ok("ecs.CreateCapacityProvider", wanted);
    lab.pass(30);
    let less = json!({ "vCpuCount": { "min": 1 }, "memoryMiB": { "min": 0 } });
    let update = json!({ "name": "managed", "managedInstancesProvider": {
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infra",
        "instanceLaunchTemplate": { "instanceRequirements": less } } });
    let changed = lab.ok("ecs.UpdateCapacityProvider", update);
    let launch = &changed["capacityProvider"]["managedInstancesProvider"]["instanceLaunchTemplate"];
    assert_eq!(launch["instanceRequirements"], less);
    assert!(launch["networkConfiguration"]["subnets"].is_array(), "the rest stays");
}

#[test]
fn tasks_share_instances_that_come_and_go_with_them() {
    let lab = with_cluster();
    let mut wanted = managed(&lab);
    lab.ok("iam.AddRoleToInstanceProfile", json!({ "InstanceProfileName": "p", "RoleName": "ecsInstanceRole" }));
    lab.pass(60);
    lab.ok("ecs.CreateCapacityProvider", wanted.take());
    lab.pass(30);
    let subnet = lab.ok("ec2.DescribeSubnets", json!({}))["Subnets"][0]["SubnetId"].clone();
    let definition = |kind: &str| {
        json!({ "family": kind, "networkMode": "awsvpc", "requiresCompatibilities": [kind], "cpu": "2048",
            "memory": "4096", "containerDefinitions": [{ "name": "app", "image": "app:1" }] })
    };
    for kind in ["EC2", "MANAGED_INSTANCES"] {
        lab.ok("ecs.RegisterTaskDefinition", definition(kind));
    }
    let run = |family: &str, count: u32| {
        json!({ "cluster": "web", "taskDefinition": family, "count": count,
            "capacityProviderStrategy": [{ "capacityProvider": "managed", "weight": 1 }],
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": [subnet] } } })
    };
    let text = "Task definition does not support launch_type MANAGED_INSTANCES.";
    lab.refuses("ecs.RunTask", run("EC2", 1), INVALID, text);
    let tasks = lab.ok("ecs.RunTask", run("MANAGED_INSTANCES", 3))["tasks"].clone();
    assert_eq!(tasks[0]["launchType"], "MANAGED_INSTANCES");
    lab.pass(120);
    let arns = lab.ok("ecs.ListContainerInstances", json!({ "cluster": "web" }))["containerInstanceArns"].clone();
    assert_eq!(arns.as_array().map(Vec::len), Some(2), "two tasks fit on one");
    let read = lab.ok("ecs.DescribeContainerInstances", json!({ "cluster": "web", "containerInstances": arns }));
    let mut counts: Vec<_> =
        read["containerInstances"].as_array().unwrap().iter().map(|it| it["runningTasksCount"].as_u64()).collect();
    counts.sort();
    assert_eq!(counts, [Some(1), Some(2)]);
    let text = "Services are still associated";
    lab.refuses("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "managed" }), "ClientException", text);
    for task in tasks.as_array().unwrap() {
        lab.ok("ecs.StopTask", json!({ "cluster": "web", "task": task["taskArn"] }));
    }
    lab.pass(120);
    let listed = lab.ok("ecs.ListContainerInstances", json!({ "cluster": "web" }));
    assert_eq!(listed["containerInstanceArns"], json!([]), "an instance ends with its last task");
    lab.ok("ecs.DeleteCapacityProvider", json!({ "capacityProvider": "managed" }));
}

#[test]
fn a_provider_that_a_service_uses_cannot_be_taken_from_its_cluster() {
    let lab = with_cluster();
    lab.ok("ecs.CreateCapacityProvider", group(json!({ "status": "DISABLED" })));
    lab.ok("ecs.PutClusterCapacityProviders", put(json!(["FARGATE", "mine"]), json!([])));
    lab.ok("ecs.RegisterTaskDefinition", super::bridge(json!({})));
    let service = json!({
        "cluster": "web", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0,
        "capacityProviderStrategy": [{ "capacityProvider": "mine", "weight": 1 }],
    });
    lab.ok("ecs.CreateService", service);
    let text = "The specified capacity provider is in use and cannot be removed.";
    let without = put(json!(["FARGATE"]), json!([]));
    lab.refuses("ecs.PutClusterCapacityProviders", without.clone(), "ResourceInUseException", text);
    lab.ok("ecs.PutClusterCapacityProviders", put(json!(["mine"]), json!([])));
    let text = "The Cluster cannot be deleted while Services are active.";
    lab.refuses("ecs.DeleteCluster", json!({ "cluster": "web" }), "ClusterContainsServicesException", text);
    lab.ok("ecs.DeleteService", json!({ "cluster": "web", "service": "s", "force": true }));
    lab.pass(600);
    lab.ok("ecs.PutClusterCapacityProviders", without);
    lab.ok("ecs.DeleteCluster", json!({ "cluster": "web" }));
}

#[test]
fn the_tags_of_a_service_are_reached_by_its_arn() {
    let lab = with_cluster();
    lab.ok("ecs.RegisterTaskDefinition", super::bridge(json!({})));
    let service = json!({ "cluster": "web", "serviceName": "s", "taskDefinition": "web", "desiredCount": 0 });
    let arn = lab.ok("ecs.CreateService", service)["service"]["serviceArn"].clone();
    let tags = json!([{ "key": "a", "value": "b" }]);
    lab.ok("ecs.TagResource", json!({ "resourceArn": arn, "tags": tags }));
    assert_eq!(lab.ok("ecs.ListTagsForResource", json!({ "resourceArn": arn }))["tags"], tags);
    lab.ok("ecs.UntagResource", json!({ "resourceArn": arn, "tagKeys": ["a"] }));
    assert_eq!(lab.ok("ecs.ListTagsForResource", json!({ "resourceArn": arn }))["tags"], json!([]));
}
