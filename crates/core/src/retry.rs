//! The retry policy of the engine, by class of error: how often, how long, with which pauses. Throttling and the like are
//! already retried where requests are sent; here it is about things that take minutes.

use std::time::Duration;

use crate::error::ErrorClass;

/// What to do about an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Try the same again after this pause.
    Again(Duration),
    /// Read the thing back after this pause, then decide.
    ReadBack(Duration),
    /// Give up.
    Fail,
}

/// A role or a group that was just made is visible everywhere within this time; longer, and a real mistake would hide.
const PROPAGATION: Duration = Duration::from_secs(120);
/// Requests with an unknown outcome, and connections that were not made, per step.
const TRIES: u32 = 5;
/// Right after a lost reply the thing may not be visible to reads yet.
const BEFORE_READING_BACK: Duration = Duration::from_secs(2);

/// Decides about the `failures`-th error of this class in one step, `spent` after its first request.
pub fn verdict(class: ErrorClass, creating: bool, failures: u32, spent: Duration, deadline: Duration) -> Verdict {
    let pause = Duration::from_secs(1).saturating_mul(1 << failures.min(5)).min(Duration::from_secs(15));
    let within = |limit: Duration| if spent < limit { Verdict::Again(pause) } else { Verdict::Fail };
    match class {
        ErrorClass::Propagating => within(PROPAGATION),
        ErrorClass::InUse => within(deadline),
        ErrorClass::Throttled | ErrorClass::Busy => within(deadline.max(PROPAGATION)),
        ErrorClass::Unreachable if failures < TRIES => Verdict::Again(pause),
        ErrorClass::Unknown if failures < TRIES => Verdict::ReadBack(BEFORE_READING_BACK),
        // Perhaps it is ours: an earlier try of this step may have made it although its reply was lost.
        ErrorClass::Exists if creating && failures < TRIES => Verdict::ReadBack(Duration::ZERO),
        ErrorClass::Unreachable
        | ErrorClass::Unknown
        | ErrorClass::Exists
        | ErrorClass::Denied
        | ErrorClass::Invalid
        | ErrorClass::Quota
        | ErrorClass::Gone
        | ErrorClass::Unsupported
        | ErrorClass::Credentials
        | ErrorClass::Bug => Verdict::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn the_class_decides() {
        let now = |class| verdict(class, true, 1, Duration::ZERO, HOUR);
        assert_eq!(now(ErrorClass::Denied), Verdict::Fail);
        assert_eq!(now(ErrorClass::Unknown), Verdict::ReadBack(BEFORE_READING_BACK));
        assert_eq!(now(ErrorClass::Propagating), Verdict::Again(Duration::from_secs(2)));
        assert_eq!(verdict(ErrorClass::Propagating, true, 9, PROPAGATION, HOUR), Verdict::Fail);
        assert_eq!(verdict(ErrorClass::InUse, false, 50, HOUR / 2, HOUR), Verdict::Again(Duration::from_secs(15)));
        assert_eq!(verdict(ErrorClass::InUse, false, 50, HOUR, HOUR), Verdict::Fail);
        assert_eq!(verdict(ErrorClass::Exists, false, 1, Duration::ZERO, HOUR), Verdict::Fail);
    }
}
