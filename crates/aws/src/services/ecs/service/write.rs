//! From documents to CreateService, UpdateService and DeleteService. Oddities: removing something needs an explicit empty
//! value; a change of the capacity strategy needs a forced deployment, and an empty one takes a service back to its launch type;
//! the desired count is only sent if it is to change (somebody else may scale the service). Tags go first, so that a run that dies in between leaves a mark that fits no revision.

use async_trait::async_trait;
use evenkeel_core::cloud::{Update, Waiting};
use evenkeel_core::doc::{self, Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Readiness};
use serde_json::{Map, Value, json};

use super::super::cluster::{Strategy, change_tags};
use super::super::task_definition::mark;
use super::convert::{self, APPLIED, LAST_DEPLOYMENT};
use super::{Deployment, Spec, connect, ingress, look, poll, rules, shifting, targets};
use crate::call::raw::exchange;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Modification, Resource, Work, doc as document, tagged};
use crate::services::ecs::read::deployments::primary;
use crate::services::ecs::read::{self, Ecs, tag_list, tags_of, text};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;

/// What evenkeel can do with services.
#[derive(Debug)]
pub(super) struct Service;

tagged!(Spec);

#[async_trait]
impl Resource for Service {
    type Want = Spec;
    // ECS leaves out of some replies what it was told: not every field is always known.
    type Have = Doc;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        let ecs: &Ecs = fetched.part()?;
        let elb = fetched.part().ok();
        let live = |service| {
            let deployment = ecs.deployments.get(text(service, "serviceArn"));
            let mut live = convert::live(service, deployment, &tags_of(service), &fetched.stack);
            rules::as_listeners(&mut live.have, elb);
            live
        };
        Ok(ecs.services.as_ref().map_err(Clone::clone)?.iter().map(live).collect())
    }

    fn marks(&self, want: &Spec) -> Tags {
        let mut marks = marks(want);
        marks.insert(APPLIED.to_owned(), convert::applied(&document(want)));
        marks
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live, CloudError> {
        let (aws, name, want, tags) = (work.aws, order.order.name, &order.want, &order.tags);
        let want = &rules::resolved(aws, want).await?;
        let mut body = Map::new();
        for field in FIELDS {
            // An empty list is what there is anyhow, and beside a launch type an empty strategy is refused.
            if let Some((key, value)) =
                request(want, field).filter(|(_, value)| *value != json!([]) && !connect::is_off(value))
            {
                body.insert(key.to_owned(), value);
            }
        }
        body.insert("serviceName".to_owned(), name.into());
        body.insert("cluster".to_owned(), want.cluster.clone().into());
        body.insert("schedulingStrategy".to_owned(), want.scheduling.clone().into());
        body.insert("clientToken".to_owned(), order.order.token.into());
        body.insert("tags".to_owned(), tag_list(tags));
        if let Some(launch_type) = &want.launch_type {
            body.insert("launchType".to_owned(), launch_type.clone().into());
        }
        let reply = match exchange!(aws, "ecs:CreateService", ecs.create_service, &Value::Object(body)) {
            Err(error) if error.class == ErrorClass::Exists => {
                return Err(still_draining(aws, &want.cluster, name, error).await);
            }
            reply => reply?,
        };
        let service = &reply["service"];
        let told = tags_of(service);
        let mut live = convert::live(service, None, if told.is_empty() { tags } else { &told }, work.stack);
        // Its first deployment is this run's own, also where it is over at once (some emulators).
        convert::remember(&mut live, primary(service).map(|primary| text(primary, "id")));
        connected(&mut live, want);
        Ok(pending(live))
    }

    fn marks_between(&self, _live: &Live, want: &Spec, order: &Update<'_>) -> (Tags, Tags) {
        let changes = |field: &str| order.changes.iter().any(|change| change.field() == field);
        if !changes("marks") && !changes("task_definition") {
            return Default::default();
        }
        let marks = marks(want);
        let stale = [mark::REVISION, mark::USES].map(|key| (key.to_owned(), String::new()));
        (if marks.is_empty() { stale.into() } else { Tags::new() }, marks)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live, tags: &Retag) -> Result<(), CloudError> {
        change_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Doc, Spec>) -> Result<Live, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let resolved = if order.changes("load_balancers") { Some(rules::resolved(aws, want).await?) } else { None };
        let Some(mut body) = changed(order, resolved.as_ref().unwrap_or(want)) else {
            let mut live = order.live.clone();
            live.have["marks"] = order.order.want["marks"].clone();
            return Ok(live);
        };
        body.insert("cluster".to_owned(), want.cluster.clone().into());
        body.insert("service".to_owned(), order.live.name.clone().into());
        let reply = exchange!(aws, "ecs:UpdateService", ecs.update_service, &Value::Object(body))?;
        let mut tags = tags::marked(&want.tags, work.stack, order.order.node);
        tags.extend(self.marks(want));
        let mut live = convert::live(&reply["service"], None, &tags, work.stack);
        connected(&mut live, want);
        if order.changes("strategy") {
            launched_as_wanted(want, &live)?;
        }
        // Only now: the mark of what was applied must not be ahead of it where a reply cannot correct it.
        let untold = |field: &str| {
            doc::as_unreturned(&live.have[field]).is_some()
                || ["service_connect", "gateway", "ingress"].contains(&field)
        };
        if order.order.changes.iter().any(|change| untold(change.field())) {
            let applied = Tags::from([(APPLIED.to_owned(), tags[APPLIED].clone())]);
            change_tags(aws, &order.live.id, &Retag::set(applied)).await?;
        }
        Ok(pending(live))
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let live = touch.live;
        let found = look::look(work.aws, text(&live.have, "cluster"), &live.name).await?;
        let active = found.iter().find(|service| text(service, "status") == "ACTIVE");
        active.map_or(Ok(()), |service| touch.allowed(&tags_of(service), "ecs:UpdateService", "ecs:DeleteService"))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live) -> Result<(), CloudError> {
        let (aws, cluster) = (work.aws, text(&live.have, "cluster"));
        // Without force a service has to be scaled to 0 first, which a daemon cannot be.
        let request = || aws.ecs().delete_service().cluster(cluster).service(&live.name).force(true).send();
        aws.caller.send("ecs:DeleteService", request).await.map(drop)
    }

    async fn lacks(&self, work: Work<'_>, live: &Live) -> Result<Option<String>, CloudError> {
        targets::lacking_as_read(work.aws, live).await
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        poll::poll(work.aws, waiting).await
    }
}

/// The request that changes what has changed; `None` if that is all in the tags.
fn changed(order: &Modification<'_, Doc, Spec>, want: &Spec) -> Option<Map<String, Value>> {
    let mut body = Map::new();
    for field in FIELDS.iter().filter(|field| order.changes(field)) {
        body.extend(request(want, field).into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    // UpdateService keeps what a deployment configuration leaves out.
    if order.order.changes.iter().any(|change| change.path == "deployment.bake_time_minutes") {
        body["deploymentConfiguration"]["bakeTimeInMinutes"] = want.deployment.bake_time_minutes.into();
    }
    let within = |path: &str| order.order.changes.iter().any(|change| change.is_within(path));
    if within("deployment.hooks") || within("deployment.early_success") {
        shifting::request(&want.deployment, true, &mut body["deploymentConfiguration"]);
    }
    if order.changes(LAST_DEPLOYMENT) {
        body.extend(request(want, "task_definition").map(|(key, value)| (key.to_owned(), value)));
    }
    // The strategy, and what only new tasks get, take effect with a new deployment; and one that failed is not tried again
    // unless it is forced.
    if !body.is_empty()
        && [LAST_DEPLOYMENT, "strategy", "execute_command", "gateway", "ingress"]
            .iter()
            .any(|field| order.changes(field))
    {
        body.insert("forceNewDeployment".to_owned(), true.into());
    }
    (!body.is_empty()).then_some(body)
}

/// A reply shows no connector, and among the security groups one that ECS has put there by itself.
fn connected(live: &mut Live, want: &Spec) {
    if want.ingress.is_empty() {
        return;
    }
    let want = document(want);
    let wanted = read::items(&want["network"], "security_groups").to_vec();
    if let Some(groups) = live.have["network"]["security_groups"].as_array_mut() {
        groups.retain(|group| wanted.contains(group));
    }
    for field in ["gateway", "ingress"] {
        live.have[field] = want[field].clone();
    }
}

/// A name is refused in the same words while another service has it and while one of ours still drains, which passes.
async fn still_draining(aws: &Aws, cluster: &str, name: &str, error: CloudError) -> CloudError {
    let found = read::describe_services(aws, cluster, &[name.to_owned()]).await.unwrap_or_default();
    let drains = found.iter().any(|service| text(service, "status") == "DRAINING");
    if drains { CloudError { class: ErrorClass::InUse, ..error } } else { error }
}

/// Without a strategy a service goes back to the launch type that it was made with, which nobody can choose then.
fn launched_as_wanted(want: &Spec, live: &Live) -> Result<(), CloudError> {
    let (Some(wanted), now) = (&want.launch_type, text(&live.have, "launch_type")) else { return Ok(()) };
    let strategy = live.have["strategy"].as_array().is_some_and(|items| !items.is_empty());
    if now == wanted && !strategy {
        return Ok(());
    }
    let is = if strategy { "the default strategy of its cluster" } else { now };
    let message = format!("without its own capacity provider strategy the service runs on {is}, not on {wanted}");
    let hint =
        "give the entry another `name:` to create the service again, or write the strategy in the file".to_owned();
    Err(CloudError { hint: Some(hint), ..CloudError::local(ErrorClass::Invalid, "ecs:UpdateService", message) })
}

/// A service that was just made or changed has its deployment before it, whatever the reply counts.
fn pending(mut live: Live) -> Live {
    if live.readiness == Readiness::Ready {
        live.readiness = Readiness::Pending("deployment begins".to_owned());
    }
    live
}

fn known(text: &Text) -> &str {
    text.known().unwrap_or_default()
}

fn marks(want: &Spec) -> Tags {
    let theirs = known(&want.marks.revision).is_empty();
    let marks = Tags::from([
        (mark::REVISION.to_owned(), known(&want.marks.revision).to_owned()),
        (mark::USES.to_owned(), mark::uses_tag(known(&want.marks.uses))),
    ]);
    if theirs { Tags::new() } else { marks }
}

/// The fields that CreateService and UpdateService have in common.
const FIELDS: &[&str] = &[
    "task_definition",
    "desired_count",
    "strategy",
    "platform_version",
    "network",
    "load_balancers",
    "gateway",
    "ingress",
    "grace_secs",
    "deployment",
    "execute_command",
    "propagate_tags",
    "managed_tags",
    "zone_rebalancing",
    "placement_constraints",
    "placement_strategy",
    "service_registries",
    "service_connect",
];

/// What a field is in a request; nothing if it is not managed.
fn request(want: &Spec, field: &str) -> Option<(&'static str, Value)> {
    let pair = match field {
        "task_definition" => ("taskDefinition", json!(known(&want.task_definition))),
        "desired_count" => ("desiredCount", json!(want.desired_count?)),
        "strategy" => ("capacityProviderStrategy", want.strategy.as_ref()?.iter().map(Strategy::to_json).collect()),
        "platform_version" => ("platformVersion", json!(want.platform_version.as_ref()?)),
        "network" => ("networkConfiguration", network(want)?),
        "load_balancers" => ("loadBalancers", load_balancers(want)),
        "gateway" | "ingress" => ("gatewayConnectors", ingress::request(&want.ingress)),
        "grace_secs" => ("healthCheckGracePeriodSeconds", json!(want.grace_secs?)),
        "deployment" => ("deploymentConfiguration", deployment(&want.deployment)),
        "execute_command" => ("enableExecuteCommand", json!(want.execute_command)),
        "propagate_tags" => ("propagateTags", json!(want.propagate_tags)),
        "managed_tags" => ("enableECSManagedTags", json!(want.managed_tags)),
        "zone_rebalancing" => ("availabilityZoneRebalancing", json!(want.zone_rebalancing.as_ref()?)),
        "placement_constraints" => ("placementConstraints", json!(want.placement_constraints)),
        "placement_strategy" => ("placementStrategy", json!(want.placement_strategy)),
        "service_registries" => ("serviceRegistries", json!(want.service_registries)),
        "service_connect" => ("serviceConnectConfiguration", want.service_connect.clone()),
        _ => return None,
    };
    Some(pair)
}

fn network(want: &Spec) -> Option<Value> {
    let network = want.network.as_ref()?;
    Some(json!({
        "awsvpcConfiguration": {
            "subnets": network.subnets.known().unwrap_or_default(),
            "securityGroups": network.security_groups.iter().map(known).collect::<Vec<_>>(),
            "assignPublicIp": if network.assign_public_ip { "ENABLED" } else { "DISABLED" },
        },
    }))
}

fn load_balancers(want: &Spec) -> Value {
    want.load_balancers
        .iter()
        .map(|target| {
            let mut value = json!({
                "targetGroupArn": known(&target.target_group),
                "containerName": target.container,
                "containerPort": target.port,
            });
            if let Some(advanced) = shifting::advanced(target) {
                value["advancedConfiguration"] = advanced;
            }
            value
        })
        .collect()
}

fn deployment(want: &Deployment) -> Doc {
    let mut value = json!({
        "minimumHealthyPercent": want.minimum_healthy_percent,
        "maximumPercent": want.maximum_percent,
        "deploymentCircuitBreaker": { "enable": want.circuit_breaker, "rollback": want.rollback },
        "alarms": {
            "alarmNames": want.alarms,
            "enable": !want.alarms.is_empty(),
            "rollback": want.alarms_rollback,
        },
        "strategy": want.strategy,
    });
    // A rolling deployment has no bake time, and need not be made with one.
    if want.strategy != "ROLLING" || want.bake_time_minutes > 0 {
        value["bakeTimeInMinutes"] = want.bake_time_minutes.into();
    }
    shifting::request(want, false, &mut value);
    value
}
