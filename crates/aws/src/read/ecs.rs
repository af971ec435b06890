//! Reads from ECS.

use super::Scope;
use crate::client::Aws;

/// What was fetched from ECS.
#[derive(Debug)]
pub struct Ecs {}

/// Reads what the scope asks for.
pub async fn fetch(_aws: &Aws, _scope: &Scope<'_>, _finder: &super::tagging::Finder<'_>) -> Ecs {
    Ecs {}
}
