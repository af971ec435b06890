//! How services word what is wrong with an input: all at once or the first thing, with the value or without, and in which order
//! they tell the values of an enumeration. Knows no model.

use super::{Violation, What, Wording};
use crate::call::Refusal;

/// The refusal of what is wrong with an input for an operation, unless the service lets it pass.
pub(super) fn refusal(service: &str, operation: &str, mut found: Vec<Violation>, wording: Wording) -> Option<Refusal> {
    if service == "iam" {
        found.iter_mut().for_each(hide_enumeration);
    }
    match wording {
        Wording::Ecr => found.first().map(ecr),
        Wording::Own(words) => words(operation, &found),
        Wording::Ec2 => {
            if operation == "CreateSecurityGroup" {
                found.iter_mut().for_each(older_name);
            }
            ec2(&found)
        }
        Wording::Coral { code, shows_value } => {
            if ALPHABETICAL.contains(&service) {
                sort_values(&mut found);
            }
            if service == "dynamodb" {
                order_values(&mut found);
            }
            Some(coral(&found, code, shows_value))
        }
    }
}

/// The services that tell the values of an enumeration in the order of the alphabet.
const ALPHABETICAL: &[&str] = &["application-autoscaling"];

fn sort_values(found: &mut [Violation]) {
    for violation in found {
        if let What::NotOf(values) = &mut violation.what {
            values.sort_unstable();
        }
    }
}

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

fn order_values(found: &mut [Violation]) {
    for violation in found {
        if let What::NotOf(values) = &mut violation.what {
            let same = |order: &&&[&str]| {
                order.len() == values.len() && order.iter().all(|it| values.iter().any(|value| value == it))
            };
            if let Some(order) = ORDERS.iter().find(same) {
                *values = order.iter().map(|value| (*value).to_owned()).collect();
            }
        }
    }
}

/// IAM tells neither the value nor what it could have been.
fn hide_enumeration(violation: &mut Violation) {
    if let What::NotOf(values) = &mut violation.what {
        values.clear();
    }
}

/// The refusal of a framework that tells everything at once.
pub fn coral(found: &[Violation], code: &str, shows_value: bool) -> Refusal {
    let words: Vec<String> = found.iter().map(|violation| sentence(violation, shows_value)).collect();
    let errors = if found.len() == 1 { "error" } else { "errors" };
    Refusal::new(code, format!("{} validation {errors} detected: {}", found.len(), words.join("; ")))
}

fn sentence(violation: &Violation, shows_value: bool) -> String {
    let hidden = match &violation.what {
        What::Unfit(_) => !shows_value,
        What::NotOf(values) => values.is_empty(),
        _ => false,
    };
    let value = match (&violation.what, &violation.value) {
        _ if hidden => "Value".to_owned(),
        (What::Missing, _) | (_, None) => "Value null".to_owned(),
        (_, Some(value)) => format!("Value '{value}'"),
    };
    format!("{value} at '{}' failed to satisfy constraint: {}", violation.path, must(&violation.what))
}

/// The rule that is broken.
fn must(what: &What) -> String {
    let must = match what {
        What::Missing => "not be null".to_owned(),
        What::Shorter(than) => format!("have length greater than or equal to {than}"),
        What::Longer(than) => format!("have length less than or equal to {than}"),
        What::Less(than) => format!("have value greater than or equal to {than}"),
        What::More(than) => format!("have value less than or equal to {than}"),
        What::NotOf(values) if values.is_empty() => "satisfy enum value set".to_owned(),
        What::NotOf(values) => format!("satisfy enum value set: [{}]", values.join(", ")),
        What::Unfit(pattern) => format!("satisfy regular expression pattern: {pattern}"),
        What::Entries(which, rules) => {
            let rules: Vec<String> = rules.iter().map(must).collect();
            return format!("Map {which} must satisfy constraint: [{}]", rules.join(", "));
        }
    };
    format!("Member must {must}")
}

/// The oldest of EC2's operations on security groups tells its parameters as they stand in the request.
fn older_name(violation: &mut Violation) {
    let name = match violation.path.as_str() {
        "description" => "GroupDescription",
        "groupName" => "GroupName",
        _ => return,
    };
    name.clone_into(&mut violation.path);
}

/// EC2 tells the first thing that is wrong, and enforces little of its model.
fn ec2(found: &[Violation]) -> Option<Refusal> {
    let capital = |path: &str| {
        let mut letters = path.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    found.iter().find_map(|violation| match &violation.what {
        What::Missing => Some(Refusal::new(
            "MissingParameter",
            format!("The request must contain the parameter {}", violation.path.rsplit('.').next().unwrap_or_default()),
        )),
        What::NotOf(_) => Some(Refusal::new(
            "InvalidParameterValue",
            format!(
                "Value ({}) for parameter {} is invalid.",
                violation.value.clone().unwrap_or_default(),
                capital(&violation.path)
            ),
        )),
        What::Less(limit) | What::More(limit) => Some(Refusal::new(
            "InvalidParameterValue",
            format!(
                "Value ( {} ) for parameter {} is invalid. Expecting a value {} than {limit}.",
                violation.value.clone().unwrap_or_default(),
                violation.path,
                if matches!(violation.what, What::Less(_)) { "greater" } else { "less" },
            ),
        )),
        What::Shorter(_) | What::Longer(_) | What::Unfit(_) | What::Entries(..) => None,
    })
}

/// ECR's refusal. It tells an older pattern for names of repositories than its model has.
fn ecr(violation: &Violation) -> Refusal {
    const NAMES: &str = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*";
    let path = &violation.path;
    let rule = match &violation.what {
        What::Missing => "must not be null".to_owned(),
        What::Shorter(than) => format!("must have length greater than or equal to {than}"),
        What::Longer(than) => format!("must have length less than or equal to {than}"),
        What::Less(than) => format!("must have value greater than or equal to {than}"),
        What::More(than) => format!("must have value less than or equal to {than}"),
        What::NotOf(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
        What::Unfit(_) if path.starts_with("repositoryName") => format!("must satisfy regular expression '{NAMES}'"),
        What::Unfit(pattern) => format!("must satisfy regular expression '{pattern}'"),
        What::Entries(..) => must(&violation.what),
    };
    let text = format!("Invalid parameter at '{path}' failed to satisfy constraint: '{rule}'");
    Refusal::new("InvalidParameterException", text)
}
