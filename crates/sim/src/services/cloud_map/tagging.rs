//! Tags of namespaces and services.

use super::{CloudMap, last, namespace_arn_of, service_arn_of};
use crate::call::{Call, Input, Members, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};
use crate::world::Place;

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("ListTagsForResource", dialect::list::<Resources>),
    ("TagResource", dialect::add::<Resources>),
    ("UntagResource", dialect::remove::<Resources>),
];

/// The tags of the resource of an ARN.
pub(super) fn of_arn<'w>(map: &'w mut CloudMap, place: &Place, arn: &str) -> Option<&'w mut Tags> {
    let id = last(arn);
    if arn == namespace_arn_of(place, id) {
        return map.namespaces.get_mut(id).map(|item| &mut item.tags);
    }
    (arn == service_arn_of(place, id)).then(|| map.services.get_mut(id).map(|item| &mut item.tags))?
}

/// What carries tags here.
pub(super) struct Resources;

impl Carrier for Resources {
    const DIALECT: Dialect = Dialect {
        rules: &[
            Rule::whole(
                Breach::Count(MOST_TAGS),
                Said::new("TooManyTagsException", "A resource can't have more than 50 tags."),
            ),
            Rule::whole(
                Breach::Reserved(AWS),
                Said::new("InvalidInput", "Tag keys that begin with aws: are reserved."),
            ),
        ],
        looks_first: true,
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        let arn = input.text_or_empty("ResourceARN");
        let place = call.place.clone();
        of_arn(&mut call.region().cloud_map, &place, arn).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", format!("The resource {arn} can't be found."))
                .with("ResourceName", arn)
        })
    }
}
