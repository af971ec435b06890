//! What it means that something is not there, where that is to be expected. Knows no service.

use evenkeel_core::error::{CloudError, ErrorClass};

/// An error of a request that names what was made, or read, a moment ago: what is not known everywhere yet will be.
pub(crate) fn not_yet(error: CloudError) -> CloudError {
    match error.class {
        ErrorClass::Gone => CloudError { class: ErrorClass::Propagating, ..error },
        _ => error,
    }
}

/// The reply to a request that takes something away: what is gone already is as it should be.
pub(crate) fn unless_gone<T>(reply: Result<T, CloudError>) -> Result<(), CloudError> {
    match reply {
        Err(error) if error.class == ErrorClass::Gone => Ok(()),
        reply => reply.map(drop),
    }
}
