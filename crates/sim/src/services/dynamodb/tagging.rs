//! Tags of tables.

use super::{invalid, name_of};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("TagResource", dialect::add::<Tables>),
    ("UntagResource", dialect::remove::<Tables>),
    ("ListTagsOfResource", dialect::list::<Tables>),
];

/// What carries tags here.
pub(super) struct Tables;

impl Carrier for Tables {
    const DIALECT: Dialect = Dialect {
        rules: &[Rule::whole(
            Breach::Count(MOST_TAGS),
            Said::new("ValidationException", "One or more parameter values were invalid: Too many tags"),
        )],
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("ResourceArn");
        if !arn.starts_with("arn:") {
            return Err(invalid(format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}")));
        }
        let missing = || {
            let text = format!("Requested resource not found: ResourcArn: {arn} not found");
            Refusal::new("ResourceNotFoundException", text)
        };
        let found = call.region().dynamodb.tables.get_mut(name_of(arn));
        found.map(|table| &mut table.tags).ok_or_else(missing)
    }
}
