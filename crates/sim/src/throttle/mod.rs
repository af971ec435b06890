//! AWS's published token buckets: how many requests of a group may come at once and how many a second after that, for each
//! account and region. Sources: the service guides on API throttling (ECS, Elastic Load Balancing, EC2, Route 53, CloudWatch
//! Logs, ACM, Systems Manager). Knows groups of operations, not what they do.

mod rate;

use std::collections::HashMap;

pub use self::rate::Rate;
use crate::call::{Input, Refusal};
use crate::services::Service;
use crate::world::{Moment, Place};

/// The buckets that a request takes a token from: none if AWS publishes no rate.
fn buckets<'s>(service: &'s Service, operation: &str, input: &Input) -> impl Iterator<Item = &'s Rate> {
    let mut done = false;
    let fits = service.rates.iter().filter(move |rate| rate.takes(operation, input));
    fits.take_while(move |rate| !std::mem::replace(&mut done, !rate.besides))
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
        service: &Service,
        operation: &str,
        input: &Input,
        now: Moment,
    ) -> Result<(), Refusal> {
        for bucket in buckets(service, operation, input) {
            let place = if bucket.global { Place::new(&place.account, "") } else { place.clone() };
            let name = bucket.name(service.name(), operation);
            let (level, at) = self.levels.entry((place, name)).or_insert((bucket.burst, now));
            *level = (*level + now.since(*at).as_secs_f64() * bucket.per_second).min(bucket.burst);
            *at = now;
            if *level < 1.0 {
                return Err(service.words.throttled.refusal());
            }
            *level -= 1.0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::services;

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_flows_in() {
        let place = Place::new("123456789012", "us-east-1");
        let mut throttle = Throttle::default();
        let ecs = services::named("ecs").expect("a service");
        let mut take = |at| throttle.take(&place, ecs, "RegisterTaskDefinition", &Input::default(), at);
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
        let route53 = services::named("route53").expect("a service");
        let mut take = |region: &str| {
            let place = Place::new("123456789012", region);
            throttle.take(&place, route53, "GetChange", &Input::default(), Moment(0))
        };
        assert!((0..25).all(|_| take("us-east-1").is_ok() && take("eu-west-1").is_ok()));
        assert_eq!(take("us-east-1").expect_err("one bucket").code, "Throttling");
    }

    #[test]
    fn each_service_says_it_in_its_own_way() {
        let said = |service| {
            let refusal = services::named(service).expect("a service").words.throttled.refusal();
            (refusal.code, refusal.status)
        };
        assert_eq!(said("ec2"), ("RequestLimitExceeded".to_owned(), Some(503)));
        assert_eq!(said("servicediscovery"), ("RequestLimitExceeded".to_owned(), Some(400)));
        assert_eq!(said("scheduler"), ("ThrottlingException".to_owned(), Some(429)));
        assert_eq!(said("iam"), ("Throttling".to_owned(), Some(400)));
        assert_eq!(said("resourcegroupstaggingapi"), ("ThrottledException".to_owned(), Some(400)));
        assert_eq!(said("ecs"), ("ThrottlingException".to_owned(), Some(400)));
    }

    fn rates(service: &str, operation: &str, input: &Input) -> Vec<&'static Rate> {
        buckets(services::named(service).expect("a service"), operation, input).collect()
    }

    fn of(service: &str, operation: &str) -> Vec<(f64, f64)> {
        let filtered = Input(serde_json::Map::from_iter([("MaxResults".to_owned(), 5.into())]));
        rates(service, operation, &filtered).iter().map(|bucket| (bucket.burst, bucket.per_second)).collect()
    }

    #[test]
    fn registering_and_deregistering_definitions_share_a_bucket() {
        let name = |operation| rates("ecs", operation, &Input::default())[0].name("ecs", operation);
        assert_eq!(name("RegisterTaskDefinition"), name("DeregisterTaskDefinition"));
        assert_ne!(name("RegisterTaskDefinition"), name("DescribeTaskDefinition"));
        assert_eq!(of("ecs", "RegisterTaskDefinition"), [(20.0, 1.0)]);
        assert_eq!(of("ecs", "DescribeServices"), [(100.0, 20.0)]);
    }

    #[test]
    fn ec2_gives_less_to_who_asks_for_everything() {
        assert_eq!(of("ec2", "DescribeSecurityGroups"), [(100.0, 20.0)]);
        let all = rates("ec2", "DescribeSecurityGroups", &Input::default());
        assert_eq!((all[0].burst, all[0].per_second), (50.0, 10.0));
        assert_eq!(of("ec2", "DeleteSecurityGroup"), [(50.0, 5.0)]);
        assert_eq!(of("ec2", "CreateTags"), [(100.0, 10.0)]);
    }

    #[test]
    fn route_53_counts_for_the_account_and_for_the_operation() {
        assert_eq!(of("route53", "CreateHostedZone"), [(50.0, 10.0), (40.0, 2.0)]);
        assert_eq!(of("route53", "ChangeResourceRecordSets"), [(50.0, 10.0), (50.0, 10.0)]);
        assert!(rates("route53", "GetChange", &Input::default()).iter().all(|bucket| bucket.global));
    }

    #[test]
    fn services_without_published_rates_have_no_buckets() {
        assert!(of("iam", "CreateRole").is_empty());
        assert!(of("elbv2", "CreateRule").is_empty());
        assert_eq!(of("elbv2", "DescribeRules"), [(40.0, 10.0)]);
        assert_eq!(of("logs", "TagResource"), [(5.0, 5.0)]);
        assert_eq!(of("acm", "ImportCertificate"), [(1.0, 1.0)]);
        assert_eq!(of("ssm", "GetParameters"), [(40.0, 40.0)]);
    }
}
