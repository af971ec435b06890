//! AWS's published token buckets: how many requests of a group may come at once and how many a second after that, for each
//! account and region. Sources: the service guides on API throttling (ECS, Elastic Load Balancing, EC2, Route 53, CloudWatch
//! Logs, ACM, Systems Manager). Knows groups of operations, not what they do.

use std::collections::HashMap;

use crate::call::{Input, Refusal};
use crate::services::throttling;
use crate::world::{Moment, Place};

/// A group of operations that share one bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// How many requests may come at once.
    pub burst: f64,
    /// How many a second after that.
    pub per_second: f64,
    /// Whether it counts for the account in all regions together.
    pub global: bool,
}

/// How full the buckets are. Not part of the saved world: after a while all are full again.
#[derive(Debug, Default)]
pub struct Throttle {
    levels: HashMap<(Place, String), (f64, Moment)>,
}

impl Throttle {
    /// Takes a token for a request from each of its buckets.
    ///
    /// # Errors
    /// The service's own refusal if one of them is empty.
    pub fn take(
        &mut self,
        place: &Place,
        service: &'static str,
        operation: &str,
        input: &Input,
        now: Moment,
    ) -> Result<(), Refusal> {
        for bucket in throttling::buckets(service, operation, input) {
            let place = if bucket.global { Place::new(&place.account, "") } else { place.clone() };
            let (level, at) = self.levels.entry((place, bucket.name)).or_insert((bucket.burst, now));
            *level = (*level + now.since(*at).as_secs_f64() * bucket.per_second).min(bucket.burst);
            *at = now;
            if *level < 1.0 {
                return Err(refusal(service));
            }
            *level -= 1.0;
        }
        Ok(())
    }
}

/// How a service says that there were too many requests.
pub fn refusal(service: &str) -> Refusal {
    match service {
        "ec2" => Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        "iam" | "sts" | "rds" | "elbv2" | "route53" => Refusal::new("Throttling", "Rate exceeded").status(400),
        "resourcegroupstaggingapi" => Refusal::new("ThrottledException", "Rate exceeded").status(400),
        "servicediscovery" => Refusal::new("RequestLimitExceeded", "Rate exceeded").status(400),
        "scheduler" => Refusal::new("ThrottlingException", "Rate exceeded").status(429),
        _ => Refusal::new("ThrottlingException", "Rate exceeded").status(400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_flows_in() {
        let place = Place::new("123456789012", "us-east-1");
        let mut throttle = Throttle::default();
        let mut take = |at| throttle.take(&place, "ecs", "RegisterTaskDefinition", &Input::default(), at);
        let start = Moment(0);
        assert!((0..20).all(|_| take(start).is_ok()));
        let refusal = take(start).expect_err("the burst is used up");
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("ThrottlingException", "Rate exceeded"));
        assert!(take(start.plus(Duration::from_secs(1))).is_ok());
        assert!(take(start.plus(Duration::from_secs(1))).is_err());
    }

    #[test]
    fn route_53_counts_all_regions_together() {
        let mut throttle = Throttle::default();
        let mut take = |region: &str| {
            let place = Place::new("123456789012", region);
            throttle.take(&place, "route53", "GetChange", &Input::default(), Moment(0))
        };
        assert!((0..25).all(|_| take("us-east-1").is_ok() && take("eu-west-1").is_ok()));
        assert_eq!(take("us-east-1").expect_err("one bucket").code, "Throttling");
    }

    #[test]
    fn each_service_says_it_in_its_own_way() {
        let said = |service| {
            let refusal = refusal(service);
            (refusal.code, refusal.status)
        };
        assert_eq!(said("ec2"), ("RequestLimitExceeded".to_owned(), Some(503)));
        assert_eq!(said("servicediscovery"), ("RequestLimitExceeded".to_owned(), Some(400)));
        assert_eq!(said("scheduler"), ("ThrottlingException".to_owned(), Some(429)));
        assert_eq!(said("iam"), ("Throttling".to_owned(), Some(400)));
        assert_eq!(said("resourcegroupstaggingapi"), ("ThrottledException".to_owned(), Some(400)));
        assert_eq!(said("ecs"), ("ThrottlingException".to_owned(), Some(400)));
    }
}
