//! The stacks of `stacks/` in simulated worlds that have what they presuppose, and foreign things beside them that must stay as
//! they are. Each comes with a change.

use std::path::PathBuf;

use evenkeel_core::graph::Graph;
use evenkeel_tests::moto::root;
use evenkeel_tests::simulated::{Bench, graph_of};
use serde_json::json;

/// A stack, its world, and a change.
pub struct Scene {
    /// What it is called.
    pub name: &'static str,
    /// Where it lives.
    pub region: String,
    text: String,
    changed: String,
    zone: Option<&'static str>,
}

fn folder() -> PathBuf {
    root().join("stacks")
}

/// What AWS makes up in the addresses of databases and the ARNs of secrets would tell two worlds apart in which the same was done:
/// containers get fixed texts in their place, and values that are drawn are written out. Whether they get the right ones is tested with the
/// kinds; namespaces, whose ids are made up too, have their own phases.
const FIXED: &[(&str, &str)] = &[
    ("${network.nat_addresses}", "203.0.113.7"),
    // In small subnets addresses come back.
    ("    public: small\n", "    public: large\n"),
    ("${database.main.endpoint}", "db.internal.example"),
    ("${database.main.password}", "ssm:/fixed/password"),
    ("${database.main.secret}", "*"),
    ("DB_PWD: secret:database", "DB_PWD: ssm:/fixed/password"),
    ("    password: secret:database\n", ""),
    ("SECRET_KEY, generate: 48 }", "SECRET_KEY, value: one }"),
    ("ROLLBAR_ACCESS_TOKEN, generate: 32 }", "ROLLBAR_ACCESS_TOKEN, value: two }"),
    ("namespaces:\n  cruddur: { name: cruddur, description: Where the services find each other }\n", ""),
    ("  container_insights: enabled\n  namespace: cruddur\n", "  container_insights: enabled\n"),
    ("    service_connect:\n      services: [{ port_name: backend-flask, client_aliases: [{ port: 4567 }] }]\n", ""),
    ("    service_connect: true\n", ""),
    ("grants: [\"secret:flask-todo/*\"]", "grants: [\"ssm:/fixed/*\"]"),
    ("grants: [\"ssm:/cruddur/*\"]", "grants: [\"ssm:/cruddur/*\", \"ssm:/fixed/*\"]"),
];

/// A stack with changes: each a text and what takes its place.
fn scene(name: &'static str, region: &str, zone: Option<&'static str>, changes: &[(&str, &str)]) -> Scene {
    let text = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).expect("the stack is there");
    let text = FIXED.iter().fold(text, |text, (made_up, fixed)| text.replace(made_up, fixed));
    let mut changed = text.clone();
    for (from, to) in changes {
        assert!(changed.contains(from), "{name} has no {from:?} to change");
        changed = changed.replacen(from, to, 1);
    }
    Scene { name, region: region.to_owned(), text, changed, zone }
}

/// Cruddur with HTTPS.
pub fn cruddur() -> Scene {
    scene(
        "cruddur",
        "ca-central-1",
        Some("cruddur.example"),
        &[
            ("retention: 7d", "retention: 30d"),
            ("health_check: { path: / }", "health_check: { path: /up, interval: 20s }"),
            ("      - { name: api, alias: web }\n", ""),
            ("FRONTEND_URL: https", "EXTRA: more\n          FRONTEND_URL: https"),
            ("min: 1, max: 4, cpu: 60", "min: 1, max: 6, cpu: 50, memory: 70"),
            ("      - { port: 5432, from: service }", "      - { port: 3306, from: service }"),
        ],
    )
}

/// Cruddur over plain HTTP, with a hosted zone of its own.
pub fn cruddur_http() -> Scene {
    scene(
        "cruddur-http",
        "ca-central-1",
        None,
        &[
            ("container_insights: enabled", "container_insights: disabled"),
            ("priority: 10", "priority: 20"),
            ("managed_policies: [AWSXRayDaemonWriteAccess]", "managed_policies: [CloudWatchLogsReadOnlyAccess]"),
            ("tags: { project: cruddur }", "tags: { project: cruddur, owner: blue }"),
        ],
    )
}

/// flask-todo.
pub fn flask_todo() -> Scene {
    scene(
        "flask-todo",
        "eu-central-1",
        None,
        &[
            ("matcher: 200-399", "matcher: 200-299"),
            ("ports: [80, 443], from: 0.0.0.0/0", "ports: [80, 443], from: 10.0.0.0/8"),
            ("max: 3, requests: 500", "max: 4, requests: 400"),
            ("backups: 1d", "backups: 2d"),
            ("retention: 14d", "retention: 7d"),
        ],
    )
}

/// A network of the stack's own.
pub fn private_network() -> Scene {
    scene(
        "private-network",
        "eu-west-1",
        None,
        &[
            ("nat: one", "nat: none"),
            ("endpoints: [s3]", "endpoints: [logs]"),
            ("zones: 2", "zones: 3"),
            ("tags: { project: private-network }", "tags: { project: private-network, owner: blue }"),
        ],
    )
}

/// A service whose traffic ECS moves.
pub fn blue_green() -> Scene {
    scene(
        "blue-green",
        "eu-central-1",
        None,
        &[
            ("image_tag: \"1.27\"", "image_tag: \"1.28\""),
            ("canary: { percent: 10, bake_time: 5m }", "canary: { percent: 20, bake_time: 3m }"),
            ("retention: 14d", "retention: 7d"),
        ],
    )
}

/// A service on managed instances.
pub fn managed_instances() -> Scene {
    scene(
        "managed-instances",
        "eu-central-1",
        None,
        &[
            ("storage: 50", "storage: 80"),
            ("capacity_option: SPOT", "capacity_option: ON_DEMAND"),
            ("vcpu_count: { min: 2, max: 8 }", "vcpu_count: { min: 4 }"),
            ("        burstable_performance: excluded\n", ""),
            ("base: 2, weight: 1", "base: 1, weight: 2"),
        ],
    )
}

impl Scene {
    /// What is wanted.
    pub fn graph(&self) -> Graph {
        graph_of(&self.text, &folder())
    }

    /// What is wanted after the change.
    pub fn changed(&self) -> Graph {
        graph_of(&self.changed, &folder())
    }

    /// What is wanted after other changes: each a text and what takes its place.
    pub fn with(&self, changes: &[(&str, &str)]) -> Graph {
        let text = changes.iter().fold(self.text.clone(), |text, (from, to)| {
            assert!(text.contains(from), "{} has no {from:?} to change", self.name);
            text.replacen(from, to, 1)
        });
        graph_of(&text, &folder())
    }

    /// A world with what the stack presupposes and foreign things.
    pub fn bench(&self) -> Bench {
        let bench = Bench::new(&self.region);
        if let Some(zone) = self.zone {
            bench.add_zone(zone);
            evenkeel_tests::simulated::add_certificate(&bench, zone);
        }
        let prepared: &[&str] = match self.name {
            "cruddur-http" => &["/cruddur/backend-flask/CONNECTION_URL", "/cruddur/backend-flask/ROLLBAR_ACCESS_TOKEN"],
            "private-network" => &["/private-network/tls-bundle"],
            _ => &["/fixed/password"],
        };
        for name in prepared {
            bench.ask("ssm.PutParameter", json!({ "Name": name, "Type": "SecureString", "Value": "secret" }));
        }
        foreign(&bench);
        // A new role is invisible for some seconds, a load balancer takes minutes.
        bench.sim.pass(std::time::Duration::from_secs(600));
        bench
    }
}

/// Things of somebody else, of the same sorts and in the same places.
pub fn foreign(bench: &Bench) {
    let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    let group = json!({ "GroupName": "somebody", "Description": "not ours", "VpcId": vpc });
    let group = bench.ask("ec2.CreateSecurityGroup", group)["GroupId"].clone();
    let rule = json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] });
    bench.ask("ec2.AuthorizeSecurityGroupIngress", json!({ "GroupId": group, "IpPermissions": [rule] }));
    let subnets: Vec<_> = bench.ask("ec2.DescribeSubnets", json!({}))["Subnets"]
        .as_array()
        .expect("subnets")
        .iter()
        .map(|subnet| subnet["SubnetId"].clone())
        .collect();
    bench.ask(
        "elbv2.CreateLoadBalancer",
        json!({ "Name": "somebody", "Subnets": subnets, "SecurityGroups": [group],
            "Tags": [{ "Key": "owner", "Value": "somebody" }] }),
    );
    let target = json!({ "Name": "somebody", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip" });
    bench.ask("elbv2.CreateTargetGroup", target);
    bench.ask("ecs.CreateCluster", json!({ "clusterName": "somebody" }));
    bench.ask("logs.CreateLogGroup", json!({ "logGroupName": "/somebody" }));
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
    let role = json!({ "RoleName": "somebody", "AssumeRolePolicyDocument": trust.to_string() });
    bench.ask("iam.CreateRole", role);
    bench.add_zone("somebody.example");
}
