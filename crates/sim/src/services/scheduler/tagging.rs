//! Tags of schedule groups. Decides that schedules have none.

use super::{group_arn, groups_of, invalid, no_group};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, Breach, Carrier, Dialect, Rule};

/// The operations on tags.
pub(super) const OPERATIONS: Table = &[
    ("TagResource", dialect::add::<Groups>),
    ("UntagResource", dialect::remove::<Groups>),
    ("ListTagsForResource", dialect::list::<Groups>),
];

/// What carries tags here.
pub(super) struct Groups;

impl Carrier for Groups {
    const DIALECT: Dialect = Dialect {
        rules: &[Rule::whole(
            Breach::Count(200),
            Said::new("ServiceQuotaExceededException", "The number of tags exceeds the limit."),
        )],
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("ResourceArn");
        let Some(name) = arn.strip_prefix(&group_arn(&call.place, "")) else {
            return Err(invalid("Provided Arn is not in correct format."));
        };
        groups_of(call).get_mut(name).map(|group| &mut group.tags).ok_or_else(|| no_group(name))
    }
}
