//! Reads what is live: all services side by side, in as few requests as AWS's batch limits allow, and turns what they fetched
//! into the live things of the kinds. Decides nothing about them.

use evenkeel_core::snapshot::{Candidates, Live};
use futures::future;

use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Fetched, Scope};
use crate::{kinds, services, tags};

/// Reads everything that the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Fetched {
    let finder = Finder::new(aws, scope, services::tag_types());
    let readers = services::ALL.iter().map(|service| (service.fetch)(aws, scope, &finder));
    Fetched::new(scope.stack, &aws.region, future::join_all(readers).await)
}

/// Reads, and turns what was fetched into the live things of every kind asked for.
pub async fn candidates(aws: &Aws, scope: &Scope<'_>) -> Candidates {
    let fetched = fetch(aws, scope).await;
    let asked = kinds::ALL.iter().filter(|entry| scope.wants(&[entry.kind.name]));
    let observed = asked.map(|entry| (entry.kind.name.to_owned(), entry.driver.observe(&fetched).map(told_by_tags)));
    Candidates { kinds: observed.collect(), blind: fetched.blind }
}

/// Notes what the tags of any kind say.
fn told_by_tags(mut things: Vec<Live>) -> Vec<Live> {
    for live in &mut things {
        let protect = live.have.get("tags").and_then(|tags| tags.get(tags::PROTECT));
        live.protected |= protect.is_some_and(|value| value == "true");
    }
    things
}
