//! Virtual time: a clock whose sleepers wake as soon as nothing else can go on, and the executor that moves it. A run that
//! would take an hour takes no time, always goes the same way, and a run that hangs is noticed at once.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use evenkeel_core::clock::Clock;

/// A clock that only [`run`] moves.
#[derive(Clone, Debug, Default)]
pub struct Virtual(Arc<Mutex<Timers>>);

#[derive(Debug, Default)]
struct Timers {
    now: Duration,
    next: u64,
    sleepers: BTreeMap<(Duration, u64), Waker>,
}

impl Virtual {
    /// Moves to the next moment at which somebody wakes; false if nobody sleeps.
    fn advance(&self) -> bool {
        let (_, waker) = {
            let mut timers = self.0.lock().expect("no test panics while it holds the clock");
            let Some(((at, number), waker)) = timers.sleepers.pop_first() else { return false };
            timers.now = timers.now.max(at);
            (number, waker)
        };
        waker.wake();
        true
    }
}

#[async_trait]
impl Clock for Virtual {
    async fn sleep(&self, time: Duration) {
        let until = self.now() + time;
        Sleep { clock: self.clone(), until, key: None }.await;
    }

    fn now(&self) -> Duration {
        self.0.lock().expect("no test panics while it holds the clock").now
    }
}

struct Sleep {
    clock: Virtual,
    until: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut timers = clock.0.lock().expect("no test panics while it holds the clock");
        if timers.now >= self.until {
            return Poll::Ready(());
        }
        if self.key.is_none() {
            timers.next += 1;
            self.key = Some((self.until, timers.next));
        }
        let key = self.key.expect("it was just given");
        timers.sleepers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let (Some(key), Ok(mut timers)) = (self.key, self.clock.0.lock()) {
            timers.sleepers.remove(&key);
        }
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future, moving the clock whenever it cannot go on; `None` if `killed` became true first (the future is dropped).
///
/// # Panics
/// If the future waits for something that will never happen.
pub fn run<T>(clock: &Virtual, killed: impl Fn() -> bool, future: impl Future<Output = T>) -> Option<T> {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        flag.0.store(false, Ordering::SeqCst);
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        if killed() {
            return None;
        }
        while !flag.0.load(Ordering::SeqCst) {
            assert!(clock.advance(), "the run hangs: nobody will ever wake it");
        }
    }
}
