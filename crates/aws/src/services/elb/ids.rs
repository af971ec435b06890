//! What the nodes of listeners and of their rules are called. Apart from their kinds, because others name them too.

use evenkeel_core::id::NodeId;

/// The node of a listener of a load balancer.
pub fn listener(balancer: &str, listener: &str) -> NodeId {
    NodeId::new("listener", &format!("{balancer}/{listener}"))
}

/// The node of the rules of a listener.
pub fn listener_rules(balancer: &str, listener: &str) -> NodeId {
    NodeId::new("listener_rules", &format!("{balancer}/{listener}"))
}
