//! Reads from IAM: all roles of the account in one request that pages (`iam:GetAccountAuthorizationDetails` holds trust,
//! inline documents, attachments, boundary and tags). It leaves out descriptions and session durations: a role of ours that has
//! such settings carries a tag that says so, and is looked at singly. Where the overview is denied or unknown, roles are read
//! one by one. Kept are roles with this stack's mark and those of a wanted name. Knows nothing of canonical forms.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{EntityType, Role, RoleDetail, Tag};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::name;
use evenkeel_core::snapshot::Owner;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Part, Scope};
use crate::client::Aws;
use crate::kinds::existing_role;
use crate::resource;
use crate::tags::{self, Tags};

/// How many requests for single roles go side by side.
const AT_ONCE: usize = 16;
const PAGE: i32 = 1000;

/// The tag of a role of ours whose description or session duration is not what AWS gives by itself.
pub const SETTINGS: &str = "evenkeel:settings";

/// What was fetched from IAM.
#[derive(Debug)]
pub struct Iam {
    /// Roles of ours, of a wanted name, and those that are looked up.
    pub roles: Part<Vec<Found>>,
    /// The nodes of kind `role` that are wanted.
    pub wanted: Vec<Node>,
    /// The nodes of kind `existing_role`.
    pub existing: Vec<Node>,
}

/// A role as IAM shows it; documents as they came, percent-encoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The description; `None` if it has none.
    pub description: Option<String>,
    /// Seconds; `None` if IAM did not say, which means its default.
    pub max_session_secs: Option<i32>,
    /// Who may assume it.
    pub trust: String,
    /// ARNs of the attached managed policies.
    pub managed: Vec<String>,
    /// Inline policies by name.
    pub inline: BTreeMap<String, String>,
    /// The ARN of the permissions boundary, if any.
    pub boundary: Option<String>,
    /// The tags.
    pub tags: Tags,
}

/// The path of the stack's roles.
pub fn path(stack: &str) -> String {
    format!("/evenkeel/{stack}/")
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Iam {
    let wanted: Vec<Node> = scope.graph.of_kind("role").cloned().collect();
    let existing: Vec<Node> = scope.graph.of_kind("existing_role").cloned().collect();
    let roles = if scope.wants(&["role", "existing_role"]) {
        roles(aws, &Names::new(scope.stack, &wanted, &existing)).await
    } else {
        Ok(Vec::new())
    };
    Iam { roles, wanted, existing }
}

/// Which roles to keep.
struct Names<'a> {
    stack: &'a str,
    /// Base names of ours.
    bases: Vec<&'a str>,
    /// Names of roles that are only looked up.
    looked_up: Vec<String>,
}

impl<'a> Names<'a> {
    fn new(stack: &'a str, wanted: &'a [Node], existing: &[Node]) -> Self {
        let looked_up = existing
            .iter()
            .filter_map(|node| resource::spec::<existing_role::Spec>(&node.want).ok())
            // A role whose ARN is given needs no reading.
            .filter(|spec| spec.arn.is_none())
            .map(|spec| spec.name)
            .collect();
        Self { stack, bases: wanted.iter().map(|node| node.name.as_str()).collect(), looked_up }
    }

    fn keep(&self, name: &str, tags: &Tags) -> bool {
        tags.get(tags::STACK).is_some_and(|stack| stack == self.stack) || self.names(name)
    }

    fn names(&self, name: &str) -> bool {
        self.bases.iter().any(|base| same_name(base, name))
            || self.looked_up.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    }
}

async fn roles(aws: &Aws, names: &Names<'_>) -> Part<Vec<Found>> {
    let path = path(names.stack);
    let details = match details(aws).await {
        Ok(details) => details,
        Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => {
            let listed = list(aws, &path).await?;
            return one_by_one(aws, names, &listed).await;
        }
        Err(error) => return Err(error),
    };
    let kept = details.iter().filter_map(|detail| {
        let found = from_detail(detail);
        // Some endpoints leave tags out of the overview: what stands in our path is looked at again.
        let silent = found.tags.is_empty() && detail.path() == Some(path.as_str());
        (silent || names.keep(&found.name, &found.tags)).then_some(found)
    });
    let complete = kept.map(|found| async move {
        // A role of ours without this mark has the settings that AWS gives by itself.
        let plain = matches!(tags::owner(&found.tags, names.stack, "role"), Owner::Ours(_))
            && !found.tags.contains_key(SETTINGS);
        if plain { Ok(Some(found)) } else { complete(aws, found).await }
    });
    let found: Vec<Option<Found>> = stream::iter(complete.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().filter(|found| names.keep(&found.name, &found.tags)).collect())
}

/// Adds what only the single role tells; `None` if it is gone by now.
async fn complete(aws: &Aws, mut found: Found) -> Part<Option<Found>> {
    let Some(role) = get(aws, &found.name).await? else { return Ok(None) };
    found.description = role.description().map(str::to_owned);
    found.max_session_secs = role.max_session_duration();
    found.tags = tag_map(role.tags());
    Ok(Some(found))
}

/// The role of that name, with everything that belongs to it; `None` if there is none.
///
/// # Errors
/// Any error of the requests.
pub async fn one(aws: &Aws, name: &str) -> Part<Option<Found>> {
    let Some(role) = get(aws, name).await? else { return Ok(None) };
    let (managed, inline) = futures::join!(attached(aws, name), inline(aws, name));
    let found = managed.and_then(|managed| {
        Ok(Found {
            name: role.role_name().to_owned(),
            arn: role.arn().to_owned(),
            description: role.description().map(str::to_owned),
            max_session_secs: role.max_session_duration(),
            trust: role.assume_role_policy_document().unwrap_or_default().to_owned(),
            managed,
            inline: inline?,
            boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn())
                .map(str::to_owned),
            tags: tag_map(role.tags()),
        })
    });
    match found {
        // Deleted between the two requests.
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        found => found.map(Some),
    }
}

async fn one_by_one(aws: &Aws, names: &Names<'_>, listed: &[Role]) -> Part<Vec<Found>> {
    let mut all: BTreeSet<String> = listed.iter().map(|role| role.role_name().to_owned()).collect();
    all.extend(names.bases.iter().map(|base| (*base).to_owned()));
    all.extend(names.looked_up.iter().cloned());
    let requests: Vec<_> = all.iter().map(|name| one(aws, name)).collect();
    let found: Vec<Option<Found>> = stream::iter(requests).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().filter(|found| names.keep(&found.name, &found.tags)).collect())
}

async fn details(aws: &Aws) -> Part<Vec<RoleDetail>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:GetAccountAuthorizationDetails", || {
                let request = aws.iam.get_account_authorization_details().filter(EntityType::Role).max_items(PAGE);
                request.set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.role_detail_list().iter().cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn list(aws: &Aws, path: &str) -> Part<Vec<Role>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListRoles", || {
                aws.iam.list_roles().path_prefix(path).max_items(PAGE).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.roles().iter().filter(|role| role.path().starts_with(path)).cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn get(aws: &Aws, name: &str) -> Part<Option<Role>> {
    match aws.caller.send("iam:GetRole", || aws.iam.get_role().role_name(name).send()).await {
        Ok(reply) => Ok(reply.role().cloned()),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

/// ARNs of the managed policies of a role.
///
/// # Errors
/// `Gone` if there is no such role; any other error of the request.
pub async fn attached(aws: &Aws, name: &str) -> Result<Vec<String>, CloudError> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListAttachedRolePolicies", || {
                aws.iam.list_attached_role_policies().role_name(name).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.attached_policies().iter().filter_map(|policy| policy.policy_arn()).map(str::to_owned));
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Names of the inline policies of a role.
///
/// # Errors
/// `Gone` if there is no such role; any other error of the request.
pub async fn inline_names(aws: &Aws, name: &str) -> Result<Vec<String>, CloudError> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListRolePolicies", || {
                aws.iam.list_role_policies().role_name(name).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.policy_names().iter().cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn inline(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
    let names = inline_names(aws, name).await?;
    let requests: Vec<_> = names
        .iter()
        .map(|policy| async move {
            let reply = aws
                .caller
                .send("iam:GetRolePolicy", || aws.iam.get_role_policy().role_name(name).policy_name(policy).send())
                .await?;
            Ok::<_, CloudError>((policy.clone(), reply.policy_document().to_owned()))
        })
        .collect();
    stream::iter(requests).buffered(AT_ONCE).try_collect().await
}

fn from_detail(detail: &RoleDetail) -> Found {
    let inline = detail.role_policy_list().iter().map(|policy| {
        (policy.policy_name().unwrap_or_default().to_owned(), policy.policy_document().unwrap_or_default().to_owned())
    });
    Found {
        name: detail.role_name().unwrap_or_default().to_owned(),
        arn: detail.arn().unwrap_or_default().to_owned(),
        description: None,
        max_session_secs: None,
        trust: detail.assume_role_policy_document().unwrap_or_default().to_owned(),
        managed: detail
            .attached_managed_policies()
            .iter()
            .filter_map(|policy| policy.policy_arn())
            .map(str::to_owned)
            .collect(),
        inline: inline.collect(),
        boundary: detail
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(str::to_owned),
        tags: tag_map(detail.tags()),
    }
}

fn tag_map(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// Whether a role's name is this base name or one of its generations; IAM ignores case.
pub fn same_name(base: &str, physical: &str) -> bool {
    !base.is_empty() && name::generation(&base.to_ascii_lowercase(), &physical.to_ascii_lowercase()).is_some()
}
