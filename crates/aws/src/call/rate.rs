//! AWS's published request rates as token buckets: how many requests of a group may go at once, and how many a second after
//! that. Arithmetic on instants; which rates there are each service says, and sleeping is the caller's work.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::manners::{self, Manners, Rate};

/// The buckets of one run.
#[derive(Debug)]
pub(super) struct Rates {
    /// Whether buckets hold from the start; otherwise each holds once AWS has refused a request of its group.
    always: bool,
    services: Vec<&'static Manners>,
    buckets: HashMap<&'static str, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// Full buckets.
    pub(super) fn new(always: bool, services: Vec<&'static Manners>) -> Self {
        Self { always, services, buckets: HashMap::new() }
    }

    /// Takes a token for a request; the instant to wait for, if there is none left.
    pub(super) fn turn(&mut self, operation: &str, now: Instant) -> Option<Instant> {
        let group = self.group(operation)?;
        if !self.always && !self.buckets.contains_key(group.name) {
            return None;
        }
        let bucket = self.buckets.entry(group.name).or_insert(Bucket { tokens: group.burst, filled: now });
        let gained = now.saturating_duration_since(bucket.filled).as_secs_f64() * group.per_second;
        bucket.tokens = (bucket.tokens + gained).min(group.burst);
        bucket.filled = bucket.filled.max(now);
        // A negative balance is a queue: each further request waits one interval longer.
        bucket.tokens -= 1.0;
        (bucket.tokens < 0.0).then(|| now + Duration::from_secs_f64(-bucket.tokens / group.per_second))
    }

    /// Notes that AWS refused a request: the bucket is emptier than we thought.
    pub(super) fn refused(&mut self, operation: &str, now: Instant) {
        if let Some(group) = self.group(operation) {
            let bucket = self.buckets.entry(group.name).or_insert(Bucket { tokens: 0.0, filled: now });
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }

    fn group(&self, operation: &str) -> Option<&'static Rate> {
        let manners = manners::of(&self.services, operation)?;
        manners.rates.iter().find(|rate| rate.operations.contains(&operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static MANNERS: Manners = Manners {
        prefix: "ecs",
        iam: "ecs",
        codes: &[],
        texts: &[],
        rates: &[Rate {
            name: "ecs task definition modify",
            burst: 20.0,
            per_second: 1.0,
            operations: &["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"],
        }],
    };

    #[test]
    fn the_burst_goes_at_once_and_the_rest_in_turn() {
        let now = Instant::now();
        let mut rates = Rates::new(true, vec![&MANNERS]);
        for _ in 0..20 {
            assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), None);
        }
        assert_eq!(rates.turn("ecs:DeregisterTaskDefinition", now), Some(now + Duration::from_secs(1)));
        assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), Some(now + Duration::from_secs(2)));
        assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now + Duration::from_secs(30)), None);
    }

    #[test]
    fn elsewhere_pacing_begins_with_the_first_refusal() {
        let now = Instant::now();
        let mut rates = Rates::new(false, vec![&MANNERS]);
        for _ in 0..100 {
            assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), None);
        }
        rates.refused("ecs:RegisterTaskDefinition", now);
        assert!(rates.turn("ecs:RegisterTaskDefinition", now).is_some());
    }
}
