//! How ECS words what is wrong with tags. Data only.

use crate::call::Said;
use crate::tags::dialect::{AWS, Breach, Dialect, Form, MOST_TAGS, Rule};

pub(super) const INVALID: &str = "InvalidParameterException";

/// The dialect. AWS's own tags do not count for the limit.
pub(in crate::services::ecs) const DIALECT: Dialect = Dialect {
    form: Form::List("key", "value"),
    rules: &[
        Rule::request(Breach::NoKey, Said::new(INVALID, "Tag key can not be null or empty.")),
        Rule::request(
            Breach::ReservedKeyOrValue(AWS),
            Said::new(INVALID, "Tag keys and values can not begin with 'aws:', which is reserved for AWS use."),
        ),
        Rule::request(Breach::Twice, Said::new(INVALID, "Duplicate tag key '{key}'. Tag keys must be unique.")),
        Rule::whole(
            Breach::OwnCount(MOST_TAGS),
            Said::new(INVALID, "The maximum number of tags per resource, 50, has been exceeded."),
        ),
    ],
    ..Dialect::SMALL
};
