//! Tags of parameters. Of the other kinds of Systems Manager's resources there are none.

use super::names;
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("AddTagsToResource", dialect::add::<Parameters>),
    ("ListTagsForResource", dialect::list::<Parameters>),
    ("RemoveTagsFromResource", dialect::remove::<Parameters>),
];

/// What carries tags here.
pub(super) struct Parameters;

impl Carrier for Parameters {
    const DIALECT: Dialect = Dialect {
        shown: "TagList",
        rules: &[
            Rule::request(
                Breach::ReservedInAnyCase(AWS),
                Said::new("ValidationException", "aws: prefixed tag key names are not allowed for external use."),
            ),
            Rule::whole(
                Breach::Count(MOST_TAGS),
                Said::new("TooManyTagsError", "The number of tags exceeds the limit of 50 per resource."),
            ),
        ],
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let unknown = || {
            Refusal::new(
                "InvalidResourceId",
                "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
            )
        };
        if input.text("ResourceType") != Some("Parameter") {
            return Err(unknown());
        }
        let ssm = &mut call.region().ssm;
        let name = names::plain(ssm, input.text_or_empty("ResourceId")).ok_or_else(unknown)?;
        ssm.parameters.get_mut(&name).map(|parameter| &mut parameter.tags).ok_or_else(unknown)
    }
}
