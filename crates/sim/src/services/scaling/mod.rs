//! Application Auto Scaling: scalable targets with their limits, policies and scheduled actions. Registering a target moves
//! the count into its limits at once, scheduled actions do so at their time; no metric is measured, so policies change nothing
//! by themselves.

mod activities;
mod link;
mod policies;
mod schedules;
mod tagging;
mod targets;
#[cfg(test)]
mod tests;

pub use self::link::*;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::service::{Carriers, Service, Words};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::model::{self, ErrorsAs};
use crate::paging::page;
use crate::tags::{Tagged, Tags};
use crate::validate::{self, Violation, What, Wording};
use crate::world::{Moment, Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["autoscaling"],
    words: Words {
        conflict: |_| {
            let text = "You already have a pending update to an Auto Scaling resource.";
            Some(Refusal::new("ConcurrentUpdateException", text))
        },
        role_not_ready: Some(Said::new(
            "ValidationException",
            "Unable to assume IAM role: arn:aws:iam::123456789012:role/aws-service-role/\
             ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
        )),
        ..Words::JSON
    },
    tagged: Carriers::new(tagged, of_arn),
    ..Service::new(model::source!("application-autoscaling", ErrorsAs::CAPITAL), OPERATIONS, Wording::Own(words))
};

/// The framework's words, with enumerations in the order of the alphabet.
fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    let mut found = found.to_vec();
    for violation in &mut found {
        if let What::NotOf(values) = &mut violation.what {
            values.sort_unstable();
        }
    }
    Some(validate::coral(&found, "ValidationException", true))
}

/// The operations.
const OPERATIONS: &[Table] =
    &[activities::OPERATIONS, policies::OPERATIONS, schedules::OPERATIONS, tagging::OPERATIONS, targets::OPERATIONS];

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scaling {
    /// By service namespace, resource and dimension.
    targets: BTreeMap<String, Target>,
    /// The newest last.
    activities: Vec<activities::Activity>,
}

/// What is scaled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Scaled {
    namespace: String,
    resource: String,
    dimension: String,
}

impl Scaled {
    fn of(input: &Input) -> Self {
        let text = |name: &str| input.shared_text(name).unwrap_or_default().to_owned();
        Self { namespace: text("ServiceNamespace"), resource: text("ResourceId"), dimension: text("ScalableDimension") }
    }

    fn key(&self) -> String {
        format!("{} {} {}", self.namespace, self.resource, self.dimension)
    }

    /// The cluster and service behind it, if it is an ECS service.
    fn ecs_service(&self) -> Option<(&str, &str)> {
        let path = self.resource.strip_prefix("service/").filter(|_| self.namespace == "ecs")?;
        path.split_once('/')
            .filter(|(cluster, service)| !cluster.is_empty() && !service.is_empty() && !service.contains('/'))
    }

    /// As it stands in refusals.
    fn words(&self) -> String {
        let Self { namespace, resource, dimension } = self;
        format!("service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}")
    }

    /// Its three members in a document.
    fn write(&self, document: &mut Map<String, Value>) {
        document.insert("ServiceNamespace".into(), self.namespace.clone().into());
        document.insert("ResourceId".into(), self.resource.clone().into());
        document.insert("ScalableDimension".into(), self.dimension.clone().into());
    }

    /// Whether a request for a list means it.
    fn is_asked(&self, input: &Input) -> bool {
        let same = |name: &str, value: &str| input.shared_text(name).is_none_or(|asked| asked == value);
        same("ServiceNamespace", &self.namespace)
            && same("ResourceId", &self.resource)
            && same("ScalableDimension", &self.dimension)
    }
}

/// A scalable target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Target {
    scaled: Scaled,
    arn: String,
    /// What the ARNs of its policies and scheduled actions have in common.
    unique: String,
    min: i64,
    max: i64,
    role: String,
    suspended: BTreeMap<String, bool>,
    created: Moment,
    tags: Tags,
    policies: BTreeMap<String, policies::Policy>,
    actions: BTreeMap<String, schedules::Action>,
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", text)
}

fn absent(text: String) -> Refusal {
    Refusal::new("ObjectNotFoundException", text)
}

/// The registered target that a request means.
fn registered<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Target, Refusal> {
    let scaled = Scaled::of(input);
    let missing = || absent(format!("No scalable target registered for {}", scaled.words()));
    call.region().scaling.targets.get_mut(&scaled.key()).ok_or_else(missing)
}

/// Cuts a page of a list.
fn cut<T>(
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

/// Lets it happen.
pub fn happen(world: &mut World, place: &Place, event: Event) {
    let (cluster, service) = match event {
        Event::Forget { cluster, service } => (cluster, service),
        Event::Fire { target, action, at } => return schedules::fire(world, place, &target, &action, at),
    };
    let region = world.region(place);
    // There may be a new one of that name by now.
    if crate::services::ecs::desired_count(region, &cluster, &service).is_none() {
        region.scaling.targets.retain(|_, target| target.scaled.ecs_service() != Some((&cluster, &service)));
    }
}

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let targets = world.region(place).scaling.targets.values().filter(|target| !target.tags.is_empty());
    targets.map(|target| Tagged { arn: target.arn.clone(), tags: target.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let mut targets = world.region(place).scaling.targets.values_mut();
    targets.find(|target| target.arn == arn).map(|target| &mut target.tags)
}
