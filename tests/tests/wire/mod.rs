//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod elb;
mod listener;
mod load_balancer;
mod target_group;
