//! ECS services. Reads and writes go as plain JSON (see `call/raw.rs`); this file holds what the engine knows of the kind, its
//! document, and what a stack file contributes. `convert.rs` turns replies into documents, `write.rs` documents into
//! requests, `poll.rs` follows deployments, `verdict.rs` judges them,
//! `targets.rs` asks whether the targets can serve, and `explain.rs` says why something failed.
//!
//! Calls: CreateService (5 a second), UpdateService, DeleteService, TagResource, UntagResource, DescribeServices (10 at a time),
//! ListServiceDeployments, DescribeServiceDeployments (20 at a time). Names stay taken while a service drains.

mod connect;
pub mod containers;
mod convert;
mod counts;
mod explain;
pub mod follow;
mod ingress;
mod look;
mod poll;
mod rules;
mod shifting;
mod stages;
pub mod status;
mod targets;
#[cfg(test)]
mod tests;
mod until;
mod verdict;
mod write;

use std::collections::BTreeSet;

pub use self::counts::counts;
pub use self::until::{STAGES, wait_until};

use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace, Rung, Serving, Traffic};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cluster::{self, Strategy};
use super::task_definition::{self, mark};
use crate::resource::{self, Entry, Paced};
use crate::services::ec2::{existing_group_rules, network};
use crate::services::elb::Forwards;
use crate::tags::Tags;
use evenkeel_stack::model::{self, Runs, Stack};

/// The kind's name.
pub const KIND: &str = "service";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ECS service",
        fields: &[
            Field::immutable("cluster"),
            // From and to a capacity provider strategy in place; from one launch type to another there is no way.
            Field::immutable("launch_type"),
            Field::immutable("scheduling"),
            Field::keyed("strategy", &["provider"]),
            Field::set("network.subnets"),
            Field::set("network.security_groups"),
            Field::set("load_balancers"),
            Field::set("deployment.alarms"),
            Field::set("deployment.hooks"),
            Field::set("placement_constraints"),
            Field::set("service_registries"),
            Field::keyed("service_connect.services", &["portName"]),
        ],
        outputs: &["arn", "name", "url", "host"],
        // Another gateway gives it another address.
        shifts: &[("gateway", &["url", "host"])],
        replace: Replace::CreateFirst,
        name_limit: 255,
        ready: Ready::AtEnd,
        slow_delete: true,
        // A drain lasts as long as the target group's deregistration delay (300 s by default) and the tasks' stop timeout.
        deadline_secs: 1800,
        // A task is placed, pulls its image and passes its health checks.
        takes_secs: 65,
        polls: Polls::every(5, 10),
        traffic: Traffic::Server(Serving { list: "load_balancers", aside: Some(("shifts", "alternate")) }),
        // ECS wants a rolling deployment with the second target group to have ended before it takes another strategy. Source: its
        // guide on changing from rolling to blue/green deployments.
        rung: Some(Rung { first: "load_balancers", then: "deployment.strategy", from: "ROLLING" }),
        ..Kind::PLAIN
    },
    contribute,
    driver: &write::Service,
    paced: Paced {
        create: Some("ecs:CreateService"),
        update: Some("ecs:UpdateService"),
        delete: Some("ecs:DeleteService"),
    },
    actions: &[
        "tag:GetResources",
        "ecs:CreateService",
        "ecs:UpdateService",
        "ecs:DeleteService",
        "ecs:DescribeServices",
        "ecs:ListClusters",
        "ecs:ListServices",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:ListServiceDeployments",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ec2:DescribeSecurityGroups",
        "ecs:ListTasks",
        "ecs:DescribeTasks",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeRules",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ],
};

/// The node of a service entry.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// The document of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Spec {
    /// The cluster's name.
    cluster: String,
    /// ARN of the revision, or what the file calls one that is registered elsewhere.
    task_definition: Text,
    /// Tags that speak for the revision.
    marks: Marks,
    /// None for a daemon.
    desired_count: Option<u32>,
    /// None if a capacity strategy decides.
    launch_type: Option<String>,
    /// None: whatever the cluster's default is.
    strategy: Option<Vec<Strategy>>,
    /// None off Fargate. The newest version and `LATEST` are one.
    platform_version: Option<String>,
    scheduling: String,
    /// None unless tasks have interfaces of their own.
    network: Option<Network>,
    load_balancers: Vec<LoadBalancer>,
    /// The ARN of the gateway that it connects to; empty if there is none.
    #[serde(default)]
    gateway: Text,
    /// The connection with a gateway; one at most.
    #[serde(default)]
    ingress: Vec<ingress::Ingress>,
    /// Seconds; None without a load balancer.
    grace_secs: Option<u32>,
    deployment: Deployment,
    execute_command: bool,
    propagate_tags: String,
    managed_tags: bool,
    /// None: not managed.
    zone_rebalancing: Option<String>,
    /// As ECS takes them.
    placement_constraints: Vec<Value>,
    /// As ECS takes it.
    placement_strategy: Vec<Value>,
    /// As ECS takes them.
    service_registries: Vec<Value>,
    /// As ECS takes it.
    service_connect: Value,
    tags: Tags,
}

/// What tags of the service say of the revision it runs, so that it need not be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Marks {
    /// Which content is which revision.
    revision: Text,
    /// The roles and log groups that the content refers to.
    uses: Text,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Network {
    subnets: Texts,
    security_groups: Vec<Text>,
    assign_public_ip: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LoadBalancer {
    /// ARN.
    target_group: Text,
    container: String,
    port: u16,
    /// Where ECS moves traffic between two groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shifts: Option<Shifts>,
}

/// The other target group, and the rules that ECS changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shifts {
    /// ARN.
    alternate: Text,
    /// ARN of a rule, or of a listener for what that does if no rule fits.
    production_rule: Text,
    /// As that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_rule: Option<Text>,
    /// ARN of the role by which ECS does it.
    role: Text,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Deployment {
    minimum_healthy_percent: u32,
    maximum_percent: u32,
    circuit_breaker: bool,
    /// Off if the circuit breaker is.
    rollback: bool,
    /// On if the circuit breaker is off.
    reset_on_healthy_task: bool,
    /// ECS's default if the circuit breaker is off.
    threshold: Threshold,
    strategy: String,
    bake_time_minutes: u32,
    /// None but for CANARY.
    canary: Option<Shift>,
    /// None but for LINEAR.
    linear: Option<Shift>,
    hooks: Vec<Hook>,
    early_success: EarlySuccess,
    alarms: Vec<String>,
    /// Off without alarms.
    alarms_rollback: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Threshold {
    #[serde(rename = "type")]
    kind: String,
    value: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shift {
    /// Tenths of a percent.
    permille: u32,
    bake_time_minutes: u32,
}

/// A hook between stages.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hook {
    /// Sorted.
    stages: Vec<String>,
    /// ARN of a function; None for a pause.
    lambda: Option<Text>,
    /// ARN; None for a pause.
    role: Option<Text>,
    /// What the function is told besides; None: nothing.
    details: Option<Value>,
    timeout_minutes: u32,
    on_timeout: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct EarlySuccess {
    enable: bool,
    /// None: not managed.
    healthy_percent: Option<u32>,
    /// None: not managed.
    cleanup: Option<String>,
}

impl Deployment {
    fn of(wanted: &model::Deployment) -> Self {
        let mut alarms = wanted.alarms.clone();
        alarms.sort();
        let (kind, value) = if wanted.circuit_breaker { wanted.threshold.clone() } else { shifting::usual_threshold() };
        let early = wanted.early_success.as_ref();
        Self {
            minimum_healthy_percent: wanted.minimum_healthy_percent,
            maximum_percent: wanted.maximum_percent,
            circuit_breaker: wanted.circuit_breaker,
            rollback: wanted.circuit_breaker && wanted.rollback,
            reset_on_healthy_task: !wanted.circuit_breaker || wanted.reset_on_healthy_task,
            threshold: Threshold { kind, value },
            strategy: wanted.strategy.clone(),
            bake_time_minutes: wanted.bake_time_minutes,
            canary: shifting::shift(wanted, "CANARY"),
            linear: shifting::shift(wanted, "LINEAR"),
            hooks: wanted.hooks.iter().map(shifting::hook).collect(),
            early_success: EarlySuccess {
                enable: early.is_some(),
                healthy_percent: early.and_then(|early| early.healthy_percent),
                cleanup: early.and_then(|early| early.cleanup.clone()),
            },
            alarms_rollback: !alarms.is_empty() && wanted.alarms_rollback,
            alarms,
        }
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let forwards = Forwards::of(stack);
    for (entry, service) in &stack.services {
        let name = cluster::entry_name(stack, service.meta.name.as_deref(), entry);
        let mut node = resource::wanted(id, entry, &service.meta, name, &wanted(stack, entry, service));
        node.needs = needs(stack, &forwards, service);
        if service.ingress.is_some() {
            node.late = ["url", "host"].map(str::to_owned).into();
        }
        node.patience_secs = shifting::patience_secs(&service.deployment);
        if let Some(who) = &service.count_managed_by {
            node.delegated.insert("desired_count".to_owned(), who.clone());
            // Nobody but a person sets it lower: scaling starts from `min`.
            let least = service.scaling.as_ref().map(|scaling| ("desired_count".to_owned(), scaling.least().into()));
            node.at_least.extend(least);
        }
        nodes.push(node);
    }
}

fn wanted(stack: &Stack, entry: &str, service: &model::Service) -> Spec {
    let (task_definition, marks) = runs(entry, &service.runs);
    Spec {
        cluster: cluster::physical(stack),
        task_definition,
        marks,
        desired_count: service.desired_count,
        launch_type: service.launch_type.clone(),
        strategy: strategy(stack, service),
        platform_version: service.platform_version.as_deref().map(|version| convert::platform(version).to_owned()),
        scheduling: service.scheduling.clone(),
        network: service.awsvpc.then(|| Network {
            subnets: service.subnets.as_ref().map_or_else(
                || Texts::output(network::id(), "subnets"),
                |subnets| subnets.iter().map(|subnet| Text::from(subnet.as_str())).collect(),
            ),
            security_groups: service.security_groups.clone(),
            assign_public_ip: service.assign_public_ip,
        }),
        load_balancers: service
            .load_balancers
            .iter()
            .map(|target| LoadBalancer {
                target_group: target.target_group.clone(),
                container: target.container.clone(),
                port: target.port,
                shifts: target.alternate.as_ref().map(|alternate| shifting::wanted(stack, alternate)),
            })
            .collect(),
        gateway: ingress::gateway(service),
        ingress: ingress::wanted(service),
        grace_secs: service.grace_secs,
        deployment: Deployment::of(&service.deployment),
        execute_command: service.execute_command,
        propagate_tags: service.propagate_tags.clone(),
        managed_tags: service.managed_tags,
        zone_rebalancing: service.zone_rebalancing.clone(),
        placement_constraints: service.placement_constraints.clone(),
        placement_strategy: service.placement_strategy.iter().map(convert::placement).collect(),
        service_registries: service.service_registries.clone(),
        service_connect: connect::wanted(service.service_connect.as_ref()),
        tags: service.meta.tags.clone(),
    }
}

/// The task definition, and what tags say of it; of one that is registered elsewhere they say nothing.
fn runs(entry: &str, runs: &Runs) -> (Text, Marks) {
    match runs {
        Runs::Ours(task) => {
            let revision = task_definition::id(entry);
            let content = task_definition::wanted(task);
            let marks = Marks { revision: mark::wanted(&revision, &content), uses: mark::uses(&content) };
            (Text::output(revision, "arn"), marks)
        }
        Runs::Kept(kept) => (kept.named.as_str().into(), Marks { revision: Text::default(), uses: Text::default() }),
    }
}

/// A service that says neither launch type nor strategy takes over the cluster's default strategy, and shows it as its own.
fn strategy(stack: &Stack, service: &model::Service) -> Option<Vec<Strategy>> {
    if service.launch_type.is_some() {
        return Some(Vec::new());
    }
    let items = if service.strategy.is_empty() {
        stack.cluster.as_ref()?.default_strategy.as_ref()?
    } else {
        &service.strategy
    };
    Some(items.iter().map(Strategy::of).collect())
}

/// ECS refuses a target group that no load balancer forwards to yet, and tasks need their log groups.
fn needs(stack: &Stack, forwards: &Forwards<'_>, service: &model::Service) -> BTreeSet<NodeId> {
    let mut needs: BTreeSet<NodeId> = service
        .runs
        .ours()
        .into_iter()
        .flat_map(|task| &task.log_groups)
        .map(|entry| NodeId::new("log_group", entry))
        .collect();
    needs.insert(cluster::id());
    needs.extend(existing_group_rules::needed_by(stack, &service.security_groups));
    let groups = service.load_balancers.iter().filter_map(|target| target.entry.as_deref());
    needs.extend(groups.flat_map(|group| forwards.nodes(group)).cloned());
    needs
}
