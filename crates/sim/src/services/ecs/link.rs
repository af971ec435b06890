//! What other services ask of ECS: whether a service is there, and its desired count, which auto scaling moves; and what they tell it,
//! that load balancers reach other targets than before.

pub use super::running::{desired_count, set_desired_count, targets_moved};
