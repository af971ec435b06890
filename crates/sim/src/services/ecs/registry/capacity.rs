//! Which capacity providers a cluster may have, and what its default strategy may be. A provider that a service or task of the
//! cluster uses cannot be taken from it; that is asked of ECS itself, as a client would.

use serde_json::{Value, json};

use super::super::checks::{invalid, name_of, no_cluster};
use super::clusters::{Attachment, Cluster, change, show};
use super::providers::{self, Kind};
use crate::call::{Call, Input, Members, Refusal, Reply};
use crate::services;

/// The most providers of a cluster.
const MOST: usize = 20;

/// The capacity providers that a request names for a cluster, sorted.
///
/// # Errors
/// If there are too many, or one is not there or not active.
pub(super) fn providers(call: &mut Call<'_>, given: &[String]) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    for text in given {
        let name = name_of(&call.place, text, "capacity-provider").map_err(|_| unknown())?.to_owned();
        let now = call.now();
        match providers::status(&call.region().ecs.registry, &name, now) {
            None => return Err(unknown()),
            Some("ACTIVE") => names.push(name),
            Some(_) => {
                let text = format!(
                    "The specified capacity provider '{name}' is not in an ACTIVE state. Specify a valid capacity provider \
                     and try again."
                );
                return Err(invalid(text));
            }
        }
    }
    names.sort();
    names.dedup();
    if names.len() > MOST {
        return Err(invalid("The maximum number of capacity providers per cluster has been exceeded."));
    }
    Ok(names)
}

fn unknown() -> Refusal {
    invalid("The specified capacity provider was not found. Specify a valid capacity provider and try again.")
}

/// A strategy as it reads back, for a cluster with these providers.
///
/// # Errors
/// If it names others, one twice, both kinds, more than one base, or a number out of its range.
pub(super) fn strategy(call: &mut Call<'_>, given: &[Value], of: &[String]) -> Result<Vec<Value>, Refusal> {
    let (mut shown, mut seen, mut bases) = (Vec::new(), Vec::new(), 0);
    for item in given {
        let name = name_of(&call.place, item.text_or_empty("capacityProvider"), "capacity-provider")?.to_owned();
        if !of.contains(&name) {
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated with \
                 the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and \
                 try again.",
            ));
        }
        if seen.contains(&name) {
            return Err(invalid(
                "The specified capacity provider strategy contains duplicate capacity providers. Specify each capacity \
                 provider once and try again.",
            ));
        }
        let (weight, base) = (item.integer("weight").unwrap_or(0), item.integer("base").unwrap_or(0));
        bases += usize::from(base > 0);
        shown.push(json!({ "capacityProvider": name, "weight": weight, "base": base }));
        seen.push(name);
    }
    if bases > 1 {
        return Err(invalid(
            "The specified capacity provider strategy contains multiple capacity providers with a base value defined. Only \
             one capacity provider per strategy can have a base value defined.",
        ));
    }
    let registry = &call.region().ecs.registry;
    let fargate = seen.iter().filter(|name| providers::kind(registry, name) == Some(Kind::Fargate)).count();
    if fargate > 0 && fargate < seen.len() {
        return Err(invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate \
             providers. Specify one or the other and try again.",
        ));
    }
    Ok(shown)
}

/// Gives a cluster the attachments that its providers bring; whether there was anything to change.
pub(super) fn attach(call: &mut Call<'_>, cluster: &mut Cluster) -> bool {
    let registry = &call.region().ecs.registry;
    let scaled: Vec<String> =
        cluster.providers.iter().filter(|name| providers::is_scaled(registry, name)).cloned().collect();
    let had: Vec<String> = cluster.attachments.iter().map(|it| it.provider.clone()).collect();
    if scaled == had {
        return false;
    }
    cluster.attachments.retain(|it| scaled.contains(&it.provider));
    for provider in scaled.into_iter().filter(|name| !had.contains(name)) {
        let (id, policy) = (call.world.ids.uuid(), call.world.ids.uuid());
        let policy = format!("ECSManagedAutoScalingPolicy-{policy}");
        cluster.attachments.push(Attachment { id, provider, policy });
    }
    cluster.attachments.sort_by(|left, right| left.provider.cmp(&right.provider));
    cluster.busy = Some(show::settled(call));
    true
}

/// `PutClusterCapacityProviders`.
pub(super) fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = name_of(&call.place, input.text_or_empty("cluster"), "cluster")?.to_owned();
    let now = call.now();
    let Some(cluster) = call.region().ecs.registry.clusters.get(&name).cloned() else { return Err(no_cluster()) };
    if cluster.deleted {
        return Err(invalid("The specified cluster is inactive. Specify an active cluster and try again."));
    }
    change::changeable(call, Some(&name))?;
    if cluster.busy(now) {
        let text = "The specified cluster is in a busy state. Cannot perform PutClusterCapacityProviders.";
        return Err(Refusal::new("UpdateInProgressException", text));
    }
    let mut providers = providers(call, &input.texts("capacityProviders"))?;
    let registry = &call.region().ecs.registry;
    if providers.iter().any(|name| providers::is_managed(registry, name)) {
        return Err(invalid(
            "Cannot associate Managed Instances capacity provider to clusters using this API. Managed Instances capacity \
             providers are already associated with their cluster.",
        ));
    }
    // They stay, whatever else the cluster is to have.
    providers.extend(cluster.providers.iter().filter(|name| providers::is_managed(registry, name)).cloned());
    providers.sort();
    let strategy = strategy(call, input.list("defaultCapacityProviderStrategy"), &providers)?;
    let removed: Vec<String> = cluster.providers.iter().filter(|it| !providers.contains(it)).cloned().collect();
    if !removed.is_empty() && in_use(call, &cluster.arn, &removed) {
        let text = "The specified capacity provider is in use and cannot be removed.";
        return Err(Refusal::new("ResourceInUseException", text));
    }
    let mut changed = Cluster { providers, strategy, ..cluster };
    attach(call, &mut changed);
    change::change(call, &name, |cluster| *cluster = changed)
}

/// Whether a service or a task of a cluster uses one of these providers.
pub(super) fn in_use(call: &mut Call<'_>, cluster: &str, providers: &[String]) -> bool {
    let uses = |name: &str| providers.iter().any(|it| it == name);
    let by_service = |service: &Value| {
        service.text("status") != Some("INACTIVE")
            && service.list("capacityProviderStrategy").iter().any(|item| uses(item.text_or_empty("capacityProvider")))
    };
    let by_task = |task: &Value| uses(task.text_or_empty("capacityProviderName"));
    let services = all(call, cluster, ["ListServices", "serviceArns", "DescribeServices", "services"], 10);
    if services.iter().any(by_service) {
        return true;
    }
    all(call, cluster, ["ListTasks", "taskArns", "DescribeTasks", "tasks"], 100).iter().any(by_task)
}

/// Everything of a cluster that one operation lists and another describes.
fn all(call: &mut Call<'_>, cluster: &str, names: [&str; 4], size: usize) -> Vec<Value> {
    let [list, arns, describe, member] = names;
    let place = call.place.clone();
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let mut input = json!({ "cluster": cluster, "maxResults": 100 });
        if let Some(token) = token {
            input["nextToken"] = token;
        }
        let Ok(page) = services::call(call.world, &place, "ecs", list, input) else { return found };
        for some in page.texts(arns).chunks(size) {
            let input = json!({ "cluster": cluster, (member): some });
            if let Ok(reply) = services::call(call.world, &place, "ecs", describe, input) {
                found.extend_from_slice(reply.list(member));
            }
        }
        token = page.member("nextToken").cloned();
        if token.is_none() {
            return found;
        }
    }
}
