//! What other services ask of ECS: whether a service is there, and its desired count, which auto scaling moves.

pub use super::running::{desired_count, set_desired_count};
