//! Whether the domains of zones that a stack created lead to them. Where nobody can say (no network, a simulated AWS) the step is told
//! as one that may be open, and counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::graph::{Graph, Node};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::{Live, Snapshot};
use futures::future::join_all;
use serde_json::Value;

use super::ours;
use crate::client::Aws;
use crate::kinds::hosted_zone;
use crate::services::route53::delegation::Delegated;

/// What was found.
#[derive(Default)]
pub(super) struct Zones {
    /// Zones to which their domain does not lead, with what is there instead.
    pub(super) open: BTreeMap<NodeId, String>,
    /// What a person has to do.
    pub(super) next_steps: Vec<String>,
}

/// Asks for the delegations of the zones that the stack created.
pub(super) async fn look(aws: &Aws, graph: &Graph, snapshot: &Snapshot) -> Zones {
    let created = graph.of_kind(hosted_zone::ENTRY.kind.name).filter(|node| !node.lookup);
    let there = created.filter_map(|node| Some((node, ours(graph, snapshot, &node.id)?)));
    let delegations = &aws.delegations();
    let asked = there.map(|(node, live)| async move { (node, live, delegations.of(node.id.name()).await) });
    let mut zones = Zones::default();
    for (node, live, delegated) in join_all(asked).await {
        judge(&mut zones, node, &servers(live), &delegated);
    }
    zones
}

/// The name servers of a zone, in lower case without the last dot.
fn servers(live: &Live) -> BTreeSet<String> {
    let servers = live.outputs.get("name_servers").and_then(Value::as_array).into_iter().flatten();
    servers.filter_map(Value::as_str).map(|name| name.trim_end_matches('.').to_lowercase()).collect()
}

fn judge(zones: &mut Zones, node: &Node, servers: &BTreeSet<String>, delegated: &Delegated) {
    let domain = node.id.name();
    let listed = servers.iter().cloned().collect::<Vec<_>>().join(" ");
    let there = match delegated {
        Delegated::To(named) if named.iter().any(|name| servers.contains(name)) => return,
        Delegated::To(named) => named.iter().cloned().collect::<Vec<_>>().join(" "),
        Delegated::Nowhere => "none".to_owned(),
        Delegated::Unknown => {
            return zones.next_steps.push(format!("{}: {listed}", hosted_zone::next_step(domain)));
        }
    };
    zones.open.insert(node.id.clone(), format!("{domain} does not lead to it; its name servers are {there}"));
    zones.next_steps.push(format!("enter these name servers at the registrar of {domain}: {listed}"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_domain_that_leads_elsewhere_is_an_open_step_and_an_unknown_one_only_a_hint() {
        let node = Node::new(NodeId::new("hosted_zone", "a.example"), "a.example", json!({}));
        let servers = BTreeSet::from(["ns-1.example".to_owned()]);
        let judged = |delegated| {
            let mut zones = Zones::default();
            judge(&mut zones, &node, &servers, &delegated);
            (zones.open.len(), zones.next_steps.len())
        };
        assert_eq!(judged(Delegated::To(servers.clone())), (0, 0));
        assert_eq!(judged(Delegated::To(BTreeSet::from(["ns-9.example".to_owned()]))), (1, 1));
        assert_eq!(judged(Delegated::Nowhere), (1, 1));
        assert_eq!(judged(Delegated::Unknown), (0, 1));
    }
}
