//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod elb;
mod listener;
mod load_balancer;
mod network;
mod role;
mod security_group;
mod target_group;
