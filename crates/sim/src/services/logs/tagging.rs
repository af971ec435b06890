//! Tags of groups: by ARN (without `:*`), and by name as it was done before.

use super::common::{group, name_of};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, Keys, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("TagResource", dialect::add::<ByArn>),
    ("UntagResource", dialect::remove::<ByArn>),
    ("ListTagsForResource", dialect::list::<ByArn>),
    ("TagLogGroup", dialect::add::<ByName>),
    ("UntagLogGroup", dialect::remove::<ByName>),
    ("ListTagsLogGroup", dialect::list::<ByName>),
];

const RESERVED: Rule = Rule::request(
    Breach::ReservedInAnyCase(AWS),
    Said::new("InvalidParameterException", "Tag keys starting with aws: are reserved for system use."),
);

/// How a resource with too many tags is refused, under a code.
const fn few(code: &'static str) -> Rule {
    Rule::whole(Breach::Count(MOST_TAGS), Said::new(code, "The maximum number of tags of a resource is 50."))
}

/// Groups, named by their ARNs.
struct ByArn;

impl Carrier for ByArn {
    const DIALECT: Dialect = Dialect {
        tags: "tags",
        keys: Keys::Names("tagKeys"),
        shown: "tags",
        rules: &[RESERVED, few("TooManyTagsException")],
        looks_first: true,
        ..Dialect::MAP
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("resourceArn");
        let name = name_of(call, arn).filter(|_| arn.starts_with("arn:"));
        let missing = || Refusal::new("ResourceNotFoundException", "The specified resource does not exist.");
        group(call, &name.ok_or_else(missing)?).map(|group| &mut group.tags)
    }
}

/// Groups, named by their names.
pub(super) struct ByName;

impl Carrier for ByName {
    const DIALECT: Dialect =
        Dialect { keys: Keys::Names("tags"), rules: &[RESERVED, few("InvalidParameterException")], ..ByArn::DIALECT };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        group(call, input.text_or_empty("logGroupName")).map(|group| &mut group.tags)
    }
}
