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
    /// Tokens that were taken for requests which are about to come.
    reserved: u32,
}

impl Bucket {
    /// With what has flowed in by `now`.
    fn fill(&mut self, group: &Rate, now: Instant) {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * group.per_second;
        self.tokens = (self.tokens + gained).min(group.burst);
        self.filled = self.filled.max(now);
    }
}

/// What is missing of a token because numbers are rounded.
const ROUNDED: f64 = 1e-6;

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
        let bucket = self.bucket(group, now);
        if bucket.reserved > 0 {
            bucket.reserved -= 1;
            return None;
        }
        // A negative balance is a queue: each further request waits one interval longer.
        bucket.tokens -= 1.0;
        (bucket.tokens < 0.0).then(|| now + Duration::from_secs_f64(-bucket.tokens / group.per_second))
    }

    /// Takes a token of a group for a request that is about to come: the next one of the group has its turn at once. If there is
    /// none, how long until there is; then nothing is taken.
    ///
    /// # Errors
    /// That time.
    pub(super) fn reserve(&mut self, name: &str, now: Instant) -> Result<(), Duration> {
        let Some(group) = self.groups().find(|group| group.name == name) else { return Ok(()) };
        if !self.always && !self.buckets.contains_key(group.name) {
            return Ok(());
        }
        let bucket = self.bucket(group, now);
        let lacks = 1.0 - bucket.tokens;
        if lacks > ROUNDED {
            return Err(Duration::from_secs_f64(lacks / group.per_second));
        }
        bucket.tokens -= 1.0;
        bucket.reserved += 1;
        Ok(())
    }

    /// Notes that AWS refused a request: the bucket is emptier than we thought.
    pub(super) fn refused(&mut self, operation: &str, now: Instant) {
        if let Some(group) = self.group(operation) {
            let bucket = self.bucket(group, now);
            bucket.tokens = bucket.tokens.min(0.0);
        }
    }

    fn bucket(&mut self, group: &'static Rate, now: Instant) -> &mut Bucket {
        let full = Bucket { tokens: group.burst, filled: now, reserved: 0 };
        let bucket = self.buckets.entry(group.name).or_insert(full);
        bucket.fill(group, now);
        bucket
    }

    fn groups(&self) -> impl Iterator<Item = &'static Rate> {
        self.services.iter().flat_map(|manners| manners.rates)
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
            counts: "registration",
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
    fn what_is_reserved_has_its_turn_at_once_and_nobody_else_gets_it() {
        let now = Instant::now();
        let mut rates = Rates::new(true, vec![&MANNERS]);
        let name = MANNERS.rates[0].name;
        for _ in 0..20 {
            assert_eq!(rates.reserve(name, now), Ok(()));
        }
        assert_eq!(rates.reserve(name, now), Err(Duration::from_secs(1)));
        for _ in 0..20 {
            assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), None);
        }
        assert_eq!(rates.turn("ecs:RegisterTaskDefinition", now), Some(now + Duration::from_secs(1)));
        assert_eq!(
            rates.reserve(name, now + Duration::from_secs(1)),
            Err(Duration::from_secs(1)),
            "that one was taken"
        );
        assert_eq!(rates.reserve(name, now + Duration::from_secs(2)), Ok(()));
        assert_eq!(Rates::new(false, vec![&MANNERS]).reserve(name, now), Ok(()), "no rate is known to hold");
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
