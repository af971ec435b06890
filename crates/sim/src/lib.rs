//! A simulated AWS at the wire: the services of an ECS stack, with their refusals, their states that take time, and faults by
//! rule. It answers the requests of any AWS client, in process (an HTTP client for the SDK) or on a socket.
//!
//! From the outside in: `wire` reads a request and writes a reply as `model` (AWS's own API models) prescribes, `sim` passes it
//! through faults and throttling to the operation in `services`, which works on the `world`. Nothing here knows evenkeel.

#![warn(unreachable_pub)]

pub mod call;
pub mod client;
pub mod faults;
pub mod guard;
pub mod keep;
pub mod known;
#[cfg(test)]
mod lab;
pub mod model;
pub mod near;
pub mod ordered;
pub mod paging;
pub mod pairs;
pub mod provide;
pub mod server;
pub mod services;
pub mod sim;
pub mod store;
pub mod tags;
pub mod throttle;
pub mod validate;
pub mod wire;
pub mod world;

pub use crate::call::Refusal;
pub use crate::services::elb::outages;
pub use crate::sim::{Settings, Sim};
