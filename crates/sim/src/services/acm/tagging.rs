//! Tags of certificates.

use super::reading::known;
use crate::call::{Call, Input, Refusal, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, Keys, MOST_TAGS, Rule};

/// The operations of this part.
pub(super) const OPERATIONS: Table = &[
    ("AddTagsToCertificate", dialect::add::<Certificates>),
    ("RemoveTagsFromCertificate", dialect::remove::<Certificates>),
    ("ListTagsForCertificate", dialect::list::<Certificates>),
];

/// What carries tags here.
pub(super) struct Certificates;

impl Carrier for Certificates {
    const DIALECT: Dialect = Dialect {
        keys: Keys::Tags("Tags"),
        rules: &[
            Rule::request(
                Breach::ReservedInAnyCase(AWS),
                Said::new("InvalidTagException", "aws: prefixed tag key names are not allowed for external use: {key}"),
            ),
            Rule::both(
                Breach::Count(MOST_TAGS),
                Said::new("TooManyTagsException", "the TagSet: '{tags}' contains too many Tags"),
            ),
        ],
        ..Dialect::LIST
    };

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        known(call, input).map(|certificate| &mut certificate.tags)
    }
}
