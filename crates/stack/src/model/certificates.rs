//! Certificates of a stack file after reading: which are requested and how they are validated, and which are looked up. Data only.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;

use super::Meta;

/// An entry of `certificates:`.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// Ours to request.
    Managed(Box<ManagedCertificate>),
    /// `existing:`, looked up and used as it is.
    Existing {
        /// Where it stands.
        place: Place,
        /// Which one.
        sought: SoughtCertificate,
    },
}

/// A certificate of ours.
#[derive(Clone, Debug)]
pub struct ManagedCertificate {
    /// The entry. It has no physical name.
    pub meta: Meta,
    /// `domain:`, lower case, without the last dot.
    pub domain: String,
    /// `names:`, the others, sorted; the same form.
    pub names: Vec<String>,
    /// `key_algorithm:` as requests write it: `RSA_2048`.
    pub key_algorithm: String,
    /// The zone in which each name is validated, by the name without its wildcard.
    pub zones: BTreeMap<String, String>,
}

/// Which certificate `existing:` means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SoughtCertificate {
    /// The one with this ARN.
    Arn(String),
    /// The newest issued one that covers this name.
    Domain(String),
}
