//! Client tokens: a request that is repeated under its token makes nothing new, and another request under it is refused.
//! Knows no kind of resource; what a repeated request answers is the operation's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::state;
use super::state::Ec2;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};

/// Under what a token is remembered: tokens of two operations have nothing to do with each other.
fn key(operation: &str, input: &Input) -> Option<String> {
    input.shared_text("ClientToken").map(|token| format!("{operation} {token}"))
}

/// Carries an operation out, unless its token belongs to another request.
///
/// # Errors
/// The refusal.
pub(super) fn once(call: &mut Call<'_>, input: &Input, handler: Handler) -> Reply {
    let Some(key) = key(call.operation, input) else { return handler(call, input) };
    let text = serde_json::to_string(&input.0).unwrap_or_default();
    let asked = STANDARD.encode(&Sha256::digest(text.as_bytes())[..12]);
    if state(call).asked.get(&key).is_some_and(|before| *before != asked) {
        let text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        return Err(Refusal::new("IdempotentParameterMismatch", text));
    }
    let reply = handler(call, input)?;
    state(call).asked.insert(key, asked);
    Ok(reply)
}

/// The id of what this request made before.
pub(super) fn earlier(ec2: &Ec2, operation: &str, input: &Input) -> Option<String> {
    key(operation, input).and_then(|key| ec2.tokens.get(&key)).cloned()
}

/// Remembers what this request has made.
pub(super) fn keep(ec2: &mut Ec2, operation: &str, input: &Input, id: &str) {
    ec2.tokens.extend(key(operation, input).map(|key| (key, id.to_owned())));
}
