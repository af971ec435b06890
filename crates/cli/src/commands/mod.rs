//! The commands, one file each. What several of them do is in `session` (up to a plan) and `carry_out` (after it).

pub mod apply;
pub mod carry_out;
pub mod completions;
pub mod destroy;
pub mod plan;
pub mod session;
pub mod sim;
pub mod validate;
