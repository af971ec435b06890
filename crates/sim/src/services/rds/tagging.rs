//! Tags by ARN: of instances, subnet groups, snapshots and parameter groups.

use super::{Rds, invalid, shown, subnets};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, Breach, Carrier, Dialect, Rule};

/// The operations on tags.
pub(super) const OPERATIONS: Table = &[
    ("AddTagsToResource", dialect::add::<Resources>),
    ("RemoveTagsFromResource", dialect::remove::<Resources>),
    ("ListTagsForResource", dialect::list::<Resources>),
];

/// The tags of a resource, by the last two parts of its ARN.
pub(super) fn tags_of<'r>(rds: &'r mut Rds, kind: &str, name: &str) -> Option<&'r mut Tags> {
    match kind {
        "db" => rds.instances.get_mut(name).map(|one| &mut one.tags),
        "subgrp" => rds.subnet_groups.get_mut(name).map(|one| &mut one.tags),
        "snapshot" => rds.snapshots.get_mut(name).map(|one| &mut one.tags),
        "pg" => rds.parameter_groups.get_mut(name).map(|one| &mut one.tags),
        _ => None,
    }
}

/// What carries tags here.
pub(super) struct Resources;

impl Carrier for Resources {
    /// RDS's reference says which letters tags have; its model does not.
    const DIALECT: Dialect = Dialect {
        shown: "TagList",
        rules: &[
            Rule::request(
                Breach::ReservedInAnyCase(&["aws:", "rds:"]),
                Said::new(
                    "InvalidParameterValue",
                    "The tag key {key} is reserved: keys must not start with aws: or rds:",
                ),
            ),
            Rule::request(
                Breach::Letters(|letter| {
                    letter.is_alphanumeric()
                        || letter.is_whitespace()
                        || matches!(letter, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
                }),
                Said::new(
                    "InvalidParameterValue",
                    "The tag text {text} is not valid: it can have letters, digits, white space and _ . : / = + - @",
                ),
            ),
        ],
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("ResourceName");
        let Some((kind, name)) = arn.strip_prefix(&call.place.arn("rds", "")).and_then(|rest| rest.split_once(':'))
        else {
            return Err(invalid(format!("Invalid resource name: {arn}")));
        };
        let missing = match kind {
            "db" => shown::missing(name),
            "subgrp" => subnets::missing(name),
            "snapshot" => Refusal::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found.")),
            "pg" => Refusal::new("DBParameterGroupNotFound", format!("DBParameterGroup {name} not found.")),
            _ => invalid(format!("Invalid resource name: {arn}")),
        };
        tags_of(&mut call.region().rds, kind, name).ok_or(missing)
    }
}
