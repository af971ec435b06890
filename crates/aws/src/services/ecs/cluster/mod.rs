//! The stack's ECS cluster.
//!
//! Calls: CreateCluster, UpdateCluster, PutClusterCapacityProviders (both lists at once), TagResource, UntagResource,
//! DeleteCluster; DescribeClusters for waiting, 100 at a time. CreateCluster on an ACTIVE name answers with the one that is
//! there, whoever owns it, so the reading has to look first, and the answer is looked at before the cluster counts as ours. A
//! deleted cluster stays visible as INACTIVE.

mod existing;

use async_trait::async_trait;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Readiness};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::raw::exchange;
use crate::client::Aws;
use crate::existing::at;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ecs::capacity_provider;
use crate::services::ecs::read::providers;
use crate::services::ecs::read::{self, Ecs, items, last, tag_list, tags_of, text};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{self, Stack};

/// The kind's name.
pub const KIND: &str = "cluster";
const NAME_LIMIT: usize = 255;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ECS cluster",
        fields: &[Field::set("capacity_providers"), Field::keyed("default_strategy", &["provider"])],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::BeforeDependants,
        deadline_secs: 600,
        takes_secs: 5,
        polls: Polls::every(2, 5),
        widens: &["capacity_providers"],
        ..Kind::PLAIN
    },
    contribute,
    driver: &Cluster,
    paced: Paced {
        create: Some("ecs:CreateCluster"),
        update: Some("ecs:UpdateCluster"),
        delete: Some("ecs:DeleteCluster"),
    },
    actions: &[
        "tag:GetResources",
        "ecs:CreateCluster",
        "ecs:DescribeCapacityProviders",
        "ecs:DescribeClusters",
        "ecs:ListClusters",
        "ecs:UpdateCluster",
        "ecs:PutClusterCapacityProviders",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:DeleteCluster",
        "ecs:ListServices",
        "ecs:ListTasks",
        "iam:CreateServiceLinkedRole",
    ],
};

/// The node of the stack's cluster.
pub fn id() -> NodeId {
    NodeId::new(KIND, "main")
}

/// The physical name of the stack's cluster.
pub fn physical(stack: &Stack) -> String {
    let given = stack.cluster.as_ref().and_then(|cluster| cluster.meta.name.clone());
    given.unwrap_or_else(|| stack.name.clone())
}

/// One item of a capacity provider strategy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Strategy {
    /// The provider.
    pub provider: Text,
    /// Share beyond the base.
    pub weight: u32,
    /// Tasks that run on it at least.
    pub base: u32,
}

impl Strategy {
    /// From the stack file.
    pub fn of(item: &model::Strategy) -> Self {
        let provider = match item.ours {
            true => Text::output(capacity_provider::id(&item.provider), "name"),
            false => item.provider.as_str().into(),
        };
        Self { provider, weight: item.weight, base: item.base }
    }

    /// From a reply, where base and weight are left out by some when they are 0.
    pub fn from_json(item: &Value) -> Self {
        let number = |key: &str| item.get(key).and_then(Value::as_u64).and_then(|n| n.try_into().ok()).unwrap_or(0);
        Self { provider: text(item, "capacityProvider").into(), weight: number("weight"), base: number("base") }
    }

    /// As ECS takes it.
    pub fn to_json(&self) -> Value {
        json!({ "capacityProvider": self.provider.known(), "weight": self.weight, "base": self.base })
    }
}

/// A cluster in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `enabled`, `enhanced` or `disabled`; None: not managed.
    container_insights: Option<String>,
    /// None: not managed.
    capacity_providers: Option<Vec<String>>,
    /// None: not managed.
    default_strategy: Option<Vec<Strategy>>,
    /// The ARN of the default namespace of Service Connect; None: not managed.
    namespace: Option<Text>,
    tags: Tags,
}

impl Spec {
    fn settings(&self) -> Option<Value> {
        self.container_insights.as_ref().map(|value| json!([{ "name": "containerInsights", "value": value }]))
    }

    fn defaults(&self) -> Option<Value> {
        self.namespace.as_ref()?.known().map(|arn| json!({ "namespace": arn }))
    }

    fn strategy_json(&self) -> Vec<Value> {
        self.default_strategy.iter().flatten().map(Strategy::to_json).collect()
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let Some(cluster) = &stack.cluster else { return };
    if let Some(existing) = &cluster.existing {
        return nodes.push(existing::node(stack, cluster, existing));
    }
    let want = Spec {
        container_insights: cluster.container_insights.clone(),
        capacity_providers: cluster.capacity_providers.clone().map(|mut providers| {
            providers.sort();
            providers
        }),
        default_strategy: cluster.default_strategy.as_ref().map(|items| items.iter().map(Strategy::of).collect()),
        namespace: cluster.namespace.clone(),
        tags: cluster.meta.tags.clone(),
    };
    nodes.push(wanted(|_| id(), "", &cluster.meta, physical(stack), &want));
}

fn live(cluster: &Value, tags: &Tags, stack: &str) -> Live<Spec> {
    let (arn, name) = (text(cluster, "clusterArn"), text(cluster, "clusterName"));
    let insights = items(cluster, "settings").iter().find(|setting| text(setting, "name") == "containerInsights");
    let mut providers: Vec<String> =
        items(cluster, "capacityProviders").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    providers.sort();
    let have = Spec {
        container_insights: insights.map(|setting| text(setting, "value").to_owned()),
        capacity_providers: Some(providers),
        default_strategy: Some(
            items(cluster, "defaultCapacityProviderStrategy").iter().map(Strategy::from_json).collect(),
        ),
        namespace: cluster.pointer("/serviceConnectDefaults/namespace").and_then(Value::as_str).map(Text::from),
        tags: tags::user(tags),
    };
    let mut live =
        Live::new(arn, name, tags::owner(tags, stack, ENTRY.kind.name), have).output("arn", arn).output("name", name);
    live.handles.push(format!("cluster/{name}"));
    live.handles.extend(
        items(cluster, "capacityProviders")
            .iter()
            .filter_map(|provider| provider.as_str().map(|provider| provider_handle(arn, provider))),
    );
    live.readiness = readiness(cluster);
    live.replaces = tags.get(tags::REPLACES).cloned();
    live
}

fn readiness(cluster: &Value) -> Readiness {
    match text(cluster, "status") {
        "ACTIVE" => Readiness::Ready,
        "INACTIVE" => Readiness::Gone,
        "FAILED" => Readiness::Failed("the cluster could not be provisioned".to_owned()),
        status => Readiness::Pending(status.to_lowercase()),
    }
}

#[derive(Debug)]
struct Cluster;

tagged!(Spec);

#[async_trait]
impl Resource for Cluster {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let ecs: &Ecs = fetched.part()?;
        let providers = ecs.providers.as_ref().map_err(Clone::clone)?;
        let bound = providers::bound(providers);
        let observed = |cluster: &Value| {
            let mut live = live(cluster, &tags_of(cluster), &fetched.stack);
            // What belongs to the cluster alone is no choice of the cluster's, and no list of it takes it.
            let free = |name: &String| !bound.contains(name.as_str());
            live.have.capacity_providers.iter_mut().for_each(|names| names.retain(free));
            let handles: Vec<String> = bound.iter().map(|name| provider_handle(&live.id, name)).collect();
            live.handles.retain(|handle| !handles.contains(handle));
            live.inside = ecs.foreign.get(text(cluster, "clusterArn")).cloned().unwrap_or_default();
            live.inside.extend(capacity_provider::foreign(ecs, &live.name, &fetched.stack));
            live
        };
        Ok(ecs.clusters.as_ref().map_err(Clone::clone)?.iter().map(observed).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up(fetched.part()?, &fetched.stack, node).map_err(|error| at(node, error))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want, tags) = (work.aws, order.order.name, &order.want, &order.tags);
        let mut body = json!({ "clusterName": name, "tags": tag_list(tags) });
        if let Some(settings) = want.settings() {
            body["settings"] = settings;
        }
        if let Some(providers) = &want.capacity_providers {
            body["capacityProviders"] = json!(providers);
        }
        if let Some(defaults) = want.defaults() {
            body["serviceConnectDefaults"] = defaults;
        }
        if want.default_strategy.is_some() {
            body["defaultCapacityProviderStrategy"] = want.strategy_json().into();
        }
        let reply = exchange!(aws, "ecs:CreateCluster", ecs.create_cluster, &body)?;
        let told = told_tags(aws, &reply["cluster"]).await?;
        if tags.iter().any(|(key, value)| key.starts_with(tags::PREFIX) && told.get(key) != Some(value)) {
            let message = format!("a cluster {name} was created outside this run");
            let hint = format!("take it over with --adopt {}, or give the cluster another `name:`", order.order.node);
            let error = CloudError::local(ErrorClass::Exists, "ecs:CreateCluster", message);
            return Err(CloudError { hint: Some(hint), ..error });
        }
        Ok(live(&reply["cluster"], &told, work.stack))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        change_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let mut after = order.live.clone();
        let have = &mut after.have;
        if let Some(settings) = want.settings().filter(|_| order.changes("container_insights")) {
            let body = json!({ "cluster": after.id, "settings": settings });
            exchange!(aws, "ecs:UpdateCluster", ecs.update_cluster, &body)?;
            have.container_insights.clone_from(&want.container_insights);
        }
        if let Some(defaults) = want.defaults().filter(|_| order.changes("namespace")) {
            let body = json!({ "cluster": after.id, "serviceConnectDefaults": defaults });
            exchange!(aws, "ecs:UpdateCluster", ecs.update_cluster, &body)?;
            have.namespace.clone_from(&want.namespace);
        }
        if order.changes("capacity_providers") || order.changes("default_strategy") {
            if want.capacity_providers.is_some() {
                have.capacity_providers.clone_from(&want.capacity_providers);
            }
            if want.default_strategy.is_some() {
                have.default_strategy.clone_from(&want.default_strategy);
            }
            // The call sets both lists, so the one that is not managed is sent as it is.
            let body = json!({
                "cluster": after.id,
                "capacityProviders": have.capacity_providers,
                "defaultCapacityProviderStrategy": have.strategy_json(),
            });
            exchange!(aws, "ecs:PutClusterCapacityProviders", ecs.put_cluster_capacity_providers, &body)?;
        }
        Ok(after)
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let found = read::describe_clusters(work.aws, std::slice::from_ref(&touch.live.id)).await?;
        let active = found.iter().find(|cluster| text(cluster, "status") != "INACTIVE");
        active.map_or(Ok(()), |cluster| touch.allowed(&tags_of(cluster), "ecs:UpdateCluster", "ecs:DeleteCluster"))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ecs().delete_cluster().cluster(&live.id).send();
        work.aws.caller.send("ecs:DeleteCluster", request).await.map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let arns: Vec<String> = waiting.iter().map(|wait| wait.live.id.clone()).collect();
        let described = read::describe_clusters(work.aws, &arns).await;
        waiting
            .iter()
            .map(|wait| match &described {
                Err(error) => Err(error.clone()),
                Ok(clusters) => {
                    let found = clusters.iter().find(|cluster| text(cluster, "clusterArn") == wait.live.id);
                    Ok(match (found.map_or(Readiness::Gone, readiness), wait.goal) {
                        (Readiness::Ready, Goal::Gone) => Readiness::Pending("still active".to_owned()),
                        (state, _) => state,
                    })
                }
            })
            .collect()
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let (aws, cluster) = (work.aws, live.id.as_str());
        let (services, tasks) = futures::join!(
            read::list_services(aws, cluster),
            aws.caller.send("ecs:ListTasks", || aws.ecs().list_tasks().cluster(cluster).send())
        );
        let services = services.unwrap_or_default().into_iter().map(|arn| format!("service {}", last(&arn)));
        let tasks = tasks.map(|page| page.task_arns().to_vec()).unwrap_or_default();
        services.chain(tasks.iter().map(|arn| format!("task {}", last(arn)))).collect()
    }
}

/// The tags of a cluster as CreateCluster answers with it; where the answer leaves them out, the cluster is asked for.
async fn told_tags(aws: &Aws, cluster: &Value) -> Result<Tags, CloudError> {
    let told = tags_of(cluster);
    if !told.is_empty() {
        return Ok(told);
    }
    let arn = text(cluster, "clusterArn").to_owned();
    let found = read::describe_clusters(aws, &[arn]).await?;
    Ok(found.first().map(tags_of).unwrap_or_default())
}

/// The handle of a capacity provider of a cluster: what a service that runs on it uses.
pub fn provider_handle(cluster_arn: &str, provider: &str) -> String {
    format!("{cluster_arn}/capacity-provider/{provider}")
}

/// Sets and removes tags of an ECS resource; sends nothing for nothing.
///
/// # Errors
/// Any error of `ecs:TagResource` and `ecs:UntagResource`.
pub async fn change_tags(aws: &Aws, arn: &str, tags: &Retag) -> Result<(), CloudError> {
    if !tags.set.is_empty() {
        let body = json!({ "resourceArn": arn, "tags": tag_list(&tags.set) });
        exchange!(aws, "ecs:TagResource", ecs.tag_resource, &body)?;
    }
    if !tags.remove.is_empty() {
        let body = json!({ "resourceArn": arn, "tagKeys": tags.remove });
        exchange!(aws, "ecs:UntagResource", ecs.untag_resource, &body)?;
    }
    Ok(())
}

/// The physical name of an entry of the stack, for kinds of ECS.
pub fn entry_name(stack: &Stack, given: Option<&str>, entry: &str) -> String {
    given.map_or_else(|| name::physical(&stack.name, entry, NAME_LIMIT), str::to_owned)
}

#[cfg(test)]
mod tests {
    use evenkeel_core::snapshot::Owner;

    use super::*;

    #[test]
    fn a_reply_becomes_the_canonical_form() {
        let reply = json!({
            "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/cruddur", "clusterName": "cruddur",
            "status": "ACTIVE", "settings": [{ "name": "containerInsights", "value": "enabled" }],
            "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
            "serviceConnectDefaults": { "namespace": "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1" },
            "defaultCapacityProviderStrategy": [{ "capacityProvider": "FARGATE", "weight": 1 }],
        });
        let tags = tags::marked(&Tags::from([("team".to_owned(), "a".to_owned())]), "cruddur", &id());
        let live = live(&reply, &tags, "cruddur");
        assert_eq!(live.owner, Owner::Ours(id()));
        assert_eq!(
            json!(live.have),
            json!({
                "container_insights": "enabled",
                "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
                "default_strategy": [{ "provider": "FARGATE", "weight": 1, "base": 0 }],
                "namespace": "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1",
                "tags": { "team": "a" },
            })
        );
        assert!(live.handles.contains(&"cluster/cruddur".to_owned()));
    }

    #[test]
    fn a_cluster_on_its_way_is_not_ready() {
        assert_eq!(readiness(&json!({ "status": "PROVISIONING" })), Readiness::Pending("provisioning".to_owned()));
        assert_eq!(readiness(&json!({ "status": "INACTIVE" })), Readiness::Gone);
    }
}
