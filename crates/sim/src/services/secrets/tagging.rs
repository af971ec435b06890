//! Tags of secrets. A secret that never had any differs from one that has none left.

use serde_json::json;

use super::lookup;
use crate::call::{Call, Input, Refusal, Reply, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[("TagResource", add), ("UntagResource", dialect::remove::<Secrets>)];

/// What carries tags here.
pub(super) struct Secrets;

impl Carrier for Secrets {
    const DIALECT: Dialect = Dialect {
        rules: &[
            Rule::request(
                Breach::Reserved(AWS),
                Said::new(
                    "InvalidParameterException",
                    "Tag keys can't start with aws: because that prefix is reserved for AWS use.",
                ),
            ),
            Rule::both(
                Breach::Count(MOST_TAGS),
                Said::new("InvalidParameterException", "You can't attach more than 50 tags to a secret."),
            ),
        ],
        looks_first: true,
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        lookup::alive(call, input).map(super::Secret::tags_mut)
    }
}

/// The first tags come only when nothing is wrong with them.
fn add(call: &mut Call<'_>, input: &Input) -> Reply {
    let secret = lookup::alive(call, input)?;
    let new = Secrets::DIALECT.given(input)?;
    secret.tags = Some(Secrets::DIALECT.changed(&secret.tags.clone().unwrap_or_default(), new, &[])?);
    Ok(json!({}))
}
