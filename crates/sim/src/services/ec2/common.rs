//! What the operations of EC2 share: ids and ARNs, the refusals that most of them have, and `DryRun`. Knows none of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state::Ec2;
use super::tokens;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// Lists operations, each of which takes `DryRun`.
macro_rules! operations {
    ($($name:literal => $handler:expr),* $(,)?) => {
        &[$(($name, |call, input| crate::services::ec2::rehearsed(call, input, $handler))),*]
    };
}
pub(super) use operations;

/// Carries an operation out, or with `DryRun` tells that it would work.
pub(super) fn rehearsed(call: &mut Call<'_>, input: &Input, handler: Handler) -> Reply {
    if input.shared("DryRun") != Some(&Value::Bool(true)) {
        return tokens::once(call, input, handler);
    }
    let before = call.world.clone();
    let reply = handler(call, input);
    *call.world = before;
    reply?;
    Err(Refusal::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").status(412))
}

/// What happens by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Event {
    /// A VPC is ready.
    VpcReady(String),
    /// A NAT gateway, a VPC endpoint or a prefix list gets this state.
    Turns(String, String),
    /// A NAT gateway or VPC endpoint is no longer described.
    Forgotten(String),
}

/// The region's state.
pub(super) fn state<'c>(call: &'c mut Call<'_>) -> &'c mut Ec2 {
    &mut call.region().ec2
}

/// A new id.
pub(super) fn new_id(call: &mut Call<'_>, prefix: &str) -> String {
    format!("{prefix}-0{}", call.world.ids.hex(16))
}

/// The ARN of something of this service.
pub(super) fn arn(ec2: &Ec2, resource: &str, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:{resource}/{id}", ec2.name, ec2.account)
}

/// The refusal of a deletion of something that others need.
pub(super) fn depended_on(noun: &str, id: &str) -> Refusal {
    Refusal::new("DependencyViolation", format!("The {noun} '{id}' has dependencies and cannot be deleted."))
}

/// The refusal of a value.
pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", text)
}

/// The refusal of a request that lacks something.
pub(super) fn lacks(parameter: &str) -> Refusal {
    Refusal::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

/// Refuses a change of several attributes in one request.
pub(super) fn one_attribute(given: &[&str]) -> Result<(), Refusal> {
    if given.len() < 2 {
        return Ok(());
    }
    let mut names: Vec<String> = given.iter().map(|name| name[..1].to_lowercase() + &name[1..]).collect();
    names.sort_unstable();
    let text = format!("Fields for multiple attribute types specified: {}", names.join(", "));
    Err(Refusal::new("InvalidParameterCombination", text))
}
