//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod cluster;
mod dns;
mod ecs;
mod log_group;
mod network;
mod role;
mod security_group;
mod service;
mod task_definition;
