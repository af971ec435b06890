//! How ECR words what breaks the limits of its model: `Invalid parameter at 'x' failed to satisfy constraint: '…'`.

use crate::call::Refusal;
use crate::validate::{Violation, What, must};

/// The refusal of the first thing that is wrong.
pub(super) fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    found.first().map(refusal)
}

/// ECR tells an older pattern for names of repositories than its model has.
fn refusal(violation: &Violation) -> Refusal {
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
