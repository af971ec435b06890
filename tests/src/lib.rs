//! Support for the whole-program tests: servers that speak the AWS APIs, started on free ports of the loopback address.

pub mod burst;
pub mod moto;
pub mod program;
pub mod world;
