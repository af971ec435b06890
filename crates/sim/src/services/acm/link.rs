//! What other services ask of ACM: the state of a certificate, and who uses it.

use crate::world::{Place, Region, World};

/// The state of a certificate, such as `ISSUED`; none if there is none of that ARN.
pub fn status(_region: &Region, _arn: &str) -> Option<String> {
    None
}

/// Notes that a resource uses a certificate.
pub fn use_by(_world: &mut World, _place: &Place, _certificate: &str, _user: &str) {}

/// Notes that it no longer does; the certificate shows it for some more time.
pub fn unuse_by(_world: &mut World, _place: &Place, _certificate: &str, _user: &str) {}

/// Notes that records of an account have changed: whoever waits for a validation record looks soon.
pub fn records_changed(_world: &mut World, _account: &str) {}
