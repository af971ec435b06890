//! Capacity providers of Managed Instances: instances that ECS itself starts and stops in the stack's cluster, as tasks need them.
//! Calls: CreateCapacityProvider (with tags), UpdateCapacityProvider, TagResource, UntagResource, DeleteCapacityProvider;
//! DescribeCapacityProviders for waiting, 100 at a time. One belongs to its cluster from the first, leaves it only when it is
//! deleted, and is refused by PutClusterCapacityProviders (hashicorp/terraform-provider-aws#44783); the cluster cannot go before it.
//! What it is bought as never changes. An update replaces what it is given and keeps the rest. Roles that were made a moment ago
//! are refused for a while.

use async_trait::async_trait;
use evenkeel_core::cloud::{Goal, Waiting};
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::snapshot::{Live, Readiness};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::raw::exchange;
use crate::kinds::instance_profile;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ec2::network;
use crate::services::ecs::cluster::{self, change_tags};
use crate::services::ecs::read::providers::{self, describe};
use crate::services::ecs::read::{Ecs, items, tag_list, tags_of, text};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{self, ManagedInstances, Profile, Stack};

/// The kind's name.
pub const KIND: &str = "capacity_provider";
/// Longest name.
pub const NAME_LIMIT: usize = 255;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "ECS capacity provider",
        fields: &[
            Field::immutable("cluster"),
            Field::immutable("capacity_option"),
            Field::set("subnets"),
            Field::set("security_groups"),
            Field::set("requirements.allowed"),
            Field::set("requirements.excluded"),
            Field::set("requirements.cpu_manufacturers"),
            Field::set("requirements.accelerator_names"),
        ],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::BeforeDependants,
        slow_delete: true,
        // Its instances have to end first.
        deadline_secs: 1200,
        takes_secs: 15,
        polls: Polls::every(5, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Providers,
    paced: Paced {
        create: Some("ecs:CreateCapacityProvider"),
        update: Some("ecs:UpdateCapacityProvider"),
        delete: Some("ecs:DeleteCapacityProvider"),
    },
    actions: &[
        "tag:GetResources",
        "ecs:CreateCapacityProvider",
        "ecs:DescribeCapacityProviders",
        "ecs:UpdateCapacityProvider",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:DeleteCapacityProvider",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ],
};

/// The node of an entry of `capacity_providers:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// A capacity provider of Managed Instances in canonical form.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The name of its cluster.
    pub cluster: String,
    /// ARN of the role by which ECS starts instances.
    pub infrastructure_role: Text,
    /// ARN.
    pub instance_profile: Text,
    /// Subnet ids.
    pub subnets: Texts,
    /// Security group ids; None: not managed.
    pub security_groups: Option<Vec<Text>>,
    /// `ON_DEMAND`, `SPOT` or `RESERVED`.
    pub capacity_option: String,
    /// None: not managed.
    pub requirements: Option<Requirements>,
    /// GiB; None: not managed.
    pub storage_gib: Option<u32>,
    /// `BASIC` or `DETAILED`.
    pub monitoring: String,
    /// `NONE` or `CAPACITY_PROVIDER`.
    pub propagate_tags: String,
    /// Seconds, -1 for never; None: not managed.
    pub scale_in_after_secs: Option<i64>,
    /// None: not managed.
    pub auto_repair: Option<bool>,
    /// The user's tags.
    pub tags: Tags,
}

/// Which instances ECS may choose.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Requirements {
    vcpu_count: Range,
    memory_mib: Range,
    allowed: Vec<String>,
    excluded: Vec<String>,
    cpu_manufacturers: Vec<String>,
    /// None: not managed.
    burstable: Option<String>,
    /// None: not managed.
    accelerator_count: Option<Range>,
    accelerator_names: Vec<String>,
}

/// At least, and at most.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Range {
    min: u64,
    /// -1: no limit.
    max: i64,
}

impl Range {
    fn of(range: model::Range) -> Self {
        Self { min: range.min.into(), max: range.max.map_or(-1, i64::from) }
    }

    fn from_json(range: &Value) -> Self {
        Self { min: range["min"].as_u64().unwrap_or_default(), max: range["max"].as_i64().unwrap_or(-1) }
    }

    fn to_json(&self) -> Value {
        if self.max < 0 { json!({ "min": self.min }) } else { json!({ "min": self.min, "max": self.max }) }
    }
}

impl Requirements {
    fn of(wanted: &model::Requirements) -> Self {
        Self {
            vcpu_count: Range::of(wanted.vcpu_count),
            memory_mib: Range::of(wanted.memory_mib),
            allowed: wanted.allowed.clone(),
            excluded: wanted.excluded.clone(),
            cpu_manufacturers: wanted.cpu_manufacturers.clone(),
            burstable: wanted.burstable.clone(),
            accelerator_count: wanted.accelerator_count.map(Range::of),
            accelerator_names: wanted.accelerator_names.clone(),
        }
    }

    fn from_json(reply: &Value) -> Self {
        let words = |key: &str| {
            let mut words: Vec<String> =
                items(reply, key).iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
            words.sort();
            words
        };
        Self {
            vcpu_count: Range::from_json(&reply["vCpuCount"]),
            memory_mib: Range::from_json(&reply["memoryMiB"]),
            allowed: words("allowedInstanceTypes"),
            excluded: words("excludedInstanceTypes"),
            cpu_manufacturers: words("cpuManufacturers"),
            burstable: reply["burstablePerformance"].as_str().map(str::to_owned),
            accelerator_count: reply.get("acceleratorCount").filter(|it| it.is_object()).map(Range::from_json),
            accelerator_names: words("acceleratorNames"),
        }
    }

    fn to_json(&self) -> Value {
        let mut body = json!({ "vCpuCount": self.vcpu_count.to_json(), "memoryMiB": self.memory_mib.to_json() });
        let lists = [
            ("allowedInstanceTypes", &self.allowed),
            ("excludedInstanceTypes", &self.excluded),
            ("cpuManufacturers", &self.cpu_manufacturers),
            ("acceleratorNames", &self.accelerator_names),
        ];
        for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            body[key] = json!(list);
        }
        if let Some(word) = &self.burstable {
            body["burstablePerformance"] = word.as_str().into();
        }
        if let Some(range) = &self.accelerator_count {
            body["acceleratorCount"] = range.to_json();
        }
        body
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, provider) in &stack.capacity_providers {
        let want = spec(stack, entry, &provider.managed, &provider.meta.tags);
        let name = cluster::entry_name(stack, None, entry);
        let mut node = wanted(id, entry, &provider.meta, name, &want);
        node.needs.insert(cluster::id());
        nodes.push(node);
    }
}

fn spec(stack: &Stack, entry: &str, managed: &ManagedInstances, tags: &Tags) -> Spec {
    let subnets = managed.subnets.as_ref();
    Spec {
        cluster: cluster::physical(stack),
        infrastructure_role: managed.infrastructure_role.clone(),
        instance_profile: match &managed.profile {
            Profile::Made(_) => Text::output(instance_profile::id(entry), "arn"),
            Profile::Given(arn) => arn.as_str().into(),
        },
        subnets: subnets.map_or_else(
            || Texts::output(network::id(), "subnets"),
            |ids| ids.iter().map(|id| id.as_str().into()).collect(),
        ),
        security_groups: (!managed.security_groups.is_empty()).then(|| managed.security_groups.clone()),
        capacity_option: managed.capacity_option.clone(),
        requirements: managed.requirements.as_ref().map(Requirements::of),
        storage_gib: managed.storage_gib,
        monitoring: managed.monitoring.clone(),
        propagate_tags: managed.propagate_tags.clone(),
        scale_in_after_secs: managed.scale_in_after_secs.map(i64::from),
        auto_repair: managed.auto_repair,
        tags: tags.clone(),
    }
}

impl Spec {
    /// As ECS takes it: everything for a new one, and all that it lets change otherwise.
    fn body(&self, new: bool) -> Value {
        let mut launch = Map::new();
        launch.insert("ec2InstanceProfileArn".to_owned(), known(&self.instance_profile).into());
        let mut wires = json!({ "subnets": self.subnets.known().unwrap_or_default() });
        if let Some(groups) = &self.security_groups {
            wires["securityGroups"] = groups.iter().map(known).collect();
        }
        launch.insert("networkConfiguration".to_owned(), wires);
        launch.insert("monitoring".to_owned(), self.monitoring.as_str().into());
        if new {
            launch.insert("capacityOptionType".to_owned(), self.capacity_option.as_str().into());
        }
        if let Some(requirements) = &self.requirements {
            launch.insert("instanceRequirements".to_owned(), requirements.to_json());
        }
        if let Some(gib) = self.storage_gib {
            launch.insert("storageConfiguration".to_owned(), json!({ "storageSizeGiB": gib }));
        }
        let mut body = json!({
            "infrastructureRoleArn": known(&self.infrastructure_role),
            "instanceLaunchTemplate": launch,
            "propagateTags": self.propagate_tags,
        });
        if let Some(secs) = self.scale_in_after_secs {
            body["infrastructureOptimization"] = json!({ "scaleInAfter": secs });
        }
        if let Some(on) = self.auto_repair {
            body["autoRepairConfiguration"] = json!({ "actionsStatus": if on { "ENABLED" } else { "DISABLED" } });
        }
        body
    }
}

fn known(text: &Text) -> &str {
    text.known().unwrap_or_default()
}

fn document(provider: &Value, tags: &Tags) -> Spec {
    let managed = &provider["managedInstancesProvider"];
    let launch = &managed["instanceLaunchTemplate"];
    let wires = &launch["networkConfiguration"];
    let ids = |key: &str| items(wires, key).iter().filter_map(Value::as_str).map(Text::from).collect::<Vec<_>>();
    let or = |value: &Value, usual: &str| value.as_str().unwrap_or(usual).to_owned();
    let mut subnets = ids("subnets");
    subnets.sort();
    Spec {
        cluster: providers_cluster(provider).to_owned(),
        infrastructure_role: text(managed, "infrastructureRoleArn").into(),
        instance_profile: text(launch, "ec2InstanceProfileArn").into(),
        subnets: subnets.into_iter().collect(),
        security_groups: Some(ids("securityGroups")),
        capacity_option: or(&launch["capacityOptionType"], "ON_DEMAND"),
        requirements: launch.get("instanceRequirements").filter(|it| it.is_object()).map(Requirements::from_json),
        storage_gib: launch
            .pointer("/storageConfiguration/storageSizeGiB")
            .and_then(Value::as_u64)
            .and_then(|gib| gib.try_into().ok()),
        monitoring: or(&launch["monitoring"], "BASIC"),
        propagate_tags: or(&managed["propagateTags"], "NONE"),
        scale_in_after_secs: managed.pointer("/infrastructureOptimization/scaleInAfter").and_then(Value::as_i64),
        auto_repair: managed
            .pointer("/autoRepairConfiguration/actionsStatus")
            .and_then(Value::as_str)
            .map(|status| status == "ENABLED"),
        tags: tags::user(tags),
    }
}

/// The name of the cluster that a provider belongs to, which some replies give as an ARN.
fn providers_cluster(provider: &Value) -> &str {
    super::read::last(text(provider, "cluster"))
}

fn live(provider: &Value, tags: &Tags, stack: &str) -> Live<Spec> {
    let (arn, name) = (text(provider, "capacityProviderArn"), text(provider, "name"));
    let have = document(provider, tags);
    // The ARN of its cluster, which the reply need not give.
    let cluster = arn.split_once(":capacity-provider/").map(|(head, _)| format!("{head}:cluster/{}", have.cluster));
    let cluster = cluster.unwrap_or_default();
    let mut uses = vec![cluster.clone(), known(&have.infrastructure_role).to_owned()];
    uses.push(known(&have.instance_profile).to_owned());
    uses.extend(have.security_groups.iter().flatten().map(|group| known(group).to_owned()));
    uses.retain(|handle| !handle.is_empty());
    let mut live = Live::new(arn, name, tags::owner(tags, stack, KIND), have).output("arn", arn).output("name", name);
    live.handles.push(cluster::provider_handle(&cluster, name));
    live.uses = uses;
    live.readiness = readiness(provider);
    live.replaces = tags.get(tags::REPLACES).cloned();
    live
}

fn readiness(provider: &Value) -> Readiness {
    let reason = || match text(provider, "updateStatusReason") {
        "" => "ECS gives no reason".to_owned(),
        reason => reason.to_owned(),
    };
    match (text(provider, "status"), text(provider, "updateStatus")) {
        ("INACTIVE", _) => Readiness::Gone,
        (_, "CREATE_FAILED" | "UPDATE_FAILED") => Readiness::Failed(reason()),
        ("ACTIVE", "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS") => Readiness::Pending("being set up".to_owned()),
        ("ACTIVE", _) => Readiness::Ready,
        (status, _) => Readiness::Pending(status.to_lowercase()),
    }
}

struct Providers;

tagged!(Spec);

#[async_trait]
impl Resource for Providers {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let ecs: &Ecs = fetched.part()?;
        let found = ecs.providers.as_ref().map_err(Clone::clone)?;
        Ok(found.iter().map(|provider| live(provider, &tags_of(provider), &fetched.stack)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let body = json!({
            "name": name,
            "cluster": want.cluster,
            "managedInstancesProvider": want.body(true),
            "tags": tag_list(&order.tags),
        });
        match exchange!(aws, "ecs:CreateCapacityProvider", ecs.create_capacity_provider, &body) {
            Ok(reply) => Ok(live(&reply["capacityProvider"], &order.tags, work.stack)),
            // An earlier try may have made it, and its reply was lost.
            Err(error) if error.class == ErrorClass::Exists => {
                let found = describe(aws, &[name.to_owned()]).await?;
                let mut found = found.iter().map(|provider| live(provider, &tags_of(provider), work.stack));
                found.find(|live| live.is_of(order.order.node)).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        change_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let body = json!({
            "name": order.live.name,
            "cluster": want.cluster,
            "managedInstancesProvider": want.body(false),
        });
        exchange!(aws, "ecs:UpdateCapacityProvider", ecs.update_capacity_provider, &body)?;
        let mut live = order.done();
        live.readiness = Readiness::Pending("being set up".to_owned());
        Ok(live)
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let found = describe(work.aws, std::slice::from_ref(&touch.live.name)).await?;
        let there = found.iter().find(|provider| text(provider, "status") != "INACTIVE");
        let (update, delete) = ("ecs:UpdateCapacityProvider", "ecs:DeleteCapacityProvider");
        there.map_or(Ok(()), |provider| touch.allowed(&tags_of(provider), update, delete))
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let (aws, mut body) = (work.aws, json!({ "capacityProvider": live.name }));
        if !live.have.cluster.is_empty() {
            body["cluster"] = live.have.cluster.as_str().into();
        }
        let reply = exchange!(aws, "ecs:DeleteCapacityProvider", ecs.delete_capacity_provider, &body)?;
        // That it is still in use shows in the reply.
        let provider = &reply["capacityProvider"];
        if text(provider, "updateStatus") == "DELETE_FAILED" {
            let reason = text(provider, "updateStatusReason").to_owned();
            return Err(CloudError::local(ErrorClass::InUse, "ecs:DeleteCapacityProvider", reason));
        }
        Ok(())
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let names: Vec<String> = waiting.iter().map(|wait| wait.live.name.clone()).collect();
        let described = describe(work.aws, &names).await;
        let state = |wait: &Waiting, providers: &[Value]| {
            let found = providers.iter().find(|provider| text(provider, "name") == wait.live.name);
            match (found.map_or(Readiness::Gone, readiness), wait.goal) {
                (Readiness::Ready, Goal::Gone) => match found.map(|provider| text(provider, "updateStatusReason")) {
                    Some(reason) if !reason.is_empty() => Readiness::Failed(reason.to_owned()),
                    _ => Readiness::Pending("still active".to_owned()),
                },
                (state, _) => state,
            }
        };
        waiting
            .iter()
            .map(|wait| described.as_ref().map(|providers| state(wait, providers)).map_err(Clone::clone))
            .collect()
    }
}

/// What of others a cluster of ours has in it, for a person, each.
pub(super) fn foreign(ecs: &Ecs, cluster: &str, stack: &str) -> Vec<String> {
    let found = ecs.providers.iter().flatten().filter(|provider| {
        let ours = tags::is_marked(&tags::owner(&tags_of(provider), stack, KIND));
        providers::is_bound(provider) && providers_cluster(provider) == cluster && !ours
    });
    found.map(|provider| format!("capacity provider {}", text(provider, "name"))).collect()
}
