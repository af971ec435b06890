//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod network;
mod role;
mod security_group;
mod dns;
mod log_group;
