//! What a region keeps of Application Auto Scaling, how it is found, and how most operations refuse. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Call, Input, Members, Refusal};
use crate::paging::page;
use crate::tags::Tags;
use crate::world::Moment;

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scaling {
    /// By service namespace, resource and dimension.
    pub(super) targets: BTreeMap<String, Target>,
    /// The newest last.
    pub(super) activities: Vec<Activity>,
}

/// What is scaled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Scaled {
    pub(super) namespace: String,
    pub(super) resource: String,
    pub(super) dimension: String,
}

impl Scaled {
    pub(super) fn of(input: &Input) -> Self {
        let text = |name: &str| input.shared_text(name).unwrap_or_default().to_owned();
        Self { namespace: text("ServiceNamespace"), resource: text("ResourceId"), dimension: text("ScalableDimension") }
    }

    pub(super) fn key(&self) -> String {
        format!("{} {} {}", self.namespace, self.resource, self.dimension)
    }

    /// The cluster and service behind it, if it is an ECS service.
    pub(super) fn ecs_service(&self) -> Option<(&str, &str)> {
        let path = self.resource.strip_prefix("service/").filter(|_| self.namespace == "ecs")?;
        path.split_once('/')
            .filter(|(cluster, service)| !cluster.is_empty() && !service.is_empty() && !service.contains('/'))
    }

    /// As it stands in refusals.
    pub(super) fn words(&self) -> String {
        let Self { namespace, resource, dimension } = self;
        format!("service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}")
    }

    /// Its three members in a document.
    pub(super) fn write(&self, document: &mut Map<String, Value>) {
        document.insert("ServiceNamespace".into(), self.namespace.clone().into());
        document.insert("ResourceId".into(), self.resource.clone().into());
        document.insert("ScalableDimension".into(), self.dimension.clone().into());
    }

    /// Whether a request for a list means it.
    pub(super) fn is_asked(&self, input: &Input) -> bool {
        let same = |name: &str, value: &str| input.shared_text(name).is_none_or(|asked| asked == value);
        same("ServiceNamespace", &self.namespace)
            && same("ResourceId", &self.resource)
            && same("ScalableDimension", &self.dimension)
    }
}

/// A scalable target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    pub(super) scaled: Scaled,
    pub(super) arn: String,
    /// What the ARNs of its policies and scheduled actions have in common.
    pub(super) unique: String,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) role: String,
    pub(super) suspended: BTreeMap<String, bool>,
    pub(super) created: Moment,
    pub(super) tags: Tags,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) actions: BTreeMap<String, Action>,
}

pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

pub(super) fn absent(text: String) -> Refusal {
    Refusal::new("ObjectNotFoundException", text)
}

/// The registered target that a request means.
pub(super) fn registered<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Target, Refusal> {
    let scaled = Scaled::of(input);
    let missing = || absent(format!("No scalable target registered for {}", scaled.words()));
    call.region().scaling.targets.get_mut(&scaled.key()).ok_or_else(missing)
}

/// Cuts a page of a list.
pub(super) fn cut<T>(
    input: &Input,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    most: usize,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let asked = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok());
    let size = asked.unwrap_or(most).clamp(1, most);
    let mut scope = input.0.clone();
    scope.remove("NextToken");
    scope.remove("MaxResults");
    let page = page(items, key, size, input.text("NextToken"), &Value::Object(scope).to_string())
        .map_err(|_| Refusal::new("InvalidNextTokenException", "The next token is invalid."))?;
    Ok((page.items, page.next))
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// It is noticed that a service is gone.
    Forget {
        /// The service's cluster.
        cluster: String,
        /// The service.
        service: String,
    },
    /// The time of a scheduled action has come.
    Fire {
        /// The key of its target.
        target: String,
        /// Its name.
        action: String,
        /// The time.
        at: Moment,
    },
}

/// A scaling activity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) scaled: Scaled,
    pub(super) count: i64,
    pub(super) cause: String,
    pub(super) at: Moment,
}

/// A scaling policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) arn: String,
    /// The name of its configuration's member, and the configuration as it was given.
    pub(super) member: String,
    pub(super) config: Map<String, Value>,
    /// Which side each alarm is for, and its id.
    pub(super) alarms: Vec<(String, String)>,
    pub(super) created: Moment,
}

/// A scheduled action.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) schedule: String,
    pub(super) zone: Option<String>,
    pub(super) start: Value,
    pub(super) end: Value,
    pub(super) limits: Map<String, Value>,
    pub(super) created: Moment,
    /// When it is carried out next.
    pub(super) due: Option<Moment>,
}
