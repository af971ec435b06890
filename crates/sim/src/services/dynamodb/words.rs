//! How DynamoDB words what breaks the limits of its model, and its errors on the wire.

use crate::call::Refusal;
use crate::validate::{Violation, What, coral};

/// The order in which DynamoDB tells the values of an enumeration, where that is not the model's.
const ORDERS: &[&[&str]] = &[
    &["B", "N", "S"],
    &["ALL", "INCLUDE", "KEYS_ONLY"],
    &["INDEXES", "TOTAL", "NONE"],
    &["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"],
    &["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],
    &["OR", "AND"],
    &[
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
    ],
];

/// The refusal: the framework's, with enumerations in an order of its own.
pub(super) fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    let mut found = found.to_vec();
    for violation in &mut found {
        if let What::NotOf(values) = &mut violation.what {
            let same = |order: &&&[&str]| {
                order.len() == values.len() && order.iter().all(|it| values.iter().any(|value| value == it))
            };
            if let Some(order) = ORDERS.iter().find(same) {
                *values = order.iter().map(|value| (*value).to_owned()).collect();
            }
        }
    }
    Some(coral(&found, "ValidationException", true))
}

/// The type of an error. DynamoDB is alone in naming its model's, and the framework's, whole.
pub(super) fn kind(code: &str) -> String {
    match code {
        "ValidationException" => format!("com.amazon.coral.validate#{code}"),
        "AccessDeniedException"
        | "MissingAuthenticationTokenException"
        | "SerializationException"
        | "UnknownOperationException"
        | "UnrecognizedClientException" => format!("com.amazon.coral.service#{code}"),
        _ => format!("com.amazonaws.dynamodb.v20120810#{code}"),
    }
}
