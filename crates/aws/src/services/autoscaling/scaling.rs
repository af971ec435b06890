//! The autoscaling of a service: its scalable target with the policies and scheduled actions, which have no marks of their own and
//! are owned through it. Registering is an upsert that moves the desired count into the limits at once; what is left out stays.
//!
//! Calls: RegisterScalableTarget, PutScalingPolicy, DeleteScalingPolicy, PutScheduledAction, DeleteScheduledAction,
//! DeregisterScalableTarget (policies and actions go along), TagResource, UntagResource; no published rates. A target is known by the
//! names of the cluster and the service, so it is replaced with its service. Alarms of `TargetTracking-…` are AWS's own.

use async_trait::async_trait;
use evenkeel_core::cloud::{Update, Waiting};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde::{Deserialize, Serialize};

use super::convert::{self, LIMITS};
use super::metric::Site;
use super::policy::{Action, Policy};
use super::read::{self, Scaling};
use super::send::{self, Registration};
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Tagging, Work, doc, tagged};
use crate::services::ecs::{cluster, service};
use crate::services::elb::{Forwards, load_balancer, target_group};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{self, ScalingMetric, ScalingRule, Stack};

/// The kind's name.
pub const KIND: &str = "scaling";

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "autoscaling of a service",
        fields: &[
            Field::immutable("cluster"),
            Field::immutable("service"),
            Field::set("suspended"),
            Field::keyed("policies", &["name"]),
            Field::keyed("schedule", &["name"]),
        ],
        outputs: &["arn"],
        replace: Replace::CreateFirst,
        // Two services that exchange their names exchange what scales them.
        moves: true,
        ready: Ready::AtEnd,
        // Tasks that the limits call for are placed, pull their image and pass their health checks.
        deadline_secs: 1800,
        polls: Polls::every(5, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Scalings,
    paced: Paced::NOT,
    actions: &[
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "application-autoscaling:ListTagsForResource",
        "tag:GetResources",
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:DeleteScalingPolicy",
        "application-autoscaling:PutScheduledAction",
        "application-autoscaling:DeleteScheduledAction",
        "application-autoscaling:TagResource",
        "application-autoscaling:UntagResource",
        "ecs:DescribeServices",
        "ecs:UpdateService",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DeleteAlarms",
        "iam:CreateServiceLinkedRole",
    ],
};

/// The node of the autoscaling of an entry of `services:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A target in canonical form.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: Text,
    /// The fewest tasks.
    pub min: u64,
    /// The most tasks.
    pub max: u64,
    /// What is left undone: `scale_in`, `scale_out`, `scheduled`.
    pub suspended: Vec<String>,
    /// The policies, by name.
    pub policies: Vec<Policy>,
    /// The scheduled actions, by name.
    pub schedule: Vec<Action>,
    /// The limits that were applied last, where a schedule may lead away from them: `1-4`.
    pub applied_limits: Option<String>,
    /// The user's tags.
    pub tags: Tags,
}

impl Spec {
    /// What AWS calls the service here.
    fn resource(&self) -> String {
        resource(&self.cluster, self.service.known().unwrap_or_default())
    }
}

/// The mark of the limits that were applied last.
fn noted(spec: &Spec) -> Tags {
    spec.applied_limits.iter().map(|limits| (LIMITS.to_owned(), limits.clone())).collect()
}

fn resource(cluster: &str, service: &str) -> String {
    format!("service/{cluster}/{service}")
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let forwards = Forwards::of(stack);
    for (entry, service) in &stack.services {
        let Some(scaling) = &service.scaling else { continue };
        let cluster = cluster::physical(stack);
        let name = resource(&cluster, &cluster::entry_name(stack, service.meta.name.as_deref(), entry));
        let mut node = Node::new(id(entry), name, doc(&wanted(&forwards, cluster, entry, service, scaling)));
        node.moved_from = service.meta.moved_from.as_deref().map(id);
        node.origin = Some(scaling.place.to_string());
        let counted = counted(scaling);
        node.needs = counted.into_iter().flat_map(|group| forwards.nodes(group)).cloned().collect();
        nodes.push(node);
    }
}

/// The target group whose requests count, if they do.
fn counted(scaling: &model::Scaling) -> Option<&str> {
    scaling.policies.iter().find_map(|policy| match &policy.rule {
        ScalingRule::Track { metric: ScalingMetric::Requests(group), .. } => Some(group.as_str()),
        ScalingRule::Track { .. } | ScalingRule::Step { .. } => None,
    })
}

fn wanted(
    forwards: &Forwards<'_>,
    cluster: String,
    entry: &str,
    of: &model::Service,
    scaling: &model::Scaling,
) -> Spec {
    let service = Text::output(service::id(entry), "name");
    let balanced = counted(scaling).and_then(|group| {
        let balancer = Text::output(load_balancer::id(forwards.balancer(group)?), "arn");
        Some((balancer, Text::output(target_group::id(group), "arn")))
    });
    let site = Site { cluster: cluster.clone(), service: service.clone(), balanced };
    Spec {
        cluster,
        service,
        min: scaling.min.into(),
        max: scaling.max.into(),
        suspended: scaling.suspended.clone(),
        policies: scaling.policies.iter().filter_map(|policy| Policy::wanted(policy, &site)).collect(),
        schedule: scaling.schedule.iter().map(Action::wanted).collect(),
        applied_limits: (!scaling.schedule.is_empty()).then(|| convert::limits(scaling.min, scaling.max)),
        tags: of.meta.tags.clone(),
    }
}

struct Scalings;

tagged!(Spec);

#[async_trait]
impl Resource for Scalings {
    type Want = Spec;
    type Have = Spec;
    // What was applied last is noted when it is.
    const TAGS: Tagging = Tagging::Within;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let scaling: &Scaling = fetched.part()?;
        let found = scaling.targets.as_ref().map_err(Clone::clone)?;
        let lives = found.iter().filter_map(|found| convert::live(found, &fetched.stack));
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || scaling.wanted.contains(&live.name)).collect())
    }

    fn marks(&self, want: &Spec) -> Tags {
        noted(want)
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, _order: &Update<'_>) -> (Tags, Tags) {
        (noted(&live.have), noted(want))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want, all) = (work.aws, &order.want, &order.tags);
        let resource = want.resource();
        // Registering takes over what is there: another one's target is left alone, and our own is completed.
        let there = read::target_of(aws, &resource).await?;
        let there = there.and_then(|target| target["ScalableTargetARN"].as_str().map(str::to_owned));
        if let Some(arn) = &there {
            let owner = tags::owner(&read::tags_of(aws, arn).await?, work.stack, KIND);
            if owner != Owner::Ours(order.order.node.clone()) {
                let text = format!("{resource} has a scalable target already");
                return Err(CloudError::local(
                    ErrorClass::Exists,
                    "application-autoscaling:RegisterScalableTarget",
                    text,
                ));
            }
        }
        let what = Registration {
            limits: Some((want.min, want.max)),
            suspended: Some(&want.suspended),
            tags: there.is_none().then_some(all),
        };
        let arn = send::register(aws, &resource, &what).await?.or(there);
        send::policies(aws, &resource, &[], &want.policies).await?;
        send::schedule(aws, &resource, &[], &want.schedule).await?;
        Ok(convert::named(arn.as_deref().unwrap_or(&resource), &resource, want.clone(), all, work.stack))
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, live, want) = (work.aws, &order.live, &order.want);
        let resource = live.have.resource();
        let mut tags = order.tags.clone();
        let last = tags.set.remove(LIMITS);
        send::change_tags(aws, &live.id, &tags).await?;
        let limits = (order.changes("min") || order.changes("max")).then_some((want.min, want.max));
        let suspended = order.changes("suspended").then_some(want.suspended.as_slice());
        if limits.is_some() || suspended.is_some() {
            send::register(aws, &resource, &Registration { limits, suspended, tags: None }).await?;
        }
        if order.changes("policies") {
            send::policies(aws, &resource, &live.have.policies, &want.policies).await?;
        }
        if order.changes("schedule") {
            send::schedule(aws, &resource, &live.have.schedule, &want.schedule).await?;
        }
        // Last: until the limits are set, the ones before are what was applied.
        if let Some(last) = last {
            send::change_tags(aws, &live.id, &Retag::set([(LIMITS.to_owned(), last)].into())).await?;
        }
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let tags = read::tags_of(work.aws, &touch.live.id).await?;
        touch.allowed(
            &tags,
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:DeregisterScalableTarget",
        )
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        send::deregister(work.aws, &live.have.resource()).await
    }

    /// New limits can call for tasks at once.
    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let named = |one: &Waiting| {
            let text = |key: &str| one.live.have[key].as_str().unwrap_or_default().to_owned();
            (text("cluster"), text("service"))
        };
        let services: Vec<(String, String)> = waiting.iter().map(named).collect();
        service::counts(work.aws, &services).await
    }
}
