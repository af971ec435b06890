//! What the tests of the ECS kinds share: a stack of a cluster, a task definition and a service, and whole runs of the
//! engine against moto: read, plan, carry out, and check that nothing is left to do.

use std::time::Duration;

use async_trait::async_trait;
use evenkeel_aws::client::Aws;
use evenkeel_aws::cloud::AwsCloud;
use evenkeel_aws::kinds;
use evenkeel_core::clock::Clock;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{Plan, PlanOptions, Verb, plan};
use evenkeel_core::snapshot::Live;
use serde_json::json;
use tokio::time::Instant;

use evenkeel_aws::kinds::task_definition::mark;

pub const STACK: &str = "t";

/// The real clock.
struct Real(Instant);

#[async_trait]
impl Clock for Real {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// One stack on one endpoint.
pub struct Bench {
    pub cloud: AwsCloud,
}

impl Bench {
    pub fn new(aws: Aws) -> Self {
        Self { cloud: AwsCloud { aws, stack: info() } }
    }

    pub fn aws(&self) -> &Aws {
        &self.cloud.aws
    }

    pub async fn plan(&self, graph: &Graph, options: &PlanOptions) -> Plan {
        let snapshot =
            if options.destroy { self.cloud.snapshot_to_destroy(None).await } else { self.cloud.snapshot(graph).await };
        assert!(snapshot.unreadable.is_empty(), "{:?}", snapshot.unreadable);
        plan(&kinds::table(), graph, &snapshot, options)
    }

    /// Plans and carries out; gives the paths that the plan named, step by step.
    pub async fn apply_with(&self, graph: &Graph, options: &PlanOptions) -> Vec<String> {
        let plan = self.plan(graph, options).await;
        let (kinds, limits) = (kinds::table(), Limits::default());
        let clock = Real(Instant::now());
        let engine = Engine { kinds: &kinds, graph, cloud: &self.cloud, clock: &clock, limits: &limits };
        let outcome = execute(engine, &plan, &Stop::default(), &mut |_| {}).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:#?}");
        let changes = plan.steps.iter().filter(|step| step.verb() != Verb::Wait);
        changes.map(|step| format!("{} {}", step.verb(), step.node)).collect()
    }

    /// Plans, carries out, and checks that the next plan is empty.
    pub async fn apply(&self, graph: &Graph) -> Vec<String> {
        let steps = self.apply_with(graph, &PlanOptions::default()).await;
        let again = self.plan(graph, &PlanOptions::default()).await;
        assert!(again.steps.is_empty(), "{:#?}", again.steps);
        steps
    }

    pub async fn live(&self, graph: &Graph, id: &NodeId) -> Live {
        let snapshot = self.cloud.snapshot(graph).await;
        snapshot.live(id).unwrap_or_else(|| panic!("{id} is not there: {snapshot:#?}")).clone()
    }
}

pub fn info() -> StackInfo {
    StackInfo { name: STACK.to_owned(), region: "us-east-1".to_owned() }
}

pub fn graph(nodes: &[&Node]) -> Graph {
    Graph::new(info(), nodes.iter().copied().cloned()).expect("the nodes make a graph")
}

pub fn destroy() -> PlanOptions {
    PlanOptions { destroy: true, ..PlanOptions::default() }
}

pub fn cluster() -> Node {
    let want = json!({
        "container_insights": "enabled",
        "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
        "default_strategy": [{ "provider": "FARGATE", "weight": 1, "base": 0 }],
        "namespace": null,
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("cluster", "main"), STACK, want)
}

pub fn task_definition(entry: &str) -> Node {
    let want = json!({
        "family": format!("{STACK}-{entry}"),
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" },
        "ephemeralStorage": { "sizeInGiB": 30 },
        "volumes": [{ "name": "data" }],
        "containerDefinitions": [{
            "name": "web", "image": "web:1", "cpu": 0, "essential": true,
            "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }],
            "secrets": [{ "name": "S", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/s" }],
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http" }],
            "mountPoints": [{ "containerPath": "/data", "sourceVolume": "data" }],
            "healthCheck": { "command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3 },
            "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/t" } },
        }],
        "tags": { "team": "a" },
    });
    Node::new(NodeId::new("task_definition", entry), format!("{STACK}-{entry}"), want)
}

/// The subnets of the default VPC, a security group and two target groups in it.
pub struct Around {
    pub subnets: Vec<String>,
    pub group: String,
    pub targets: Vec<String>,
}

pub async fn around(aws: &Aws) -> Around {
    let reply = aws.ec2().describe_subnets().send().await.expect("moto has a default VPC");
    let mut subnets: Vec<String> =
        reply.subnets().iter().map(|subnet| subnet.subnet_id().unwrap_or_default().to_owned()).collect();
    subnets.sort();
    let vpc = reply.subnets()[0].vpc_id().unwrap_or_default().to_owned();
    let group = aws.ec2().create_security_group().group_name("g").description("g").vpc_id(&vpc).send().await;
    let group = group.expect("a group can be made").group_id().unwrap_or_default().to_owned();
    let mut targets = Vec::new();
    for name in ["one", "two"] {
        let made =
            aws.elb().create_target_group().name(name).port(80).protocol("HTTP".into()).vpc_id(&vpc).send().await;
        let made = made.expect("a target group can be made");
        targets.push(made.target_groups()[0].target_group_arn().unwrap_or_default().to_owned());
    }
    Around { subnets, group, targets }
}

/// A service in which every field has a value.
pub fn service(entry: &str, around: &Around, revision: &Node) -> Node {
    let want = json!({
        "cluster": STACK,
        "task_definition": Text::output(revision.id.clone(), "arn"),
        "marks": { "revision": mark::wanted(&revision.id, &revision.want), "uses": mark::uses(&revision.want) },
        "desired_count": 1,
        "launch_type": "FARGATE",
        "strategy": [],
        "platform_version": "LATEST",
        "scheduling": "REPLICA",
        "network": {
            "subnets": around.subnets[..2], "security_groups": [around.group], "assign_public_ip": true,
        },
        "load_balancers": [{ "target_group": around.targets[0], "container": "web", "port": 80 }],
        "grace_secs": 30,
        "deployment": {
            "minimum_healthy_percent": 50, "maximum_percent": 150, "circuit_breaker": true, "rollback": true,
            "reset_on_healthy_task": true, "threshold": { "type": "BOUNDED_PERCENT", "value": 50 },
            "strategy": "ROLLING", "bake_time_minutes": 0, "canary": null, "linear": null, "hooks": [],
            "early_success": { "enable": false, "healthy_percent": null, "cleanup": null },
            "alarms": [], "alarms_rollback": false,
        },
        "execute_command": true,
        "propagate_tags": "SERVICE",
        "managed_tags": true,
        "zone_rebalancing": "ENABLED",
        "placement_constraints": [],
        "placement_strategy": [],
        "service_registries": [],
        "gateway": "",
        "ingress": [],
        "service_connect": { "enabled": false },
        "tags": { "team": "a" },
    });
    let mut node = Node::new(NodeId::new("service", entry), format!("{STACK}-{entry}"), want);
    node.needs.insert(NodeId::new("cluster", "main"));
    node
}

/// The node with the value at a JSON pointer set.
pub fn with(node: &Node, pointer: &str, value: Doc) -> Node {
    let mut node = node.clone();
    *node.want.pointer_mut(pointer).expect("the field is there") = value;
    node
}
