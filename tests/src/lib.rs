//! Support for the whole-program tests: servers that speak the AWS APIs, started on free ports of the loopback address, and
//! an in-memory cloud with virtual time for the engine.

pub mod burst;
pub mod editor;
pub mod fake;
pub mod held;
pub mod invariants;
pub mod keys;
pub mod lab;
pub mod laws;
pub mod moto;
pub mod names;
pub mod picture;
pub mod program;
pub mod served;
pub mod simulated;
pub mod stranger;
pub mod things;
pub mod virtual_time;
pub mod weather;
pub mod world;
