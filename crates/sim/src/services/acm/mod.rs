//! AWS Certificate Manager: certificates that are asked for and validated by a record in a public zone, or brought along. Knows
//! of DNS what `route53::resolve` tells.

mod configuration;
mod facts;
mod import;
mod link;
mod pem;
mod reading;
mod request;
mod state;
mod tagging;
#[cfg(test)]
mod tests;
mod validation;

pub use self::link::*;
pub use self::state::{Acm, Event};
pub use self::validation::happen;
use super::service::{Carriers, Service};
use crate::call::Table;
use crate::model;
use crate::tags::{Tagged, Tags};
use crate::throttle::Rate;
use crate::validate::Wording;
use crate::world::status::Entry;
use crate::world::{Place, World};

/// The service.
pub const SERVICE: Service = Service {
    rates: &[
        Rate::each((10.0, 10.0), &["DescribeCertificate", "ListTagsForCertificate"]),
        Rate::each((8.0, 8.0), &["ListCertificates"]),
        Rate::each(
            (5.0, 5.0),
            &["RequestCertificate", "AddTagsToCertificate", "RemoveTagsFromCertificate", "UpdateCertificateOptions"],
        ),
        Rate::each((1.0, 1.0), &["ImportCertificate"]),
    ],
    tagged: Carriers::new(tagged, of_arn),
    region_status: Some(|region, _| vec![Entry::counted("certificate", region.acm.certificates.len())]),
    ..Service::new(model::source!("acm"), OPERATIONS, Wording::coral("ValidationException"))
};

/// The operations.
const OPERATIONS: &[Table] =
    &[request::OPERATIONS, reading::OPERATIONS, import::OPERATIONS, tagging::OPERATIONS, configuration::OPERATIONS];

/// The tagged resources.
fn tagged(world: &mut World, place: &Place) -> Vec<Tagged> {
    let certificates = world.region(place).acm.certificates.values();
    let tagged = certificates.filter(|certificate| !certificate.tags.is_empty());
    tagged.map(|certificate| Tagged { arn: certificate.arn.clone(), tags: certificate.tags.clone() }).collect()
}

/// The tags of a resource by its ARN.
fn of_arn<'w>(world: &'w mut World, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    world.region(place).acm.certificates.get_mut(arn).map(|certificate| &mut certificate.tags)
}
