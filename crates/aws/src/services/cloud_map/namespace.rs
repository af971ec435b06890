//! Namespaces of Cloud Map. They are made, changed and deleted by operations that take most of a minute; a namespace is not listed
//! before its creation has succeeded. Name, type and VPC never change. One with DNS owns a private hosted zone, which comes and goes
//! with it and tells its VPC. It cannot go while services are in it: ECS makes some for Service Connect and removes them minutes after
//! the service that needed them, so its deletion waits for that first.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use evenkeel_stack::model::{self, SoughtNamespace, Stack};
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::read::{self, CloudMap, Space};
use super::{inside, send};
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, tagged, wanted};
use crate::services::ec2::network;
use crate::services::ecs::read::{Ecs, text};
use crate::tags::{self, REPLACES, Retag, Tags};

/// The kind's name.
pub const KIND: &str = "namespace";
const LIMIT: usize = 253;
const HTTP: &str = "HTTP";
const PRIVATE: &str = "DNS_PRIVATE";

/// The kind `namespace`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "Cloud Map namespace",
        fields: &[Field::immutable("type"), Field::immutable("vpc")],
        outputs: &["arn", "id", "name"],
        replace: Replace::CreateFirst,
        name_limit: LIMIT,
        ready: Ready::BeforeDependants,
        slow_delete: true,
        vacates: true,
        // ECS removes what Service Connect made within this time; what is left then is removed here.
        deadline_secs: 360,
        takes_secs: 40,
        polls: Polls::every(5, 15),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Namespaces,
    paced: Paced::NOT,
    actions: &[
        "servicediscovery:ListNamespaces",
        "servicediscovery:ListServices",
        "servicediscovery:ListTagsForResource",
        "servicediscovery:GetNamespace",
        "servicediscovery:GetOperation",
        "tag:GetResources",
        "route53:GetHostedZone",
        "ecs:ListServicesByNamespace",
        "servicediscovery:CreateHttpNamespace",
        "servicediscovery:CreatePrivateDnsNamespace",
        "servicediscovery:UpdateHttpNamespace",
        "servicediscovery:UpdatePrivateDnsNamespace",
        "servicediscovery:TagResource",
        "servicediscovery:UntagResource",
        "servicediscovery:DeleteNamespace",
        "servicediscovery:DeleteService",
        // Cloud Map makes the hosted zone with the caller's permissions.
        "ec2:DescribeVpcs",
        "route53:CreateHostedZone",
        "route53:DeleteHostedZone",
        "route53:ListHostedZonesByName",
        "route53:ChangeResourceRecordSets",
    ],
};

/// The node of an entry of `namespaces:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A namespace in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `HTTP` or `DNS_PRIVATE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The VPC in which it answers; `None` without DNS.
    pub vpc: Option<Text>,
    /// What it is for.
    pub description: String,
    /// Seconds for which resolvers remember what is not there; `None` is not managed.
    pub ttl: Option<i64>,
    /// The user's tags.
    pub tags: Tags,
}

impl Spec {
    /// Whether it has a private hosted zone.
    pub fn is_private(&self) -> bool {
        self.kind == PRIVATE
    }
}

/// A namespace to look up: by one of the two.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// Its ARN.
    pub arn: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, namespace) in &stack.namespaces {
        match namespace {
            model::Namespace::Managed(managed) => {
                let name = stack.physical_name("namespaces", entry, LIMIT);
                let want = Spec {
                    kind: if managed.private_dns { PRIVATE } else { HTTP }.to_owned(),
                    vpc: managed.private_dns.then(|| Text::output(network::id(), "vpc_id")),
                    description: managed.description.clone(),
                    ttl: managed.ttl.map(i64::from),
                    tags: managed.meta.tags.clone(),
                };
                nodes.push(wanted(id, entry, &managed.meta, name, &want));
            }
            model::Namespace::Existing { place, sought } => {
                let (sought, name) = match sought {
                    SoughtNamespace::Arn(arn) => (Sought { arn: Some(arn.clone()), name: None }, arn),
                    SoughtNamespace::Name(name) => (Sought { arn: None, name: Some(name.clone()) }, name),
                };
                let mut node = Node::lookup(id(entry), name.as_str(), doc(&sought));
                node.origin = Some(place.to_string());
                nodes.push(node);
            }
        }
    }
}

/// The deletions under way, by the id of the namespace.
#[derive(Debug, Default)]
struct Deletions(Mutex<BTreeMap<String, String>>);

impl Deletions {
    fn note(&self, namespace: &str, operation: Option<String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(operation.map(|operation| (namespace.to_owned(), operation)));
    }

    fn of(&self, namespace: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(namespace).cloned()
    }
}

struct Namespaces;

tagged!(Spec);

#[async_trait]
impl Resource for Namespaces {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let found: &CloudMap = fetched.part()?;
        let ecs: &Ecs = fetched.part()?;
        let services = ecs.services.as_deref().unwrap_or_default();
        let ours: Vec<&str> = services.iter().map(|service| text(service, "serviceArn")).collect();
        let spaces = found.namespaces.as_ref().map_err(Clone::clone)?;
        Ok(spaces.iter().map(|space| observed(space, &fetched.stack, &ours)).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let all = fetched.part::<CloudMap>()?.all.as_ref().map_err(Clone::clone)?;
        let found = read::sought(all, &spec(&node.want)?)?;
        Ok(found.map(|raw| {
            let (id, arn) = (raw.id().unwrap_or_default(), raw.arn().unwrap_or_default());
            live(id, arn, raw.name().unwrap_or_default(), Owner::Nobody, node.want.clone())
        }))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let begun = send::create_namespace(aws, name, want, &order.tags, order.order.token);
        let (operation, account) = futures::join!(begun, aws.account());
        let operation = match operation {
            Err(error) if error.class == ErrorClass::Exists => return Err(not_listed(aws, name, error).await),
            operation => operation?,
        };
        let id = send::namespace_of(aws, &operation).await?;
        let arn = format!("arn:{}:servicediscovery:{}:{}:namespace/{id}", aws.partition(), aws.region, account?);
        let mut live = live(&id, &arn, name, Owner::Nobody, want.clone());
        live.readiness = Readiness::Pending("its creation begins".to_owned());
        live.private = send::under_way(Some(operation));
        live.replaces = order.order.replaces.map(str::to_owned);
        Ok(live)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        send::retag(work.aws, arn_of(live), tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let mut live = order.done();
        if order.changes("description") || order.changes("ttl") {
            let operation = send::update_namespace(work.aws, &order.live.id, &order.want, order.order.token).await?;
            live.private = send::under_way(Some(operation));
            live.readiness = Readiness::Pending("its change begins".to_owned());
        }
        Ok(live)
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let aws = work.aws;
        match send::delete_namespace(aws, &live.id).await {
            Ok(operation) => {
                aws.memory::<Deletions>().note(&live.id, operation);
                Ok(())
            }
            Err(error) if error.class == ErrorClass::InUse => {
                inside::release(aws, work.stack, &live.id, arn_of(live), error).await?;
                aws.memory::<Deletions>().note(&live.id, send::delete_namespace(aws, &live.id).await?);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        join_all(waiting.iter().map(|one| poll(work, one))).await
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        inside::in_words(work.aws, work.stack, &live.id, arn_of(live)).await
    }
}

async fn poll(work: Work<'_>, one: &Waiting) -> Result<Readiness, CloudError> {
    let (aws, live) = (work.aws, &one.live);
    let operation = match one.goal {
        Goal::Vacant => return Ok(inside::look(aws, work.stack, &live.id, arn_of(live)).await?.vacancy()),
        Goal::Ready | Goal::Hold => send::awaited(&live.private).map(str::to_owned),
        Goal::Gone => aws.memory::<Deletions>().of(&live.id),
    };
    let progress = match &operation {
        Some(operation) => send::progress(aws, operation).await?,
        None => Readiness::Ready,
    };
    if progress == Readiness::Ready { there(aws, &live.id).await } else { Ok(progress) }
}

/// Whether a namespace is there.
async fn there(aws: &Aws, id: &str) -> Result<Readiness, CloudError> {
    let request = || aws.cloud_map().get_namespace().id(id).send();
    match aws.caller.send("servicediscovery:GetNamespace", request).await {
        Ok(_) => Ok(Readiness::Ready),
        Err(error) if error.class == ErrorClass::Gone => Ok(Readiness::Gone),
        Err(error) => Err(error),
    }
}

/// One of that name exists already: where it is not listed, it is being made, perhaps by an earlier run of the stack, and is seen
/// soon.
async fn not_listed(aws: &Aws, name: &str, error: CloudError) -> CloudError {
    let listed = read::list(aws).await.unwrap_or_default();
    let there = listed.iter().any(|raw| raw.name().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    if there { error } else { CloudError { class: ErrorClass::Propagating, ..error } }
}

fn arn_of<D>(live: &Live<D>) -> &str {
    live.outputs.get("arn").and_then(|arn| arn.as_str()).unwrap_or_default()
}

fn observed(space: &Space, stack: &str, ours: &[&str]) -> Live<Spec> {
    let raw = &space.raw;
    let kind = raw.r#type().map_or(HTTP, |kind| kind.as_str()).to_owned();
    let dns = raw.properties().and_then(|all| all.dns_properties()).filter(|_| kind != HTTP);
    let have = Spec {
        vpc: space.vpc.as_deref().map(Text::from),
        description: raw.description().unwrap_or_default().to_owned(),
        ttl: dns.and_then(|dns| dns.soa()).map(|soa| soa.ttl()),
        tags: tags::user(&space.tags),
        kind,
    };
    let owner = tags::owner(&space.tags, stack, KIND);
    // Cloud Map does not tell capital letters from small ones.
    let name = space.wanted.as_deref().unwrap_or_else(|| raw.name().unwrap_or_default());
    let mut live = live(raw.id().unwrap_or_default(), raw.arn().unwrap_or_default(), name, owner, have);
    live.replaces = space.tags.get(REPLACES).cloned();
    live.kept_by = space.inside.as_ref().and_then(|inside| inside.kept_by(ours));
    live
}

fn live<D>(id: &str, arn: &str, name: &str, owner: Owner, have: D) -> Live<D> {
    let mut live = Live::new(id, name, owner, have).output("arn", arn).output("id", id).output("name", name);
    live.handles.push(arn.to_owned());
    live
}

#[cfg(test)]
mod tests {
    use aws_sdk_servicediscovery::types::{DnsProperties, NamespaceProperties, NamespaceSummary, NamespaceType, Soa};
    use serde_json::json;

    use super::*;

    fn space(kind: NamespaceType) -> Space {
        let soa = Soa::builder().ttl(15).build().unwrap();
        let dns = DnsProperties::builder().hosted_zone_id("Z1").soa(soa).build();
        let raw = NamespaceSummary::builder()
            .id("ns-1")
            .arn("arn:aws:servicediscovery:eu-west-1:1:namespace/ns-1")
            .name("Shop.internal")
            .r#type(kind)
            .properties(NamespaceProperties::builder().dns_properties(dns).build())
            .build();
        let tags = tags::marked(&Tags::new(), "shop", &id("app"));
        Space { raw, tags, wanted: Some("shop.internal".to_owned()), vpc: None, inside: None }
    }

    #[test]
    fn a_namespace_is_read_as_it_was_asked_for() {
        let private = Space { vpc: Some("vpc-1".to_owned()), ..space(NamespaceType::DnsPrivate) };
        let live = observed(&private, "shop", &[]);
        let have = json!({ "type": "DNS_PRIVATE", "vpc": "vpc-1", "description": "", "ttl": 15, "tags": {} });
        assert_eq!(json!(live.have), have);
        assert_eq!((live.owner, live.name.as_str()), (Owner::Ours(id("app")), "shop.internal"));
        let plain = observed(&space(NamespaceType::Http), "shop", &[]);
        assert_eq!((plain.have.kind.as_str(), plain.have.ttl), ("HTTP", None));
    }
}
