//! A security group without its rules, which are a node of their own so that groups may refer to each other.
//! Calls: `ec2:CreateSecurityGroup` (with tags), `ec2:CreateTags`, `ec2:DeleteTags`, `ec2:DeleteSecurityGroup`.
//! Name, description and VPC cannot be changed; a changed description is only told, because replacing a group means to
//! touch all its users. Names are unique in a VPC, whatever their case. AWS puts an allow-all egress rule into a new group.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroup, TagSpecification};
use evenkeel_core::cloud::Waiting;
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Polls, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner, Readiness};
use serde::{Deserialize, Serialize};

use super::{network, requests};
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, doc, spec, tagged, wanted};
use crate::services::ec2::groups::{self, VALUES};
use crate::services::ec2::read::{Ec2, Wanted};
use crate::services::ec2::replies::{filter, interface_in_words, same_name, sdk_tags, tags_of};
use crate::tags::{self, Retag, Tags};
use evenkeel_stack::model::Stack;

const NAME_LIMIT: usize = 255;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "security_group",
        title: "security group",
        fields: &[Field::informational("description"), Field::immutable("vpc")],
        outputs: &["id", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtOnce,
        // The network interfaces of stopped tasks and deleted load balancers hold a group for minutes.
        deadline_secs: 1500,
        vacates: true,
        polls: Polls::every(5, 10),
        ..Kind::PLAIN
    },
    contribute,
    driver: &Groups,
    paced: Paced { create: Some("ec2:CreateSecurityGroup"), ..Paced::NOT },
    actions: &[
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteTags",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
    ],
};

/// The node of an entry of `security_groups:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("security_group", entry)
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// At most 255 characters.
    pub description: String,
    /// The id of its VPC.
    pub vpc: Text,
    /// The user's tags.
    pub tags: Tags,
}

/// A group to look for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// Its id, or its name in the VPC of the stack.
    pub group: String,
    /// What is told if it is not found.
    pub look_up: String,
}

impl Sought {
    /// What an entry with `existing:` looks for.
    fn new(group: &str) -> Self {
        let place = if is_id(group) { "" } else { " in the VPC of this stack" };
        Self { group: group.to_owned(), look_up: format!("security group `{group}`{place}") }
    }

    /// Whether this is the group.
    pub fn fits(&self, ec2: &Ec2, group: &SecurityGroup) -> bool {
        if is_id(&self.group) {
            return group.group_id() == Some(&self.group);
        }
        group.group_name().is_some_and(|name| name.eq_ignore_ascii_case(&self.group)) && is_here(ec2, group)
    }
}

/// Whether a text is an id; no name begins so.
pub fn is_id(text: &str) -> bool {
    text.starts_with("sg-")
}

/// The group that a node looks for.
///
/// # Errors
/// That groups could not be read; that it is one of the stack's own.
fn look_up(ec2: &Ec2, stack: &str, node: &Node) -> Result<Option<Live>, CloudError> {
    let sought: Sought = spec(&node.want)?;
    let groups = ec2.groups.as_ref().map_err(Clone::clone)?;
    let Some(group) = groups.iter().find(|group| sought.fits(ec2, group)) else { return Ok(None) };
    let (group_id, name) = (group.group_id().unwrap_or_default(), group.group_name().unwrap_or_default());
    if let Owner::Ours(own) = owner(group, stack) {
        let text = format!("security group {group_id} ({name}) belongs to this stack, as {own}");
        let error = CloudError::local(ErrorClass::Invalid, "ec2:DescribeSecurityGroups", text);
        let hint = format!(
            "`existing` is for groups of others, and this one is made by the entry `{}`: name that, or give it its keys back",
            own.name()
        );
        return Err(CloudError { hint: Some(hint), ..error });
    }
    let live = Live::new(group_id, "", Owner::Nobody, node.want.clone());
    Ok(Some(live.output("id", group_id).output("name", name)))
}

/// The physical name of an entry.
pub fn physical(stack: &Stack, entry: &str) -> String {
    let own = stack.security_groups.get(entry).and_then(|group| group.meta.name.clone());
    own.unwrap_or_else(|| name::physical(&stack.name, entry, NAME_LIMIT))
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, group) in &stack.security_groups {
        if let Some(existing) = &group.existing {
            let mut node = Node::lookup(id(entry), "", doc(&Sought::new(existing)));
            node.origin = Some(group.meta.place.to_string());
            nodes.push(node);
            continue;
        }
        let spec = Spec {
            description: group.description.clone(),
            vpc: Text::output(network::id(), "vpc_id"),
            tags: group.meta.tags.clone(),
        };
        nodes.push(wanted(id, entry, &group.meta, physical(stack, entry), &spec));
    }
}

/// Whose a group is.
pub fn owner(group: &SecurityGroup, stack: &str) -> Owner {
    tags::owner(&tags_of(group.tags()), stack, ENTRY.kind.name)
}

fn live(group: &SecurityGroup, stack: &str) -> Live<Spec> {
    let spec = Spec {
        description: group.description().unwrap_or_default().to_owned(),
        vpc: group.vpc_id().unwrap_or_default().into(),
        tags: tags::user(&tags_of(group.tags())),
    };
    let (id, name) = (group.group_id().unwrap_or_default(), group.group_name().unwrap_or_default());
    let mut live = Live::new(id, name, owner(group, stack), spec).output("id", id).output("name", name);
    live.replaces = tags_of(group.tags()).remove(tags::REPLACES);
    live.uses.extend(group.vpc_id().map(str::to_owned));
    live
}

/// The groups that matter: ours, and those that take a wanted name in the VPC that was looked up.
fn observe(ec2: &Ec2, stack: &str) -> Result<Vec<Live<Spec>>, CloudError> {
    let mut found = Vec::new();
    for group in ec2.groups.as_ref().map_err(Clone::clone)? {
        let mut live = live(group, stack);
        if tags::is_marked(&live.owner) {
            let theirs = ec2.others.rules_in(&live.id)?;
            live.inside = theirs.iter().map(|(_, _, of)| format!("a rule of stack {of}")).collect();
            live.inside.sort();
            live.inside.dedup();
            let named_by = ec2.others.named_by.get(&live.id).map(|all| all.iter().cloned().collect::<Vec<_>>());
            live.kept_by = named_by.map(|all| format!("a place in rules of {}", all.join(", ")));
        }
        if !tags::is_marked(&live.owner) {
            if !is_here(ec2, group) {
                continue;
            }
            if let Some(wanted) = in_the_place_of(ec2, group) {
                live.name.clone_from(&wanted.name);
            } else if !ec2.wanted.values().any(|wanted| same_name(&wanted.name, &live.name)) {
                continue;
            }
        }
        found.push(live);
    }
    Ok(found)
}

/// Whether a group is in a network that was looked up.
fn is_here(ec2: &Ec2, group: &SecurityGroup) -> bool {
    ec2.networks.values().flatten().any(|network| group.vpc_id() == Some(&network.vpc))
}

/// The wanted group whose place another one takes. A name that differs in case only is taken all the same.
pub(super) fn in_the_place_of<'e>(ec2: &'e Ec2, group: &SecurityGroup) -> Option<&'e Wanted> {
    let name = group.group_name().unwrap_or_default();
    let taken = |wanted: &&Wanted| !wanted.name.is_empty() && wanted.name.eq_ignore_ascii_case(name);
    ec2.wanted.values().find(taken).filter(|_| is_here(ec2, group))
}

struct Groups;

tagged!(Spec);

#[async_trait]
impl Resource for Groups {
    type Want = Spec;
    type Have = Spec;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        observe(fetched.part::<Ec2>()?, &fetched.stack)
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        look_up(fetched.part::<Ec2>()?, &fetched.stack, node)
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::SecurityGroup)
            .set_tags(Some(sdk_tags(&order.tags)))
            .build();
        let reply = aws
            .caller
            .send("ec2:CreateSecurityGroup", || {
                aws.ec2()
                    .create_security_group()
                    .group_name(name)
                    .description(&want.description)
                    .set_vpc_id(want.vpc.known().map(str::to_owned))
                    .tag_specifications(tags.clone())
                    .send()
            })
            .await?;
        let id = reply.group_id().unwrap_or_default();
        let mut live = Live::new(id, name, Owner::Nobody, want.clone()).output("id", id).output("name", name);
        live.uses.extend(want.vpc.known().map(str::to_owned));
        Ok(live)
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        requests::write_tags(work.aws, &live.id, tags).await
    }

    async fn update(&self, _work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        // Nothing but the tags changes in place.
        Ok(order.live.clone())
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let request = || work.aws.ec2().delete_security_group().group_id(&live.id).send();
        work.aws.caller.send("ec2:DeleteSecurityGroup", request).await.map(drop)
    }

    async fn poll(&self, work: Work<'_>, waiting: &[Waiting]) -> Vec<Result<Readiness, CloudError>> {
        let ids: Vec<&str> = waiting.iter().map(|one| one.live.id.as_str()).collect();
        match inside(work.aws, &ids).await {
            Err(error) => waiting.iter().map(|_| Err(error.clone())).collect(),
            Ok(found) => {
                let vacancy = |id: &&str| requests::vacancy(found.get(*id).map_or(&[], Vec::as_slice));
                ids.iter().map(|id| Ok(vacancy(id))).collect()
            }
        }
    }

    async fn holders(&self, work: Work<'_>, live: &Live) -> Vec<String> {
        let aws = work.aws;
        let (mut interfaces, ingress, egress) = futures::join!(
            interfaces(aws, &live.id),
            referring(aws, "ip-permission.group-id", &live.id),
            referring(aws, "egress.ip-permission.group-id", &live.id),
        );
        let mut rules: Vec<String> = ingress.into_iter().chain(egress).collect();
        rules.sort();
        rules.dedup();
        interfaces.append(&mut rules);
        interfaces
    }
}

/// Network interfaces in a group, in words; none if they cannot be read, because this only explains.
async fn interfaces(aws: &Aws, group: &str) -> Vec<String> {
    let found = inside(aws, &[group]).await.unwrap_or_default();
    found.into_values().flatten().collect()
}

/// Network interfaces in these groups, in words, by group: one request for all of them.
async fn inside(aws: &Aws, ids: &[&str]) -> Result<BTreeMap<String, Vec<String>>, CloudError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ids in ids.chunks(VALUES) {
        let only = Filter::builder().name("group-id").set_values(Some(ids.iter().map(ToString::to_string).collect()));
        for interface in requests::interfaces(aws, only.build()).await? {
            let id = interface.network_interface_id().unwrap_or_default();
            let words = interface_in_words(id, interface.description().unwrap_or_default());
            for group in interface.groups().iter().filter_map(|group| group.group_id()).filter(|id| ids.contains(id)) {
                found.entry(group.to_owned()).or_default().push(words.clone());
            }
        }
    }
    Ok(found)
}

async fn referring(aws: &Aws, by: &str, group: &str) -> Vec<String> {
    let found = groups::all(aws, &[filter(by, group)]).await.unwrap_or_default();
    found
        .iter()
        .filter(|other| other.group_id() != Some(group))
        .map(|other| {
            let (id, name) = (other.group_id().unwrap_or_default(), other.group_name().unwrap_or_default());
            format!("a rule of security group {id} ({name})")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::ec2::read::{Network, Wanted};

    fn group(id: &str, name: &str, vpc: &str, stack: Option<&str>) -> SecurityGroup {
        let marks =
            stack.map(|stack| sdk_tags(&tags::marked(&Tags::new(), stack, &NodeId::new("security_group", "web"))));
        SecurityGroup::builder().group_id(id).group_name(name).vpc_id(vpc).set_tags(marks).build()
    }

    #[test]
    fn a_strangers_group_counts_only_in_our_vpc_and_whatever_its_case() {
        let spec = network::Spec { vpc: network::VpcChoice::Default, subnets: network::SubnetChoice::Default };
        let ec2 = Ec2 {
            networks: [(network::id(), Ok(Network { spec, vpc: "vpc-1".to_owned(), subnets: Vec::new() }))].into(),
            groups: Ok(vec![
                group("sg-1", "a-web", "vpc-2", None),
                group("sg-2", "A-Web", "vpc-1", None),
                group("sg-3", "a-web-2", "vpc-1", Some("other")),
                group("sg-4", "a-web", "vpc-2", Some("a")),
            ]),
            wanted: [("web".to_owned(), Wanted { name: "a-web".to_owned(), ..Wanted::default() })].into(),
            guests: Ok(Vec::new()),
            hosts: Vec::new(),
            others: Default::default(),
            own: Default::default(),
        };
        let found = observe(&ec2, "a").unwrap();
        let seen: Vec<_> = found.iter().map(|live| (live.id.as_str(), live.name.as_str(), &live.owner)).collect();
        let other = Owner::OtherStack("other".to_owned());
        let ours = Owner::Ours(id("web"));
        assert_eq!(seen, [("sg-2", "a-web", &Owner::Nobody), ("sg-3", "a-web-2", &other), ("sg-4", "a-web", &ours)]);
    }

    #[test]
    fn an_existing_group_is_found_by_name_in_the_vpc_or_by_id_anywhere_and_is_not_our_own() {
        let spec = network::Spec { vpc: network::VpcChoice::Default, subnets: network::SubnetChoice::Default };
        let ec2 = Ec2 {
            networks: [(network::id(), Ok(Network { spec, vpc: "vpc-1".to_owned(), subnets: Vec::new() }))].into(),
            groups: Ok(vec![
                group("sg-1", "db", "vpc-2", None),
                group("sg-2", "DB", "vpc-1", None),
                group("sg-3", "a-web", "vpc-1", Some("a")),
            ]),
            wanted: BTreeMap::new(),
            guests: Ok(Vec::new()),
            hosts: Vec::new(),
            others: Default::default(),
            own: Default::default(),
        };
        let found = |named: &str| look_up(&ec2, "a", &Node::lookup(id("x"), "", doc(&Sought::new(named))));
        let id = |named: &str| found(named).unwrap().map(|live| live.outputs["id"].clone());
        assert_eq!((id("db"), id("sg-1"), id("other")), (Some("sg-2".into()), Some("sg-1".into()), None));
        assert!(found("a-web").unwrap_err().message.contains("belongs to this stack"));
    }
}
