//! Tags of scalable targets; policies and scheduled actions have none.

use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("ListTagsForResource", dialect::list::<Targets>),
    ("TagResource", dialect::add::<Targets>),
    ("UntagResource", dialect::remove::<Targets>),
];

/// What carries tags here.
pub(super) struct Targets;

impl Carrier for Targets {
    const DIALECT: Dialect = Dialect {
        rules: &[
            Rule::whole(
                Breach::Count(MOST_TAGS),
                Said::new("TooManyTagsException", "A resource can have no more than 50 tags."),
            ),
            Rule::whole(
                Breach::Reserved(AWS),
                Said::new("ValidationException", "Tag keys that begin with aws: are reserved."),
            ),
        ],
        looks_first: true,
        ..Dialect::MAP
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("ResourceARN");
        let found = call.region().scaling.targets.values_mut().find(|target| target.arn == arn);
        found.map(|target| &mut target.tags).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", format!("The scalable target {arn} doesn't exist."))
                .with("ResourceName", arn)
        })
    }
}
