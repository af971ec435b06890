//! The resource groups tagging API: the tagged resources of every service of a region in one list, and tags for many at once.
//! Resources that belong to no region show in us-east-1. Knows no service, only ARNs and tags.

mod read;
#[cfg(test)]
mod tests;
mod write;

#[cfg(test)]
pub(crate) use self::{read::tagged, write::retag};

use super::service::{Service, Words};
use crate::call::{Said, Table};
use crate::model::{self, ErrorsAs};
use crate::validate::Wording;
use crate::world::Place;

/// The service.
pub const SERVICE: Service = Service {
    iam: "tag",
    words: Words { throttled: Said::new("ThrottledException", "Rate exceeded").status(400), ..Words::JSON },
    ..Service::new(
        model::source!("resourcegroupstaggingapi", ErrorsAs::CAPITAL),
        OPERATIONS,
        Wording::coral("InvalidParameterException"),
    )
};

/// The operations.
const OPERATIONS: &[Table] = &[read::OPERATIONS, write::OPERATIONS];

/// Whether a region's tagging API is in charge of an ARN.
fn belongs(place: &Place, arn: &str) -> bool {
    match arn.split(':').nth(3) {
        Some("") => place.region.as_ref() == "us-east-1",
        region => region == Some(place.region.as_ref()),
    }
}
