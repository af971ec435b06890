//! What services and tasks need to know of what is written down: clusters, task definitions, settings. Changes nothing.

use serde_json::Value;

use super::definitions;
use crate::world::Region;

/// What services and tasks need to know of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterFacts {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `INACTIVE` and so on.
    pub status: String,
    /// Its capacity providers.
    pub capacity_providers: Vec<String>,
    /// Its default strategy, as `DescribeClusters` shows it.
    pub default_strategy: Vec<Value>,
    /// The ARN of the namespace of its Service Connect defaults.
    pub namespace: Option<String>,
}

/// A cluster by its name or ARN (`default` if none is given), deleted ones as well.
pub fn cluster(region: &Region, cluster: Option<&str>) -> Option<ClusterFacts> {
    let text = cluster.unwrap_or("default");
    let name = text.rsplit_once(":cluster/").map_or(text, |(_, name)| name);
    let found = region.ecs.registry.clusters.get(name)?;
    if text.starts_with("arn:") && found.arn != text {
        return None;
    }
    Some(ClusterFacts {
        arn: found.arn.clone(),
        name: found.name.clone(),
        status: if found.deleted { "INACTIVE" } else { "ACTIVE" }.to_owned(),
        capacity_providers: found.providers.clone(),
        default_strategy: found.strategy.clone(),
        namespace: found.namespace.clone(),
    })
}

/// Whether a capacity provider is one of managed instances.
pub fn is_managed(region: &Region, provider: &str) -> bool {
    super::providers::is_managed(&region.ecs.registry, provider)
}

/// A task definition by `family`, `family:revision` or ARN, as `DescribeTaskDefinition` shows it; a family alone means its newest
/// active revision. Inactive revisions are found by their number.
pub fn definition(region: &Region, name: &str) -> Option<Value> {
    let text = name.rsplit_once(":task-definition/").map_or(name, |(_, rest)| rest);
    let shown = definitions::find(&region.ecs.registry, text)?.show();
    let same = !name.starts_with("arn:") || shown["taskDefinitionArn"] == name || !text.contains(':');
    same.then_some(shown)
}

/// What an account setting is (`enabled`, `disabled` and so on) for a principal; none if there is no such setting.
pub fn setting(region: &Region, name: &str, principal: &str) -> Option<String> {
    region.ecs.registry.settings.effective(name, principal).map(|(value, _)| value)
}

/// How many revisions of task definitions are active.
pub fn active_definitions(region: &Region) -> usize {
    region.ecs.registry.families.values().flat_map(definitions::Family::active).count()
}
