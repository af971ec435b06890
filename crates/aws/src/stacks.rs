//! Which stacks an account has in a region, by the marks of what belongs to them: what the tagging API names, and the roles under the
//! path of stacks. Both lag behind by seconds or minutes; this is for a person who looks, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_resourcegroupstagging::types::TagFilter;
use evenkeel_core::error::CloudError;
use serde::Serialize;

use crate::client::Aws;
use crate::tags;

/// Most resources of a page of the tagging API, and most tags.
const PAGE: (i32, i32) = (100, 500);
/// Most roles of a page.
const ROLES: i32 = 1000;
/// The path of the roles of all stacks.
const PATH: &str = "/evenkeel/";

/// A stack, as its marks tell of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Marked {
    /// Its name.
    pub stack: String,
    /// How many resources it has, by kind.
    pub kinds: BTreeMap<String, usize>,
}

impl Marked {
    /// How many resources it has.
    pub fn resources(&self) -> usize {
        self.kinds.values().sum()
    }
}

/// The stacks by name; and why roles are missing, if they could not be read.
///
/// # Errors
/// Any error of `tag:GetResources`.
pub async fn list(aws: &Aws) -> Result<(Vec<Marked>, Option<CloudError>), CloudError> {
    let (marked, roles) = futures::join!(marked(aws), roles(aws));
    // Several revisions of a task definition, and what a replacement left over, are one resource.
    let mut found: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (stack, id) in marked? {
        let kind = id.split('.').next().unwrap_or_default().to_owned();
        found.entry(stack).or_default().insert((kind, id));
    }
    let denied = match roles {
        Ok(roles) => {
            for (stack, name) in roles {
                found.entry(stack).or_default().insert(("role".to_owned(), name));
            }
            None
        }
        Err(error) => Some(error),
    };
    let stacks = found.into_iter().map(|(stack, resources)| {
        let mut kinds = BTreeMap::new();
        for (kind, _) in resources {
            *kinds.entry(kind).or_default() += 1;
        }
        Marked { stack, kinds }
    });
    Ok((stacks.collect(), denied))
}

/// The stack and the id of each marked resource of the region.
async fn marked(aws: &Aws) -> Result<Vec<(String, String)>, CloudError> {
    let filter = TagFilter::builder().key(tags::STACK).build();
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = || {
            let ask = aws.tagging().get_resources().tag_filters(filter.clone());
            ask.resources_per_page(PAGE.0).tags_per_page(PAGE.1).set_pagination_token(token.clone()).send()
        };
        let reply = aws.caller.send("tagging:GetResources", request).await?;
        for mapping in reply.resource_tag_mapping_list() {
            let tag = |key: &str| mapping.tags().iter().find(|tag| tag.key() == key).map(|tag| tag.value().to_owned());
            // Roles are found by their path; the mark of what is global names the region as well.
            let global = |stack: &String| stack.contains('@');
            found.extend(tag(tags::STACK).filter(|stack| !global(stack)).zip(tag(tags::ID)));
        }
        token = reply.pagination_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The stack and the name of each role of stacks in this region.
async fn roles(aws: &Aws) -> Result<Vec<(String, String)>, CloudError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = || aws.iam().list_roles().path_prefix(PATH).max_items(ROLES).set_marker(token.clone()).send();
        let reply = aws.caller.send("iam:ListRoles", request).await?;
        for role in reply.roles() {
            let path = role.path().strip_prefix(PATH).and_then(|path| path.trim_end_matches('/').split_once('/'));
            let here = path.filter(|(_, region)| *region == aws.region);
            found.extend(here.map(|(stack, _)| (stack.to_owned(), role.role_name().to_owned())));
        }
        token = reply.marker().filter(|_| reply.is_truncated()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
}
