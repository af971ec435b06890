//! Reads from Elastic Load Balancing.

use super::Scope;
use crate::client::Aws;

/// What was fetched from Elastic Load Balancing.
#[derive(Debug)]
pub struct Elb {}

/// Reads what the scope asks for.
pub async fn fetch(_aws: &Aws, _scope: &Scope<'_>) -> Elb {
    Elb {}
}
