//! Reads from IAM: all roles of the account in one request that pages (`iam:GetAccountAuthorizationDetails` holds trust,
//! inline documents, attachments, instance profiles, boundary and tags). It leaves out descriptions and session durations: a
//! role of ours that has such settings carries a tag that says so, and is looked at singly. Where the overview is denied or
//! unknown, roles are listed and read one by one. Kept are roles with the mark of this stack in this region and those of a
//! wanted name. Knows nothing of canonical forms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_iam::types::{EntityType, Role, RoleDetail, Tag};
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::name;
use evenkeel_core::snapshot::Owner;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::client::Aws;
use crate::kinds::role::existing::Sought;
use crate::read::{Part, Scope};
use crate::resource;
use crate::services::iam::{profiles, service_linked_role};
use crate::tags::{self, Tags};

/// How many requests for single roles go side by side.
const AT_ONCE: usize = 16;
const PAGE: i32 = 1000;
/// The kind of the roles of ours.
const KIND: &str = "role";

/// The tag of a role of ours whose description or session duration is not what AWS gives by itself.
pub const SETTINGS: &str = "evenkeel:settings";

/// What was fetched from IAM.
#[derive(Debug)]
pub struct Iam {
    /// Roles of ours, of a wanted name, and those that are looked up.
    pub roles: Part<Vec<Found>>,
    /// The nodes of kind `role` that are wanted.
    pub wanted: Vec<Node>,
    /// The nodes that are looked up.
    pub existing: Vec<Node>,
    /// The nodes of service-linked roles that are there.
    pub linked: Part<Vec<Node>>,
    /// Why roles of ours outside of our path could not be looked for, if they could not.
    pub blind: Option<CloudError>,
    /// Instance profiles of ours, and of a wanted name.
    pub instance_profiles: Part<Vec<profiles::Found>>,
    /// Why instance profiles of ours could not be looked for, if they could not.
    pub blind_to_profiles: Option<CloudError>,
}

impl Iam {
    /// What is there before anything has been read.
    pub(super) fn nothing() -> Self {
        Self {
            roles: Ok(Vec::new()),
            wanted: Vec::new(),
            existing: Vec::new(),
            linked: Ok(Vec::new()),
            blind: None,
            instance_profiles: Ok(Vec::new()),
            blind_to_profiles: None,
        }
    }
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
    /// Names of the instance profiles that hold it, but for those of the stack.
    pub profiles: Vec<String>,
    /// The tags.
    pub tags: Tags,
}

/// The path of the roles of a stack in a region.
pub fn path(stack: &str, region: &str) -> String {
    format!("/evenkeel/{stack}/{region}/")
}

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>) -> Iam {
    let (existing, wanted): (Vec<Node>, Vec<Node>) = scope.graph.of_kind(KIND).cloned().partition(|node| node.lookup);
    let mut iam = Iam { wanted, existing, ..Iam::nothing() };
    if scope.wants(&[KIND]) {
        let owner = tags::global(scope.stack, &aws.region);
        let names = Names::new(&owner, path(scope.stack, &aws.region), &iam.wanted, &iam.existing);
        let (roles, blind) = roles(aws, &names, scope).await;
        (iam.roles, iam.blind) = (roles, blind);
    }
    if scope.wants(&[service_linked_role::KIND]) {
        iam.linked = linked(aws, scope).await;
    }
    (iam.instance_profiles, iam.blind_to_profiles) = profiles::fetch(aws, scope).await;
    iam
}

/// The wanted service-linked roles that are there: as the overview shows them, or asked for singly.
async fn linked(aws: &Aws, scope: &Scope<'_>) -> Part<Vec<Node>> {
    let mut found = Vec::new();
    for node in scope.graph.of_kind(service_linked_role::KIND) {
        let shown = service_linked_role::is_shown(aws, node).filter(|_| scope.only.is_none());
        let there = match shown {
            Some(shown) => shown,
            None => match ask_for(aws, &node.name).await {
                // Who may not look leaves it to AWS.
                Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => true,
                reply => reply?.is_some(),
            },
        };
        found.extend(there.then(|| node.clone()));
    }
    Ok(found)
}

/// Which roles to keep.
struct Names<'a> {
    /// The stack in its region, as marks name it.
    owner: &'a str,
    /// The path of its roles.
    path: String,
    /// Base names of ours.
    bases: Vec<&'a str>,
    /// The same in lower case: IAM ignores it.
    lower: BTreeSet<String>,
    /// Names of roles that are only looked up.
    looked_up: Vec<String>,
}

impl<'a> Names<'a> {
    fn new(owner: &'a str, path: String, wanted: &'a [Node], existing: &[Node]) -> Self {
        let looked_up = existing
            .iter()
            .filter_map(|node| resource::spec::<Sought>(&node.want).ok())
            // A role whose ARN is given needs no reading.
            .filter(|spec| spec.arn.is_none())
            .map(|spec| spec.name)
            .collect();
        let bases: Vec<&str> = wanted.iter().map(|node| node.name.as_str()).collect();
        let lower = bases.iter().filter(|base| !base.is_empty()).map(|base| base.to_ascii_lowercase()).collect();
        Self { owner, path, bases, lower, looked_up }
    }

    fn keep(&self, name: &str, tags: &Tags) -> bool {
        self.is_marked(tags) || self.names(name)
    }

    /// Whether tags carry the stack's mark, rightly or not.
    fn is_marked(&self, tags: &Tags) -> bool {
        matches!(tags::owner(tags, self.owner, KIND), Owner::Ours(_) | Owner::Stray(_))
    }

    fn names(&self, name: &str) -> bool {
        name::is_of_any(&self.lower, &name.to_ascii_lowercase())
            || self.looked_up.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    }
}

/// The roles, and why some could not be looked for.
async fn roles(aws: &Aws, names: &Names<'_>, scope: &Scope<'_>) -> (Part<Vec<Found>>, Option<CloudError>) {
    match overview(aws, names).await {
        Ok(found) => (Ok(found), None),
        Err(error) if matches!(error.class, ErrorClass::Denied | ErrorClass::Unsupported) => {
            // What is read back is named.
            let path = if scope.only.is_some() { names.path.as_str() } else { "/" };
            match aws.once(format!("iam:ListRoles {path}"), || list(aws, path)).await {
                Ok(listed) => {
                    if path == "/" {
                        service_linked_role::note(aws, listed.iter().map(|role| (role.path(), role.role_name())));
                    }
                    one_by_one(aws, names, &listed).await
                }
                Err(error) => (Err(error), None),
            }
        }
        Err(error) => (Err(error), None),
    }
}

/// All roles, whatever their number: one that was adopted from another path and has left the file is found by its tags alone, and
/// the tagging API knows no roles.
async fn overview(aws: &Aws, names: &Names<'_>) -> Part<Vec<Found>> {
    let all = aws.once("iam:GetAccountAuthorizationDetails", || details(aws)).await?;
    let paths = all.iter().filter_map(|detail| Some((detail.path()?, detail.role_name()?)));
    service_linked_role::note(aws, paths);
    profiles::note(aws, &all);
    of_overview(aws, names, &all).await
}

async fn of_overview(aws: &Aws, names: &Names<'_>, details: &[RoleDetail]) -> Part<Vec<Found>> {
    let kept = details.iter().filter_map(|detail| {
        let found = from_detail(detail, &names.path);
        // Some endpoints leave tags out of the overview: what stands in our path is looked at again.
        let silent = found.tags.is_empty() && detail.path() == Some(names.path.as_str());
        (silent || names.keep(&found.name, &found.tags)).then_some(found)
    });
    let complete = kept.map(|found| async move {
        // A role of ours without this mark has the settings that AWS gives by itself.
        let ours = matches!(tags::owner(&found.tags, names.owner, KIND), Owner::Ours(_));
        if ours && !found.tags.contains_key(SETTINGS) { Ok(Some(found)) } else { complete(aws, found).await }
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

/// The role of that name, with everything that belongs to it; `None` if there is none. `own` is the path of the stack.
///
/// # Errors
/// Any error of the requests.
pub async fn one(aws: &Aws, name: &str, own: &str) -> Part<Option<Found>> {
    let Some(role) = get(aws, name).await? else { return Ok(None) };
    let (managed, inline, profiles) =
        futures::join!(attached(aws, name), inline(aws, name), profiles_of(aws, name, own));
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
            profiles: profiles?,
            tags: tag_map(role.tags()),
        })
    });
    match found {
        // Deleted between the two requests.
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        found => found.map(Some),
    }
}

/// Reads roles singly: those in our path, those of a wanted name, and of the others those that carry our mark. One of
/// another path that may not be looked at may be ours: it was adopted.
async fn one_by_one(aws: &Aws, names: &Names<'_>, listed: &[Role]) -> (Part<Vec<Found>>, Option<CloudError>) {
    let (near, far): (Vec<&Role>, Vec<&Role>) = listed.iter().partition(|role| role.path() == names.path);
    let mut all: BTreeSet<String> = near.iter().map(|role| role.role_name().to_owned()).collect();
    all.extend(names.bases.iter().map(|base| (*base).to_owned()));
    all.extend(names.looked_up.iter().cloned());
    let far = far
        .into_iter()
        .filter(|role| !role.path().starts_with(service_linked_role::PATH) && !all.contains(role.role_name()));
    let looks: Vec<_> = far.map(|role| async move { (role.role_name(), get(aws, role.role_name()).await) }).collect();
    let looks: Vec<(&str, Part<Option<Role>>)> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let mut blind = None;
    for (name, look) in looks {
        match look {
            Ok(Some(role)) if names.keep(name, &tag_map(role.tags())) => drop(all.insert(name.to_owned())),
            Ok(_) => {}
            Err(error) if error.class == ErrorClass::Denied => blind = Some(error),
            Err(error) => return (Err(error), None),
        }
    }
    let requests: Vec<_> = all.iter().map(|name| one(aws, name, &names.path)).collect();
    let found: Part<Vec<Option<Found>>> = stream::iter(requests).buffered(AT_ONCE).try_collect().await;
    let keep = |found: &Found| names.keep(&found.name, &found.tags);
    (found.map(|found| found.into_iter().flatten().filter(keep).collect()), blind)
}

async fn details(aws: &Aws) -> Part<Vec<RoleDetail>> {
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let (details, more) = page_of_details(aws, marker).await?;
        found.extend(details);
        marker = more;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

async fn page_of_details(aws: &Aws, marker: Option<String>) -> Result<(Vec<RoleDetail>, Option<String>), CloudError> {
    let request = || {
        let request = aws.iam().get_account_authorization_details().filter(EntityType::Role).max_items(PAGE);
        request.set_marker(marker.clone()).send()
    };
    let page = aws.caller.send("iam:GetAccountAuthorizationDetails", request).await?;
    let more = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
    Ok((page.role_detail_list.unwrap_or_default(), more))
}

async fn list(aws: &Aws, path: &str) -> Part<Vec<Role>> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListRoles", || {
                aws.iam().list_roles().path_prefix(path).max_items(PAGE).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.roles().iter().filter(|role| role.path().starts_with(path)).cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// The tags of a role; `None` if there is none of that name.
///
/// # Errors
/// Any error of `iam:GetRole`.
pub async fn tags_of(aws: &Aws, name: &str) -> Part<Option<Tags>> {
    Ok(get(aws, name).await?.map(|role| tag_map(role.tags())))
}

async fn get(aws: &Aws, name: &str) -> Part<Option<Role>> {
    aws.once(format!("iam:GetRole {name}"), || ask_for(aws, name)).await.map(Arc::unwrap_or_clone)
}

async fn ask_for(aws: &Aws, name: &str) -> Part<Option<Role>> {
    match aws.caller.send("iam:GetRole", || aws.iam().get_role().role_name(name).send()).await {
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
                aws.iam().list_attached_role_policies().role_name(name).set_marker(marker.clone()).send()
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
                aws.iam().list_role_policies().role_name(name).set_marker(marker.clone()).send()
            })
            .await?;
        found.extend(page.policy_names().iter().cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(str::to_owned);
        if marker.is_none() {
            return Ok(found);
        }
    }
}

/// Names of the instance profiles that hold a role, but for those under a path.
///
/// # Errors
/// `Gone` if there is no such role; any other error of the request.
pub async fn profiles_of(aws: &Aws, name: &str, own: &str) -> Result<Vec<String>, CloudError> {
    let mut found = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let page = aws
            .caller
            .send("iam:ListInstanceProfilesForRole", || {
                aws.iam().list_instance_profiles_for_role().role_name(name).set_marker(marker.clone()).send()
            })
            .await?;
        let others = page.instance_profiles().iter().filter(|profile| profile.path() != own);
        found.extend(others.map(|profile| profile.instance_profile_name().to_owned()));
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
                .send("iam:GetRolePolicy", || aws.iam().get_role_policy().role_name(name).policy_name(policy).send())
                .await?;
            Ok::<_, CloudError>((policy.clone(), reply.policy_document().to_owned()))
        })
        .collect();
    stream::iter(requests).buffered(AT_ONCE).try_collect().await
}

fn from_detail(detail: &RoleDetail, own: &str) -> Found {
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
        profiles: detail
            .instance_profile_list()
            .iter()
            .filter(|profile| profile.path() != own)
            .map(|profile| profile.instance_profile_name().to_owned())
            .collect(),
        tags: tag_map(detail.tags()),
    }
}

/// Tags as a map.
pub(super) fn tag_map(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// Whether a role's name is this base name or one of its generations; IAM ignores case.
pub fn same_name(base: &str, physical: &str) -> bool {
    !base.is_empty() && name::generation(&base.to_ascii_lowercase(), &physical.to_ascii_lowercase()).is_some()
}
