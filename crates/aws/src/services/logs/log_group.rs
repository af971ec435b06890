//! Log groups of CloudWatch Logs. CreateLogGroup takes tags and key, the retention needs a call of its own; DescribeLogGroups
//! gives everything but tags (`services/logs/read.rs`). Names have at most 512 characters and, with the class, never change. The ARN
//! comes with `:*` behind it, which the tagging calls refuse. ECS makes missing groups by itself (`awslogs-create-group`),
//! without tags: such a group is foreign and has to be adopted.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{LogGroup, LogGroupClass};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Aws;
use crate::existing;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::services::logs::look;
use crate::services::logs::read::{self as logs, Logs};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{Existing, Stack};

const LIMIT: usize = 512;

/// The kind `log_group`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "log_group",
        title: "CloudWatch log group",
        fields: &[Field::immutable("class")],
        outputs: &["name", "arn"],
        replace: Replace::DeleteFirst,
        name_limit: LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        ..Kind::PLAIN
    },
    contribute,
    driver: &LogGroups,
    paced: Paced {
        create: Some("logs:PutRetentionPolicy"),
        update: Some("logs:PutRetentionPolicy"),
        delete: Some("logs:DeleteLogGroup"),
    },
    actions: &[
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "tag:GetResources",
        "logs:CreateLogGroup",
        "logs:TagResource",
        "logs:UntagResource",
        "logs:PutRetentionPolicy",
        "logs:DeleteRetentionPolicy",
        "logs:AssociateKmsKey",
        "logs:DisassociateKmsKey",
        "logs:DeleteLogGroup",
    ],
};

/// The node of an entry of `log_groups:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("log_group", entry)
}

/// A log group in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
    /// How long events are kept.
    pub retention: Retention,
    /// The ARN of the key; empty for the service's own encryption.
    pub kms_key: String,
    /// The user's tags.
    pub tags: Tags,
}

/// How long events are kept: a number of days, or `forever`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Retention {
    /// Days.
    Days(i32),
    /// The word `forever`.
    Forever(Forever),
}

/// The word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Forever {
    /// Never deleted.
    #[serde(rename = "forever")]
    Forever,
}

impl From<Option<i32>> for Retention {
    fn from(days: Option<i32>) -> Self {
        days.map_or(Self::Forever(Forever::Forever), Self::Days)
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, group) in &stack.log_groups {
        if let Some(name) = group.existing.as_ref().and_then(Existing::name) {
            let mut node = Node::lookup(id(entry), name, json!({ "look_up": format!("log group `{name}`") }));
            node.origin = Some(group.meta.place.to_string());
            nodes.push(node);
            continue;
        }
        let want = Spec {
            class: group.class.clone(),
            retention: group.retention_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX)).into(),
            kms_key: group.kms_key.clone().unwrap_or_default(),
            tags: group.meta.tags.clone(),
        };
        nodes.push(wanted(id, entry, &group.meta, name::physical(&stack.name, entry, LIMIT), &want));
    }
}

struct LogGroups;

tagged!(Spec);

#[async_trait]
impl Resource for LogGroups {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let logs: &Logs = fetched.part()?;
        let groups = logs.groups.as_ref().map_err(Clone::clone)?;
        let lives = groups.iter().map(|(group, tags)| observed(group, tags, &fetched.stack));
        Ok(lives.filter(|live| tags::is_marked(&live.owner) || logs.wanted.contains(&live.name)).collect())
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let logs: &Logs = fetched.part()?;
        let groups = logs.groups.as_ref().map_err(Clone::clone)?;
        let Some((group, tags)) = groups.iter().find(|(group, _)| group.log_group_name() == Some(&node.name)) else {
            return Ok(None);
        };
        existing::of_others(&node.want, ENTRY.kind.name, &tags::owner(tags, &fetched.stack, ENTRY.kind.name))?;
        let live = observed(group, tags, &fetched.stack).with(node.want.clone());
        Ok(Some(Live { name: String::new(), owner: Owner::Nobody, data: None, ..live }))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let class = (want.class != "STANDARD").then(|| LogGroupClass::from(want.class.as_str()));
        let key = Some(want.kms_key.clone()).filter(|key| !key.is_empty());
        // The reply is empty; the ARN follows from the account, which is asked for meanwhile.
        let made = aws.caller.send("logs:CreateLogGroup", || {
            aws.logs()
                .create_log_group()
                .log_group_name(name)
                .set_log_group_class(class.clone())
                .set_kms_key_id(key.clone())
                .set_tags(Some(order.tags.clone().into_iter().collect()))
                .send()
        });
        let (made, account) = futures::join!(made, aws.account());
        made?;
        if let Retention::Days(days) = want.retention {
            put_retention(aws, name, days).await?;
        }
        let account = account?;
        let arn = format!("arn:{}:logs:{}:{account}:log-group:{name}", aws.partition(), aws.region);
        Ok(live(name, want.clone(), arn, Owner::Nobody))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let (aws, arn) = (work.aws, live.id.as_str());
        if !tags.set.is_empty() {
            let set: HashMap<String, String> = tags.set.clone().into_iter().collect();
            let request = || aws.logs().tag_resource().resource_arn(arn).set_tags(Some(set.clone())).send();
            aws.caller.send("logs:TagResource", request).await?;
        }
        if !tags.remove.is_empty() {
            let request =
                || aws.logs().untag_resource().resource_arn(arn).set_tag_keys(Some(tags.remove.clone())).send();
            aws.caller.send("logs:UntagResource", request).await?;
        }
        Ok(())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (name, want) = (order.live.name.as_str(), &order.want);
        if order.changes("retention") {
            set_retention(work.aws, name, want).await?;
        }
        if order.changes("kms_key") {
            set_key(work.aws, name, want).await?;
        }
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        if touch.deletes && look::still_ours(work.aws, touch).await? {
            return Ok(());
        }
        let tags = logs::tags_of(work.aws, &touch.live.id).await?;
        touch.allowed(&tags, "logs:PutRetentionPolicy", "logs:DeleteLogGroup")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.logs().delete_log_group().log_group_name(&live.name).send();
        work.aws.caller.send("logs:DeleteLogGroup", request).await.map(drop)
    }
}

async fn put_retention(aws: &Aws, name: &str, days: i32) -> Result<(), CloudError> {
    let request = || aws.logs().put_retention_policy().log_group_name(name).retention_in_days(days).send();
    aws.caller.send("logs:PutRetentionPolicy", request).await.map(drop)
}

async fn set_retention(aws: &Aws, name: &str, want: &Spec) -> Result<(), CloudError> {
    if let Retention::Days(days) = want.retention {
        return put_retention(aws, name, days).await;
    }
    let request = || aws.logs().delete_retention_policy().log_group_name(name).send();
    aws.caller.send("logs:DeleteRetentionPolicy", request).await.map(drop)
}

async fn set_key(aws: &Aws, name: &str, want: &Spec) -> Result<(), CloudError> {
    if want.kms_key.is_empty() {
        let request = || aws.logs().disassociate_kms_key().log_group_name(name).send();
        return aws.caller.send("logs:DisassociateKmsKey", request).await.map(drop);
    }
    let request = || aws.logs().associate_kms_key().log_group_name(name).kms_key_id(&want.kms_key).send();
    aws.caller.send("logs:AssociateKmsKey", request).await.map(drop)
}

fn observed(group: &LogGroup, all: &Tags, stack: &str) -> Live<Spec> {
    // A policy of the account shows itself as the retention of groups that have none of their own.
    let own = group.retention_in_days().filter(|_| group.retention_policy_name().is_none());
    let have = Spec {
        class: group.log_group_class().map_or("STANDARD", LogGroupClass::as_str).to_owned(),
        retention: own.into(),
        kms_key: group.kms_key_id().unwrap_or_default().to_owned(),
        tags: tags::user(all),
    };
    let owner = tags::owner(all, stack, ENTRY.kind.name);
    let mut live = live(group.log_group_name().unwrap_or_default(), have, logs::arn(group), owner);
    live.private = look::birth(group);
    live.data = group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0).map(size);
    live
}

fn live(name: &str, spec: Spec, arn: String, owner: Owner) -> Live<Spec> {
    let mut live = Live::new(&arn, name, owner, spec).output("name", name);
    live.handles = vec![format!("log_group/{name}"), arn.clone()];
    live.output("arn", arn)
}

fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let unit = units.into_iter().find(|(_, factor)| bytes >= *factor);
    unit.map_or_else(|| format!("{bytes} bytes of logs"), |(unit, factor)| format!("{} {unit} of logs", bytes / factor))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group() -> aws_sdk_cloudwatchlogs::types::builders::LogGroupBuilder {
        LogGroup::builder().log_group_name("cruddur-web").arn("arn:aws:logs:eu-west-1:1:log-group:cruddur-web:*")
    }

    #[test]
    fn a_plain_group_reads_as_one_without_settings() {
        let live = observed(&group().stored_bytes(0).build(), &Tags::new(), "cruddur");
        let plain = json!({ "class": "STANDARD", "retention": "forever", "kms_key": "", "tags": {} });
        assert_eq!(json!(live.have), plain);
        assert_eq!(live.id, "arn:aws:logs:eu-west-1:1:log-group:cruddur-web");
        assert_eq!((live.owner, live.data), (Owner::Nobody, None));
    }

    #[test]
    fn settings_size_and_mark_are_read() {
        let marked = tags::marked(&Tags::from([("team".into(), "a".into())]), "cruddur", &id("web"));
        let full = group().retention_in_days(14).stored_bytes(3_400_000).kms_key_id("arn:key");
        let live = observed(&full.log_group_class(LogGroupClass::InfrequentAccess).build(), &marked, "cruddur");
        let have = json!(live.have);
        assert_eq!(have["retention"], 14);
        assert_eq!(have["class"], "INFREQUENT_ACCESS");
        assert_eq!(have["kms_key"], "arn:key");
        assert_eq!(have["tags"], json!({ "team": "a" }));
        assert_eq!(live.owner, Owner::Ours(id("web")));
        assert_eq!(live.data.as_deref(), Some("3 MB of logs"));
    }

    #[test]
    fn the_retention_of_an_account_policy_is_not_the_groups_own() {
        let group = group().retention_in_days(30).retention_policy_name("all-30").build();
        assert_eq!(json!(observed(&group, &Tags::new(), "cruddur").have)["retention"], "forever");
    }
}
