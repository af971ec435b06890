//! The engine of evenkeel. Pure: it knows no AWS, no YAML, no clock, no environment, no files, and prints nothing.
//!
//! ```text
//! Graph (desired) + Snapshot (live) --plan--> Plan --check--> findings
//! Plan --Schedule--> commands --execute--> Cloud
//!                        `--> Event --> reporters (elsewhere)
//! ```
//!
//! Start with [`graph`] (what is wanted), [`snapshot`] (what is live), [`plan`] (what to do) and [`cloud`] (who does it).

#![warn(unreachable_pub)]

pub mod check;
pub mod clock;
pub mod cloud;
pub mod diagnostic;
pub mod diff;
pub mod doc;
pub mod error;
pub mod event;
pub mod execute;
pub mod graph;
pub mod id;
pub mod kind;
mod matching;
pub mod name;
pub mod plan;
pub mod retry;
pub mod saved;
pub mod schedule;
pub mod secret;
pub mod snapshot;
