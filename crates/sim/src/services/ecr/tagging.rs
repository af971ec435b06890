//! Tags of repositories, by ARN.

use super::state::{invalid, missing};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations of this part.
pub(super) const OPERATIONS: Table = &[
    ("TagResource", dialect::add::<Repositories>),
    ("UntagResource", dialect::remove::<Repositories>),
    ("ListTagsForResource", dialect::list::<Repositories>),
];

/// What carries tags here.
pub(super) struct Repositories;

const UNFIT: Said = Said::new(
    "InvalidTagParameterException",
    "Invalid parameter at 'tags' failed to satisfy constraint: 'Invalid tag key or value: {key}'",
);

impl Carrier for Repositories {
    const DIALECT: Dialect = Dialect {
        rules: &[
            Rule::request(Breach::NoKey, UNFIT),
            Rule::request(Breach::LongKey(128), UNFIT),
            Rule::request(Breach::LongValue(256), UNFIT),
            Rule::request(Breach::ReservedInAnyCase(AWS), UNFIT),
            Rule::both(
                Breach::Count(MOST_TAGS),
                Said::new("TooManyTagsException", "The number of tags exceeds the limit of 50."),
            ),
        ],
        ..Dialect::SMALL
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("resourceArn");
        let prefix = call.arn("ecr", "repository/");
        let Some((_, name)) = arn.split_once(":repository/").filter(|_| arn.starts_with("arn:aws:ecr:")) else {
            return Err(invalid("resourceArn", "Invalid ARN"));
        };
        let registry = arn.split(':').nth(4).unwrap_or_default();
        let found = call.region().ecr.repositories.get_mut(name).filter(|_| arn.starts_with(&prefix));
        found.map(|repository| &mut repository.tags).ok_or_else(|| missing(name, registry))
    }
}
