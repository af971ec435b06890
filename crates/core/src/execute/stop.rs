//! How a user stops a run: once, and nothing new starts; twice, and nothing is awaited any longer.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;

/// A handle that is shared with whoever hears the user.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: AtomicU8,
    waker: AtomicWaker,
}

impl Stop {
    /// Asks once more to stop.
    pub fn ask(&self) {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        self.0.waker.wake();
    }

    /// How often it was asked.
    pub fn asked(&self) -> u8 {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Returns once it has been asked more than `heard` times. Only one task may listen.
    pub async fn more_than(&self, heard: u8) -> u8 {
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            let asked = self.asked();
            if asked > heard { Poll::Ready(asked) } else { Poll::Pending }
        })
        .await
    }
}
