//! The whole-program tests, one binary: see the modules.

mod docs;
mod e2e;
mod engine;
mod tidy;
mod wire;
