//! Counts what is sent: calls by API, and how many of them had to wait for one another. Plain bookkeeping.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// The counters of one run.
#[derive(Debug, Default)]
pub struct Stats {
    counters: Mutex<Counters>,
    received: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Counters {
    calls: BTreeMap<&'static str, u64>,
    throttled: u64,
    in_flight: usize,
    most_in_flight: usize,
    /// The longest chain of requests, each begun after the one before had ended, among those that have ended.
    chain: u32,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// A request under way.
#[derive(Debug)]
pub struct Ticket {
    chain: u32,
}

/// What a run sent.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct Summary {
    /// Requests by API, `service:Operation`; every try counts.
    pub calls: BTreeMap<String, u64>,
    /// All requests.
    pub total: u64,
    /// The fewest requests that would do, by API; only of a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<BTreeMap<&'static str, u64>>,
    /// Requests that were refused because there were too many.
    pub throttled: u64,
    /// The longest chain of requests in which each was begun after the one before had ended.
    pub round_trips: u32,
    /// The most requests under way at one time.
    pub most_in_flight: usize,
    /// Bytes of the replies' bodies.
    pub bytes: u64,
    /// Seconds from the first request to the last reply.
    pub seconds: f64,
}

impl Stats {
    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().expect("no panic holds it")
    }

    /// Where the bytes of replies are counted.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// Notes that a request is sent.
    pub fn begin(&self, operation: &'static str) -> Ticket {
        let mut counters = self.lock();
        *counters.calls.entry(operation).or_default() += 1;
        counters.in_flight += 1;
        counters.most_in_flight = counters.most_in_flight.max(counters.in_flight);
        counters.first.get_or_insert_with(Instant::now);
        Ticket { chain: counters.chain + 1 }
    }

    /// Notes that its reply has come, or never will.
    pub fn end(&self, ticket: Ticket) {
        let mut counters = self.lock();
        counters.in_flight -= 1;
        counters.chain = counters.chain.max(ticket.chain);
        counters.last = Some(Instant::now());
    }

    /// Notes a refusal because of too many requests.
    pub fn throttled(&self) {
        self.lock().throttled += 1;
    }

    /// Everything counted so far.
    pub fn summary(&self) -> Summary {
        let counters = self.lock();
        let seconds = match (counters.first, counters.last) {
            (Some(first), Some(last)) => last.duration_since(first),
            _ => Duration::ZERO,
        };
        Summary {
            calls: counters.calls.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            total: counters.calls.values().sum(),
            floor: None,
            throttled: counters.throttled,
            round_trips: counters.chain,
            most_in_flight: counters.most_in_flight,
            bytes: self.received.load(Ordering::Relaxed),
            seconds: seconds.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_side_by_side_are_one_round_trip() {
        let stats = Stats::default();
        let (a, b) = (stats.begin("x:A"), stats.begin("x:B"));
        stats.end(a);
        stats.end(b);
        let c = stats.begin("x:A");
        stats.end(c);
        let summary = stats.summary();
        assert_eq!((summary.total, summary.round_trips, summary.most_in_flight), (3, 2, 2));
        assert_eq!(summary.calls["x:A"], 2);
    }
}
