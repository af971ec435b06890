//! Things that no region holds: roles, zones and records belong to a stack in a region. The same file in a second region works,
//! and nothing of one region's stack is changed or deleted by another's; marks that are not what evenkeel writes are told and
//! never acted on.

use std::path::Path;

use evenkeel_aws::kinds::{hosted_zone, role};
use evenkeel_aws::resource::Work;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::HeldBecause;
use evenkeel_core::snapshot::Live;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::services;
use evenkeel_tests::laws;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use evenkeel_tests::things::things;
use serde_json::{Value, json};

const HERE: &str = "us-east-1";
const THERE: &str = "eu-west-1";

pub fn graph(region: &str, rest: &str) -> Graph {
    graph_of(&format!("stack: shop\nregion: {region}\n{rest}"), Path::new("/nowhere"))
}

pub fn role_names(bench: &Bench) -> Vec<String> {
    let reply = bench.ask("iam.ListRoles", json!({}));
    let roles = reply["Roles"].as_array().cloned().unwrap_or_default();
    roles
        .iter()
        .filter_map(|role| role["RoleName"].as_str())
        .filter(|name| name.starts_with("shop"))
        .map(str::to_owned)
        .collect()
}

/// What is to go, as a destruction reads it.
async fn going(bench: &Bench, graph: &Graph, node: &NodeId) -> Live {
    let snapshot = bench.read(graph, Goal::Destroy).await;
    let surplus = snapshot.surplus.iter().find(|surplus| surplus.node == *node);
    surplus.unwrap_or_else(|| panic!("{node} is there: {snapshot:#?}")).live.clone()
}

const ROLE: &str = "roles: { task: { managed_policies: [AmazonS3ReadOnlyAccess] } }\n";
const RECORDS: &str =
    "dns: [{ zone: h.example, records: [{ name: www, a: [192.0.2.1] }, { name: \"*\", txt: [x] }] }]\n";

#[tokio::test(start_paused = true)]
async fn the_same_file_in_a_second_region_touches_nothing_of_the_first() {
    let here = Bench::new(HERE);
    here.add_zone("h.example");
    let file = |region| graph(region, &format!("{ROLE}{RECORDS}"));
    here.done(&file(HERE), Goal::Apply).await;
    let there = Bench::of(here.world(), THERE);
    let before = things(&there.world());

    let Ended::Refused(plan) = there.run(&file(THERE), Goal::Apply).await else { panic!("the records are taken") };
    let taken: Vec<_> =
        plan.conflicts.iter().map(|conflict| (conflict.there.as_str(), conflict.stack.as_deref())).collect();
    let whose = Some("shop in us-east-1");
    assert_eq!(taken, [("*.h.example/TXT", whose), ("www.h.example/A", whose)]);

    // Without the records it works: the role has another name.
    there.done(&graph(THERE, ROLE), Goal::Apply).await;
    there.settled(&graph(THERE, ROLE), Goal::Apply).await;
    assert_eq!(role_names(&there), ["shop-eu-west-1-task", "shop-us-east-1-task"]);
    Bench::of(there.world(), HERE).settled(&file(HERE), Goal::Apply).await;

    // Whatever its file says, and without one, a destruction takes down what is of its region.
    let wanted = there.read_without_file(&file(THERE)).await;
    let nodes: Vec<String> = wanted.surplus.iter().map(|surplus| surplus.node.to_string()).collect();
    assert_eq!(nodes, ["role.task"]);
    there.done(&file(THERE), Goal::Destroy).await;
    assert_eq!(role_names(&there), ["shop-us-east-1-task"]);
    laws::others_are_untouched(&before, &things(&there.world()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_another_regions_stack_is_a_conflict() {
    let zone = "dns: [{ zone: own.example, create: true, records: [{ name: www, a: [192.0.2.1] }] }]\n";
    let here = Bench::new(HERE);
    here.done(&graph(HERE, zone), Goal::Apply).await;
    let there = Bench::of(here.world(), THERE);
    let before = things(&there.world());
    let Ended::Refused(plan) = there.run(&graph(THERE, zone), Goal::Apply).await else { panic!("the zone is taken") };
    assert_eq!(plan.conflicts[0].stack.as_deref(), Some("shop in us-east-1"));
    there.done(&graph(THERE, zone), Goal::Destroy).await;
    laws::others_are_untouched(&before, &things(&there.world()));
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_a_killed_run_made_gets_its_mark() {
    let zone = graph(HERE, "dns: [{ zone: own.example, create: true, records: [{ name: www, a: [192.0.2.1] }] }]\n");
    let clean = Bench::new(HERE);
    clean.done(&zone, Goal::Apply).await;
    let bench = Bench::new(HERE);
    let die = Rule { nth: Some(1), ..Rule::operation("route53", "CreateHostedZone", Fault::DieAfter) };
    bench.faults(Faults::new(vec![die], 1));
    assert!(matches!(bench.run(&zone, Goal::Apply).await, Ended::Killed));
    bench.faults(Faults::default());
    bench.done(&zone, Goal::Apply).await;
    bench.settled(&zone, Goal::Apply).await;
    laws::nothing_is_there_twice(&bench.world());
    assert_eq!(zone_tags(&bench, "own.example"), zone_tags(&clean, "own.example"));
    assert_eq!(
        zone_tags(&clean, "own.example").as_array().map(Vec::len),
        Some(3),
        "two marks, and that it has records"
    );
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_another_run_made_meanwhile_is_taken_up() {
    let text = "dns: [{ zone: own.example, create: true }]\n";
    let bench = Bench::new(HERE);
    let wanted = graph(HERE, text);
    let node = hosted_zone::id("own.example");
    let want = wanted.get(&node).expect("it is wanted").want.clone();
    let create = async |token: &str| {
        let order =
            evenkeel_core::cloud::Create { node: &node, name: "own.example", want: &want, replaces: None, token };
        hosted_zone::ENTRY.driver.create(Work { aws: &bench.aws(), stack: "shop" }, order).await
    };
    let first = create("0123456789abcdef0123456789abcdef").await.expect("it is made");
    let second = create("fedcba9876543210fedcba9876543210").await.expect("it is taken up");
    assert_eq!(first.id, second.id);
    bench.settled(&wanted, Goal::Apply).await;
    // Somebody else's is not.
    let bench = Bench::new(HERE);
    bench.add_zone("own.example");
    let order =
        evenkeel_core::cloud::Create { node: &node, name: "own.example", want: &want, replaces: None, token: "x" };
    let refused = hosted_zone::ENTRY.driver.create(Work { aws: &bench.aws(), stack: "shop" }, order).await.unwrap_err();
    assert_eq!(refused.class, ErrorClass::Exists);
}

/// The caller reference of a zone that another run of the stack makes at this time, and as which of its requests.
async fn made_elsewhere(wanted: &Graph, node: &NodeId) -> (String, u64) {
    let other = Bench::new(HERE);
    let want = &wanted.get(node).expect("it is wanted").want;
    let token = "0123456789abcdef0123456789abcdef";
    let order = evenkeel_core::cloud::Create { node, name: node.name(), want, replaces: None, token };
    hosted_zone::ENTRY.driver.create(Work { aws: &other.aws(), stack: "shop" }, order).await.expect("it is made");
    let zones = other.ask("route53.ListHostedZones", json!({}));
    let reference = zones["HostedZones"][0]["CallerReference"].as_str().expect("it has one").to_owned();
    let clean = Bench::new(HERE);
    clean.done(wanted, Goal::Apply).await;
    let at = clean.take_requests().iter().position(|(_, operation)| operation == "CreateHostedZone");
    (reference, at.expect("it is sent") as u64 + 1)
}

#[tokio::test(start_paused = true)]
async fn two_runs_that_make_a_zone_at_once_make_one() {
    let text = "dns: [{ zone: own.example, create: true, records: [{ name: www, a: [192.0.2.1] }] }]\n";
    let (wanted, node) = (graph(HERE, text), hosted_zone::id("own.example"));
    let (reference, at) = made_elsewhere(&wanted, &node).await;
    let bench = Bench::new(HERE);
    let place = bench.place.clone();
    bench.sim.visit(at, move |world| {
        let input = json!({ "Name": "own.example", "CallerReference": reference });
        services::call(world, &place, "route53", "CreateHostedZone", input).expect("it is the first");
    });
    bench.done(&wanted, Goal::Apply).await;
    assert!(!bench.sim.dismiss(), "the other run came in between");
    let zones = bench.ask("route53.ListHostedZones", json!({}));
    assert_eq!(zones["HostedZones"].as_array().map(Vec::len), Some(1), "{zones}");
    bench.settled(&wanted, Goal::Apply).await;
    bench.done(&wanted, Goal::Destroy).await;
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_was_given_up_is_made_again_at_once() {
    let bench = Bench::new(HERE);
    let wanted = graph(HERE, "dns: [{ zone: own.example, create: true }]\n");
    for _ in 0..2 {
        bench.done(&wanted, Goal::Apply).await;
        bench.settled(&wanted, Goal::Apply).await;
        bench.done(&wanted, Goal::Destroy).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_lost_its_mark_after_the_plan_is_not_deleted() {
    let bench = Bench::new(HERE);
    let text = format!("{ROLE}dns: [{{ zone: own.example, create: true }}]\n");
    let wanted = graph(HERE, &text);
    bench.done(&wanted, Goal::Apply).await;
    let (role_node, zone_node) = (role::id("task"), hosted_zone::id("own.example"));
    let role_live = going(&bench, &wanted, &role_node).await;
    let zone_live = going(&bench, &wanted, &zone_node).await;
    let tag = json!([{ "Key": "evenkeel:stack", "Value": "other@us-east-1" }]);
    bench.ask("iam.TagRole", json!({ "RoleName": "shop-us-east-1-task", "Tags": tag }));
    let input = json!({ "ResourceType": "hostedzone", "ResourceId": zone_live.id, "AddTags": tag });
    bench.ask("route53.ChangeTagsForResource", input);
    let before = things(&bench.world());
    for (driver, node, live) in
        [(role::ENTRY.driver, &role_node, &role_live), (hosted_zone::ENTRY.driver, &zone_node, &zone_live)]
    {
        let refused = driver.delete(Work { aws: &bench.aws(), stack: "shop" }, node, live).await.unwrap_err();
        assert!(refused.message.contains("mark"), "{refused}");
    }
    assert_eq!(things(&bench.world()), before);
}

#[tokio::test(start_paused = true)]
async fn what_others_put_on_a_role_does_not_go_with_it_unasked() {
    let mut bench = Bench::new(HERE);
    bench.done(&graph(HERE, ROLE), Goal::Apply).await;
    let arn = "arn:aws:iam::aws:policy/CloudWatchLogsReadOnlyAccess";
    let name = "shop-us-east-1-task";
    bench.ask("iam.CreateInstanceProfile", json!({ "InstanceProfileName": "p" }));
    bench.ask("iam.AddRoleToInstanceProfile", json!({ "InstanceProfileName": "p", "RoleName": name }));
    bench.ask("iam.AttachRolePolicy", json!({ "RoleName": name, "PolicyArn": arn }));
    let without = graph(HERE, "");
    let snapshot = bench.read(&without, Goal::Apply).await;
    let plan = bench.plan(&without, &snapshot, Goal::Apply);
    assert!(plan.steps.is_empty(), "{:?}", plan.steps);
    let [held] = plan.held.as_slice() else { panic!("{:?}", plan.held) };
    let inside = [format!("the policy {arn}"), "its place in the instance profile p".to_owned()];
    assert_eq!(held.why, HeldBecause::Inside(inside.to_vec()));
    // With consent it goes, and leaves the profile.
    bench.options.consent.insert(role::id("task"));
    bench.done(&without, Goal::Apply).await;
    assert_eq!(role_names(&bench), Vec::<String>::new());
    let profile = bench.ask("iam.GetInstanceProfile", json!({ "InstanceProfileName": "p" }));
    assert_eq!(profile["InstanceProfile"]["Roles"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn what_was_put_on_a_role_after_the_plan_stays() {
    let bench = Bench::new(HERE);
    let wanted = graph(HERE, ROLE);
    bench.done(&wanted, Goal::Apply).await;
    let node = role::id("task");
    let live = going(&bench, &wanted, &node).await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] });
    let input = json!({ "RoleName": live.id, "PolicyName": "theirs", "PolicyDocument": policy.to_string() });
    bench.ask("iam.PutRolePolicy", input);
    let refused = role::ENTRY.driver.delete(Work { aws: &bench.aws(), stack: "shop" }, &node, &live).await.unwrap_err();
    assert!(refused.message.contains("the inline policy theirs"), "{refused}");
    assert_eq!(role_names(&bench).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_a_role_can_change_its_case() {
    let bench = Bench::new(HERE);
    let tagged = |key: &str| graph(HERE, &format!("roles: {{ task: {{ tags: {{ {key}: blue, old: x }} }} }}\n"));
    bench.done(&tagged("team"), Goal::Apply).await;
    bench.done(&tagged("Team"), Goal::Apply).await;
    bench.settled(&tagged("Team"), Goal::Apply).await;
    let role = bench.ask("iam.GetRole", json!({ "RoleName": "shop-us-east-1-task" }));
    let tags = role["Role"]["Tags"].as_array().cloned().unwrap_or_default();
    let keys: Vec<&str> = tags.iter().filter_map(|tag| tag["Key"].as_str()).collect();
    assert!(keys.contains(&"Team") && !keys.contains(&"team"), "{keys:?}");
}

#[tokio::test(start_paused = true)]
async fn an_adopted_role_is_found_without_the_overview_of_the_account() {
    let mut bench = Bench::new(HERE);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
    bench.ask("iam.CreateRole", json!({ "RoleName": "shop-own", "AssumeRolePolicyDocument": trust.to_string() }));
    bench.options.adopt.insert("role.task".to_owned());
    let file = graph(HERE, "roles: { task: { name: shop-own } }\n");
    bench.done(&file, Goal::Apply).await;
    bench.options.adopt.clear();
    let deny = |operation: &str| Rule::operation("iam", operation, Fault::AccessDenied);
    bench.faults(Faults::new(vec![deny("GetAccountAuthorizationDetails")], 1));
    assert_eq!(bench.steps(&graph(HERE, ""), Goal::Apply).await, ["delete role.task"]);
    bench.faults(Faults::new(vec![deny("GetAccountAuthorizationDetails"), deny("GetRole")], 1));
    let snapshot = bench.read(&graph(HERE, ""), Goal::Apply).await;
    assert!(snapshot.blind.contains_key("role") || snapshot.unreadable.contains_key("role"), "{snapshot:#?}");
}

/// The tags of a zone, by its name.
pub fn zone_tags(bench: &Bench, name: &str) -> Value {
    let zones = bench.ask("route53.ListHostedZones", json!({}))["HostedZones"].as_array().cloned().unwrap_or_default();
    let zone = zones.iter().find(|zone| zone["Name"] == format!("{name}.")).expect("the zone is there");
    let id = zone["Id"].as_str().unwrap_or_default().trim_start_matches("/hostedzone/").to_owned();
    let input = json!({ "ResourceType": "hostedzone", "ResourceId": id });
    bench.ask("route53.ListTagsForResource", input)["ResourceTagSet"]["Tags"].clone()
}
