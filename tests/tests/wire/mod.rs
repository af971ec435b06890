//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod dns;
mod log_group;
mod network;
mod role;
mod security_group;
