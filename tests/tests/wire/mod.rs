//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod dns;
mod log_group;
