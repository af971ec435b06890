//! Reads instance profiles. Those of ours lie under the path of the stack's roles: the overview of all roles shows them beside the role
//! that they hold, so that only their tags cost a request each (`iam:GetInstanceProfile`). One that holds no role yet is found by
//! its wanted name, and by a destruction, which lists the path. Knows nothing of canonical forms.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use aws_sdk_iam::types::{InstanceProfile, RoleDetail};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::name;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::read::{path, tag_map};
use crate::client::Aws;
use crate::read::{Part, Scope};
use crate::tags::{self, Tags};

/// The kind's name.
pub const KIND: &str = "instance_profile";
/// How many requests for single ones go side by side.
const AT_ONCE: usize = 16;

/// An instance profile as IAM shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The name of the role in it; empty if there is none.
    pub role: String,
    /// The tags.
    pub tags: Tags,
}

impl Found {
    fn of(profile: &InstanceProfile) -> Self {
        Self {
            name: profile.instance_profile_name().to_owned(),
            arn: profile.arn().to_owned(),
            role: profile.roles().first().map(|role| role.role_name().to_owned()).unwrap_or_default(),
            tags: tag_map(profile.tags()),
        }
    }
}

/// The paths and names of those that the last overview of the account has shown; `None` if there was none.
#[derive(Debug, Default)]
struct Shown(Mutex<Option<BTreeSet<(String, String)>>>);

/// Notes which there are, as an overview of all roles shows them.
pub(super) fn note(aws: &Aws, roles: &[RoleDetail]) {
    let all = roles.iter().flat_map(RoleDetail::instance_profile_list);
    let all = all.map(|profile| (profile.path().to_owned(), profile.instance_profile_name().to_owned())).collect();
    *aws.memory::<Shown>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(all);
}

/// The profiles of ours and those of a wanted name, and why some could not be looked for.
pub(super) async fn fetch(aws: &Aws, scope: &Scope<'_>) -> (Part<Vec<Found>>, Option<CloudError>) {
    if !scope.wants(&[KIND]) {
        return (Ok(Vec::new()), None);
    }
    let own = path(scope.stack, &aws.region);
    let wanted: BTreeSet<String> = scope.graph.of_kind(KIND).map(|node| node.name.clone()).collect();
    let mut names = wanted.clone();
    let shown = aws.memory::<Shown>().0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let lists = scope.only.is_none() && (scope.thorough || shown.is_none() && !wanted.is_empty());
    names.extend(shown.into_iter().flatten().filter(|(path, _)| *path == own).map(|(_, name)| name));
    let mut blind = None;
    if lists {
        match aws.once(format!("iam:ListInstanceProfiles {own}"), || list(aws, &own)).await {
            Ok(found) => names.extend(found.iter().cloned()),
            Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => blind = Some(error),
            Err(error) => return (Err(error), None),
        }
    }
    let mark = tags::global(scope.stack, &aws.region);
    let looks: Vec<_> = names.iter().map(|name| one(aws, name)).collect();
    let found: Part<Vec<Option<Found>>> = stream::iter(looks).buffered(AT_ONCE).try_collect().await;
    let keep = |found: &Found| {
        let named = wanted.iter().any(|base| name::generation(base, &found.name).is_some());
        named || tags::is_marked(&tags::owner(&found.tags, &mark, KIND))
    };
    (found.map(|found| found.into_iter().flatten().filter(keep).collect()), blind)
}

/// The profile of that name; `None` if there is none.
///
/// # Errors
/// Any error of the request.
pub(super) async fn one(aws: &Aws, name: &str) -> Part<Option<Found>> {
    let request = || aws.iam().get_instance_profile().instance_profile_name(name).send();
    match aws.caller.send("iam:GetInstanceProfile", request).await {
        Ok(reply) => Ok(reply.instance_profile().map(Found::of)),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of all profiles under a path.
async fn list(aws: &Aws, path: &str) -> Part<Vec<String>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let request = || aws.iam().list_instance_profiles().path_prefix(path).set_marker(marker.clone()).send();
        let page = aws.caller.send("iam:ListInstanceProfiles", request).await?;
        let under = page.instance_profiles().iter().filter(|profile| profile.path() == path);
        found.extend(under.map(|profile| profile.instance_profile_name().to_owned()));
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}
