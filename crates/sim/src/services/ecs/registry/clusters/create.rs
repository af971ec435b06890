//! Making a cluster. A name that is taken by an active cluster gives that one, if what is asked for does not contradict it; the
//! name of a deleted one gives a new cluster.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::checks::{invalid, is_name};
use super::super::{capacity, cluster_arn};
use super::{Cluster, configuration, insights, namespace, show};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services::{cloud_map, iam};
use crate::tags::Tags;

/// The service, as its role names it.
const SERVICE: &str = "ecs.amazonaws.com";

/// How long a cluster comes into being if scaling policies have to be made for it.
const PROVISIONING: Duration = Duration::from_secs(15);

/// What a request says of a cluster, read and checked.
struct Wanted {
    insights: Option<String>,
    configuration: Option<Value>,
    providers: Option<Vec<String>>,
    strategy: Option<Vec<Value>>,
    tags: Tags,
}

/// `CreateCluster`.
pub(crate) fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text("clusterName").unwrap_or("default").to_owned();
    if !is_name(&name) {
        return Err(invalid("ClusterName must match ^[a-zA-Z0-9\\-_]{1,255}$"));
    }
    let wanted = read(call, input)?;
    let now = call.now();
    if let Some(there) = call.region().ecs.registry.clusters.get(&name).filter(|there| !there.deleted).cloned() {
        let namespace = input.map("serviceConnectDefaults").map(|it| it.text_or_empty("namespace"));
        // A namespace that is not there yet cannot be the one of this cluster.
        let same = namespace.is_none_or(|name| cloud_map::namespace_arn(call.region(), name) == there.namespace);
        consistent(same && there.agrees(&wanted))?;
        return Ok(json!({ "cluster": show::full(call, &there) }));
    }
    let namespace = match input.map("serviceConnectDefaults") {
        Some(defaults) => namespace(call, defaults)?,
        None => None,
    };
    let place = call.place.clone();
    let lost = iam::service_linked_role_is_lost(call.world, &place, SERVICE);
    iam::service_linked_role(call.world, &place, SERVICE);
    if lost {
        return Err(invalid(
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        ));
    }
    let principal = call.caller.principal.clone();
    let usual = super::super::setting(call.region(), "containerInsights", &principal);
    let mut cluster = Cluster {
        arn: cluster_arn(&place, &name),
        name: name.clone(),
        tags: wanted.tags,
        insights: wanted.insights.or(usual).unwrap_or_default(),
        configuration: wanted.configuration,
        providers: wanted.providers.unwrap_or_default(),
        strategy: wanted.strategy.unwrap_or_default(),
        namespace,
        ..Cluster::default()
    };
    if capacity::attach(call, &mut cluster) {
        cluster.provisioning = Some(now.plus(call.world.about(PROVISIONING)));
    }
    let shown = show::full(call, &cluster);
    call.region().ecs.registry.clusters.insert(name, cluster);
    Ok(json!({ "cluster": shown }))
}

fn read(call: &mut Call<'_>, input: &Input) -> Result<Wanted, Refusal> {
    let given = input.has("capacityProviders");
    let providers = if given { Some(capacity::providers(call, &input.texts("capacityProviders"))?) } else { None };
    let strategy = if input.has("defaultCapacityProviderStrategy") {
        let of = providers.clone().unwrap_or_default();
        Some(capacity::strategy(call, input.list("defaultCapacityProviderStrategy"), &of)?)
    } else {
        None
    };
    Ok(Wanted {
        insights: insights(input.list("settings"))?,
        configuration: input.map("configuration").map(configuration).transpose()?,
        providers,
        strategy,
        tags: super::super::dialect::DIALECT.first(input)?,
    })
}

impl Cluster {
    /// Whether what is wanted, where it says anything, is what is there.
    fn agrees(&self, wanted: &Wanted) -> bool {
        wanted.insights.as_ref().is_none_or(|value| *value == self.insights)
            && wanted.configuration.as_ref().is_none_or(|value| Some(value) == self.configuration.as_ref())
            && wanted.providers.as_ref().is_none_or(|value| *value == self.providers)
            && wanted.strategy.as_ref().is_none_or(|value| *value == self.strategy)
    }
}

fn consistent(same: bool) -> Result<(), Refusal> {
    if same {
        return Ok(());
    }
    let text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
    Err(invalid(text))
}
