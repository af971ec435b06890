//! DB parameter groups: settings of an engine, for one family of its versions, which never changes. ModifyDBParameterGroup
//! takes twenty parameters; those that need a restart are refused with `immediate`, so AWS is asked which they are. What is
//! taken out of the file is reset. While an instance uses the group, RDS refuses to delete it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::types::{ApplyMethod, Parameter};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use super::read::{self, Group, Rds};
use super::tagging;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::Stack;

const LIMIT: usize = 255;
/// RDS wants one, and nobody needs it.
const DESCRIPTION: &str = "Made by evenkeel";
/// Most parameters that a request takes.
const BATCH: usize = 20;

/// The kind `db_parameter_group`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "db_parameter_group",
        title: "RDS parameter group",
        fields: &[Field::immutable("family")],
        outputs: &["name", "arn"],
        replace: Replace::CreateFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 600,
        ..Kind::PLAIN
    },
    contribute,
    driver: &ParameterGroups,
    paced: Paced::NOT,
    actions: &[
        "rds:DescribeDBParameterGroups",
        "rds:DescribeDBParameters",
        "rds:ListTagsForResource",
        "tag:GetResources",
        "rds:CreateDBParameterGroup",
        "rds:ModifyDBParameterGroup",
        "rds:ResetDBParameterGroup",
        "rds:AddTagsToResource",
        "rds:RemoveTagsFromResource",
        "rds:DeleteDBParameterGroup",
    ],
};

/// The node for an entry of `databases:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("db_parameter_group", entry)
}

/// A parameter group in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `postgres16`, `mysql8.4`.
    pub family: String,
    /// What is set, by name.
    pub parameters: BTreeMap<String, String>,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, database) in &stack.databases {
        let Some(family) = database.family.as_ref().filter(|_| !database.parameters.is_empty()) else { continue };
        let want =
            Spec { family: family.clone(), parameters: database.parameters.clone(), tags: database.meta.tags.clone() };
        let meta = super::database::parts_meta(database);
        nodes.push(wanted(id, entry, &meta, super::database::physical(stack, entry), &want));
    }
}

struct ParameterGroups;

tagged!(Spec);

#[async_trait]
impl Resource for ParameterGroups {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let rds: &Rds = fetched.part()?;
        let groups = rds.parameter_groups.as_ref().map_err(Clone::clone)?;
        let lives = groups.iter().map(|group| observed(group, &fetched.stack));
        let named = |live: &Live<Spec>| rds.want(ENTRY.kind.name, &live.name).is_some();
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || named(live)).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let request = || {
            aws.rds()
                .create_db_parameter_group()
                .db_parameter_group_name(name)
                .db_parameter_group_family(&want.family)
                .description(DESCRIPTION)
                .set_tags(Some(tagging::api(&order.tags)))
                .send()
        };
        let reply = aws.caller.send("rds:CreateDBParameterGroup", request).await?;
        let arn = reply.db_parameter_group().and_then(|group| group.db_parameter_group_arn()).unwrap_or_default();
        // Nothing uses it yet, so every parameter may wait for a start.
        let set = want.parameters.iter().map(|(name, value)| parameter(name, Some(value), ApplyMethod::PendingReboot));
        modify(aws, name, set.collect()).await?;
        Ok(live(name, arn, Owner::Nobody, want.clone()))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        tagging::write(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        if !order.changes("parameters") {
            return Ok(order.done());
        }
        let (aws, name) = (work.aws, order.live.name.as_str());
        let (have, want) = (&order.live.have.parameters, &order.want.parameters);
        let differ: Vec<&String> = want.keys().filter(|name| want.get(*name) != have.get(*name)).collect();
        let gone: Vec<&String> = have.keys().filter(|name| !want.contains_key(*name)).collect();
        let at_once = dynamic(aws, name, differ.iter().chain(&gone).map(|name| name.as_str()).collect()).await?;
        let method = |name: &String| {
            if at_once.contains(name) { ApplyMethod::Immediate } else { ApplyMethod::PendingReboot }
        };
        let set = differ.into_iter().map(|name| parameter(name, want.get(name), method(name)));
        modify(aws, name, set.collect()).await?;
        let unset: Vec<Parameter> = gone.into_iter().map(|name| parameter(name, None, method(name))).collect();
        for batch in unset.chunks(BATCH) {
            let request = || {
                let request = aws.rds().reset_db_parameter_group().db_parameter_group_name(name);
                request.reset_all_parameters(false).set_parameters(Some(batch.to_vec())).send()
            };
            aws.caller.send("rds:ResetDBParameterGroup", request).await?;
        }
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let look = tagging::read(work.aws, &touch.live.id).await;
        touch.allowed_after(look, "rds:ModifyDBParameterGroup", "rds:DeleteDBParameterGroup")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.rds().delete_db_parameter_group().db_parameter_group_name(&live.name).send();
        work.aws.caller.send("rds:DeleteDBParameterGroup", request).await.map(drop)
    }
}

fn parameter(name: &str, value: Option<&String>, method: ApplyMethod) -> Parameter {
    Parameter::builder().parameter_name(name).set_parameter_value(value.cloned()).apply_method(method).build()
}

async fn modify(aws: &Aws, name: &str, set: Vec<Parameter>) -> Result<(), CloudError> {
    for batch in set.chunks(BATCH) {
        let request = || {
            let request = aws.rds().modify_db_parameter_group().db_parameter_group_name(name);
            request.set_parameters(Some(batch.to_vec())).send()
        };
        aws.caller.send("rds:ModifyDBParameterGroup", request).await?;
    }
    Ok(())
}

/// Which of these parameters take effect without a restart.
async fn dynamic(aws: &Aws, group: &str, names: BTreeSet<&str>) -> Result<BTreeSet<String>, CloudError> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = read::parameters(aws, group, None).await?;
    let found = all.iter().filter(|one| one.apply_type() == Some("dynamic")).filter_map(Parameter::parameter_name);
    Ok(found.filter(|name| names.contains(name)).map(str::to_owned).collect())
}

fn observed(group: &Group<read::Parameters>, stack: &str) -> Live<Spec> {
    let Group { raw: (raw, parameters), tags: all } = group;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let have =
        Spec { family: text(raw.db_parameter_group_family()), parameters: parameters.clone(), tags: tags::user(all) };
    let owner = tags::owner(all, stack, ENTRY.kind.name);
    let arn = raw.db_parameter_group_arn().unwrap_or_default();
    let mut live = live(raw.db_parameter_group_name().unwrap_or_default(), arn, owner, have);
    live.replaces = all.get(tags::REPLACES).cloned();
    live
}

/// The handle of a parameter group, by which databases refer to it.
pub(super) fn handle(name: &str) -> String {
    format!("db_parameter_group/{name}")
}

fn live(name: &str, arn: &str, owner: Owner, spec: Spec) -> Live<Spec> {
    let mut live = Live::new(arn, name, owner, spec).output("name", name).output("arn", arn);
    live.handles.push(handle(name));
    live
}
