//! Hosted zones of the stack's own (`create: true`). CreateHostedZone takes no tags, so the mark is in the caller reference
//! (`evenkeel/<stack>@<region>/<zone>/<token>`), which ListHostedZones gives back; tags follow, ten to a call, and make an
//! adopted zone ours. Names are not unique in Route 53: a foreign public zone of the name is a conflict, and what is there is
//! looked at once more before a zone is made; of runs that do so at the same time only one succeeds, as they share a reference. The name servers are read from the NS record at the apex. Only an empty zone
//! can be deleted (HostedZoneNotEmpty); foreign records stay.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_sdk_route53::operation::create_hosted_zone::CreateHostedZoneOutput;
use aws_sdk_route53::types::{HostedZoneConfig, ResourceRecordSet, RrType, Tag, TagResourceType};
use evenkeel_core::doc::fingerprint;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::proofs;
use super::records::form::{is_apex, key};
use super::records::sort::sort;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, tagged};
use crate::services::route53::read::{self as route53, Route53};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::Stack;

/// The kind's name.
pub const KIND: &str = "hosted_zone";
/// For how long runs share a caller reference, seconds: far longer than it takes from a look to the creation.
const AT_ONCE_SECS: u64 = 600;
/// Most tags that one ChangeTagsForResource sets, and likewise removes.
const TAG_BATCH: usize = 10;

/// The kind `hosted_zone`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
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
    paced: Paced::NOT,
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

/// The node of a zone of `dns:`.
pub fn id(zone: &str) -> NodeId {
    NodeId::new(KIND, zone)
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
    /// Whether it carries the stack's tags: a run that was interrupted may have left it without.
    pub marked: bool,
}

/// A zone to look up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// The id, if the file gives it: it chooses among several of one name.
    pub id: Option<String>,
}

/// What a person has to do once a zone is there.
pub fn next_step(zone: &str) -> String {
    format!("enter the name servers at the registrar of {zone}, unless that is done")
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for zone in &stack.dns {
        let (name, id) = (&zone.name, id(&zone.name));
        let mut node = if zone.create {
            let (comment, tags) = (zone.comment.clone(), zone.tags.clone());
            Node::new(id, name, doc(&Spec { name: name.clone(), comment, tags, marked: true }))
        } else {
            let given = zone.zone_id.as_deref().map(|id| route53::bare(id).to_owned());
            Node::lookup(id, name, doc(&Sought { name: name.clone(), id: given }))
        };
        node.origin = Some(zone.place.to_string());
        node.protect = zone.create && zone.protect;
        nodes.push(node);
    }
    // Certificates are validated in zones that the section need not have.
    let aside = stack.zones_aside().into_iter();
    nodes.extend(aside.map(|zone| Node::lookup(id(zone), zone, doc(&Sought { name: zone.to_owned(), id: None }))));
}

struct HostedZones;

tagged!(Spec);

#[async_trait]
impl Resource for HostedZones {
    type Want = Spec;
    type Have = Spec;
    const GLOBAL: bool = true;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let read: &Route53 = fetched.part()?;
        let zones = read.zones.as_ref().map_err(Clone::clone)?;
        let tags = read.tags.as_ref().map_err(Clone::clone)?;
        let scope = tags::global(&fetched.stack, &fetched.region);
        let proofs = proofs::owner(&fetched.stack, &fetched.region);
        let none = Tags::new();
        let mut lives = Vec::new();
        for zone in zones {
            let tags = tags.get(&zone.id).unwrap_or(&none);
            let owner = owner(zone, tags, &scope);
            let marked = matches!(owner, Owner::Ours(_) | Owner::Stray(_));
            if !marked && (zone.private || !read.wanted.managed.contains(&zone.name)) {
                continue;
            }
            let mut live = observed(zone, tags, owner, &scope);
            match read.records.get(&zone.id) {
                Some(Ok(sets)) => {
                    live = with_name_servers(live, name_servers(sets, &zone.name));
                    live.kept_by = foreign(sets, &zone.name, &scope, &proofs);
                }
                Some(Err(error)) if error.class != ErrorClass::Gone => return Err(error.clone()),
                _ => {}
            }
            lives.push(live);
        }
        Ok(lives)
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        let zones = fetched.part::<Route53>()?.zones.as_ref().map_err(Clone::clone)?;
        let sought: Sought = spec(&node.want)?;
        let zone = route53::choose(zones, &sought.name, sought.id.as_deref())?;
        Ok(zone.map(|zone| live(node.want.clone(), &sought.name, &zone.id, Owner::Nobody)))
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, want) = (work.aws, &order.want);
        let scope = work.mark(true);
        if let Some(there) = made_meanwhile(aws, want, &scope).await? {
            return Ok(there);
        }
        let shared = shared_reference(&scope, &want.name, SystemTime::now());
        let spent = aws.memory::<Spent>();
        let made = if spent.has(&shared) {
            create(aws, want, &route53::reference(&scope, &want.name, order.order.token)).await
        } else {
            create(aws, want, &shared).await
        };
        let reply = match made {
            Err(error) if error.class == ErrorClass::Exists => {
                if let Some(there) = made_meanwhile(aws, want, &scope).await? {
                    return Ok(there);
                }
                // It may not be listed yet, so it is looked for once more. If it is not there then, it has come and gone.
                spent.note(shared);
                return Err(error);
            }
            made => made?,
        };
        let id = reply.hosted_zone().map(|zone| route53::bare(zone.id()).to_owned());
        let id = id.ok_or_else(|| CloudError::bug("route53:CreateHostedZone", "the reply names no zone"))?;
        retag(aws, &id, &Retag::set(order.tags.clone())).await?;
        let servers = reply.delegation_set().map(|set| set.name_servers().to_vec()).unwrap_or_default();
        Ok(with_name_servers(live(want.clone(), &want.name, &id, Owner::Nobody), servers))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        retag(work.aws, &live.id, tags).await
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, id, want) = (work.aws, &order.live.id, &order.want);
        if order.changes("comment") {
            let request = || aws.route53().update_hosted_zone_comment().id(id).set_comment(want.comment.clone()).send();
            aws.caller.send("route53:UpdateHostedZoneComment", request).await?;
        }
        if order.changes("marked") {
            // A run that was interrupted has left a zone without any marks.
            let marks = tags::marked(&Tags::new(), &work.mark(true), order.order.node);
            retag(aws, id, &Retag::set(marks)).await?;
        }
        let mut after = order.done();
        after.have.comment = after.have.comment.or_else(|| order.live.have.comment.clone());
        Ok(after)
    }

    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        still_ours(work, node, live).await?;
        let request = || work.aws.route53().delete_hosted_zone().id(&live.id).send();
        work.aws.caller.send("route53:DeleteHostedZone", request).await.map(drop)
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let sets = route53::records(work.aws, &live.id).await.unwrap_or_default();
        let left = sets.iter().filter(|set| !is_apex(set, &live.name)).map(key);
        left.map(|(name, kind)| format!("record {name} {kind}")).collect()
    }
}

async fn create(aws: &Aws, want: &Spec, reference: &str) -> Result<CreateHostedZoneOutput, CloudError> {
    let config = want.comment.as_ref().map(|comment| HostedZoneConfig::builder().comment(comment).build());
    let request = || {
        let request = aws.route53().create_hosted_zone().name(&want.name).caller_reference(reference);
        request.set_hosted_zone_config(config.clone()).send()
    };
    aws.caller.send("route53:CreateHostedZone", request).await
}

/// Caller references that have been refused although no zone of the stack is there: Route 53 never takes one twice.
#[derive(Debug, Default)]
struct Spent(Mutex<BTreeSet<String>>);

impl Spent {
    fn has(&self, reference: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(reference)
    }

    fn note(&self, reference: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(reference);
    }
}

/// A caller reference that is the same for all runs which make the zone at about that time: only one of them can.
fn shared_reference(scope: &str, zone: &str, now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let token = fingerprint(&json!([scope, zone, since / AT_ONCE_SECS]));
    route53::reference(scope, zone, &token)
}

/// Whose a zone is, for a stack in a region. A mark is for the zone of that name, and for a public one: evenkeel makes no other.
fn owner(zone: &route53::Zone, tags: &Tags, scope: &str) -> Owner {
    let owner = match (tags::owner(tags, scope, KIND), zone.stack()) {
        // Made by a run that did not come to the tags.
        (Owner::Nobody, Some(maker)) if maker == scope => Owner::Ours(id(&zone.name)),
        (Owner::Nobody, Some(maker)) => Owner::OtherStack(tags::told(maker)),
        (owner, _) => owner,
    };
    match owner {
        Owner::Ours(node) if zone.private || node != id(&zone.name) => {
            let private = if zone.private { "private " } else { "" };
            Owner::Stray(format!("{}={scope}, {}={node} on the {private}zone {}", tags::STACK, tags::ID, zone.name))
        }
        owner => owner,
    }
}

/// A zone as it was read.
fn observed(zone: &route53::Zone, tags: &Tags, owner: Owner, scope: &str) -> Live<Spec> {
    let marked = matches!(tags::owner(tags, scope, KIND), Owner::Ours(_));
    let have = Spec { name: zone.name.clone(), comment: zone.comment.clone(), tags: tags::user(tags), marked };
    live(have, &zone.name, &zone.id, owner)
}

/// The zone of the stack that another run has made since the plan was made: it is taken up.
///
/// # Errors
/// `Exists`: somebody else has made one of that name.
async fn made_meanwhile(aws: &Aws, want: &Spec, scope: &str) -> Result<Option<Live<Spec>>, CloudError> {
    let zones = route53::zones(aws).await?;
    let named: Vec<&route53::Zone> = zones.iter().filter(|zone| zone.name == want.name && !zone.private).collect();
    if named.is_empty() {
        return Ok(None);
    }
    let ids: Vec<String> = named.iter().map(|zone| zone.id.clone()).collect();
    let all = route53::tags(aws, &ids).await?;
    let none = Tags::new();
    let tags_of = |zone: &route53::Zone| all.get(&zone.id).unwrap_or(&none);
    let ours = named.iter().find(|zone| matches!(owner(zone, tags_of(zone), scope), Owner::Ours(_)));
    let Some(zone) = ours else {
        let text = format!("a hosted zone {} was created after the plan was made: {}", want.name, ids.join(", "));
        let mut error = CloudError::local(ErrorClass::Exists, "route53:CreateHostedZone", text);
        error.hint = Some("run the plan again to see whose it is".to_owned());
        return Err(error);
    };
    let live = observed(zone, tags_of(zone), Owner::Ours(id(&zone.name)), scope);
    let sets = route53::records(aws, &zone.id).await?;
    Ok(Some(with_name_servers(live, name_servers(&sets, &zone.name))))
}

/// Looks once more whether a zone that is to go carries the mark that it was read with.
async fn still_ours(work: Work<'_>, node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
    let all = route53::tags(work.aws, std::slice::from_ref(&live.id)).await?;
    let owner = all.get(&live.id).map_or(Owner::Nobody, |tags| tags::owner(tags, &work.mark(true), KIND));
    // One that a run made and did not come to mark has no tags to lose.
    if owner == Owner::Ours(node.clone()) || (owner == Owner::Nobody && !live.have.marked) {
        return Ok(());
    }
    let text = format!("the hosted zone {} ({}) no longer carries this stack's mark", live.name, live.id);
    let error = CloudError::local(ErrorClass::Invalid, "route53:DeleteHostedZone", text);
    Err(CloudError { hint: Some("run the plan again to see whose it is".to_owned()), ..error })
}

fn name_servers(sets: &[ResourceRecordSet], zone: &str) -> Vec<String> {
    let apex = sets.iter().find(|set| is_apex(set, zone) && *set.r#type() == RrType::Ns);
    let values = apex.map(ResourceRecordSet::resource_records).unwrap_or_default();
    values.iter().map(|record| record.value().to_owned()).collect()
}

fn with_name_servers(live: Live<Spec>, mut servers: Vec<String>) -> Live<Spec> {
    for server in &mut servers {
        *server = server.trim_end_matches('.').to_lowercase();
    }
    servers.sort();
    if servers.is_empty() { live } else { live.output("name_servers", servers) }
}

/// What keeps the zone from being given up: records that somebody else made in it.
fn foreign(sets: &[ResourceRecordSet], zone: &str, scope: &str, proofs: &str) -> Option<String> {
    // What validates certificates of the stack goes with these.
    match sort(&proofs::without(sets, zone, proofs), zone, scope).others() {
        0 => None,
        1 => Some("1 record that does not belong to this stack".to_owned()),
        count => Some(format!("{count} records that do not belong to this stack")),
    }
}

fn live<D>(have: D, name: &str, id: &str, owner: Owner) -> Live<D> {
    Live::new(id, name, owner, have).output("id", id).output("zone_id", id).output("name", name)
}

async fn retag(aws: &Aws, id: &str, Retag { set, remove }: &Retag) -> Result<(), CloudError> {
    let set: Vec<Tag> = set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    for at in 0..set.len().max(remove.len()).div_ceil(TAG_BATCH) {
        let add: Vec<Tag> = set.iter().skip(at * TAG_BATCH).take(TAG_BATCH).cloned().collect();
        let drop: Vec<String> = remove.iter().skip(at * TAG_BATCH).take(TAG_BATCH).cloned().collect();
        let request = || {
            aws.route53()
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
            count: 0,
        }
    }

    const SCOPE: &str = "cruddur@us-east-1";

    #[test]
    fn runs_of_one_stack_that_make_a_zone_at_once_share_a_reference() {
        let at = |secs| UNIX_EPOCH + std::time::Duration::from_secs(secs);
        let one = shared_reference(SCOPE, "cruddur.example", at(60_000));
        assert_eq!(one, shared_reference(SCOPE, "cruddur.example", at(60_599)));
        assert_eq!(owner(&zone(&one), &Tags::new(), SCOPE), Owner::Ours(id("cruddur.example")));
        for other in [
            shared_reference(SCOPE, "cruddur.example", at(60_600)),
            shared_reference("cruddur@eu-west-1", "cruddur.example", at(60_000)),
            shared_reference(SCOPE, &"x".repeat(120), at(60_000)),
        ] {
            assert_ne!(one, other);
        }
        let long = |last: &str| shared_reference(SCOPE, &format!("{}{last}", "x".repeat(120)), at(0));
        assert_ne!(long("a"), long("b"), "also where the name does not fit in");
    }

    #[test]
    fn a_zone_is_ours_by_its_caller_reference_until_tags_say_otherwise() {
        let node = id("cruddur.example");
        let (none, ours) = (Tags::new(), zone("evenkeel/cruddur@us-east-1/cruddur.example/0f"));
        assert_eq!(owner(&ours, &none, SCOPE), Owner::Ours(node.clone()));
        assert_eq!(owner(&ours, &none, "cruddur@eu-west-1"), Owner::OtherStack("cruddur in us-east-1".to_owned()));
        assert_eq!(owner(&zone("by hand"), &none, SCOPE), Owner::Nobody);
        assert_eq!(owner(&zone("by hand"), &tags::marked(&none, SCOPE, &node), SCOPE), Owner::Ours(node.clone()));
        let taken = tags::marked(&none, "blog@us-east-1", &node);
        assert_eq!(owner(&ours, &taken, SCOPE), Owner::OtherStack("blog in us-east-1".to_owned()));
    }

    #[test]
    fn a_mark_on_another_zone_or_on_a_private_one_does_not_count() {
        let other = tags::marked(&Tags::new(), SCOPE, &id("other.example"));
        assert!(matches!(owner(&zone("by hand"), &other, SCOPE), Owner::Stray(_)));
        let private = route53::Zone { private: true, ..zone("by hand") };
        let marked = tags::marked(&Tags::new(), SCOPE, &id("cruddur.example"));
        assert!(matches!(owner(&private, &marked, SCOPE), Owner::Stray(mark) if mark.contains("private")));
    }

    #[test]
    fn a_zone_without_its_tags_is_told_apart() {
        let half = zone("evenkeel/cruddur@us-east-1/cruddur.example/0f");
        let seen = |tags: &Tags| observed(&half, tags, Owner::Nobody, SCOPE).have.marked;
        assert!(!seen(&Tags::new()));
        assert!(seen(&tags::marked(&Tags::new(), SCOPE, &id("cruddur.example"))));
    }
}
