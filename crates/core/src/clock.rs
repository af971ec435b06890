//! Time, as the engine sees it: a way to sleep and a reading that only grows. The command line gives the real one, tests a
//! virtual one.

use std::time::Duration;

use async_trait::async_trait;

/// A clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns after that time.
    async fn sleep(&self, time: Duration);

    /// Time since some fixed moment.
    fn now(&self) -> Duration;
}
