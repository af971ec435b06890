//! The whole-program tests, one binary: see the modules.

mod cli;
mod contract;
mod e2e;
mod engine;
mod stories;
mod wire;
