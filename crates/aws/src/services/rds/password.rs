//! Passwords of databases that are kept in a secret of the stack: which RDS takes, and how one gets from the secret's source to the
//! database. It is never read: the value is that which this run has sent to the secret, or another one that both get. Knows no kind.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_stack::value_from::ValueFrom;
use serde::{Deserialize, Serialize};

use crate::client::Aws;
use crate::given::Hidden;
use crate::services::secrets_manager::secret;

/// Where a password comes from when it is sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PasswordFrom {
    /// The node of the secret that keeps it.
    pub secret: String,
    /// The source of its value, in the words of the stack file.
    pub value: String,
}

impl PasswordFrom {
    /// The secret, and the source of its value.
    pub fn source(&self) -> Option<(NodeId, ValueFrom)> {
        Some((self.secret.parse().ok()?, self.value.parse().ok()?))
    }
}

/// Why RDS refuses a password, if it does; the value is not part of it.
pub fn complaint(engine: &str, value: &str) -> Option<String> {
    let most = evenkeel_stack::databases::longest_password(engine);
    let length = value.chars().count();
    if !(8..=most).contains(&length) {
        return Some(format!("RDS accepts a password of 8 to {most} characters, and it has {length}"));
    }
    let good = |letter: char| letter.is_ascii_graphic() && !"/@\"".contains(letter);
    (!value.chars().all(good))
        .then(|| "RDS refuses a password with a space, `/`, `@`, `\"`, or a character outside ASCII".to_owned())
}

/// Secrets whose value this run has sent.
#[derive(Debug, Default)]
struct Sent(Mutex<BTreeSet<NodeId>>);

impl Aws {
    /// Notes that the value that was given for a secret is in it.
    pub(crate) fn note_sent(&self, secret: &NodeId) {
        self.memory::<Sent>().0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.clone());
    }

    fn was_sent(&self, secret: &NodeId) -> bool {
        self.memory::<Sent>().0.lock().unwrap_or_else(PoisonError::into_inner).contains(secret)
    }
}

/// The password to send to a database; the secret of that ARN keeps the same when this returns.
///
/// # Errors
/// If there is no value to be had, or RDS would refuse it; any error of sending it to the secret.
pub(super) async fn to_send(
    aws: &Aws,
    from: &PasswordFrom,
    arn: &str,
    engine: &str,
    token: &str,
) -> Result<Hidden, CloudError> {
    let operation = "rds:CreateDBInstance";
    let node: NodeId = from
        .secret
        .parse()
        .map_err(|_| CloudError::bug(operation, format!("{} is not the id of a secret", from.secret)))?;
    let none = || CloudError::local(ErrorClass::Invalid, operation, format!("{node} has no value to send"));
    let value = aws.given(&node, Some(&from.value))?.ok_or_else(none)?;
    if let Some(why) = complaint(engine, value.to_send()) {
        return Err(CloudError::local(ErrorClass::Invalid, operation, format!("the password in {node}: {why}")));
    }
    if !aws.was_sent(&node) {
        secret::send_value(aws, arn, token, value.clone()).await?;
        aws.note_sent(&node);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rds_refuses_is_known_before_it_is_sent() {
        assert_eq!(complaint("postgres", "long-enough-1"), None);
        for bad in ["short", "with space", "with/slash-", "with@sign-", "with\"quote-", "with-ümlaut"] {
            let why = complaint("postgres", bad).unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(!why.contains(bad), "{why}");
        }
        assert!(complaint("mysql", &"x".repeat(42)).is_some() && complaint("postgres", &"x".repeat(42)).is_none());
        assert!(complaint("postgres", &"x".repeat(129)).is_some());
    }
}
