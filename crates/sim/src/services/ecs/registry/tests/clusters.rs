//! Clusters.

use serde_json::json;

use crate::lab::Lab;

#[test]
fn a_cluster_reads_back_with_its_defaults() {
    let lab = Lab::new();
    let made = lab.ok("ecs.CreateCluster", json!({ "clusterName": "web", "tags": [{ "key": "a", "value": "b" }] }));
    assert_eq!(
        made["cluster"],
        json!({
            "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/web", "clusterName": "web", "status": "ACTIVE",
            "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
            "activeServicesCount": 0, "statistics": [], "tags": [{ "key": "a", "value": "b" }],
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
            "capacityProviders": [], "defaultCapacityProviderStrategy": [], "configuration": null,
        })
    );
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": ["web"] }));
    let plain = &read["clusters"][0];
    assert_eq!((&plain["tags"], &plain["settings"], &plain["statistics"]), (&json!([]), &json!([]), &json!([])));
    let all = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"];
    let arn = &made["cluster"]["clusterArn"];
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": [arn], "include": all }));
    let full = &read["clusters"][0];
    assert_eq!(full["tags"], json!([{ "key": "a", "value": "b" }]));
    assert_eq!(full["statistics"][1], json!({ "name": "runningFargateTasksCount", "value": "0" }));
    assert!(full.get("attachments").is_none());
}

#[test]
fn the_account_setting_is_the_default_of_a_clusters_insights() {
    let lab = Lab::new();
    lab.ok("ecs.PutAccountSettingDefault", json!({ "name": "containerInsights", "value": "enhanced" }));
    let made = lab.ok("ecs.CreateCluster", json!({}));
    assert_eq!(made["cluster"]["clusterName"], "default");
    assert_eq!(made["cluster"]["settings"][0]["value"], "enhanced");
}

#[test]
fn creating_a_cluster_again_gives_it_unless_it_differs() {
    let lab = Lab::new();
    let providers = json!({ "clusterName": "web", "capacityProviders": ["FARGATE"] });
    let made = lab.ok("ecs.CreateCluster", providers.clone());
    assert_eq!(lab.ok("ecs.CreateCluster", providers), made);
    assert_eq!(lab.ok("ecs.CreateCluster", json!({ "clusterName": "web" })), made);
    let other = json!({ "clusterName": "web", "capacityProviders": ["FARGATE_SPOT"] });
    lab.refuses("ecs.CreateCluster", other, "InvalidParameterException", "Arguments on this idempotent request are");
}

#[test]
fn a_deleted_cluster_is_inactive_and_its_name_is_free() {
    let lab = Lab::new();
    lab.ok("ecs.CreateCluster", json!({ "clusterName": "web", "tags": [{ "key": "a", "value": "b" }] }));
    assert_eq!(lab.ok("ecs.DeleteCluster", json!({ "cluster": "web" }))["cluster"]["status"], "INACTIVE");
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": ["web"] }));
    assert_eq!((&read["clusters"][0]["status"], &read["failures"]), (&json!("INACTIVE"), &json!([])));
    assert_eq!(lab.ok("ecs.ListClusters", json!({}))["clusterArns"], json!([]));
    lab.refuses("ecs.DeleteCluster", json!({ "cluster": "web" }), "ClusterNotFoundException", "Cluster not found.");
    let arn = "arn:aws:ecs:us-east-1:123456789012:cluster/web";
    let tags = json!({ "resourceArn": arn, "tags": [{ "key": "k", "value": "v" }] });
    lab.refuses("ecs.TagResource", tags, "InvalidParameterException", "The specified cluster is inactive.");
    let put = json!({ "cluster": "web", "capacityProviders": [], "defaultCapacityProviderStrategy": [] });
    lab.refuses(
        "ecs.PutClusterCapacityProviders",
        put,
        "InvalidParameterException",
        "The specified cluster is inactive.",
    );
    let made = lab.ok("ecs.CreateCluster", json!({ "clusterName": "web" }));
    assert_eq!((&made["cluster"]["status"], &made["cluster"]["tags"]), (&json!("ACTIVE"), &json!([])));
}

#[test]
fn an_unknown_cluster_is_a_failure_with_its_arn() {
    let lab = Lab::new();
    let arn = "arn:aws:ecs:us-east-1:123456789012:cluster/default";
    let read = lab.ok("ecs.DescribeClusters", json!({}));
    assert_eq!(read, json!({ "clusters": [], "failures": [{ "arn": arn, "reason": "MISSING" }] }));
    let many: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    let code = "InvalidParameterException";
    lab.refuses("ecs.DescribeClusters", json!({ "clusters": many }), code, "at most 100 items");
    let text = "include should be one of [ATTACHMENTS,CONFIGURATIONS,SETTINGS,STATISTICS,TAGS]";
    lab.refuses("ecs.DescribeClusters", json!({ "include": ["X"] }), code, text);
    lab.refuses("ecs.DescribeClusters", json!({ "clusters": [""] }), code, "Clusters can not be blank.");
    let text = "Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b";
    lab.refuses("ecs.DescribeClusters", json!({ "clusters": ["a b"] }), code, text);
    lab.refuses("ecs.CreateCluster", json!({ "clusterName": "a b" }), code, "ClusterName must match ^[a-zA-Z0-9");
    let elsewhere = "arn:aws:ecs:eu-west-1:123456789012:cluster/x";
    lab.refuses("ecs.DescribeClusters", json!({ "clusters": [elsewhere] }), code, "Invalid Region in ARN");
}

#[test]
fn clusters_are_listed_by_the_page() {
    let lab = Lab::new();
    for number in 0..5 {
        lab.ok("ecs.CreateCluster", json!({ "clusterName": format!("c{number}") }));
    }
    let first = lab.ok("ecs.ListClusters", json!({ "maxResults": 3 }));
    assert_eq!(first["clusterArns"].as_array().unwrap().len(), 3);
    let rest = lab.ok("ecs.ListClusters", json!({ "maxResults": 3, "nextToken": first["nextToken"] }));
    assert_eq!(rest["clusterArns"].as_array().unwrap().len(), 2);
    assert!(rest["nextToken"].is_null());
    let code = "InvalidParameterException";
    lab.refuses("ecs.ListClusters", json!({ "nextToken": "nonsense" }), code, "Invalid token");
    lab.refuses("ecs.ListClusters", json!({ "maxResults": 101 }), code, "maxResults");
}

#[test]
fn the_configuration_of_commands_is_checked_and_filled_in() {
    let lab = Lab::new();
    let with = |execute| json!({ "clusterName": "web", "configuration": { "executeCommandConfiguration": execute } });
    let code = "InvalidParameterException";
    let text = "You must set logging to 'OVERRIDE'";
    lab.refuses("ecs.CreateCluster", with(json!({ "logConfiguration": { "s3BucketName": "b" } })), code, text);
    let text = "A CloudWatch log group name or S3 bucket name must be specified";
    lab.refuses("ecs.CreateCluster", with(json!({ "logging": "OVERRIDE" })), code, text);
    let log = json!({ "logging": "OVERRIDE", "logConfiguration": { "cloudWatchLogGroupName": "g" } });
    let made = lab.ok("ecs.CreateCluster", with(log));
    let log = &made["cluster"]["configuration"]["executeCommandConfiguration"]["logConfiguration"];
    assert_eq!(log["cloudWatchEncryptionEnabled"], json!(false));
    assert_eq!(log["s3EncryptionEnabled"], json!(false));
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": ["web"], "include": ["CONFIGURATIONS"] }));
    assert_eq!(read["clusters"][0]["configuration"], made["cluster"]["configuration"]);
}

#[test]
fn settings_of_a_cluster_are_changed_and_checked() {
    let lab = Lab::new();
    lab.ok("ecs.CreateCluster", json!({ "clusterName": "web" }));
    let with = |value| json!({ "cluster": "web", "settings": [{ "name": "containerInsights", "value": value }] });
    let code = "InvalidParameterException";
    lab.refuses("ecs.UpdateClusterSettings", with("enhaced"), code, "Invalid setting 'value'");
    let other = json!({ "cluster": "web", "settings": [{ "name": "other", "value": "enabled" }] });
    lab.refuses("ecs.UpdateClusterSettings", other, code, "Invalid setting 'name'");
    let changed = lab.ok("ecs.UpdateClusterSettings", with("enabled"));
    assert_eq!(changed["cluster"]["settings"][0]["value"], "enabled");
    lab.ok("ecs.UpdateCluster", with("enhanced"));
    let read = lab.ok("ecs.DescribeClusters", json!({ "clusters": ["web"], "include": ["SETTINGS"] }));
    assert_eq!(read["clusters"][0]["settings"][0]["value"], "enhanced");
    lab.refuses("ecs.UpdateCluster", json!({ "cluster": "no" }), "ClusterNotFoundException", "Cluster not found.");
    lab.refuses("ecs.UpdateCluster", json!({}), code, "Cluster can not be blank.");
}
