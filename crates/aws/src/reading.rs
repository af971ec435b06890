//! Reads what is live: all services side by side, in as few requests as AWS's batch limits allow, and turns what they fetched
//! into the live things of the kinds. Decides nothing about them.

use evenkeel_core::snapshot::Candidates;
use futures::future;

use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Fetched, Scope};
use crate::resource::Entry;
use crate::service::Service;
use crate::{kinds, services};

/// Reads everything that the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Fetched {
    // Kinds that are found in other ways are no answer of the tagging API.
    let found = |entry: &&&Entry| entry.actions.contains(&"tag:GetResources");
    let expected = |service: &Service| {
        let kinds = service.kinds.iter().filter(found);
        kinds.map(|entry| scope.graph.of_kind(entry.kind.name).count()).sum()
    };
    let types = services::ALL.iter().map(|service| (service.tag_types, expected(service))).collect();
    let finder = Finder::new(aws, scope, types);
    let readers = services::ALL.iter().map(|service| (service.fetch)(aws, scope, &finder));
    Fetched::new(scope.stack, &aws.region, future::join_all(readers).await)
}

/// Reads, and turns what was fetched into the live things of every kind asked for.
pub async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Candidates {
    let fetched = fetch(aws, scope).await;
    let asked = kinds::ALL.iter().filter(|entry| scope.wants(&[entry.kind.name]));
    let observed = asked.clone().map(|entry| (entry.kind.name.to_owned(), entry.driver.observe(&fetched)));
    let nodes = asked.flat_map(|entry| scope.graph.of_kind(entry.kind.name).map(move |node| (entry, node)));
    let looked_up = nodes
        .filter(|(_, node)| node.lookup)
        .map(|(entry, node)| (node.id.clone(), entry.driver.look_up(&fetched, node)));
    Candidates { kinds: observed.collect(), looked_up: looked_up.collect(), blind: fetched.blind }
}
