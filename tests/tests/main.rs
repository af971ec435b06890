//! The whole-program tests, one binary: see the modules.

mod engine;
mod wire;
