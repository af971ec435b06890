//! Instance profiles: what gives a role to the instances of a capacity provider. Each holds one role at most. Calls:
//! CreateInstanceProfile (with tags), AddRoleToInstanceProfile, RemoveRoleFromInstanceProfile, DeleteInstanceProfile, which wants it
//! empty. Names are unique in the account whatever their case; they lie under the path of the stack's roles and carry the region.

use async_trait::async_trait;
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::name;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

pub use super::profiles::KIND;
use super::profiles::{Found, one};
use super::read::{Iam, path};
use super::role::sdk_tags;
use crate::call::gone::{not_yet, unless_gone};
use crate::read::Fetched;
use crate::resource::{Creation, Entry, Modification, Paced, Resource, Work, tagged, wanted};
use crate::tags::{self, Retag, Tags};
use crate::touch::Touch;
use evenkeel_stack::model::{Meta, Profile, Stack};

const NAME_LIMIT: usize = 128;

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: KIND,
        title: "IAM instance profile",
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: NAME_LIMIT,
        ready: Ready::AtOnce,
        deadline_secs: 120,
        // EC2 may not know it before.
        takes_secs: 10,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Profiles,
    paced: Paced::NOT,
    actions: &[
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
        "iam:PassRole",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
    ],
};

/// The node for an entry of `capacity_providers:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new(KIND, entry)
}

/// An instance profile in canonical form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The name of the role in it; empty if there is none.
    pub role: Text,
    /// The user's tags.
    pub tags: Tags,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, provider) in &stack.capacity_providers {
        let Profile::Made(role) = &provider.managed.profile else { continue };
        let want = Spec { role: role.clone(), tags: provider.meta.tags.clone() };
        // The name of the entry is the capacity provider's.
        let meta = Meta { name: None, protect: false, ..provider.meta.clone() };
        nodes.push(wanted(id, entry, &meta, name::physical(&stack.role_prefix(), entry, NAME_LIMIT), &want));
    }
}

fn live(found: &Found, owner: Owner) -> Live<Spec> {
    let have = Spec { role: found.role.as_str().into(), tags: tags::user(&found.tags) };
    let mut live = Live::new(&found.name, &found.name, owner, have)
        .output("arn", found.arn.as_str())
        .output("name", found.name.as_str());
    live.handles = vec![found.arn.clone(), format!("{KIND}/{}", found.name)];
    live.uses = vec![format!("role/{}", found.role)];
    live.replaces = found.tags.get(tags::REPLACES).cloned();
    live
}

struct Profiles;

tagged!(Spec);

#[async_trait]
impl Resource for Profiles {
    type Want = Spec;
    type Have = Spec;
    const GLOBAL: bool = true;

    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live<Spec>>, CloudError> {
        let iam: &Iam = fetched.part()?;
        let mark = tags::global(&fetched.stack, &fetched.region);
        let found = iam.instance_profiles.as_ref().map_err(Clone::clone)?;
        Ok(found.iter().map(|found| live(found, tags::owner(&found.tags, &mark, KIND))).collect())
    }

    async fn create(&self, work: Work<'_>, order: &Creation<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let (aws, name) = (work.aws, order.order.name);
        let marks = sdk_tags(&order.tags)?;
        let request = || {
            let request = aws.iam().create_instance_profile().instance_profile_name(name);
            request.path(path(work.stack, &aws.region)).set_tags(Some(marks.clone())).send()
        };
        let mut found = match aws.caller.send("iam:CreateInstanceProfile", request).await {
            Ok(reply) => {
                let arn = reply.instance_profile().map(|profile| profile.arn().to_owned()).unwrap_or_default();
                Found { name: name.to_owned(), arn, role: String::new(), tags: order.tags.clone() }
            }
            // It may be half made.
            Err(error) if error.class == ErrorClass::Exists => {
                let mark = work.mark(true);
                let ours =
                    |found: &Found| tags::owner(&found.tags, &mark, KIND) == Owner::Ours(order.order.node.clone());
                one(aws, name).await?.filter(ours).ok_or(error)?
            }
            Err(error) => return Err(error),
        };
        hold(work, &mut found, &order.want.role).await?;
        Ok(live(&found, Owner::Nobody))
    }

    async fn write_tags(&self, work: Work<'_>, live: &Live<Spec>, tags: &Retag) -> Result<(), CloudError> {
        let (aws, name) = (work.aws, live.id.as_str());
        // To IAM, keys that differ in case only are one: what goes, goes first.
        if !tags.remove.is_empty() {
            let request = || {
                let request = aws.iam().untag_instance_profile().instance_profile_name(name);
                request.set_tag_keys(Some(tags.remove.clone())).send()
            };
            aws.caller.send("iam:UntagInstanceProfile", request).await?;
        }
        if !tags.set.is_empty() {
            let set = sdk_tags(&tags.set)?;
            let request = || {
                let request = aws.iam().tag_instance_profile().instance_profile_name(name);
                request.set_tags(Some(set.clone())).send()
            };
            aws.caller.send("iam:TagInstanceProfile", request).await?;
        }
        Ok(())
    }

    async fn update(&self, work: Work<'_>, order: &Modification<'_, Spec>) -> Result<Live<Spec>, CloudError> {
        let have = &order.live.have;
        let role = have.role.known().unwrap_or_default().to_owned();
        let mut found = Found { name: order.live.id.clone(), role, ..Found::default() };
        hold(work, &mut found, &order.want.role).await?;
        Ok(order.done())
    }

    async fn still_ours(&self, work: Work<'_>, touch: &Touch<'_>) -> Result<(), CloudError> {
        let Some(found) = one(work.aws, &touch.live.id).await? else { return Ok(()) };
        touch.allowed(&found.tags, "iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile")
    }

    async fn delete(&self, work: Work<'_>, _node: &NodeId, live: &Live<Spec>) -> Result<(), CloudError> {
        let aws = work.aws;
        leave(work, &live.id, live.have.role.known().unwrap_or_default()).await?;
        let request = || aws.iam().delete_instance_profile().instance_profile_name(&live.id).send();
        match aws.caller.send("iam:DeleteInstanceProfile", request).await {
            // It holds another role by now.
            Err(error) if error.class == ErrorClass::InUse => {
                let Some(found) = one(aws, &live.id).await? else { return Ok(()) };
                leave(work, &live.id, &found.role).await?;
                aws.caller.send("iam:DeleteInstanceProfile", request).await.map(drop)
            }
            reply => reply.map(drop),
        }
    }
}

/// Puts the wanted role into a profile in place of what it holds.
async fn hold(work: Work<'_>, found: &mut Found, role: &Text) -> Result<(), CloudError> {
    let (aws, role) = (work.aws, role.known().unwrap_or_default());
    if found.role == role {
        return Ok(());
    }
    leave(work, &found.name, &found.role).await?;
    let request = || aws.iam().add_role_to_instance_profile().instance_profile_name(&found.name).role_name(role).send();
    aws.caller.send("iam:AddRoleToInstanceProfile", request).await.map_err(not_yet)?;
    role.clone_into(&mut found.role);
    Ok(())
}

/// Takes a role out of a profile, if it holds one; that it is out already does not matter.
async fn leave(work: Work<'_>, profile: &str, role: &str) -> Result<(), CloudError> {
    if role.is_empty() {
        return Ok(());
    }
    let aws = work.aws;
    let request =
        || aws.iam().remove_role_from_instance_profile().instance_profile_name(profile).role_name(role).send();
    unless_gone(aws.caller.send("iam:RemoveRoleFromInstanceProfile", request).await)
}
