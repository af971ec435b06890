//! The commands, one file each. What several of them do is in `connect`, `session` (up to a
//! plan), `names` (what the command line names), and `carry_out` (after it).

pub mod apply;
pub mod carry_out;
pub mod completions;
pub mod connect;
pub mod destroy;
pub mod explain;
pub mod names;
pub mod plan;
pub mod save;
pub mod schema;
pub mod session;
pub mod sim;
pub mod validate;
