//! The state of everything that is simulated: accounts, their regions, the clock, what is due, and where made-up ids come
//! from. Services reach each other through it. What a service keeps is its own affair (`services/`).

mod entry;
pub mod ids;
pub mod moment;
pub mod queue;
pub mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::ids::{Ids, uuid_of};
pub use self::moment::Moment;
use self::queue::Queue;
use crate::services::SERVICES;
pub use crate::services::{Account, Event, Region};

/// An account and a region: where a resource lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The account, twelve digits.
    pub account: Arc<str>,
    /// The region.
    pub region: Arc<str>,
}

impl Place {
    /// A place.
    pub fn new(account: &str, region: &str) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The ARN of the key that AWS manages for a service here: services show this one, never its alias.
    pub fn managed_key(&self, service: &str) -> String {
        let id = uuid_of(&format!("{}/{}/aws/{service}", self.account, self.region));
        self.arn("kms", &format!("key/{id}"))
    }

    /// The ARN of a key that is named by its ARN, its id or an alias. An alias of AWS's own is resolved.
    pub fn key(&self, named: &str) -> String {
        let alias = named.rsplit_once(":alias/").map_or_else(|| named.strip_prefix("alias/"), |(_, alias)| Some(alias));
        match alias.and_then(|alias| alias.strip_prefix("aws/")) {
            Some(service) => self.managed_key(service),
            None if named.starts_with("arn:") => named.to_owned(),
            None if alias.is_some() => self.arn("kms", named),
            None => self.arn("kms", &format!("key/{named}")),
        }
    }
}

/// The whole simulated AWS.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// The time there.
    pub now: Moment,
    /// Where ids and chance come from.
    pub ids: Ids,
    /// What is due.
    queue: Queue,
    /// By number; made when first asked for.
    pub accounts: BTreeMap<Arc<str>, Account>,
}

impl World {
    /// An empty world; everything made up in it follows from the seed.
    pub fn new(seed: u64, now: Moment) -> Self {
        Self { now, ids: Ids::new(seed), queue: Queue::default(), accounts: BTreeMap::new() }
    }

    /// The account, made if it is new.
    pub fn account(&mut self, number: &Arc<str>) -> &mut Account {
        if !self.accounts.contains_key(number) {
            let mut account = Account::default();
            for open in SERVICES.iter().filter_map(|service| service.opens_account) {
                open(&mut account, number, self.now);
            }
            self.accounts.insert(Arc::clone(number), account);
        }
        self.accounts.entry(Arc::clone(number)).or_default()
    }

    /// The region of an account, made with its default VPC if it is new.
    pub fn region(&mut self, place: &Place) -> &mut Region {
        if !self.account(&place.account).regions.contains_key(&place.region) {
            let mut region = Region::default();
            for open in SERVICES.iter().filter_map(|service| service.opens_region) {
                open(&mut region, &mut self.ids, place, self.now);
            }
            self.account(&place.account).regions.insert(Arc::clone(&place.region), region);
        }
        self.account(&place.account).regions.entry(Arc::clone(&place.region)).or_default()
    }

    /// The region, if anything was ever done in it.
    pub fn known_region(&self, place: &Place) -> Option<&Region> {
        self.accounts.get(&place.account)?.regions.get(&place.region)
    }

    /// Lets something happen after a time.
    pub fn after(&mut self, delay: Duration, place: &Place, event: Event) {
        self.queue.add(self.now.plus(delay), place.clone(), event);
    }

    /// A time around `usual`, between 80 and 120 percent of it.
    pub fn about(&mut self, usual: Duration) -> Duration {
        usual.mul_f64(0.8 + 0.4 * self.ids.fraction())
    }

    /// Moves the time on; everything that was due by then happens, in order.
    pub fn advance(&mut self, to: Moment) {
        while let Some((at, place, event)) = self.queue.next_due(to) {
            self.now = self.now.max(at);
            event.happen(self, &place);
        }
        self.now = self.now.max(to);
    }

    /// The moment of the next event, if anything is under way.
    pub fn next_event(&self) -> Option<Moment> {
        self.queue.next()
    }
}
