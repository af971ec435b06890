//! Reads from EC2.

use super::Scope;
use crate::client::Aws;

/// What was fetched from EC2.
#[derive(Debug)]
pub struct Ec2 {}

/// Reads what the scope asks for.
pub async fn fetch(_aws: &Aws, _scope: &Scope<'_>) -> Ec2 {
    Ec2 {}
}
