//! What a stack file says of its cluster and of what runs there: services, their tasks, and how they are rolled out. Data only.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::{Doc, Text};

use super::{Build, Connect, Discovery, Existing, Ingress, Meta, Scaling};

/// `cluster:`. One to a stack.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The entry; the physical name is the stack's unless `name:` says otherwise.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing else counts.
    pub existing: Option<Existing>,
    /// `container_insights:`, `enabled`, `enhanced` or `disabled`; not managed if not given.
    pub container_insights: Option<String>,
    /// `capacity_providers:`; not managed if not given.
    pub capacity_providers: Option<Vec<String>>,
    /// `default_strategy:`; not managed if neither is given.
    pub default_strategy: Option<Vec<Strategy>>,
    /// `namespace:`, the ARN of the default namespace of Service Connect; not managed if not given.
    pub namespace: Option<Text>,
}

/// One item of a capacity provider strategy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Strategy {
    /// `FARGATE`, `FARGATE_SPOT`, a provider of the account, or an entry of `capacity_providers:`.
    pub provider: String,
    /// Whether it is an entry.
    pub ours: bool,
    /// Share beyond the base.
    pub weight: u32,
    /// Tasks that run on it at least.
    pub base: u32,
}

/// An entry of `services:`.
#[derive(Clone, Debug)]
pub struct Service {
    /// The entry.
    pub meta: Meta,
    /// What it runs.
    pub runs: Runs,
    /// `desired_count:`, 1 by default; `None` for a daemon.
    pub desired_count: Option<u32>,
    /// Who manages the count after the service has been made, if somebody else does (`managed_by:`).
    pub count_managed_by: Option<String>,
    /// `autoscaling:`; the count is Application Auto Scaling's then.
    pub scaling: Option<Scaling>,
    /// `FARGATE`, `EC2` or `EXTERNAL`; `None` if a capacity strategy decides.
    pub launch_type: Option<String>,
    /// `capacity_provider_strategy:`.
    pub strategy: Vec<Strategy>,
    /// `platform_version:`; `LATEST` by default on Fargate, `None` elsewhere.
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    /// Whether tasks have network interfaces of their own (`awsvpc`), and hence subnets and groups.
    pub awsvpc: bool,
    /// `subnets:`, if it does not use the network's.
    pub subnets: Option<Vec<String>>,
    /// `security_groups:` as group ids.
    pub security_groups: Vec<Text>,
    /// `assign_public_ip:`; by default on if the network's default subnets of the default VPC are used, off elsewhere.
    pub assign_public_ip: bool,
    /// `target_group:` or `target_groups:`.
    pub load_balancers: Vec<ServiceTarget>,
    /// `ingress:`, and where it stands.
    pub ingress: Option<(Ingress, Place)>,
    /// `health_check_grace_period:` in seconds; 0 by default behind a load balancer, `None` without one.
    pub grace_secs: Option<u32>,
    /// `deployment:`.
    pub deployment: Deployment,
    /// `execute_command:`.
    pub execute_command: bool,
    /// `propagate_tags:`, `NONE`, `SERVICE` or `TASK_DEFINITION`.
    pub propagate_tags: String,
    /// `managed_tags:`, ECS managed tags.
    pub managed_tags: bool,
    /// `availability_zone_rebalancing:`, `ENABLED` or `DISABLED`; not managed if not given.
    pub zone_rebalancing: Option<String>,
    /// `placement_constraints:` as ECS takes them (camelCase JSON).
    pub placement_constraints: Vec<Doc>,
    /// `placement_strategy:` as ECS takes it (camelCase JSON).
    pub placement_strategy: Vec<Doc>,
    /// `service_registries:` as ECS takes them (camelCase JSON), and what `discovery:` means.
    pub service_registries: Vec<Doc>,
    /// `service_connect:`; `None` if it is off.
    pub service_connect: Option<Connect>,
    /// `discovery:`.
    pub discovery: Option<Discovery>,
}

/// What a service runs.
#[derive(Clone, Debug)]
pub enum Runs {
    /// Revisions of ours.
    Ours(TaskDefinition),
    /// Revisions that somebody else registers.
    Kept(Kept),
}

impl Runs {
    /// The task definition, if it is ours.
    pub fn ours(&self) -> Option<&TaskDefinition> {
        match self {
            Self::Ours(task) => Some(task),
            Self::Kept(_) => None,
        }
    }
}

/// A task definition that is registered elsewhere and used as it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it stands.
    pub place: Place,
    /// A family, which stands for its newest active revision, `family:7`, or the ARN of a revision.
    pub named: String,
}

/// A task definition of ours.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Where it stands: the service's `containers:`, or its `task_definition:`.
    pub place: Place,
    /// The family.
    pub family: String,
    /// The document as `RegisterTaskDefinition` takes it, camelCase, normalised by `task_definition.rs`, without `tags`;
    /// strings may hold holes.
    pub document: Doc,
    /// Tags of the revision: the service's, with those of the document over them.
    pub tags: BTreeMap<String, String>,
    /// Log groups of this file that its containers write to (entry names).
    pub log_groups: Vec<String>,
    /// Where the images of its containers stand.
    pub images: BTreeMap<String, Place>,
    /// What the images of its containers are built from, where the file says so.
    pub builds: BTreeMap<String, Build>,
}

/// A target group that a service registers its tasks in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceTarget {
    /// The target group's ARN: an output of an entry of this file, or an ARN.
    pub target_group: Text,
    /// The entry of this file, if it is one.
    pub entry: Option<String>,
    /// The container.
    pub container: String,
    /// Its port.
    pub port: u16,
    /// `alternate:` and what belongs to it, where ECS moves traffic between two groups.
    pub alternate: Option<Alternate>,
}

/// The other target group of a service whose traffic ECS moves, and by which rules it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alternate {
    /// The target group's ARN: an output of an entry of this file, or an ARN.
    pub target_group: Text,
    /// The entry of this file, if it is one.
    pub entry: Option<String>,
    /// `production_rule:`; if not given, the only one that forwards to either group.
    pub production: RuleRef,
    /// `test_rule:`.
    pub test: Option<RuleRef>,
    /// `role:` by which ECS changes the rules: an ARN.
    pub role: Text,
}

/// A rule of a load balancer that ECS changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RuleRef {
    /// The ARN of a rule, or of a listener for its default action.
    Arn(String),
    /// What a listener of the file does if no rule fits.
    Default {
        /// The load balancer's entry.
        balancer: String,
        /// The listener's entry.
        listener: String,
    },
    /// A rule of a listener of the file.
    Rule {
        /// The load balancer's entry.
        balancer: String,
        /// The listener's entry.
        listener: String,
        /// Its place among the rules of the listener.
        at: usize,
    },
}

/// `deployment:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// 100 by default (0 for a daemon).
    pub minimum_healthy_percent: u32,
    /// 200 by default (100 for a daemon).
    pub maximum_percent: u32,
    /// `circuit_breaker:`: on by default; `off` turns it off.
    pub circuit_breaker: bool,
    /// `circuit_breaker: rollback`, the default.
    pub rollback: bool,
    /// Whether a task that gets healthy lets the circuit breaker count anew; on by default.
    pub reset_on_healthy_task: bool,
    /// `COUNT`, `BOUNDED_PERCENT` (the default) or `UNBOUNDED_PERCENT`, and how many; 50 by default.
    pub threshold: (String, u32),
    /// `ROLLING` by default; `BLUE_GREEN`, `LINEAR`, `CANARY` hand forward weights to ECS.
    pub strategy: String,
    /// Minutes, 0 by default.
    pub bake_time_minutes: u32,
    /// `canary:`, for CANARY only.
    pub canary: Option<Shift>,
    /// `linear:`, for LINEAR only.
    pub linear: Option<Shift>,
    /// `hooks:`, in the order of the file.
    pub hooks: Vec<Hook>,
    /// `early_success:`, if it is on.
    pub early_success: Option<EarlySuccess>,
    /// CloudWatch alarms that fail a deployment.
    pub alarms: Vec<String>,
    /// Whether the alarms also roll back.
    pub alarms_rollback: bool,
}

/// How traffic moves in steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// The share of a step, in tenths of a percent.
    pub permille: u32,
    /// Minutes after a step.
    pub bake_time_minutes: u32,
}

/// A hook between the stages of a deployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hook {
    /// At which stages, as ECS calls them.
    pub stages: Vec<String>,
    /// The function and the role by which ECS calls it; `None` for a pause.
    pub lambda: Option<(Text, Text)>,
    /// What the function is told besides; any JSON object.
    pub details: Option<Doc>,
    /// Minutes until the hook is over; `None` leaves it to ECS (a day).
    pub timeout_minutes: Option<u32>,
    /// `ROLLBACK` (the default) or `CONTINUE`, when it is over; `None` without a timeout.
    pub on_timeout: Option<String>,
}

/// `early_success:`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EarlySuccess {
    /// The share of healthy tasks at which a deployment has succeeded; `None` leaves it to ECS.
    pub healthy_percent: Option<u32>,
    /// `BLOCKING` or `DEFERRED`; `None` leaves it to ECS.
    pub cleanup: Option<String>,
}

impl Deployment {
    /// Whether ECS starts all new tasks beside the old ones and moves traffic between them.
    pub fn shifts(&self) -> bool {
        self.strategy != "ROLLING"
    }
}
