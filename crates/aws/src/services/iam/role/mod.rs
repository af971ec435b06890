//! An IAM role of ours with its policies, under the path `/evenkeel/<stack>/<region>/`. Calls: `iam:CreateRole` (with tags), then
//! `iam:AttachRolePolicy` and `iam:PutRolePolicy` side by side; only what changed is updated; policies go before the role.
//! Name and path cannot be changed; the path is not compared, so that a role made elsewhere can be adopted. Names are unique
//! in the account whatever their case, so by default they carry the region. `iam:UpdateRole` resets what it is not told, so it
//! is told both. What others have put on a role (`inside.rs`) does not go with it unasked.

pub mod existing;
mod inside;
pub mod policy;
mod send;

pub use self::send::sdk_tags;

use std::collections::BTreeMap;

use async_trait::async_trait;
use evenkeel_core::cloud::Update;
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::existing::Sought;
use self::send::Made;
use crate::call::gone::not_yet;
use crate::read::Fetched;
use crate::resource::{self, Creation, Entry, Modification, Paced, Resource, Tagging, Work, doc, spec, tagged};
use crate::services::iam::read::{self, Found, Iam, SETTINGS, same_name};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{ManagedRole, Role, Stack};

const NAME_LIMIT: usize = 64;
/// Where the instance profiles that hold the role are kept in its private state.
const PROFILES: &str = "profiles";
/// What IAM gives a role that does not say, in seconds.
const DEFAULT_SESSION: u32 = 3600;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "role",
        title: "IAM role",
        fields: &[Field::set("managed")],
        talk: &["trust", "inline"],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 120,
        // Other services may not be able to assume it before.
        takes_secs: 10,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Roles,
    paced: Paced::NOT,
    actions: &[
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    ],
};

/// The node of an entry of `roles:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("role", entry)
}

/// The canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// Empty if it has none.
    pub description: String,
    /// Who may assume it; a policy document.
    pub trust: Doc,
    /// ARNs of the attached managed policies.
    pub managed: Vec<Text>,
    /// Inline policy documents by name.
    pub inline: BTreeMap<String, Doc>,
    /// Longest session in seconds.
    pub max_session_secs: u32,
    /// The ARN of the permissions boundary; empty if it has none.
    pub boundary: String,
    /// The user's tags.
    pub tags: Tags,
}

impl Spec {
    /// The marks beside those of every kind: the one that has the reader look at settings that the overview leaves out, and the
    /// one that tells our policies from those that somebody adds.
    fn marks(&self) -> Tags {
        let mut tags = Tags::new();
        if !self.description.is_empty() || self.max_session_secs != DEFAULT_SESSION {
            tags.insert(SETTINGS.to_owned(), "own".to_owned());
        }
        let managed = self.managed.iter().filter_map(Text::known);
        tags.extend(inside::mark(managed, self.inline.keys()).map(|mark| (inside::POLICIES.to_owned(), mark)));
        tags
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, role) in &stack.roles {
        nodes.push(match role {
            Role::Managed(role) => {
                let name = name::physical(&stack.role_prefix(), entry, NAME_LIMIT);
                resource::wanted(id, entry, &role.meta, name, &wanted(role))
            }
            Role::Existing { place, name, arn } => {
                let sought = Sought::new(name, arn.as_deref());
                Node { origin: Some(place.to_string()), ..Node::lookup(id(entry), "", doc(&sought)) }
            }
        });
    }
}

fn wanted(role: &ManagedRole) -> Spec {
    let mut managed = role.managed.clone();
    managed.sort();
    managed.dedup();
    Spec {
        description: role.description.clone().unwrap_or_default(),
        trust: policy::canonical(&role.trust),
        managed,
        inline: role.inline.iter().map(|(name, document)| (name.clone(), policy::canonical(document))).collect(),
        max_session_secs: role.max_session_secs,
        boundary: role.boundary.clone().unwrap_or_default(),
        tags: role.meta.tags.clone(),
    }
}

/// The canonical form of a live role, with its lists in the order of the wanted ones.
fn from_found(found: &Found, want: Option<&Spec>) -> Spec {
    let in_order = |live: Doc, want: Option<&Doc>| match want {
        Some(want) => policy::in_order_of(&live, want),
        None => live,
    };
    let mut managed: Vec<Text> = found.managed.iter().map(|arn| arn.as_str().into()).collect();
    managed.sort();
    let inline = found.inline.iter().map(|(name, document)| {
        let want = want.and_then(|want| want.inline.get(name));
        (name.clone(), in_order(policy::from_reply(document), want))
    });
    Spec {
        description: found.description.clone().unwrap_or_default(),
        trust: in_order(policy::from_reply(&found.trust), want.map(|want| &want.trust)),
        managed,
        inline: inline.collect(),
        max_session_secs: found.max_session_secs.and_then(|secs| secs.try_into().ok()).unwrap_or(DEFAULT_SESSION),
        boundary: found.boundary.clone().unwrap_or_default(),
        tags: tags::user(&found.tags),
    }
}

fn observe(iam: &Iam, scope: &str) -> Result<Vec<Live<Spec>>, CloudError> {
    let mut lives = Vec::new();
    for found in iam.roles.as_ref().map_err(Clone::clone)? {
        let owner = tags::owner(&found.tags, scope, ENTRY.kind.name);
        let of_node = |node: &&Node| match &owner {
            Owner::Ours(ours) => node.id == *ours || node.moved_from.as_ref() == Some(ours),
            Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => {
                same_name(&node.name, &found.name)
            }
        };
        let node = iam.wanted.iter().find(of_node);
        if node.is_none() && !tags::is_marked(&owner) {
            continue;
        }
        let want: Option<Spec> = node.map(|node| spec(&node.want)).transpose()?;
        let mut live = observed(found, owner, want.as_ref());
        // A name that differs in case only is taken all the same: let it meet the wanted one.
        if let Some(node) = node.filter(|node| node.name.eq_ignore_ascii_case(&found.name))
            && !matches!(live.owner, Owner::Ours(_))
        {
            live.name.clone_from(&node.name);
        }
        lives.push(live);
    }
    Ok(lives)
}

/// A role as it was read, in the order of what is wanted.
fn observed(found: &Found, owner: Owner, want: Option<&Spec>) -> Live<Spec> {
    let mut live = live(&found.name, &found.arn, owner, from_found(found, want));
    live.replaces = found.tags.get(tags::REPLACES).cloned();
    if matches!(live.owner, Owner::Ours(_)) {
        live.inside = inside::of(found, want);
    }
    live.private = json!({ PROFILES: found.profiles });
    live
}

fn live(name: &str, arn: &str, owner: Owner, have: Spec) -> Live<Spec> {
    let mut live = Live::new(name, name, owner, have).output("arn", arn).output("name", name);
    live.handles = vec![arn.to_owned(), format!("role/{name}")];
    live
}

/// The instance profiles that hold a role.
fn profiles(live: &Live<Spec>) -> Vec<&str> {
    let all = live.private.get(PROFILES).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}

struct Roles;

tagged!(Spec);

#[async_trait]
impl Resource for Roles {
    type Want = Spec;
    type Have = Spec;
    const GLOBAL: bool = true;
    // They say which policies are ours: what is added is marked with it, what goes is marked until it is gone.
    const TAGS: Tagging = Tagging::Within;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        observe(fetched.part::<Iam>()?, &tags::global(&fetched.stack, &fetched.region))
    }

    fn look_up(&self, fetched: &Fetched, node: &Node) -> Result<Option<Live>, CloudError> {
        existing::look_up(fetched.part::<Iam>()?, node)
    }

    fn marks(&self, want: &Spec) -> Tags {
        want.marks()
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name, want) = (work.aws, order.order.name, &order.want);
        let (arn, added) = match send::create_role(work, order).await? {
            Made::New(arn) => {
                let managed: Vec<&str> = want.managed.iter().filter_map(Text::known).collect();
                let inline: Vec<_> = want.inline.iter().collect();
                (arn, send::add_policies(aws, name, &managed, &inline).await)
            }
            // It may have been made otherwise: what differs is written.
            Made::There(found) => {
                let have = from_found(&found, Some(want));
                let mut marks = order.tags.clone();
                marks.remove(tags::REPLACES);
                marks.extend(found.tags.get_key_value(tags::REPLACES).map(|(key, id)| (key.clone(), id.clone())));
                let done = send::update(aws, name, (&have, want), &Retag::between(&found.tags, &marks)).await;
                (found.arn, done)
            }
        };
        // A role that was made a moment ago is not known everywhere yet.
        added.map_err(not_yet)?;
        let mut live = live(name, &arn, Owner::Nobody, want.clone());
        live.replaces = order.order.replaces.map(str::to_owned);
        Ok(live)
    }

    fn marks_between(&self, live: &Live<Spec>, want: &Spec, order: &Update<'_>) -> (Tags, Tags) {
        // What is taken over carries none of them, whatever it is like.
        let mut from = if live.is_of(order.node) { live.have.marks() } else { Tags::new() };
        if !live.inside.is_empty() {
            // What is there is not all ours, so the mark of it is another.
            from.remove(inside::POLICIES);
        }
        (from, want.marks())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        send::update(work.aws, &order.live.id, (&order.live.have, &order.want), &order.tags).await?;
        let mut live = order.done();
        live.inside = profiles(&live).iter().map(|name| inside::profile(name)).collect();
        Ok(live)
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        // A deletion has more to look at, and looks itself.
        if touch.deletes {
            return Ok(());
        }
        let Some(tags) = read::tags_of(work.aws, &touch.live.id).await? else { return Ok(()) };
        touch.allowed(&tags, "iam:UpdateRole", "iam:DeleteRole")
    }

    async fn delete(&self, work: Work<'_>, node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let (aws, have) = (work.aws, &live.have);
        let Some(tags) = read::tags_of(aws, &live.id).await? else { return Ok(()) };
        // What gives way to a successor may still carry the mark of the entry's old name.
        if tags::owner(&tags, &work.mark(true), node.kind()) != live.owner {
            return Err(refused(format!("the role {} no longer carries this stack's mark", live.id)));
        }
        let managed: Vec<String> = have.managed.iter().filter_map(Text::known).map(str::to_owned).collect();
        let inline: Vec<String> = have.inline.keys().cloned().collect();
        send::remove_policies(aws, &live.id, &managed, &inline).await?;
        send::leave_profiles(aws, &live.id, &profiles(live)).await?;
        match send::delete_role(aws, &live.id).await {
            Err(error) if error.class == ErrorClass::InUse => {
                // Policies of ours may have been shown too late; anything else was added by somebody.
                let (managed, inline, profiles) = send::what_is_left(work, &live.id).await?;
                let foreign = inside::foreign(&tags, &managed, &inline, &profiles);
                if !foreign.is_empty() {
                    let text = format!("the role {} got {} after the plan was made", live.id, foreign.join(", "));
                    return Err(refused(text));
                }
                send::remove_policies(aws, &live.id, &managed, &inline).await?;
                send::delete_role(aws, &live.id).await
            }
            other => other,
        }
    }
}

/// What somebody did between the plan and the deletion.
fn refused(text: String) -> CloudError {
    let error = CloudError::local(ErrorClass::Invalid, "iam:DeleteRole", text);
    CloudError { hint: Some("run the plan again to see the current state".to_owned()), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, stack: Option<&str>) -> Found {
        Found {
            name: name.to_owned(),
            arn: format!("arn:aws:iam::1:role/evenkeel/a/eu-west-1/{name}"),
            trust: "%7B%22Statement%22%3A%7B%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D".to_owned(),
            managed: vec!["arn:2".to_owned(), "arn:1".to_owned()],
            tags: stack.map(|stack| tags::marked(&Tags::new(), stack, &id("task"))).unwrap_or_default(),
            ..Found::default()
        }
    }

    #[test]
    fn a_role_is_read_in_canonical_form() {
        let iam = Iam { roles: Ok(vec![found("a-task", Some("a@eu-west-1"))]), ..Iam::nothing() };
        let live = &observe(&iam, "a@eu-west-1").unwrap()[0];
        assert_eq!(
            json!(live.have),
            json!({
                "description": "", "boundary": "", "max_session_secs": 3600, "tags": {}, "inline": {},
                "managed": ["arn:1", "arn:2"],
                "trust": { "Version": "2008-10-17", "Statement": [{ "Action": ["sts:AssumeRole"] }] },
            })
        );
        assert_eq!(live.handles[1], "role/a-task");
    }

    #[test]
    fn a_strangers_role_counts_only_if_it_has_a_wanted_name() {
        let spec = from_found(&found("a-task", None), None);
        let wanted = vec![Node::new(id("task"), "a-task", doc(&spec))];
        let roles = vec![found("A-Task", None), found("b", None), found("a-task-2", Some("a@us-east-1"))];
        let iam = Iam { roles: Ok(roles), wanted, ..Iam::nothing() };
        let names: Vec<String> = observe(&iam, "a@eu-west-1").unwrap().into_iter().map(|live| live.name).collect();
        assert_eq!(names, ["a-task", "a-task-2"]);
    }
}
