//! Reads from Route 53.

use super::Scope;
use crate::client::Aws;

/// What was fetched from Route 53.
#[derive(Debug)]
pub struct Route53 {}

/// Reads what the scope asks for.
pub async fn fetch(_aws: &Aws, _scope: &Scope<'_>) -> Route53 {
    Route53 {}
}
