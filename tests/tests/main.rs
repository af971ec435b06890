//! The whole-program tests, one binary: see the modules.

mod cli;
mod contract;
mod docs;
mod e2e;
mod engine;
mod graph;
mod sim;
mod stories;
mod tidy;
mod wire;
