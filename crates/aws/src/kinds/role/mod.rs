//! An IAM role of ours with its policies, under the path `/evenkeel/<stack>/`. Calls: `iam:CreateRole` (with tags), then
//! `iam:AttachRolePolicy` and `iam:PutRolePolicy` side by side; only what changed is updated; policies go before the role.
//! Name and path cannot be changed; the path is not compared, so that a role made elsewhere can be adopted.
//! Names are unique in the account whatever their case. `iam:UpdateRole` resets what it is not told, so it is told both.

pub mod policy;
mod send;

use std::collections::BTreeMap;

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Field, Kind, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::read::Fetched;
use crate::read::iam::{Found, Iam, SETTINGS, same_name};
use crate::resource::{Driver, Entry, doc, spec};
use crate::stack::model::{ManagedRole, Role, Stack};
use crate::tags::{self, Tags};

const NAME_LIMIT: usize = 64;
/// What IAM gives a role that does not say, in seconds.
const DEFAULT_SESSION: u32 = 3600;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "role",
        title: "IAM role",
        fields: &[Field::set("managed")],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 120,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Roles,
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

/// The node of an entry of `roles:` that is ours to make.
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
    /// The user's tags with all marks: ours, and the one that has the reader look at settings that the overview leaves out.
    fn marked(&self, stack: &str, node: &NodeId) -> Tags {
        let mut tags = tags::marked(&self.tags, stack, node);
        if !self.description.is_empty() || self.max_session_secs != DEFAULT_SESSION {
            tags.insert(SETTINGS.to_owned(), "own".to_owned());
        }
        tags
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, role) in &stack.roles {
        if let Role::Managed(role) = role {
            let own = role.meta.name.clone();
            let name = own.unwrap_or_else(|| name::physical(&stack.name, entry, NAME_LIMIT));
            let mut node = Node::new(id(entry), name, doc(&wanted(role)));
            node.named = role.meta.name.is_some();
            node.moved_from = role.meta.moved_from.as_deref().map(id);
            node.protect = role.meta.protect;
            node.origin = Some(role.meta.place.to_string());
            nodes.push(node);
        }
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

fn observe(iam: &Iam, stack: &str) -> Result<Vec<Live>, CloudError> {
    let mut lives = Vec::new();
    for found in iam.roles.as_ref().map_err(Clone::clone)? {
        let owner = tags::owner(&found.tags, stack, ENTRY.kind.name);
        let of_node = |node: &&Node| match &owner {
            Owner::Ours(ours) => node.id == *ours || node.moved_from.as_ref() == Some(ours),
            Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => same_name(&node.name, &found.name),
        };
        let node = iam.wanted.iter().find(of_node);
        if node.is_none() && !matches!(owner, Owner::Ours(_)) {
            continue;
        }
        let want: Option<Spec> = node.map(|node| spec(&node.want)).transpose()?;
        let mut live = live(&found.name, &found.arn, owner, doc(&from_found(found, want.as_ref())));
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

fn live(name: &str, arn: &str, owner: Owner, have: Doc) -> Live {
    let mut live = Live::new(name, name, owner, have).output("arn", arn).output("name", name);
    live.handles = vec![arn.to_owned(), format!("role/{name}")];
    live
}

struct Roles;

#[async_trait]
impl Driver for Roles {
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        observe(&fetched.iam, &fetched.stack)
    }

    async fn create(&self, aws: &Aws, stack: &str, order: Create<'_>) -> Result<Live, CloudError> {
        let want: Spec = spec(order.want)?;
        let arn = send::create_role(aws, stack, &order, &want).await?;
        let managed: Vec<&str> = want.managed.iter().filter_map(Text::known).collect();
        let added = send::add_policies(aws, order.name, &managed, &want.inline.iter().collect::<Vec<_>>()).await;
        // A role that was made a moment ago is not known everywhere yet.
        added.map_err(|error| match error.class {
            ErrorClass::Gone => CloudError { class: ErrorClass::Propagating, ..error },
            _ => error,
        })?;
        Ok(live(order.name, &arn, Owner::Ours(order.node.clone()), order.want.clone()))
    }

    async fn update(&self, aws: &Aws, stack: &str, order: Update<'_>) -> Result<Live, CloudError> {
        let (have, want): (Spec, Spec) = (spec(&order.live.have)?, spec(order.want)?);
        let mut from = have.tags.clone();
        if order.live.owner == Owner::Ours(order.node.clone()) {
            from = have.marked(stack, order.node);
        }
        let to = want.marked(stack, order.node);
        send::update(aws, &order.live.id, (&have, &want), (&from, &to)).await?;
        let mut live = order.live.clone();
        live.owner = Owner::Ours(order.node.clone());
        live.have = order.want.clone();
        Ok(live)
    }

    async fn delete(&self, aws: &Aws, _node: &NodeId, live: &Live) -> Result<(), CloudError> {
        let have: Spec = spec(&live.have)?;
        let managed: Vec<String> = have.managed.iter().filter_map(Text::known).map(str::to_owned).collect();
        let inline: Vec<String> = have.inline.into_keys().collect();
        send::remove_policies(aws, &live.id, &managed, &inline).await?;
        match send::delete_role(aws, &live.id).await {
            // Somebody added a policy, or put it into an instance profile.
            Err(error) if error.class == ErrorClass::InUse => {
                send::remove_whatever_is_left(aws, &live.id).await?;
                send::delete_role(aws, &live.id).await
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(name: &str, stack: Option<&str>) -> Found {
        Found {
            name: name.to_owned(),
            arn: format!("arn:aws:iam::1:role/evenkeel/a/{name}"),
            trust: "%7B%22Statement%22%3A%7B%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D".to_owned(),
            managed: vec!["arn:2".to_owned(), "arn:1".to_owned()],
            tags: stack.map(|stack| tags::marked(&Tags::new(), stack, &id("task"))).unwrap_or_default(),
            ..Found::default()
        }
    }

    #[test]
    fn a_role_is_read_in_canonical_form() {
        let iam = Iam { roles: Ok(vec![found("a-task", Some("a"))]), wanted: Vec::new(), existing: Vec::new() };
        let live = &observe(&iam, "a").unwrap()[0];
        assert_eq!(
            live.have,
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
        let roles = vec![found("A-Task", None), found("b", None), found("a-task-2", Some("other"))];
        let iam = Iam { roles: Ok(roles), wanted, existing: Vec::new() };
        let names: Vec<String> = observe(&iam, "a").unwrap().into_iter().map(|live| live.name).collect();
        assert_eq!(names, ["a-task", "a-task-2"]);
    }
}
