//! Everything of evenkeel that knows AWS: one file for each resource kind, the readers and the clients.
//! Must not know the terminal, the command line or exit codes.
//!
//! - [`kinds`]: what each resource kind wants, sees and does
//! - [`read`]: batched reading, one reader to an AWS service
//! - [`call`]: sending single requests: pace, retries in place, statistics, classes of errors
//! - [`elb`]: writes that the kinds of Elastic Load Balancing share
//! - [`cloud`]: the engine's door to all of it

pub mod call;
pub mod client;
pub mod cloud;
pub mod elb;
pub mod kinds;
pub mod read;
pub mod resource;
pub mod tags;
