//! Listeners of this run that said from the first that they get rules: what finds their rules later is on them already, and
//! needs no request of its own. Remembers, and decides nothing.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::client::Aws;

#[derive(Debug, Default)]
struct Announced(Mutex<BTreeSet<String>>);

/// Notes that a listener was made with the mark of one that has rules.
pub fn announce(aws: &Aws, listener: &str) {
    aws.memory::<Announced>().0.lock().unwrap_or_else(PoisonError::into_inner).insert(listener.to_owned());
}

/// Whether this run made the listener with that mark.
pub fn is_announced(aws: &Aws, listener: &str) -> bool {
    aws.memory::<Announced>().0.lock().unwrap_or_else(PoisonError::into_inner).contains(listener)
}
