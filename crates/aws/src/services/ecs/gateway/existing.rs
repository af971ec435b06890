//! A gateway of others, looked up by its name: found in what the reader of ECS fetched, and whether it serves the cluster that the
//! services of the stack are in. Never changed.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_stack::model::{Existing, Gateway, Stack};
use serde::{Deserialize, Serialize};

use super::{KIND, convert, id};
use crate::existing::of_others;
use crate::resource::{doc, spec};
use crate::services::ecs::cluster;
use crate::services::ecs::read::{CLUSTERS, Ecs, items, last, tags_of, text};
use crate::tags;

/// What to look for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sought {
    name: String,
    /// The name of the cluster that it has to be associated with.
    cluster: String,
    look_up: String,
}

/// The node of a gateway of others.
pub(super) fn node(stack: &Stack, entry: &str, gateway: &Gateway, existing: &Existing) -> Node {
    let name = existing.name().unwrap_or_default().to_owned();
    let cluster = stack.cluster.as_ref().map(|_| cluster::physical(stack)).unwrap_or_default();
    let want = Sought { look_up: format!("ECS gateway `{name}`"), name: name.clone(), cluster };
    let mut node = Node::lookup(id(entry), name, doc(&want));
    node.origin = Some(gateway.meta.place.to_string());
    node
}

/// The gateway that a node looks for.
///
/// # Errors
/// `Invalid`: it is the stack's own, or does not serve the cluster. What kept gateways from being read.
pub(super) fn look_up(ecs: &Ecs, stack: &str, node: &Node) -> Result<Option<Live>, CloudError> {
    let sought: Sought = spec(&node.want)?;
    let gateways = ecs.gateways.as_ref().map_err(Clone::clone)?;
    let Some(gateway) = gateways.iter().find(|gateway| text(gateway, "name") == sought.name) else { return Ok(None) };
    of_others(&node.want, KIND, &tags::owner(&tags_of(gateway), stack, KIND))?;
    let serves =
        |tie: &serde_json::Value| last(text(tie, "clusterArn")) == sought.cluster && text(tie, "status") == "ACTIVE";
    if !items(gateway, CLUSTERS).iter().any(serves) {
        let text = format!("{} is not associated with cluster {}", sought.look_up, sought.cluster);
        let hint = format!(
            "who has it runs: aws ecs associate-gateway-with-cluster --gateway {} --cluster {}",
            sought.name, sought.cluster
        );
        let error = CloudError::local(ErrorClass::Invalid, "ecs:ListGatewayClusterAssociations", text);
        return Err(CloudError { hint: Some(hint), ..error });
    }
    let found = convert::live(gateway, stack).with(node.want.clone());
    Ok(Some(Live { name: String::new(), owner: Owner::Nobody, kept_by: None, ..found }))
}
