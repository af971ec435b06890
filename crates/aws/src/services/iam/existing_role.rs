//! A role that somebody else manages: looked up by name in what the reader of IAM fetched, or, if the file gives the ARN,
//! taken at its word without any request. Never changed.

use std::collections::BTreeSet;

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::doc::{Text, fill};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use super::role;
use crate::client::Aws;
use crate::read::Fetched;
use crate::resource::{Driver, Entry, doc, spec};
use crate::services::iam::read::Iam;
use evenkeel_stack::model::{Role, Stack};

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
        deadline_secs: 60,
        lookup: true,
        ..Kind::PLAIN
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
    /// What is told if it is not found.
    pub look_up: String,
}

impl Spec {
    /// A role to look for.
    pub fn new(name: &str, arn: Option<&str>) -> Self {
        Self { name: name.to_owned(), arn: arn.map(str::to_owned), look_up: format!("IAM role `{name}`") }
    }
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for (entry, role) in &stack.roles {
        if let Role::Existing { place, name, arn } = role {
            let spec = Spec::new(name, arn.as_deref());
            let mut node = Node::new(id(entry), "", doc(&spec));
            node.origin = Some(place.to_string());
            nodes.push(node);
        }
    }
}

/// Points references to `role.<entry>` at `existing_role.<entry>` where the entry is one of these.
///
/// The file calls both kinds of roles by their entry, so other kinds need not know which it is.
pub fn redirect(nodes: &mut [Node]) {
    let existing: BTreeSet<String> =
        nodes.iter().filter(|node| node.id.kind() == ENTRY.kind.name).map(|node| node.id.name().to_owned()).collect();
    let meant = |node: &NodeId| node.kind() == role::ENTRY.kind.name && existing.contains(node.name());
    if existing.is_empty() {
        return;
    }
    for node in nodes {
        node.want = fill(&node.want, &|hole| {
            meant(&hole.node).then(|| Text::output(id(hole.node.name()), &hole.output).to_value())
        });
        node.needs = std::mem::take(&mut node.needs)
            .into_iter()
            .map(|need| if meant(&need) { id(need.name()) } else { need })
            .collect();
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
        observe(fetched.part::<Iam>()?)
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
    use serde_json::json;

    use super::*;

    #[test]
    fn references_reach_the_role_that_is_looked_up() {
        let arn = |entry: &str| Text::output(role::id(entry), "arn");
        let want =
            json!({ "a": arn("ours"), "b": ["x", arn("theirs")], "c": Text::Join(vec!["y".into(), arn("theirs")]) });
        let mut user = Node::new(NodeId::new("service", "web"), "", want);
        user.needs.insert(role::id("theirs"));
        let mut nodes = [user, Node::new(id("theirs"), "", doc(&Spec::new("theirs", None)))];
        redirect(&mut nodes);
        let found = Text::output(id("theirs"), "arn");
        let expected = json!({ "a": arn("ours"), "b": ["x", found], "c": Text::Join(vec!["y".into(), found]) });
        assert_eq!(nodes[0].want, expected);
        assert_eq!(nodes[0].needs, [id("theirs")].into());
    }

    #[test]
    fn a_given_arn_needs_no_reading_and_a_missing_role_is_absent() {
        let node = |entry: &str, spec: &Spec| Node::new(id(entry), "", doc(spec));
        let given = Spec::new("ecs", Some("arn:aws:iam::1:role/ecs"));
        let named = Spec::new("other", None);
        let denied = CloudError::local(ErrorClass::Denied, "iam:ListRoles", "no");
        let mut iam =
            Iam { roles: Err(denied.clone()), wanted: Vec::new(), existing: vec![node("a", &given)], blind: None };
        assert_eq!(observe(&iam).unwrap()[0].outputs["arn"], "arn:aws:iam::1:role/ecs");
        iam.existing.push(node("b", &named));
        assert_eq!(observe(&iam), Err(denied));
        iam.roles = Ok(Vec::new());
        assert_eq!(observe(&iam).unwrap().len(), 1);
    }
}
