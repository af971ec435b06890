//! Real SDK requests against moto over HTTP, kind by kind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod basics;
mod certificate;
mod cluster;
mod database;
mod dns;
mod ecs;
mod elb;
mod instance_profile;
mod listener;
mod load_balancer;
mod log_group;
mod namespace;
mod network;
mod network_balancer;
mod own_network;
mod parameter;
mod repository;
mod role;
mod scaling;
mod secret;
mod security_group;
mod service;
mod target_group;
mod task_definition;
