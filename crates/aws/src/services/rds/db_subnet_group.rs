//! DB subnet groups: the subnets that a database may be in, of at least two availability zones. Names are kept in small letters and
//! never change. ModifyDBSubnetGroup takes the whole list. While an instance uses it, RDS refuses to delete it.

use async_trait::async_trait;
use evenkeel_core::doc::{Text, Texts};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use super::read::{Group, Rds};
use super::tagging;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::ec2::network;
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::Stack;

/// RDS takes 255; the name of the database fits.
const LIMIT: usize = 255;
/// RDS wants one, and nobody needs it.
const DESCRIPTION: &str = "Made by evenkeel";

/// The kind `db_subnet_group`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "db_subnet_group",
        title: "RDS subnet group",
        fields: &[Field::immutable("vpc"), Field::set("subnets")],
        outputs: &["name", "arn"],
        replace: Replace::CreateFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 600,
        ..Kind::PLAIN
    },
    contribute,
    driver: &SubnetGroups,
    paced: Paced::NOT,
    actions: &[
        "rds:DescribeDBSubnetGroups",
        "rds:ListTagsForResource",
        "tag:GetResources",
        "rds:CreateDBSubnetGroup",
        "rds:ModifyDBSubnetGroup",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "rds:DeleteDBSubnetGroup",
    ],
};

/// The node for an entry of `databases:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("db_subnet_group", entry)
}

/// A subnet group in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The VPC that its subnets are in, which it cannot leave; `None` if the file names subnets of its own.
    pub vpc: Option<Text>,
    /// Subnet ids.
    pub subnets: Texts,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    let own = stack.databases.iter().filter(|(_, database)| database.subnet_group.is_none());
    for (entry, database) in own {
        let subnets = database.subnets.as_ref();
        let want = Spec {
            vpc: subnets.is_none().then(|| Text::output(network::id(), "vpc_id")),
            subnets: subnets.map_or_else(
                || Texts::output(network::id(), "subnets"),
                |ids| ids.iter().map(|id| id.as_str().into()).collect(),
            ),
            tags: database.meta.tags.clone(),
        };
        let meta = super::database::parts_meta(database);
        nodes.push(wanted(id, entry, &meta, super::database::physical(stack, entry), &want));
    }
}

struct SubnetGroups;

tagged!(Spec);

#[async_trait]
impl Resource for SubnetGroups {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let rds: &Rds = fetched.part()?;
        let groups = rds.subnet_groups.as_ref().map_err(Clone::clone)?;
        let lives = groups.iter().map(|group| observed(group, &fetched.stack));
        let named = |live: &Live<Spec>| rds.want(ENTRY.kind.name, &live.name).is_some();
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || named(live)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let request = || {
            aws.rds()
                .create_db_subnet_group()
                .db_subnet_group_name(name)
                .db_subnet_group_description(DESCRIPTION)
                .set_subnet_ids(want.subnets.known())
                .set_tags(Some(tagging::api(&order.tags)))
                .send()
        };
        let reply = aws.caller.send("rds:CreateDBSubnetGroup", request).await?;
        let arn = reply.db_subnet_group().and_then(|group| group.db_subnet_group_arn()).unwrap_or_default();
        Ok(live(name, arn, Owner::Nobody, want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        tagging::write(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let request = || {
            aws.rds()
                .modify_db_subnet_group()
                .db_subnet_group_name(&order.live.name)
                .set_subnet_ids(want.subnets.known())
                .send()
        };
        aws.caller.send("rds:ModifyDBSubnetGroup", request).await?;
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let look = tagging::read(work.aws, &touch.live.id).await;
        touch.allowed_after(look, "rds:ModifyDBSubnetGroup", "rds:DeleteDBSubnetGroup")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.rds().delete_db_subnet_group().db_subnet_group_name(&live.name).send();
        work.aws.caller.send("rds:DeleteDBSubnetGroup", request).await.map(drop)
    }
}

fn observed(group: &Group<aws_sdk_rds::types::DbSubnetGroup>, stack: &str) -> Live<Spec> {
    let Group { raw, tags: all } = group;
    let mut ids: Vec<&str> = raw.subnets().iter().filter_map(|subnet| subnet.subnet_identifier()).collect();
    ids.sort_unstable();
    let have = Spec {
        vpc: raw.vpc_id().map(Into::into),
        subnets: ids.into_iter().map(Into::into).collect(),
        tags: tags::user(all),
    };
    let owner = tags::owner(all, stack, ENTRY.kind.name);
    let arn = raw.db_subnet_group_arn().unwrap_or_default();
    let mut live = live(raw.db_subnet_group_name().unwrap_or_default(), arn, owner, have);
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}

/// The handle of a subnet group, by which databases refer to it.
pub(super) fn handle(name: &str) -> String {
    format!("db_subnet_group/{name}")
}

fn live(name: &str, arn: &str, owner: Owner, spec: Spec) -> Live<Spec> {
    let mut live = Live::new(arn, name, owner, spec).output("name", name).output("arn", arn);
    live.handles.push(handle(name));
    let spec = &live.have;
    let subnets = spec.subnets.known().unwrap_or_default();
    live.uses = spec.vpc.iter().filter_map(Text::known).map(str::to_owned).chain(subnets).collect();
    live
}
