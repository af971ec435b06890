//! Hosted zones that the stack uses and does not own: looked up by name in ListHostedZones, public ones first; `id:` in the
//! file chooses among several. Never changed.

use async_trait::async_trait;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{Kind, Ready, Replace};
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::read::{Fetched, route53};
use crate::resource::{Driver, Entry, doc};
use evenkeel_stack::model::Stack;

/// The kind `zone`.
pub static ENTRY: Entry = Entry {
    kind: Kind {
        name: "zone",
        title: "Route 53 hosted zone (looked up)",
        fields: &[],
        outputs: &["zone_id", "name"],
        replace: Replace::DeleteFirst,
        name_limit: 255,
        ready: Ready::AtOnce,
        deadline_secs: 60,
        lookup: true,
        ..Kind::PLAIN
    },
    contribute,
    driver: &Lookup,
    actions: &["route53:ListHostedZones"],
};

/// The node of a zone that is looked up.
pub fn id(zone: &str) -> NodeId {
    NodeId::new("zone", zone)
}

/// A zone to look up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// The id, if the file gives it.
    pub id: Option<String>,
}

fn contribute(stack: &Stack, nodes: &mut Vec<Node>) {
    for zone in stack.dns.iter().filter(|zone| !zone.create) {
        let want = Spec { name: zone.name.clone(), id: zone.zone_id.as_deref().map(|id| route53::bare(id).to_owned()) };
        let mut node = Node::new(id(&zone.name), &zone.name, doc(&want));
        node.origin = Some(zone.place.to_string());
        nodes.push(node);
    }
}

struct Lookup;

#[async_trait]
impl Driver for Lookup {
    fn observe(&self, fetched: &Fetched) -> Result<Vec<Live>, CloudError> {
        let zones = fetched.route53.zones.as_ref().map_err(Clone::clone)?;
        let mut lives = Vec::new();
        for (name, id) in &fetched.route53.wanted.lookups {
            if let Some(zone) = route53::choose(zones, name, id.as_deref())? {
                let have = Spec { name: name.clone(), id: Some(zone.id.clone()) };
                let live = Live::new(&zone.id, name, Owner::Nobody, doc(&have));
                lives.push(live.output("zone_id", zone.id.as_str()).output("name", name.as_str()));
            }
        }
        Ok(lives)
    }

    async fn create(&self, _aws: &Aws, _stack: &str, order: Create<'_>) -> Result<Live, CloudError> {
        Err(never(order.node))
    }

    async fn update(&self, _aws: &Aws, _stack: &str, order: Update<'_>) -> Result<Live, CloudError> {
        Err(never(order.node))
    }

    async fn delete(&self, _aws: &Aws, node: &NodeId, _live: &Live) -> Result<(), CloudError> {
        Err(never(node))
    }
}

fn never(node: &NodeId) -> CloudError {
    CloudError::bug("zone", format!("{node} is only looked up"))
}
