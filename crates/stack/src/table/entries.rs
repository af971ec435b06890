//! Keys that every entry of the stack file may have, whatever its section. Data only.

use super::{Key, Type, key};

/// What entries may say that have a physical name.
pub(crate) static NAME: [Key; 1] = [key("name", Type::Text, "The physical name in AWS; listeners have none.")
    .without("`<stack>-<entry>`, cut to AWS's limit with a short hash")];

/// What every entry may say.
pub(crate) static META: [Key; 3] = [
    key(
        "tags",
        Type::MapOf(&Type::Blank),
        "Tags in addition to those of the stack, up to 44 in total. `aws:` and `evenkeel:` \
             are reserved. Letters, digits, spaces and `_.:/=+-@`; security groups accept more, \
             and roles ignore the case of keys.",
    )
    .without("those of the stack")
    .aws("Tags")
    .example("{ team: shop }"),
    key(
        "moved_from",
        Type::Text,
        "The name that this entry had before; the entry is renamed (its mark changes), not created again.",
    ),
    key(
        "protect",
        Type::Flag,
        "`destroy` and replacements are held back until `--consent ID` names it, also after \
             the entry has left the file.",
    )
    .value("false"),
];
