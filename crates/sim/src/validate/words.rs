//! How services word what is wrong with an input: all at once, with the value or without. Words that one service has alone are in its
//! folder. Knows no model.

use super::{Violation, What, Wording};
use crate::call::Refusal;

/// The refusal of what is wrong with an input for an operation, unless the service lets it pass.
pub(super) fn refusal(operation: &str, found: &[Violation], wording: Wording) -> Option<Refusal> {
    match wording {
        Wording::Own(words) => words(operation, found),
        Wording::Coral { code, shows_value } => Some(coral(found, code, shows_value)),
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
pub fn must(what: &What) -> String {
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
