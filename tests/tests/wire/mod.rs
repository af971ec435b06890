//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
mod cluster;
mod ecs;
mod service;
mod task_definition;
