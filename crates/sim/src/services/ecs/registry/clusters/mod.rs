//! Clusters: what is kept of one. A cluster is known by its name, which another may have once it is deleted; until then the
//! deleted one can still be described. Knows neither services nor tasks.

pub(super) mod change;
pub(super) mod create;
pub(super) mod show;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::checks::{cluster_name, invalid, no_cluster};
use crate::call::{Call, Members, Refusal};
use crate::services::cloud_map;
use crate::tags::Tags;
use crate::world::Moment;

/// A cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cluster {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Its tags.
    pub tags: Tags,
    /// The value of `containerInsights`.
    pub insights: String,
    /// Its configuration, as it is shown.
    pub configuration: Option<Value>,
    /// Its capacity providers, sorted.
    pub providers: Vec<String>,
    /// Its default strategy, as it is shown.
    pub strategy: Vec<Value>,
    /// The ARN of the namespace of its Service Connect defaults.
    pub namespace: Option<String>,
    /// What the providers of Auto Scaling groups brought with them.
    pub attachments: Vec<Attachment>,
    /// Until when it comes into being, if providers of Auto Scaling groups were named at its birth.
    pub provisioning: Option<Moment>,
    /// Until when its attachments change.
    pub busy: Option<Moment>,
}

/// A scaling policy that ECS keeps for a capacity provider of a cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    /// A UUID.
    pub id: String,
    /// The capacity provider.
    pub provider: String,
    /// The name of the policy.
    pub policy: String,
}

impl Cluster {
    /// Its status.
    pub(super) fn status(&self, now: Moment) -> &'static str {
        match self.provisioning {
            _ if self.deleted => "INACTIVE",
            Some(until) if now < until => "PROVISIONING",
            _ => "ACTIVE",
        }
    }

    /// Whether its attachments change just now.
    pub(super) fn busy(&self, now: Moment) -> bool {
        self.busy.is_some_and(|until| now < until)
    }
}

/// The name of the cluster of a request.
///
/// # Errors
/// If there is none of that name, or it is deleted.
pub(super) fn named(call: &mut Call<'_>, text: Option<&str>) -> Result<String, Refusal> {
    let name = cluster_name(&call.place, text)?.to_owned();
    match call.region().ecs.registry.clusters.get(&name) {
        Some(found) if !found.deleted => Ok(name),
        _ => Err(no_cluster()),
    }
}

/// The value of `containerInsights` among settings.
fn insights(settings: &[Value]) -> Result<Option<String>, Refusal> {
    let mut found = None;
    for setting in settings {
        if setting.text("name").is_none() {
            return Err(invalid("Invalid setting 'name'"));
        }
        match setting.text("value") {
            Some(value @ ("enabled" | "disabled" | "enhanced")) => found = Some(value.to_owned()),
            _ => return Err(invalid("Invalid setting 'value'")),
        }
    }
    Ok(found)
}

/// A configuration as it reads back.
fn configuration(given: &Map<String, Value>) -> Result<Value, Refusal> {
    let mut shown = given.clone();
    if let Some(Value::Object(execute)) = shown.get_mut("executeCommandConfiguration") {
        let logging = execute.text("logging").unwrap_or("DEFAULT").to_owned();
        match execute.map("logConfiguration") {
            Some(_) if logging != "OVERRIDE" => {
                return Err(invalid("You must set logging to 'OVERRIDE' when you supply a log configuration."));
            }
            None if logging == "OVERRIDE" => return Err(nowhere()),
            Some(log) if !log.has("cloudWatchLogGroupName") && !log.has("s3BucketName") => return Err(nowhere()),
            _ => {}
        }
        execute.insert("logging".to_owned(), logging.into());
        if let Some(Value::Object(log)) = execute.get_mut("logConfiguration") {
            for name in ["cloudWatchEncryptionEnabled", "s3EncryptionEnabled"] {
                log.entry(name).or_insert(json!(false));
            }
        }
    }
    Ok(Value::Object(shown))
}

fn nowhere() -> Refusal {
    invalid(
        "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.",
    )
}

/// The ARN of the namespace that Service Connect is to use; one that is named and not there is made. None for the empty name.
fn namespace(call: &mut Call<'_>, defaults: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let name = defaults.text_or_empty("namespace");
    if name.is_empty() {
        return Ok(None);
    }
    if let Some(arn) = cloud_map::namespace_arn(call.region(), name) {
        return Ok(Some(arn));
    }
    if name.starts_with("arn:") {
        return Err(Refusal::new("NamespaceNotFoundException", "The specified namespace was not found."));
    }
    let place = call.place.clone();
    Ok(Some(cloud_map::ensure_namespace(call.world, &place, name)))
}
