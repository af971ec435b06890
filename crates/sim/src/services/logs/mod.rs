//! CloudWatch Logs: groups, streams and events. This file holds the table of its operations and what the tagging API sees.

mod common;
mod events;
mod exports;
mod filters;
mod groups;
mod link;
mod pattern;
mod policies;
mod state;
mod streams;
mod tagging;
#[cfg(test)]
mod tests;

pub use self::link::*;
pub use self::state::Logs;

use super::service::{Carriers, Service, Words};
use crate::call::{Refusal, Table};
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::{self, Violation, What, Wording};
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    aliases: &["cloudwatch"],
    words: Words {
        server_error: "ServiceUnavailableException",
        conflict: |_| {
            let text = "A conflicting operation is currently in progress against this resource. Please try again.";
            Some(Refusal::new("OperationAbortedException", text))
        },
        ..Words::JSON
    },
    rates: &[
        Rate::each((10.0, 10.0), &["CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups"]),
        Rate::each(
            (5.0, 5.0),
            &["PutRetentionPolicy", "DeleteRetentionPolicy", "TagResource", "UntagResource", "ListTagsForResource"],
        ),
    ],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("log group", region.logs.groups.len())]),
    ..Service::new(model::source!("logs"), OPERATIONS, Wording::Own(words))
};

/// The framework's words, without values that fit no pattern. Operations word for themselves that a name is too long.
fn words(_: &str, found: &[Violation]) -> Option<Refusal> {
    let own = |violation: &Violation| {
        matches!(violation.path.as_str(), "logGroupName" | "logStreamName") && matches!(violation.what, What::Longer(_))
    };
    let found: Vec<Violation> = found.iter().filter(|violation| !own(violation)).cloned().collect();
    (!found.is_empty()).then(|| validate::coral(&found, "InvalidParameterException", false))
}

/// The operations.
const OPERATIONS: &[Table] = &[
    events::OPERATIONS,
    groups::OPERATIONS,
    streams::OPERATIONS,
    tagging::OPERATIONS,
    policies::OPERATIONS,
    filters::OPERATIONS,
    exports::OPERATIONS,
];

/// The tagged resources: groups.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let groups = world.region(place).logs.groups.iter().filter(|(_, group)| !group.tags.is_empty());
    groups.map(|(name, group)| Tagged { arn: state::arn(place, name), tags: group.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let name = arn.strip_prefix(&state::arn(place, ""))?;
    world.region(place).logs.groups.get_mut(name).map(|group| &mut group.tags)
}
