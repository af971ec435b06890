//! Which operations share which token bucket. Sources: the service guides on API throttling.

use crate::throttle::Bucket;

/// The bucket of an operation; none if AWS publishes no rate that matters.
pub fn bucket(_service: &str, _operation: &str) -> Option<Bucket> {
    None
}
