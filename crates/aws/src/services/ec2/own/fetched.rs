//! Where the kinds of a network find what was read of it. Knows the readers, and no kind.

use evenkeel_core::error::CloudError;

use super::super::read::Ec2;
use super::read::Networks;
use crate::read::Fetched;

/// What was fetched of the networks of a stack's own.
///
/// # Errors
/// `Bug`: nobody fetched any.
pub(super) fn networks(fetched: &Fetched) -> Result<&Networks, CloudError> {
    Ok(&fetched.part::<Ec2>()?.own)
}
