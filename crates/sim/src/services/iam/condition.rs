//! The conditions of a statement: which operators there are, what they compare with, and which dates are dates. Whether a
//! condition holds is nobody's affair here.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::document::{malformed, texts};
use crate::call::Refusal;

/// The operators, apart from `ForAllValues:` and `ForAnyValue:` before and `IfExists` behind them.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
];

/// The operator itself, if there is one of that name.
fn operator(name: &str) -> Option<&'static str> {
    let bare = name.strip_prefix("ForAllValues:").or_else(|| name.strip_prefix("ForAnyValue:")).unwrap_or(name);
    if bare.eq_ignore_ascii_case("Null") {
        return Some("Null");
    }
    let bare = bare.strip_suffix("IfExists").unwrap_or(bare);
    OPERATORS.iter().find(|known| known.eq_ignore_ascii_case(bare)).copied()
}

/// Refuses a condition that is not operators with keys with values. One without keys is never looked at closely.
///
/// # Errors
/// `MalformedPolicyDocument`.
pub(super) fn check_form(condition: &Value) -> Result<(), Refusal> {
    let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let fits = |value: &Value| scalar(value) || value.as_array().is_some_and(|list| list.iter().all(scalar));
    let good = condition.as_object().is_some_and(|operators| {
        operators.iter().all(|(name, keys)| {
            keys.as_object()
                .is_some_and(|keys| keys.is_empty() || (operator(name).is_some() && keys.values().all(fits)))
        })
    });
    if good { Ok(()) } else { Err(malformed("Syntax errors in policy.")) }
}

/// Whether all values that are compared as dates are some.
pub(super) fn dates_are_dates(condition: &Value) -> bool {
    let operators = condition.as_object().into_iter().flatten();
    let dated = operators.filter(|(name, _)| operator(name).is_some_and(|known| known.starts_with("Date")));
    let mut values = dated.filter_map(|(_, keys)| keys.as_object()).flat_map(|keys| keys.values());
    values.all(|value| texts(Some(value)).into_iter().all(is_date))
}

/// Seconds, or as much of ISO 8601 as somebody cared to write.
fn is_date(text: &str) -> bool {
    static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let clock = r"\d{1,2}(:\d{2}(:\d{2}([.]\d{1,9})?)?)?";
        let zone = r"([Zz]|[+-]\d{2}(:?[0-5]\d)?)?";
        let day = r"\d{1,9}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?";
        Regex::new(&format!("^{day}([Tt]({clock})?{zone})?$")).ok()
    });
    text.contains("${") || text.parse::<i64>().is_ok() || DATE.as_ref().is_some_and(|date| date.is_match(text))
}
