//! The engine against an in-memory cloud with virtual time: plans, runs, faults, random stacks.

mod faults;
mod plans;
mod random;
mod runs;
mod traffic;
