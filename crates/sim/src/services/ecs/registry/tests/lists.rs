//! The life of revisions, and lists of them.

use serde_json::{Value, json};

use super::fargate;
use crate::lab::Lab;

fn register(lab: &Lab, family: &str) -> String {
    let reply = lab.ok("ecs.RegisterTaskDefinition", fargate(json!({ "family": family })));
    reply["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
}

fn arns(reply: &Value) -> Vec<&str> {
    reply["taskDefinitionArns"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_family_alone_means_its_newest_active_revision() {
    let lab = Lab::new();
    for _ in 0..3 {
        register(&lab, "web");
    }
    let revision = |name: &str| {
        lab.ok("ecs.DescribeTaskDefinition", json!({ "taskDefinition": name }))["taskDefinition"]["revision"].clone()
    };
    assert_eq!(revision("web"), 3);
    let gone = lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web:3" }));
    assert_eq!(gone["taskDefinition"]["status"], "INACTIVE");
    assert!(gone["taskDefinition"]["deregisteredAt"].is_number());
    assert_eq!(revision("web"), 2);
    assert_eq!(revision("web:3"), 3, "an inactive one can still be described");
    assert_eq!(revision("arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"), 1);
}

#[test]
fn numbers_of_revisions_are_never_given_again() {
    let lab = Lab::new();
    register(&lab, "web");
    lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }));
    let deleted = lab.ok("ecs.DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:1"] }));
    assert_eq!(deleted["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    assert_eq!(deleted["failures"], json!([]));
    lab.pass(2 * 3600);
    let code = "ClientException";
    let input = json!({ "taskDefinition": "web:1" });
    lab.refuses("ecs.DescribeTaskDefinition", input.clone(), code, "Unable to describe task definition.");
    lab.refuses("ecs.DeregisterTaskDefinition", input, code, "The specified task definition does not exist.");
    assert!(register(&lab, "web").ends_with("web:2"));
}

#[test]
fn what_cannot_be_deleted_is_a_failure() {
    let lab = Lab::new();
    let arn = register(&lab, "web");
    let reply = lab.ok("ecs.DeleteTaskDefinitions", json!({ "taskDefinitions": ["web:1", "no:7"] }));
    assert_eq!(reply["failures"][0]["arn"], arn.as_str());
    assert!(reply["failures"][0]["reason"].as_str().unwrap().contains("still in ACTIVE status"));
    assert!(reply["failures"][1]["reason"].as_str().unwrap().contains("does not exist"));
    let many: Vec<String> = (1..12).map(|number| format!("web:{number}")).collect();
    let input = json!({ "taskDefinitions": many });
    lab.refuses("ecs.DeleteTaskDefinitions", input, "InvalidParameterException", "at most 10 items");
}

#[test]
fn unknown_definitions_are_refused_in_their_own_words() {
    let lab = Lab::new();
    let code = "ClientException";
    for name in ["no", "no:1", "arn:aws:ecs:us-east-1:123456789012:task-definition/no:1"] {
        let input = json!({ "taskDefinition": name });
        lab.refuses("ecs.DescribeTaskDefinition", input, code, "Unable to describe task definition.");
    }
    let input = json!({ "taskDefinition": "no:1" });
    lab.refuses("ecs.DeregisterTaskDefinition", input, code, "The specified task definition does not exist.");
    let input = json!({ "taskDefinition": "web:x" });
    lab.refuses("ecs.DescribeTaskDefinition", input, code, "Invalid revision number. Number: x");
    let input = json!({ "taskDefinition": "web" });
    lab.refuses("ecs.DeregisterTaskDefinition", input, code, "Invalid revision number. Number: web");
}

#[test]
fn lists_are_sorted_by_family_and_number() {
    let lab = Lab::new();
    for family in ["b", "a"] {
        for _ in 0..11 {
            register(&lab, family);
        }
    }
    let all = lab.ok("ecs.ListTaskDefinitions", json!({}));
    let all = arns(&all);
    assert_eq!(all.len(), 22);
    assert!(all[0].ends_with("/a:1") && all[10].ends_with("/a:11") && all[11].ends_with("/b:1"));
    let newest = lab.ok("ecs.ListTaskDefinitions", json!({ "familyPrefix": "a", "sort": "DESC", "maxResults": 2 }));
    assert!(arns(&newest)[0].ends_with("/a:11") && arns(&newest)[1].ends_with("/a:10"));
    let token = &newest["nextToken"];
    let next = json!({ "familyPrefix": "a", "sort": "DESC", "maxResults": 2, "nextToken": token });
    assert!(arns(&lab.ok("ecs.ListTaskDefinitions", next))[0].ends_with("/a:9"));
    let other = json!({ "familyPrefix": "b", "maxResults": 2, "nextToken": token });
    lab.refuses("ecs.ListTaskDefinitions", other, "InvalidParameterException", "Invalid token");
    lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "a:5" }));
    let inactive = lab.ok("ecs.ListTaskDefinitions", json!({ "status": "INACTIVE" }));
    assert_eq!(arns(&inactive).len(), 1);
}

#[test]
fn families_are_listed_by_status() {
    let lab = Lab::new();
    for family in ["web-a", "web-b", "db"] {
        register(&lab, family);
    }
    lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web-b:1" }));
    let families = |input: Value| lab.ok("ecs.ListTaskDefinitionFamilies", input)["families"].clone();
    assert_eq!(families(json!({})), json!(["db", "web-a", "web-b"]));
    assert_eq!(families(json!({ "familyPrefix": "web", "status": "ACTIVE" })), json!(["web-a"]));
    assert_eq!(families(json!({ "status": "INACTIVE" })), json!(["web-b"]));
    assert_eq!(families(json!({ "status": "ALL" })), json!(["db", "web-a", "web-b"]));
}

#[test]
fn the_other_half_finds_clusters_and_definitions() {
    let lab = Lab::new();
    let arn = register(&lab, "web");
    lab.ok("ecs.CreateCluster", json!({}));
    lab.ok("ecs.DeregisterTaskDefinition", json!({ "taskDefinition": "web:1" }));
    let place = lab.place.clone();
    lab.sim.with_world(|world| {
        let region = world.region(&place);
        assert_eq!(super::super::definition(region, &arn).unwrap()["status"], "INACTIVE");
        assert!(super::super::definition(region, "web").is_none(), "no active one");
        let cluster = super::super::cluster(region, None).unwrap();
        assert_eq!((cluster.name.as_str(), cluster.status.as_str()), ("default", "ACTIVE"));
        assert_eq!(super::super::cluster(region, Some(&cluster.arn)), Some(cluster.clone()));
        let user = "arn:aws:iam::123456789012:user/student";
        assert_eq!(super::super::setting(region, "taskLongArnFormat", user).as_deref(), Some("enabled"));
        assert_eq!(super::super::setting(region, "no", user), None);
    });
}
