//! Hosted zones of the stack's own (`create: true`). CreateHostedZone takes no tags, so the mark is in the caller reference
//! (`evenkeel/<stack>/<zone>/<token>`), which ListHostedZones gives back; tags follow, ten to a call, and make an adopted
//! zone ours. Names are not unique in Route 53: a foreign public zone of the name is a conflict. The name servers are read
//! from the NS record at the apex. Only an empty zone can be deleted (HostedZoneNotEmpty); foreign records stay.

use async_trait::async_trait;
use aws_sdk_route53::types::{HostedZoneConfig, ResourceRecordSet, RrType, Tag, TagResourceType};
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use super::records::form::{is_apex, key, sort};
use crate::client::Aws;
use crate::read::{Fetched, route53};
use crate::resource::{Driver, Entry, doc, spec};
use crate::stack::model::Stack;
use crate::tags::{self, Tags};

/// Most tags that one ChangeTagsForResource sets, and likewise removes.
const TAG_BATCH: usize = 10;

/// The kind `hosted_zone`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "hosted_zone",
        title: "Route 53 hosted zone",
        fields: &[Field::immutable("name")],
        outputs: &["id", "zone_id", "name", "name_servers"],
        replace: Replace::DeleteFirst,
        name_limit: 255,
        ready: Ready::AtOnce,
        deadline_secs: 300,
        ..Kind::PLAIN
    },
    contribute,
    driver: &HostedZones,
    actions: &[
        "route53:ListHostedZones",
        "route53:ListTagsForResource",
        "route53:ListTagsForResources",
        "route53:ListResourceRecordSets",
        "route53:CreateHostedZone",
        "route53:ChangeTagsForResource",
        "route53:UpdateHostedZoneComment",
        "route53:DeleteHostedZone",
    ],
};

/// The node of a zone that the stack makes.
pub fn id(zone: &str) -> NodeId {
    NodeId::new("hosted_zone", zone)
}

/// A hosted zone in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// The comment; `None`: not managed.
    pub comment: Option<String>,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for zone in stack.dns.iter().filter(|zone| zone.create) {
        let want = Spec { name: zone.name.clone(), comment: zone.comment.clone(), tags: zone.tags.clone() };
        let mut node = Node::new(id(&zone.name), &zone.name, doc(&want));
        node.origin = Some(zone.place.to_string());
        node.protect = zone.protect;
        nodes.push(node);
    }
}

struct HostedZones;

#[async_trait]
impl Driver for HostedZones {
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        let read = &fetched.route53;
        let zones = read.zones.as_ref().map_err(Clone::clone)?;
        let tags = read.tags.as_ref().map_err(Clone::clone)?;
        let none = Tags::new();
        let mut lives = Vec::new();
        for zone in zones.iter().filter(|zone| !zone.private) {
            let tags = tags.get(&zone.id).unwrap_or(&none);
            let owner = owner(zone, tags, &fetched.stack);
            let ours = matches!(owner, Owner::Ours(_));
            if !ours && !read.wanted.managed.contains(&zone.name) {
                continue;
            }
            let have = Spec { name: zone.name.clone(), comment: zone.comment.clone(), tags: tags::user(tags) };
            let mut live = live(&have, &zone.id, owner);
            match read.records.get(&zone.id) {
                Some(Ok(sets)) => {
                    live = with_name_servers(live, name_servers(sets, &zone.name));
                    live.kept_by = foreign(sets, &zone.name, &fetched.stack);
                }
                Some(Err(error)) if error.class != ErrorClass::Gone => return Err(error.clone()),
                _ => {}
            }
            lives.push(live);
        }
        Ok(lives)
    }

    async fn create(&self, aws: &Aws, stack: &str, order: Create<'_>) -> Result<Live, CloudError> {
        let want: Spec = spec(order.want)?;
        let reference = route53::reference(stack, &want.name, order.token);
        let config = want.comment.as_ref().map(|comment| HostedZoneConfig::builder().comment(comment).build());
        let reply = aws
            .caller
            .send("route53:CreateHostedZone", || {
                aws.route53
                    .create_hosted_zone()
                    .name(&want.name)
                    .caller_reference(&reference)
                    .set_hosted_zone_config(config.clone())
                    .send()
            })
            .await?;
        let id = reply.hosted_zone().map(|zone| route53::bare(zone.id()).to_owned());
        let id = id.ok_or_else(|| CloudError::bug("route53:CreateHostedZone", "the reply names no zone"))?;
        set_tags(aws, &id, &Tags::new(), &tags::marked(&want.tags, stack, order.node)).await?;
        let servers = reply.delegation_set().map(|set| set.name_servers().to_vec()).unwrap_or_default();
        Ok(with_name_servers(live(&want, &id, Owner::Ours(order.node.clone())), servers))
    }

    async fn update(&self, aws: &Aws, stack: &str, order: Update<'_>) -> Result<Live, CloudError> {
        let (have, want): (Spec, Spec) = (spec(&order.live.have)?, spec(order.want)?);
        let changed = |field: &str| order.changes.iter().any(|change| change.field() == field);
        let id = &order.live.id;
        if changed("comment") {
            let request = || aws.route53.update_hosted_zone_comment().id(id).set_comment(want.comment.clone()).send();
            aws.caller.send("route53:UpdateHostedZoneComment", request).await?;
        }
        let owner = Owner::Ours(order.node.clone());
        if changed("tags") || order.live.owner != owner {
            // The marks are written along: a run that was interrupted may have left a zone without any.
            set_tags(aws, id, &have.tags, &tags::marked(&want.tags, stack, order.node)).await?;
        }
        let mut after = order.live.clone();
        after.owner = owner;
        after.have = doc(&Spec { comment: want.comment.clone().or(have.comment), ..want });
        Ok(after)
    }

    async fn delete(&self, aws: &Aws, _node: &NodeId, live: &Live) -> Result<(), CloudError> {
        let request = || aws.route53.delete_hosted_zone().id(&live.id).send();
        match aws.caller.send("route53:DeleteHostedZone", request).await {
            Err(error) if error.class != ErrorClass::Gone => Err(error),
            _ => Ok(()),
        }
    }

    async fn holders(&self, aws: &Aws, live: &Live) -> Vec<String> {
        let sets = route53::records(aws, &live.id).await.unwrap_or_default();
        let left = sets.iter().filter(|set| !is_apex(set, &live.name)).map(key);
        left.map(|(name, kind)| format!("record {name} {kind}")).collect()
    }
}

fn owner(zone: &route53::Zone, tags: &Tags, stack: &str) -> Owner {
    match (tags::owner(tags, stack, ENTRY.kind.name), zone.stack()) {
        // Made by a run that did not come to the tags.
        (Owner::Nobody, Some(maker)) if maker == stack => Owner::Ours(id(&zone.name)),
        (Owner::Nobody, Some(maker)) => Owner::OtherStack(maker.to_owned()),
        (owner, _) => owner,
    }
}

fn name_servers(sets: &[ResourceRecordSet], zone: &str) -> Vec<String> {
    let apex = sets.iter().find(|set| is_apex(set, zone) && *set.r#type() == RrType::Ns);
    let values = apex.map(ResourceRecordSet::resource_records).unwrap_or_default();
    values.iter().map(|record| record.value().to_owned()).collect()
}

fn with_name_servers(live: Live, mut servers: Vec<String>) -> Live {
    for server in &mut servers {
        *server = server.trim_end_matches('.').to_lowercase();
    }
    servers.sort();
    if servers.is_empty() { live } else { live.output("name_servers", servers) }
}

/// What keeps the zone from being given up: records that somebody else made in it.
fn foreign(sets: &[ResourceRecordSet], zone: &str, stack: &str) -> Option<String> {
    match sort(sets, zone, stack).foreign.len() {
        0 => None,
        1 => Some("1 record that is not of this stack".to_owned()),
        count => Some(format!("{count} records that are not of this stack")),
    }
}

fn live(spec: &Spec, id: &str, owner: Owner) -> Live {
    Live::new(id, &spec.name, owner, doc(spec))
        .output("id", id)
        .output("zone_id", id)
        .output("name", spec.name.as_str())
}

async fn set_tags(aws: &Aws, id: &str, from: &Tags, to: &Tags) -> Result<(), CloudError> {
    let (set, remove) = tags::changes(from, to);
    let set: Vec<Tag> = set.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    for at in 0..set.len().max(remove.len()).div_ceil(TAG_BATCH) {
        let add: Vec<Tag> = set.iter().skip(at * TAG_BATCH).take(TAG_BATCH).cloned().collect();
        let drop: Vec<String> = remove.iter().skip(at * TAG_BATCH).take(TAG_BATCH).cloned().collect();
        let request = || {
            aws.route53
                .change_tags_for_resource()
                .resource_type(TagResourceType::Hostedzone)
                .resource_id(id)
                .set_add_tags(Some(add.clone()).filter(|tags| !tags.is_empty()))
                .set_remove_tag_keys(Some(drop.clone()).filter(|keys| !keys.is_empty()))
                .send()
        };
        aws.caller.send("route53:ChangeTagsForResource", request).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(reference: &str) -> route53::Zone {
        route53::Zone {
            id: "Z1".to_owned(),
            name: "cruddur.example".to_owned(),
            private: false,
            comment: None,
            reference: reference.to_owned(),
            linked: false,
        }
    }

    #[test]
    fn a_zone_is_ours_by_its_caller_reference_until_tags_say_otherwise() {
        let node = id("cruddur.example");
        let (none, ours) = (Tags::new(), zone("evenkeel/cruddur/cruddur.example/0f"));
        assert_eq!(owner(&ours, &none, "cruddur"), Owner::Ours(node.clone()));
        assert_eq!(owner(&ours, &none, "blog"), Owner::OtherStack("cruddur".to_owned()));
        assert_eq!(owner(&zone("by hand"), &none, "cruddur"), Owner::Nobody);
        assert_eq!(
            owner(&zone("by hand"), &tags::marked(&none, "cruddur", &node), "cruddur"),
            Owner::Ours(node.clone())
        );
        let taken = tags::marked(&none, "blog", &node);
        assert_eq!(owner(&ours, &taken, "cruddur"), Owner::OtherStack("blog".to_owned()));
    }
}
