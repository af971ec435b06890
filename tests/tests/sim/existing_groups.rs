//! Rules of a stack in a security group of somebody else: only those are ever changed or taken away, whatever the others look like,
//! and the group goes back to what it was.

use std::path::Path;

use evenkeel_core::graph::Graph;
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_tests::simulated::{Bench, Goal, graph_of};
use serde_json::{Value, json};

/// A group of others that lets the office in.
struct Scene {
    bench: Bench,
    group: String,
}

impl Scene {
    fn new() -> Self {
        let bench = Bench::new("us-east-1");
        let group = group(&bench, "database");
        let office = json!([{ "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
            "IpRanges": [{ "CidrIp": "198.51.100.0/24", "Description": "the office" }] }]);
        bench.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": office }));
        Self { bench, group }
    }

    /// Applies, and looks that nothing is left to do.
    async fn applied(&self, graph: &Graph) {
        self.bench.done(graph, Goal::Apply).await;
        self.bench.settled(graph, Goal::Apply).await;
    }

    /// The rules of the group in words, sorted: ports, the other side, and for whom.
    fn rules(&self, group: &str) -> Vec<String> {
        let filter = json!([{ "Name": "group-id", "Values": [group] }]);
        let all = self.bench.ask("ec2.DescribeSecurityGroupRules", json!({ "Filters": filter }));
        let mut rules: Vec<String> = all["SecurityGroupRules"].as_array().expect("rules").iter().map(told).collect();
        rules.sort();
        rules
    }
}

fn told(rule: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let peer = if rule["CidrIpv4"].is_string() { text(&rule["CidrIpv4"]) } else { "a group".to_owned() };
    let tags = rule["Tags"].as_array().into_iter().flatten();
    let mark = tags.filter(|tag| tag["Key"] == "evenkeel:id").map(|tag| text(&tag["Value"])).next();
    let way = if rule["IsEgress"] == true { "out" } else { "in" };
    format!("{way} {} {peer} {}{}", rule["FromPort"], text(&rule["Description"]), mark.unwrap_or_default())
}

fn group(bench: &Bench, name: &str) -> String {
    let input = json!({ "GroupName": name, "Description": "not ours" });
    bench.ask("ec2.CreateSecurityGroup", input)["GroupId"].as_str().expect("an id").to_owned()
}

fn graph(groups: &str) -> Graph {
    graph_of(&format!("stack: shop\nregion: us-east-1\nsecurity_groups:\n{groups}"), Path::new("."))
}

/// Our group, and what the file adds to the database's.
fn opened(entry: &str, to: &str, rules: &str) -> Graph {
    graph(&format!(
        "  app: {{ ingress: [{{ port: 80, from: 0.0.0.0/0 }}] }}\n  {entry}: {{ existing: {to}, ingress: [{rules}] }}\n"
    ))
}

async fn plan(bench: &Bench, graph: &Graph, goal: Goal) -> Plan {
    let snapshot = bench.read(graph, goal).await;
    bench.plan(graph, &snapshot, goal)
}

const OURS: &str = "in 5432 a group existing_group_rules.db";

#[tokio::test(start_paused = true)]
async fn rules_come_and_go_beside_those_of_others() {
    let scene = Scene::new();
    let before = scene.rules(&scene.group);
    let wanted = opened("db", "database", "{ port: 5432, from: app }, { port: 5433, from: 10.0.0.0/8 }");
    scene.applied(&wanted).await;
    let with = scene.rules(&scene.group);
    assert_eq!(with.len(), before.len() + 2, "{with:#?}");
    assert!(with.contains(&OURS.to_owned()) && before.iter().all(|rule| with.contains(rule)), "{with:#?}");

    // Somebody adds one of his own, and changes none of ours: that is no drift.
    let his =
        json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "192.0.2.1/32" }] }]);
    scene.bench.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": scene.group, "IpPermissions": his }));
    assert_eq!(plan(&scene.bench, &wanted, Goal::Apply).await.steps.len(), 0);

    scene.applied(&opened("db", "database", "{ port: 5432, from: app, description: shop }")).await;
    let changed = scene.rules(&scene.group);
    assert!(changed.contains(&"in 5432 a group shopexisting_group_rules.db".to_owned()), "{changed:#?}");
    assert!(!changed.iter().any(|rule| rule.starts_with("in 5433")), "{changed:#?}");

    scene.bench.done(&graph("  app: {}\n"), Goal::Destroy).await;
    let mut left = scene.rules(&scene.group);
    left.retain(|rule| !rule.starts_with("in 22 "));
    assert_eq!(left, before, "the group is as it was");
}

#[tokio::test(start_paused = true)]
async fn what_left_the_file_is_taken_away_and_nothing_else() {
    let scene = Scene::new();
    let before = scene.rules(&scene.group);
    scene.bench.done(&opened("db", "database", "{ port: 5432, from: app }"), Goal::Apply).await;
    scene.bench.sim.pass(std::time::Duration::from_secs(600));
    // Without the entry and our group: the rule names the group and has to go first.
    scene.applied(&graph("  other: {}\n")).await;
    assert_eq!(scene.rules(&scene.group), before);
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_others_that_says_the_same_is_enough_and_stays_theirs() {
    let scene = Scene::new();
    let before = scene.rules(&scene.group);
    let wanted = opened("db", "database", "{ port: 5432, from: 198.51.100.0/24 }");
    scene.applied(&wanted).await;
    assert_eq!(scene.rules(&scene.group), before);
    scene.bench.done(&wanted, Goal::Destroy).await;
    assert_eq!(scene.rules(&scene.group), before);

    // Once they take it away, ours is missing.
    let theirs = json!([{ "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
        "IpRanges": [{ "CidrIp": "198.51.100.0/24" }] }]);
    scene.bench.done(&wanted, Goal::Apply).await;
    scene.bench.ask("ec2.RevokeSecurityGroupIngress", json!({ "GroupId": scene.group, "IpPermissions": theirs }));
    assert_eq!(plan(&scene.bench, &wanted, Goal::Apply).await.steps.len(), 1);
    scene.applied(&wanted).await;
    assert!(scene.rules(&scene.group).contains(&"in 5432 198.51.100.0/24 existing_group_rules.db".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_renamed_entry_keeps_its_rules_and_another_group_gets_them() {
    let scene = Scene::new();
    scene.bench.done(&opened("db", "database", "{ port: 5432, from: app }"), Goal::Apply).await;
    let renamed = opened("data", &scene.group, "{ port: 5432, from: app }");
    scene.applied(&renamed).await;
    let rules = scene.rules(&scene.group);
    assert!(rules.contains(&"in 5432 a group existing_group_rules.data".to_owned()), "{rules:#?}");

    let other = group(&scene.bench, "other-database");
    let before = scene.rules(&other);
    scene.applied(&opened("data", "other-database", "{ port: 5432, from: app }")).await;
    assert_eq!(scene.rules(&other).len(), before.len() + 1);
    assert!(!scene.rules(&scene.group).iter().any(|rule| rule.contains("existing_group_rules")));
}

#[tokio::test(start_paused = true)]
async fn two_stacks_share_a_group() {
    let scene = Scene::new();
    let before = scene.rules(&scene.group);
    let stack = |name: &str| {
        let text = "security_groups:\n  app: {}\n  db: { existing: database, ingress: [{ port: 5432, from: app }] }\n";
        graph_of(&format!("stack: {name}\nregion: us-east-1\n{text}"), Path::new("."))
    };
    let (one, two) = (stack("one"), stack("two"));
    scene.applied(&one).await;
    scene.applied(&two).await;
    assert_eq!(plan(&scene.bench, &one, Goal::Apply).await.steps.len(), 0);
    scene.bench.done(&one, Goal::Destroy).await;
    assert_eq!(plan(&scene.bench, &two, Goal::Apply).await.steps.len(), 0, "the other stack's rule is there");
    scene.bench.done(&two, Goal::Destroy).await;
    assert_eq!(scene.rules(&scene.group), before);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_there_or_our_own_is_told() {
    let scene = Scene::new();
    let why = |plan: Plan| {
        plan.held.into_iter().find(|held| held.node.to_string() == "security_group.db").map(|held| held.why)
    };
    let missing = why(plan(&scene.bench, &opened("db", "data", "{ port: 5432, from: app }"), Goal::Apply).await);
    let text = "security group `data` in the VPC of this stack".to_owned();
    assert_eq!(missing, Some(HeldBecause::NotFound(text)));
    scene.bench.done(&graph("  own: { name: shop-own }\n"), Goal::Apply).await;
    let own = graph("  own: { name: shop-own }\n  db: { existing: shop-own, ingress: [{ port: 5432, from: self }] }\n");
    let why = why(plan(&scene.bench, &own, Goal::Apply).await);
    assert!(matches!(why, Some(HeldBecause::Unreadable(error)) if error.message.contains("belongs to this stack")));
}
