//! A role that somebody else manages: looked up by name in what the reader of IAM fetched, or, if the file gives the ARN,
//! taken at its word without any request. Never changed.

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::read::Fetched;
use crate::read::iam::Iam;
use crate::resource::{Driver, Entry, doc, spec};
use crate::stack::model::{Role, Stack};

/// The kind.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "existing_role",
        title: "existing IAM role",
        fields: &[],
        outputs: &["arn", "name"],
        replace: Replace::CreateFirst,
        name_limit: 0,
        ready: Ready::AtOnce,
        slow_delete: false,
        deadline_secs: 60,
        lookup: true,
    },
    contribute,
    driver: &Lookup,
    actions: &["iam:GetAccountAuthorizationDetails", "iam:GetRole", "iam:ListRoles"],
};

/// The node of an entry of `roles:` that has `existing:`.
pub fn id(entry: &str) -> NodeId {
    NodeId::new("existing_role", entry)
}

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The role's name.
    pub name: String,
    /// Its ARN, if the file gives it.
    pub arn: Option<String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, role) in &stack.roles {
        if let Role::Existing { place, name, arn } = role {
            let spec = Spec { name: name.clone(), arn: arn.clone() };
            let mut node = Node::new(id(entry), "", doc(&spec));
            node.origin = Some(place.to_string());
            nodes.push(node);
        }
    }
}

fn observe(iam: &Iam) -> Result<Vec<Live>, CloudError> {
    let mut found = Vec::new();
    for node in &iam.existing {
        let spec: Spec = spec(&node.want)?;
        let (name, arn) = match &spec.arn {
            Some(arn) => (spec.name.as_str(), arn.as_str()),
            None => {
                let roles = iam.roles.as_ref().map_err(Clone::clone)?;
                let Some(role) = roles.iter().find(|role| role.name.eq_ignore_ascii_case(&spec.name)) else { continue };
                (role.name.as_str(), role.arn.as_str())
            }
        };
        let live = Live::new(name, "", Owner::Ours(node.id.clone()), node.want.clone());
        found.push(live.output("arn", arn).output("name", name));
    }
    Ok(found)
}

struct Lookup;

#[async_trait]
impl Driver for Lookup {
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        observe(&fetched.iam)
    }

    async fn create(&self, _aws: &Aws, _stack: &str, _order: Create<'_>) -> Result<Live, CloudError> {
        Err(CloudError::bug("existing_role", "an existing role is only looked up"))
    }

    async fn update(&self, _aws: &Aws, _stack: &str, _order: Update<'_>) -> Result<Live, CloudError> {
        Err(CloudError::bug("existing_role", "an existing role is only looked up"))
    }

    async fn delete(&self, _aws: &Aws, _node: &NodeId, _live: &Live) -> Result<(), CloudError> {
        Err(CloudError::bug("existing_role", "an existing role is only looked up"))
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_core::error::ErrorClass;

    use super::*;

    #[test]
    fn a_given_arn_needs_no_reading_and_a_missing_role_is_absent() {
        let node = |entry: &str, spec: &Spec| Node::new(id(entry), "", doc(spec));
        let given = Spec { name: "ecs".to_owned(), arn: Some("arn:aws:iam::1:role/ecs".to_owned()) };
        let named = Spec { name: "other".to_owned(), arn: None };
        let denied = CloudError::local(ErrorClass::Denied, "iam:ListRoles", "no");
        let mut iam = Iam { roles: Err(denied.clone()), wanted: Vec::new(), existing: vec![node("a", &given)] };
        assert_eq!(observe(&iam).unwrap()[0].outputs["arn"], "arn:aws:iam::1:role/ecs");
        iam.existing.push(node("b", &named));
        assert_eq!(observe(&iam), Err(denied));
        iam.roles = Ok(Vec::new());
        assert_eq!(observe(&iam).unwrap().len(), 1);
    }
}
