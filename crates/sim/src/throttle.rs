//! AWS's published token buckets: how many requests of a group may come at once and how many a second after that, for each
//! account and region. Sources: the service guides on API throttling (ECS, Elastic Load Balancing, EC2, Route 53, CloudWatch
//! Logs, ACM, Systems Manager). Knows groups of operations, not what they do.

use std::collections::HashMap;

use crate::call::Refusal;
use crate::services::throttling;
use crate::world::{Moment, Place};

/// A group of operations that share one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: &'static str,
    /// How many requests may come at once.
    pub burst: f64,
    /// How many a second after that.
    pub per_second: f64,
}

/// How full the buckets are. Not part of the saved world: after a while all are full again.
#[derive(Debug, Default)]
pub struct Throttle {
    levels: HashMap<(Place, &'static str), (f64, Moment)>,
}

impl Throttle {
    /// Takes a token for a request.
    ///
    /// # Errors
    /// The service's own refusal if there is none.
    pub fn take(&mut self, place: &Place, service: &'static str, operation: &str, now: Moment) -> Result<(), Refusal> {
        let Some(bucket) = throttling::bucket(service, operation) else { return Ok(()) };
        let (level, at) = self.levels.entry((place.clone(), bucket.name)).or_insert((bucket.burst, now));
        *level = (*level + now.since(*at).as_secs_f64() * bucket.per_second).min(bucket.burst);
        *at = now;
        if *level < 1.0 {
            return Err(refusal(service));
        }
        *level -= 1.0;
        Ok(())
    }
}

/// How a service says that there were too many requests.
pub fn refusal(service: &str) -> Refusal {
    match service {
        "ec2" => Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        "iam" | "sts" | "rds" | "elbv2" | "route53" => Refusal::new("Throttling", "Rate exceeded").status(400),
        "resourcegroupstaggingapi" => Refusal::new("ThrottledException", "Rate exceeded"),
        _ => Refusal::new("ThrottlingException", "Rate exceeded").status(400),
    }
}
