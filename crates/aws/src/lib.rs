//! Everything of evenkeel that knows AWS: one folder for each service, with its kinds, its reader and its client.
//! Must not know the terminal, the command line or exit codes.
//!
//! - [`services`]: what each AWS service and its kinds of resources want, see and do
//! - [`kinds`]: the table of kinds, and the graph of a stack
//! - [`reading`]: batched reading, all services side by side
//! - [`sharing`]: answers that readings of several stacks share
//! - [`call`]: sending single requests: pace, retries in place, statistics, classes of errors
//! - [`cloud`]: the engine's door to all of it
//! - [`given`], [`values`]: values that are sent and stand in no document, and what keeps them
//! - [`stacks`]: which stacks an account has, by their marks
//! - [`status`]: how a stack does that is live; [`reach`]: whether a URL answers
//! - [`references`]: whether what containers refer to as secrets is there
//! - [`shown`], [`outputs`], [`presupposed`]: what others have to know of the kinds: how they are shown, what is worth knowing of a
//!   stack that is live, what a stack needs and does not create

#![warn(unreachable_pub)]

pub mod architecture;
pub mod call;
pub mod client;
pub mod cloud;
pub mod connect;
mod counted;
mod driver;
mod existing;
pub mod finder;
pub mod floor;
pub mod given;
pub mod hands;
mod http;
pub mod kinds;
mod look;
pub mod outputs;
pub mod presupposed;
pub mod reach;
pub mod read;
pub mod reading;
pub mod references;
pub mod resource;
pub mod service;
pub mod services;
pub mod sharing;
pub mod shown;
pub mod stacks;
pub mod status;
pub mod tags;
pub mod time;
pub mod told;
pub mod touch;
pub mod values;
