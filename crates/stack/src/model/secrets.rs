//! The part of the model whose entries keep values: parameters and secrets. Data only; a value that is secret is not among it, but where it
//! comes from is.

use evenkeel_core::doc::Text;

use super::super::value_from::ValueFrom;
use super::Meta;

/// An entry of `parameters:`.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The entry.
    pub meta: Meta,
    /// `type:`, `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// `value:`, of a list with commas; `None` for a `SecureString`.
    pub value: Option<Text>,
    /// Where the value of a `SecureString` comes from.
    pub from: Option<ValueFrom>,
    /// `description:`, may be empty.
    pub description: String,
    /// `tier:`; not managed if not given.
    pub tier: Option<String>,
    /// `allowed_pattern:`.
    pub pattern: Option<String>,
    /// `kms_key:`, an ARN; only for a `SecureString`.
    pub kms_key: Option<String>,
}

/// An entry of `secrets:`.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The entry.
    pub meta: Meta,
    /// Where its value comes from; without it the secret is created empty.
    pub from: Option<ValueFrom>,
    /// `description:`, may be empty.
    pub description: String,
    /// `kms_key:`, an ARN.
    pub kms_key: Option<String>,
    /// `recovery_days:`, 7 to 30, or 0 to delete at once.
    pub recovery_days: u32,
}
