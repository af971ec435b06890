//! Services of Cloud Map in which ECS registers tasks. Making and deleting one is done at once; a change is an operation, and only the
//! times to live of its records change. It cannot go while instances are registered in it. Those that ECS registered go with their
//! tasks, seconds after an ECS service; where one is replaced while its tasks run, they are taken out here.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_servicediscovery::types::InstanceSummary;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_stack::model::{Discovery, Stack};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::read::{CloudMap, Item};
use super::send;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, tagged};
use crate::tags::{self, REPLACES, Retag, Tags};

/// The kind's name.
pub const KIND: &str = "discovery_service";
/// What ECS tells of each task that it registers.
const BY_ECS: &str = "ECS_SERVICE_NAME";

/// The kind `discovery_service`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "Cloud Map service",
        fields: &[
            Field::immutable("namespace"),
            Field::set("types").forces_replacement(),
            Field::immutable("routing_policy"),
            Field::immutable("health_check"),
        ],
        outputs: &["arn", "id", "name"],
        // Its name is what others look for.
        replace: Replace::DeleteFirst,
        name_limit: 127,
        ready: Ready::AtEnd,
        deadline_secs: 600,
        polls: Polls::every(2, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Services,
    paced: Paced::NOT,
    actions: &[
        "servicediscovery:ListNamespaces",
        "servicediscovery:ListServices",
        "servicediscovery:ListTagsForResource",
        "servicediscovery:ListInstances",
        "servicediscovery:GetOperation",
        "servicediscovery:GetService",
        "tag:GetResources",
        "servicediscovery:CreateService",
        "servicediscovery:UpdateService",
        "servicediscovery:TagResource",
        "servicediscovery:UntagResource",
        "servicediscovery:DeregisterInstance",
        "servicediscovery:DeleteService",
        // Cloud Map changes the records of its zone with the caller's permissions.
        "route53:GetHostedZone",
        "route53:ChangeResourceRecordSets",
    ],
};

/// The node of the `discovery:` of a service entry.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A service of Cloud Map in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The id of its namespace.
    pub namespace: Text,
    /// The types of its records, sorted.
    pub types: Vec<String>,
    /// Seconds to live, by type.
    pub ttls: BTreeMap<String, i64>,
    /// `MULTIVALUE` or `WEIGHTED`; `None` without records.
    pub routing_policy: Option<String>,
    /// Whether ECS reports the health of tasks.
    pub health_check: bool,
    /// The user's tags.
    pub tags: Tags,
}

impl Spec {
    fn of(discovery: &Discovery, tags: &Tags) -> Self {
        let ttls: BTreeMap<String, i64> =
            discovery.records.iter().map(|(kind, ttl)| (kind.clone(), i64::from(*ttl))).collect();
        Self {
            namespace: discovery.namespace.clone(),
            types: ttls.keys().cloned().collect(),
            routing_policy: (!ttls.is_empty()).then(|| discovery.routing_policy.clone()),
            ttls,
            health_check: discovery.health_check,
            tags: tags.clone(),
        }
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, service) in &stack.services {
        let Some(discovery) = &service.discovery else { continue };
        let name = discovery.name.clone().unwrap_or_else(|| entry.clone());
        let mut node = Node::new(id(entry), name, doc(&Spec::of(discovery, &service.meta.tags)));
        // One that is called after its entry keeps its name when that is renamed: programs know it by it.
        node.named = discovery.name.is_some();
        node.moved_from = service.meta.moved_from.as_deref().map(id);
        node.origin = Some(discovery.place.to_string());
        nodes.push(node);
    }
}

struct Services;

tagged!(Spec);

#[async_trait]
impl Resource for Services {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let items = fetched.part::<CloudMap>()?.services.as_ref().map_err(Clone::clone)?;
        Ok(items.iter().map(|item| observed(item, &fetched.stack)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (name, want) = (order.order.name, &order.want);
        let (id, arn) = send::create_service(work.aws, name, want, &order.tags, order.order.token).await?;
        let mut live = live(&id, &arn, name, Owner::Nobody, want.clone());
        live.replaces = order.order.replaces.map(str::to_owned);
        Ok(live)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let arn = live.outputs.get("arn").and_then(|arn| arn.as_str()).unwrap_or_default();
        send::retag(work.aws, arn, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let mut live = order.done();
        if order.changes("ttls") {
            let operation = send::update_service(work.aws, &order.live.id, &order.want).await?;
            live.private = send::under_way(operation);
            live.readiness = Readiness::Pending("its change begins".to_owned());
        }
        Ok(live)
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.cloud_map().delete_service().id(&live.id).send();
        match work.aws.caller.send("servicediscovery:DeleteService", request).await {
            Err(error) if error.class == ErrorClass::InUse => Err(release(work.aws, &live.id, error).await),
            done => done.map(drop),
        }
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        join_all(waiting.iter().map(|one| async move {
            match (one.goal, send::awaited(&one.live.private)) {
                (Goal::Ready, Some(operation)) => send::progress(work.aws, operation).await,
                _ => Ok(Readiness::Ready),
            }
        }))
        .await
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let found = instances(work.aws, &live.id).await.unwrap_or_default();
        found.iter().map(|one| format!("instance {}", one.id().unwrap_or_default())).collect()
    }
}

/// Takes the instances of ECS out of a service that is to go; says whose the others are.
async fn release(aws: &Aws, id: &str, refused: CloudError) -> CloudError {
    let found = match instances(aws, id).await {
        Ok(found) => found,
        Err(error) if error.class == ErrorClass::Gone => return error,
        Err(_) => return refused,
    };
    let of_ecs = |one: &&InstanceSummary| one.attributes().is_some_and(|all| all.contains_key(BY_ECS));
    let (tasks, others): (Vec<&InstanceSummary>, Vec<&InstanceSummary>) = found.iter().partition(of_ecs);
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().filter_map(|one| one.id()).collect();
        let message = format!("instances that ECS did not register are in the service: {}", names.join(", "));
        let hint = Some("deregister them, then run again".to_owned());
        return CloudError { class: ErrorClass::Invalid, message, hint, ..refused };
    }
    let taken_out = tasks.iter().filter_map(|one| one.id()).map(|instance| async move {
        let request = || aws.cloud_map().deregister_instance().service_id(id).instance_id(instance).send();
        aws.caller.send("servicediscovery:DeregisterInstance", request).await.map(drop)
    });
    // Those that are on their way out are refused, and go.
    for error in join_all(taken_out).await.into_iter().filter_map(Result::err) {
        tracing::debug!(%error, "an instance is on its way out");
    }
    refused
}

/// The instances in a service.
async fn instances(aws: &Aws, id: &str) -> Result<Vec<InstanceSummary>, CloudError> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let request = || {
            let request = aws.cloud_map().list_instances().service_id(id).max_results(100);
            request.set_next_token(token.clone()).send()
        };
        let page = aws.caller.send("servicediscovery:ListInstances", request).await?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.instances.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn observed(item: &Item, stack: &str) -> Live<Spec> {
    let records = item.dns.iter().flat_map(|dns| dns.dns_records());
    let ttls: BTreeMap<String, i64> =
        records.map(|record| (record.r#type().as_str().to_owned(), record.ttl())).collect();
    let types: BTreeSet<String> = ttls.keys().cloned().collect();
    let policy = item.dns.as_ref().map(|dns| dns.routing_policy().map_or("MULTIVALUE", |policy| policy.as_str()));
    let have = Spec {
        namespace: item.namespace.as_str().into(),
        types: types.into_iter().collect(),
        routing_policy: policy.map(str::to_owned),
        ttls,
        health_check: item.health_check,
        tags: tags::user(&item.tags),
    };
    let mut live = live(&item.id, &item.arn, &item.name, tags::owner(&item.tags, stack, KIND), have);
    live.replaces = item.tags.get(REPLACES).cloned();
    live
}

fn live(id: &str, arn: &str, name: &str, owner: Owner, have: Spec) -> Live<Spec> {
    let namespace = have.namespace.known().map(str::to_owned);
    let mut live = Live::new(id, name, owner, have).output("arn", arn).output("id", id).output("name", name);
    live.handles.push(arn.to_owned());
    live.uses.extend(namespace);
    live
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicediscovery::types::{DnsConfig, DnsRecord, RecordType, RoutingPolicy};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_is_read_as_it_was_asked_for() {
        let record = |kind, ttl| DnsRecord::builder().r#type(kind).ttl(ttl).build().unwrap();
        let dns = DnsConfig::builder()
            .routing_policy(RoutingPolicy::Weighted)
            .dns_records(record(RecordType::Srv, 10))
            .dns_records(record(RecordType::A, 60))
            .build()
            .unwrap();
        let item = Item {
            id: "srv-1".to_owned(),
            arn: "arn:aws:servicediscovery:eu-west-1:1:service/srv-1".to_owned(),
            name: "web".to_owned(),
            namespace: "ns-1".to_owned(),
            dns: Some(dns),
            health_check: true,
            tags: tags::marked(&Tags::new(), "shop", &id("web")),
            wanted: true,
        };
        let live = observed(&item, "shop");
        let have = json!({
            "namespace": "ns-1", "types": ["A", "SRV"], "ttls": { "A": 60, "SRV": 10 },
            "routing_policy": "WEIGHTED", "health_check": true, "tags": {},
        });
        assert_eq!(json!(live.have), have);
        assert_eq!((live.owner, live.uses), (Owner::Ours(id("web")), vec!["ns-1".to_owned()]));
    }
}
