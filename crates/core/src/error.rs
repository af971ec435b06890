//! What can go wrong when talking to the cloud, sorted by what it means for a run. The class is decided once, where
//! the reply is read (`evenkeel-aws`, `error.rs`); everything after that looks at the class and never at message texts.

use serde::{Deserialize, Serialize};

/// What an error means for the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Too many requests; nothing was done.
    Throttled,
    /// Something just created is not visible everywhere yet (a role, a group); nothing was done.
    Propagating,
    /// Another change to the same object is under way; nothing was done.
    Busy,
    /// Something still uses the thing that should go, or its name is still draining; nothing was done.
    InUse,
    /// The caller may not do this.
    Denied,
    /// The request is wrong as it stands; repeating it is pointless.
    Invalid,
    /// A quota of the account is reached.
    Quota,
    /// The thing is not there.
    Gone,
    /// A thing of that name is there already.
    Exists,
    /// The endpoint does not know this operation (an emulator, an old region).
    Unsupported,
    /// There are no credentials, or they are expired or wrong.
    Credentials,
    /// No connection was made, so the request was never sent.
    Unreachable,
    /// The request may have been carried out: the reply was lost, or the server failed on its way.
    Unknown,
    /// A mistake of this program.
    Bug,
}

impl ErrorClass {
    /// Whether the same request may succeed later without anybody's help.
    pub fn is_passing(self) -> bool {
        match self {
            Self::Throttled | Self::Propagating | Self::Busy | Self::InUse | Self::Unreachable | Self::Unknown => true,
            Self::Denied
            | Self::Invalid
            | Self::Quota
            | Self::Gone
            | Self::Exists
            | Self::Unsupported
            | Self::Credentials
            | Self::Bug => false,
        }
    }
}

/// A refusal or failure of one request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct CloudError {
    /// What it means for the run.
    pub class: ErrorClass,
    /// The request, as `service:Operation`, for example `ecs:CreateService`.
    pub operation: String,
    /// The code on the wire, for example `ClusterNotFoundException`; `-` if no reply came.
    pub code: String,
    /// The text of the server, or what happened on the way.
    pub message: String,
    /// AWS's id of the request, if a reply came.
    pub request_id: Option<String>,
    /// What a person can do about it, if we know.
    pub hint: Option<String>,
}

impl CloudError {
    /// An error that did not come from a reply.
    pub fn local(class: ErrorClass, operation: &str, message: impl Into<String>) -> Self {
        Self {
            class,
            operation: operation.to_owned(),
            code: "-".to_owned(),
            message: message.into(),
            request_id: None,
            hint: None,
        }
    }

    /// A mistake of this program.
    pub fn bug(operation: &str, message: impl Into<String>) -> Self {
        Self::local(ErrorClass::Bug, operation, message)
    }
}
