//! The whole-program tests, one binary: see the modules.

mod e2e;
mod engine;
mod wire;
