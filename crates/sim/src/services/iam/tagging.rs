//! Tags of roles, policies and instance profiles, whose keys are the same whatever their case.

use serde_json::json;

use super::common::{iam, page, policy_mut, profile, role, role_mut};
use super::managed;
use crate::call::{Call, Input, Members, Refusal, Reply, Said, Table};
use crate::tags::Tags;
use crate::tags::dialect::{self, AWS, Breach, Carrier, Dialect, MOST_TAGS, Rule};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("TagRole", dialect::add::<Roles>),
    ("UntagRole", dialect::remove::<Roles>),
    ("ListRoleTags", of_role),
    ("TagPolicy", dialect::add::<Policies>),
    ("UntagPolicy", dialect::remove::<Policies>),
    ("ListPolicyTags", of_policy),
    ("TagInstanceProfile", dialect::add::<Profiles>),
    ("UntagInstanceProfile", dialect::remove::<Profiles>),
    ("ListInstanceProfileTags", of_profile),
];

/// The dialect.
pub(super) const DIALECT: Dialect = Dialect {
    rules: &[
        Rule::request(
            Breach::ReservedInAnyCase(AWS),
            Said::new("InvalidInput", "Tag keys starting with 'aws:' are reserved for internal use."),
        ),
        Rule::request(
            Breach::TwiceInAnyCase,
            Said::new("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
        ),
        Rule::whole(
            Breach::Count(MOST_TAGS),
            Said::new("LimitExceeded", "The number of tags has reached the maximum limit."),
        ),
    ],
    folds: true,
    ..Dialect::LIST
};

/// Roles.
struct Roles;

impl Carrier for Roles {
    const DIALECT: Dialect = DIALECT;

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        role_mut(iam(call), input).map(|role| &mut role.tags)
    }
}

/// The account's own policies.
struct Policies;

impl Carrier for Policies {
    const DIALECT: Dialect = DIALECT;

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        policy_mut(call, input).map(|policy| &mut policy.tags)
    }
}

/// Instance profiles.
struct Profiles;

impl Carrier for Profiles {
    const DIALECT: Dialect = DIALECT;

    fn tags<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Tags, Refusal> {
        profile(iam(call), input).map(|profile| &mut profile.tags)
    }
}

fn of_profile(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = profile(iam(call), input)?.tags.clone();
    shown(call, input, &tags)
}

fn of_role(call: &mut Call<'_>, input: &Input) -> Reply {
    let tags = role(iam(call), input)?.tags.clone();
    shown(call, input, &tags)
}

fn of_policy(call: &mut Call<'_>, input: &Input) -> Reply {
    // Those of AWS have none.
    let own = managed::named(input.text_or_empty("PolicyArn")).is_none();
    let tags = if own { policy_mut(call, input)?.tags.clone() } else { Tags::new() };
    shown(call, input, &tags)
}

fn shown(call: &Call<'_>, input: &Input, tags: &Tags) -> Reply {
    let one = |(key, value): (&String, &String)| (key.clone(), json!({ "Key": key, "Value": value }));
    page(call, input, "Tags", tags.iter().map(one).collect())
}
