//! Where rules and listeners of the stack may be beneath load balancers of others that no name in the file leads to: an entry was
//! dropped, its `existing:` names another one, or there is no file. The tagging API knows most of them; what it does not know yet,
//! the target groups of the stack tell, which know what they are behind. Decides where to look, not whose anything is.

use std::collections::BTreeSet;

use super::{Elb, Item, Reading};
use crate::finder::Finder;
use crate::read::Part;
use aws_sdk_elasticloadbalancingv2::types::TargetGroup;
use evenkeel_core::error::CloudError;
use evenkeel_core::snapshot::Owner;

/// Where to look.
#[derive(Debug, Default)]
pub(super) struct Leads {
    /// Load balancers.
    pub balancers: BTreeSet<String>,
    /// Listeners that have rules of the stack.
    pub ruled: BTreeSet<String>,
    /// Load balancers of which every listener may have some.
    pub all_of: BTreeSet<String>,
    /// Why the tagging API did not answer.
    pub blind: Option<CloudError>,
}

impl Reading<'_> {
    /// What the tagging API knows.
    pub(super) async fn known_to(&self, finder: &Finder<'_>) -> Leads {
        let mut leads = Leads::default();
        // What is read back was made a moment ago, and its name leads to it.
        if !self.parts.listeners || self.scope.only.is_some() && !self.scope.closely {
            return leads;
        }
        match finder.find(":elasticloadbalancing:").await {
            Ok(found) => {
                for found in found {
                    let Some((balancer, listener)) = above(&found.arn) else { continue };
                    leads.balancers.insert(balancer);
                    leads.ruled.extend(listener);
                }
            }
            Err(error) => {
                tracing::info!(%error, "the tagging API does not answer; target groups lead to load balancers of others");
                leads.blind = Some(error);
            }
        }
        leads
    }

    /// Adds what target groups of the stack tell.
    pub(super) fn add_groups(&self, leads: &mut Leads, groups: &Part<Vec<Item<TargetGroup>>>) {
        if self.scope.only.is_some() {
            return;
        }
        let ours = |item: &&Item<TargetGroup>| matches!(self.owner(&item.tags, "target_group"), Owner::Ours(_));
        for group in groups.iter().flatten().filter(ours) {
            leads.balancers.extend(group.raw.load_balancer_arns().iter().cloned());
            leads.all_of.extend(group.raw.load_balancer_arns().iter().cloned());
        }
    }
}

/// The load balancer of a listener or a rule; of a rule its listener as well.
fn above(arn: &str) -> Option<(String, Option<String>)> {
    let parts: Vec<&str> = arn.split('/').collect();
    match parts[..] {
        [head, kind, name, id, _] if head.ends_with(":listener") => {
            Some((format!("{}:loadbalancer/{kind}/{name}/{id}", head.strip_suffix(":listener")?), None))
        }
        [head, kind, name, id, listener, _] if head.ends_with(":listener-rule") => {
            let head = head.strip_suffix(":listener-rule")?;
            let balancer = format!("{head}:loadbalancer/{kind}/{name}/{id}");
            Some((balancer, Some(format!("{head}:listener/{kind}/{name}/{id}/{listener}"))))
        }
        _ => None,
    }
}

impl Elb {
    /// Kinds of which only what the file names could be found.
    pub fn blind_to(&self) -> Vec<(String, CloudError)> {
        let blind = |kind: &str| self.blind.clone().map(|error| (kind.to_owned(), error));
        ["listener", "listener_rules"].into_iter().filter_map(blind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_lead_up() {
        let head = "arn:aws:elasticloadbalancing:us-east-1:1";
        let balancer = format!("{head}:loadbalancer/app/web/1");
        let listener = format!("{head}:listener/app/web/1/2");
        assert_eq!(above(&listener), Some((balancer.clone(), None)));
        assert_eq!(above(&format!("{head}:listener-rule/app/web/1/2/3")), Some((balancer.clone(), Some(listener))));
        assert_eq!(above(&balancer), None);
    }
}
