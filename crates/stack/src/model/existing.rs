//! Which resource of others `existing:` means, after reading. Data only: whether there is such a one is not known here.

use std::collections::BTreeMap;

/// What `existing:` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Existing {
    /// The one of this name.
    Name(String),
    /// The one with this ARN.
    Arn {
        /// The ARN.
        arn: String,
        /// The name that is in it.
        name: String,
    },
    /// The one with all these tags.
    Tags(BTreeMap<String, String>),
}

impl Existing {
    /// What AWS calls it, where the file tells.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Arn { name, .. } => Some(name),
            Self::Tags(_) => None,
        }
    }
}
