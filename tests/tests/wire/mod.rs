//! Real SDK requests against moto over HTTP, kind by kind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod basics;
mod network;
mod role;
mod security_group;
mod dns;
mod log_group;
