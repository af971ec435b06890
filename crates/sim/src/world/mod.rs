//! The state of everything that is simulated: accounts, their regions, the clock, what is due, and where made-up ids come
//! from. Services reach each other through it. What a service keeps is its own affair (`services/`).

pub mod ids;
pub mod moment;
pub mod queue;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::ids::{Ids, uuid_of};
pub use self::moment::Moment;
use self::queue::Queue;
use crate::services::{
    acm, cloud_map, dynamodb, ec2, ecr, ecs, elb, iam, logs, rds, route53, scaling, scheduler, secrets, ssm,
};

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

/// What happens at a moment, by the service that it concerns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// In ACM.
    Acm(acm::Event),
    /// In Cloud Map.
    CloudMap(cloud_map::Event),
    /// In DynamoDB.
    Dynamodb(dynamodb::Event),
    /// In EC2.
    Ec2(ec2::Event),
    /// In ECS.
    Ecs(ecs::Event),
    /// In Elastic Load Balancing.
    Elb(elb::Event),
    /// In RDS.
    Rds(rds::Event),
    /// In Route 53.
    Route53(route53::Event),
    /// In Application Auto Scaling.
    Scaling(scaling::Event),
    /// In Secrets Manager.
    Secrets(secrets::Event),
}

/// What an account has in one region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Region {
    /// Certificates.
    pub acm: acm::Acm,
    /// Namespaces and services of Cloud Map.
    pub cloud_map: cloud_map::CloudMap,
    /// Tables.
    pub dynamodb: dynamodb::Dynamodb,
    /// Networks, security groups and interfaces.
    pub ec2: ec2::Ec2,
    /// Image repositories.
    pub ecr: ecr::Ecr,
    /// Clusters, task definitions, services, tasks.
    pub ecs: ecs::Ecs,
    /// Load balancers and target groups.
    pub elb: elb::Elb,
    /// Log groups.
    pub logs: logs::Logs,
    /// Databases.
    pub rds: rds::Rds,
    /// Scalable targets and their policies.
    pub scaling: scaling::Scaling,
    /// Schedules.
    pub scheduler: scheduler::Scheduler,
    /// Secrets.
    pub secrets: secrets::Secrets,
    /// Parameters.
    pub ssm: ssm::Ssm,
}

/// What an account has: what belongs to no region, and its regions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Roles and policies.
    pub iam: iam::Iam,
    /// Hosted zones.
    pub route53: route53::Route53,
    /// By name; made when first asked for.
    pub regions: BTreeMap<Arc<str>, Region>,
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
            let account = Account { iam: iam::fresh(number, self.now), ..Account::default() };
            self.accounts.insert(Arc::clone(number), account);
        }
        self.accounts.entry(Arc::clone(number)).or_default()
    }

    /// The region of an account, made with its default VPC if it is new.
    pub fn region(&mut self, place: &Place) -> &mut Region {
        if !self.account(&place.account).regions.contains_key(&place.region) {
            let region = Region { ec2: ec2::fresh(&mut self.ids, place, self.now), ..Region::default() };
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
            self.happen(&place, event);
        }
        self.now = self.now.max(to);
    }

    /// The moment of the next event, if anything is under way.
    pub fn next_event(&self) -> Option<Moment> {
        self.queue.next()
    }

    fn happen(&mut self, place: &Place, event: Event) {
        match event {
            Event::Acm(event) => acm::happen(self, place, event),
            Event::CloudMap(event) => cloud_map::happen(self, place, event),
            Event::Dynamodb(event) => dynamodb::happen(self, place, event),
            Event::Ec2(event) => ec2::happen(self, place, event),
            Event::Ecs(event) => ecs::happen(self, place, event),
            Event::Elb(event) => elb::happen(self, place, event),
            Event::Rds(event) => rds::happen(self, place, event),
            Event::Route53(event) => route53::happen(self, place, event),
            Event::Scaling(event) => scaling::happen(self, place, event),
            Event::Secrets(event) => secrets::happen(self, place, event),
        }
    }
}
