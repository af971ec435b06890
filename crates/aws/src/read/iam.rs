//! Reads from IAM.

use super::Scope;
use crate::client::Aws;

/// What was fetched from IAM.
#[derive(Debug)]
pub struct Iam {}

/// Reads what the scope asks for.
pub async fn fetch(_aws: &Aws, _scope: &Scope<'_>) -> Iam {
    Iam {}
}
