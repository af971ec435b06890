//! How EC2 words what breaks the limits of its model: the first thing that is wrong, and little of it is enforced.

use crate::call::Refusal;
use crate::validate::{Violation, What};

/// The refusal, unless EC2 lets it pass.
pub(super) fn words(operation: &str, found: &[Violation]) -> Option<Refusal> {
    let mut found = found.to_vec();
    if operation == "CreateSecurityGroup" {
        found.iter_mut().for_each(older_name);
    }
    first(&found)
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

fn first(found: &[Violation]) -> Option<Refusal> {
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
