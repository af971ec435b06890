//! A cluster of others, looked up by its name: found in what the reader of ECS fetched, and whether it has the capacity providers that
//! services of the stack run on. Never changed.

use std::collections::BTreeMap;

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::model::{Cluster, Existing, Stack};
use evenkeel_stack::suggest;
use serde::{Deserialize, Serialize};

use super::{ENTRY, id, live, physical};
use crate::resource::{doc, spec};
use crate::services::ecs::read::{Ecs, items, tags_of, text};
use crate::tags;

/// What to look for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sought {
    name: String,
    arn: Option<String>,
    /// Capacity providers that services name, each with where.
    providers: BTreeMap<String, String>,
    look_up: String,
}

/// The node of an existing cluster.
pub(super) fn node(stack: &Stack, cluster: &Cluster, existing: &Existing) -> Node {
    let arn = match existing {
        Existing::Arn { arn, .. } => Some(arn.clone()),
        Existing::Name(_) | Existing::Tags(_) => None,
    };
    let mut providers = BTreeMap::new();
    for (entry, service) in &stack.services {
        for item in &service.strategy {
            let place = format!("service {entry} at {}", service.meta.place);
            providers.entry(item.provider.clone()).or_insert(place);
        }
    }
    let name = physical(stack);
    let want = Sought { look_up: format!("ECS cluster `{name}`"), name: name.clone(), arn, providers };
    let mut node = Node::lookup(id(), name, doc(&want));
    node.origin = Some(cluster.meta.place.to_string());
    node
}

/// The cluster that a node looks for.
///
/// # Errors
/// `Gone`: there is none. `Invalid`: it is the stack's own, or lacks a capacity provider. What kept clusters from being read.
pub(super) fn look_up(ecs: &Ecs, stack: &str, node: &Node) -> Result<Option<Live>, CloudError> {
    let sought: Sought = spec(&node.want)?;
    let clusters = ecs.clusters.as_ref().map_err(Clone::clone)?;
    let refused = |class, text: String, hint: Option<String>| {
        Err(CloudError { hint, ..CloudError::local(class, "ecs:DescribeClusters", text) })
    };
    let named = clusters.iter().find(|cluster| {
        let arn = text(cluster, "clusterArn");
        text(cluster, "clusterName") == sought.name && sought.arn.as_deref().is_none_or(|wanted| wanted == arn)
    });
    let Some(cluster) = named.filter(|cluster| text(cluster, "status") == "ACTIVE") else {
        let near = suggest::nearest(&sought.name, ecs.cluster_names.iter().map(String::as_str));
        let near = near.map(|near| format!("; the nearest name is `{near}`")).unwrap_or_default();
        return refused(ErrorClass::Gone, format!("{}{near}", sought.look_up), None);
    };
    let found = live(cluster, &tags_of(cluster), stack);
    if let Owner::Ours(own) = tags::owner(&tags_of(cluster), stack, ENTRY.kind.name) {
        let text = format!("{} belongs to this stack, as {own}", sought.look_up);
        let hint = format!("`existing` is for a cluster of others: write `cluster: {}` instead", sought.name);
        return refused(ErrorClass::Invalid, text, Some(hint));
    }
    let has: Vec<&str> = items(cluster, "capacityProviders").iter().filter_map(serde_json::Value::as_str).collect();
    if let Some((provider, place)) = sought.providers.iter().find(|(provider, _)| !has.contains(&provider.as_str())) {
        let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
        let text = format!("{} has no capacity provider {provider}, which {place} names; it has {has}", sought.look_up);
        let hint = "name one that it has, or have its owner add this one".to_owned();
        return refused(ErrorClass::Invalid, text, Some(hint));
    }
    let found = found.with(node.want.clone());
    Ok(Some(Live { name: String::new(), owner: Owner::Nobody, ..found }))
}
