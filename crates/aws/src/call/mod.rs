//! Sends one request: at the pace that AWS publishes, again if it was throttled, counted. What an error means is decided
//! in `classify.rs`, the pace in `rate.rs`, the counting in `stats.rs`. Knows no resource.
//!
//! Retried here, because nothing happened and nobody has to decide anything: throttling, "another change is under way",
//! connections that were never made; and for reads also lost replies. Everything else goes up to the engine.

mod classify;
pub(crate) mod gone;
mod manners;
mod rate;
pub(crate) mod raw;
mod stats;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use evenkeel_core::error::{CloudError, ErrorClass};
use tokio::time::Instant;

pub use self::classify::REFUSALS;
use self::classify::classify;
pub use self::manners::{Manners, Rate, Text};
use self::rate::Rates;
pub use self::stats::{Stats, Summary};

/// Longest time that a request is retried because of throttling.
const THROTTLE_BUDGET: Duration = Duration::from_secs(300);
/// Longest time that a request waits for another change to the same object.
const BUSY_BUDGET: Duration = Duration::from_secs(60);
/// How often a read is tried whose reply was lost.
const TRIES: u32 = 6;
/// How often a connection is tried: a server that is not there should be told soon.
const CONNECTIONS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends requests for one run.
#[derive(Debug)]
pub struct Caller {
    services: Vec<&'static Manners>,
    rates: Mutex<Rates>,
    stats: Stats,
    draws: AtomicU64,
    started: Instant,
    speed: f64,
}

impl Caller {
    /// A caller; `paced` keeps it within AWS's published request rates from the start, otherwise only after a refusal.
    pub fn new(paced: bool, services: Vec<&'static Manners>) -> Self {
        Self {
            rates: Mutex::new(Rates::new(paced, services.clone())),
            services,
            stats: Stats::default(),
            draws: AtomicU64::new(0),
            started: Instant::now(),
            speed: 1.0,
        }
    }

    /// The same where time passes that much faster.
    #[must_use]
    pub fn at_speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// The time there.
    fn now(&self) -> Instant {
        self.started + self.started.elapsed().mul_f64(self.speed)
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time.div_f64(self.speed)).await;
    }

    /// Waits, where time passes faster for less.
    pub async fn rest(&self, time: Duration) {
        self.sleep(time).await;
    }

    /// Where the bytes of replies are counted.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        self.stats.received()
    }

    /// What was sent so far.
    pub fn stats(&self) -> Summary {
        self.stats.summary()
    }

    /// Sends a request, `service:Operation`, and sees it through whatever passes by itself.
    ///
    /// # Errors
    /// The last error, classified.
    pub async fn send<T, E, F, Fut>(&self, operation: &'static str, request: F) -> Result<T, CloudError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let began = self.now();
        let mut tries = 0;
        loop {
            self.wait_for_turn(operation).await;
            let ticket = self.stats.begin(operation);
            // Boxed: the future of an SDK operation is large, and these stand side by side in deep nests of futures.
            let reply = Box::pin(request()).await;
            self.stats.end(ticket);
            tries += 1;
            let error = match reply {
                Ok(output) => return Ok(output),
                Err(error) => classify(manners::of(&self.services, operation), operation, &error),
            };
            if error.class == ErrorClass::Throttled {
                self.rates.lock().expect("no panic holds it").refused(operation, self.now());
                self.stats.throttled();
            }
            if !again(operation, &error, tries, self.now().saturating_duration_since(began)) {
                return Err(error);
            }
            let pause = self.pause(tries);
            tracing::debug!(operation, code = error.code, ?pause, "trying again");
            self.sleep(pause).await;
        }
    }

    /// Takes a turn within a rate for a request that is about to come; otherwise, how long until there is one.
    ///
    /// # Errors
    /// That time.
    pub fn reserve(&self, rate: &str) -> Result<(), Duration> {
        self.rates.lock().expect("no panic holds it").reserve(rate, self.now())
    }

    async fn wait_for_turn(&self, operation: &str) {
        let turn = self.rates.lock().expect("no panic holds it").turn(operation, self.now());
        if let Some(until) = turn {
            self.sleep(until.saturating_duration_since(self.now())).await;
        }
    }

    /// Exponential with full jitter above one half, so that many refused requests do not come back together.
    fn pause(&self, tries: u32) -> Duration {
        let ceiling = FIRST_PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE);
        let draw = self.draws.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let fraction = f64::from((draw >> 40) as u32) / f64::from(1_u32 << 24);
        ceiling.mul_f64(0.5 + fraction / 2.0)
    }
}

/// Whether a request changes nothing, by its name.
pub(crate) fn is_read(operation: &str) -> bool {
    let name = operation.split_once(':').map_or(operation, |(_, name)| name);
    ["Describe", "List", "Get", "BatchGet"].iter().any(|prefix| name.starts_with(prefix))
}

fn again(operation: &str, error: &CloudError, tries: u32, spent: Duration) -> bool {
    match error.class {
        ErrorClass::Throttled => spent < THROTTLE_BUDGET,
        ErrorClass::Busy => spent < BUSY_BUDGET,
        ErrorClass::Unreachable => tries < CONNECTIONS,
        ErrorClass::Unknown => is_read(operation) && tries < TRIES,
        ErrorClass::Propagating
        | ErrorClass::InUse
        | ErrorClass::Denied
        | ErrorClass::Invalid
        | ErrorClass::Quota
        | ErrorClass::Gone
        | ErrorClass::Exists
        | ErrorClass::Unsupported
        | ErrorClass::Credentials
        | ErrorClass::Bug => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_tried_again_for_a_while() {
        let error = |class| CloudError::local(class, "x:Y", "text");
        let again = |operation, class, tries, secs| again(operation, &error(class), tries, Duration::from_secs(secs));
        assert!(again("ecs:CreateService", ErrorClass::Throttled, 50, 299));
        assert!(!again("ecs:CreateService", ErrorClass::Throttled, 50, 300));
        assert!(again("logs:CreateLogGroup", ErrorClass::Busy, 9, 59));
        assert!(!again("logs:CreateLogGroup", ErrorClass::Busy, 9, 60));
        assert!(again("ecs:CreateService", ErrorClass::Unreachable, 3, 1));
        assert!(!again("ecs:CreateService", ErrorClass::Unreachable, 4, 1));
    }

    #[test]
    fn a_lost_reply_is_asked_for_again_only_if_nothing_can_have_changed() {
        let lost = CloudError::local(ErrorClass::Unknown, "x:Y", "no reply in time");
        let now = |operation: &str, tries| again(operation, &lost, tries, Duration::ZERO);
        for read in ["ecs:DescribeServices", "route53:ListHostedZones", "iam:GetAccountAuthorizationDetails"] {
            assert!(now(read, 1) && now(read, 5) && !now(read, 6), "{read}");
        }
        for change in ["ecs:CreateService", "elb:DeleteRule", "ec2:AuthorizeSecurityGroupIngress"] {
            assert!(!now(change, 1), "{change}");
        }
    }
}
