//! Reads from Cloud Map: the namespaces that the graph names or that carry the stack's mark, and the services in which it registers.
//! One listing tells all of a namespace but its tags and, for one with DNS, its VPC, which its hosted zone knows; one listing for each
//! namespace tells the services in it. Tags come from the finder, or from the resource itself where the finder may lag behind. A stack
//! without any of it, and of which the finder knows none, sends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_servicediscovery::types::{
    DnsConfig, FilterCondition, NamespaceSummary, NamespaceType, ServiceFilter, ServiceFilterName, ServiceSummary,
};
use evenkeel_core::doc::Text;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use futures::StreamExt;

use super::inside::{self, Inside};
use super::namespace::Sought;
use super::{discovery_service, namespace};
use crate::client::Aws;
use crate::finder::Finder;
use crate::read::{Part, Scope};
use crate::resource::spec;
use crate::tags::{self, Tags};

/// Most items on a page of a listing.
const PAGE: i32 = 100;
/// Requests under way at once.
const SIDE_BY_SIDE: usize = 10;

/// What was fetched from Cloud Map.
#[derive(Debug)]
pub struct CloudMap {
    /// All namespaces of the region, if any had to be read.
    pub all: Part<Vec<NamespaceSummary>>,
    /// The wanted namespaces that are there, and marked ones.
    pub namespaces: Part<Vec<Space>>,
    /// The wanted services that are there, and marked ones.
    pub services: Part<Vec<Item>>,
    /// Why what no name leads to could not be looked for.
    pub blind: Option<CloudError>,
}

/// A namespace with what AWS keeps apart from it.
#[derive(Clone, Debug)]
pub struct Space {
    /// As it is listed.
    pub raw: NamespaceSummary,
    /// Its tags.
    pub tags: Tags,
    /// The name of the node that wants it, if one does by name.
    pub wanted: Option<String>,
    /// The VPC of its hosted zone, where that is compared.
    pub vpc: Option<String>,
    /// What is in it, where it is to go.
    pub inside: Option<Inside>,
}

/// A service of a namespace.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The id of its namespace.
    pub namespace: String,
    /// Its records; none in an HTTP namespace.
    pub dns: Option<DnsConfig>,
    /// Whether somebody reports the health of what is registered in it.
    pub health_check: bool,
    /// Its tags.
    pub tags: Tags,
    /// Whether a node wants one of this name there.
    pub wanted: bool,
}

/// What carries the mark, by ARN, as far as the finder knows.
type Marked = BTreeMap<String, Tags>;

/// Reads what the scope asks for.
pub async fn fetch(aws: &Aws, scope: &Scope<'_>, finder: &Finder<'_>) -> CloudMap {
    let kinds = [namespace::KIND, discovery_service::KIND];
    let nothing =
        || CloudMap { all: Ok(Vec::new()), namespaces: Ok(Vec::new()), services: Ok(Vec::new()), blind: None };
    if !scope.wants(&kinds) {
        return nothing();
    }
    let named = kinds.iter().any(|kind| scope.graph.of_kind(kind).next().is_some());
    let (marked, listed) = futures::join!(
        async {
            // Reading back what was made a moment ago: the tagging API does not know it yet.
            if scope.only.is_some() { Ok(Vec::new()) } else { finder.find(":servicediscovery:").await }
        },
        async { if named || scope.thorough { Some(list(aws).await) } else { None } },
    );
    let (marked, blind) = match marked {
        Ok(found) => (found.into_iter().map(|found| (found.arn, found.tags)).collect(), None),
        Err(error) => (Marked::new(), Some(error)),
    };
    if !named && !scope.thorough && marked.is_empty() {
        return CloudMap { blind, ..nothing() };
    }
    let all = match listed {
        Some(all) => all,
        None => list(aws).await,
    };
    let all = match all {
        Ok(all) => all,
        // There is no Cloud Map here, so there is nothing of the stack in it.
        Err(error) if !named && error.class == ErrorClass::Unsupported => return nothing(),
        // Nothing is wanted of it; but it is unknown whether something has left the file.
        Err(error) if !named && error.class == ErrorClass::Denied && !scope.thorough => {
            return CloudMap { blind: Some(error), ..nothing() };
        }
        Err(error) => {
            let failed = || error.clone();
            return CloudMap { all: Err(failed()), namespaces: Err(failed()), services: Err(failed()), blind };
        }
    };
    let namespaces = spaces(aws, scope, &all, &marked).await;
    let services = match &namespaces {
        Ok(spaces) => services(aws, scope, &all, spaces, &marked).await,
        Err(error) => Err(error.clone()),
    };
    // A destruction has read everything.
    CloudMap { all: Ok(all), namespaces, services, blind: blind.filter(|_| !scope.thorough) }
}

fn id_of(raw: &NamespaceSummary) -> &str {
    raw.id().unwrap_or_default()
}

/// The tags of something, if they need not be asked for: the finder knows them, and they are what is wanted.
fn known(marked: &Marked, arn: &str, wanted: Option<&Tags>) -> Option<Tags> {
    marked.get(arn).filter(|tags| wanted.is_none_or(|wanted| wanted == *tags)).cloned()
}

async fn spaces(aws: &Aws, scope: &Scope<'_>, all: &[NamespaceSummary], marked: &Marked) -> Part<Vec<Space>> {
    let wanted: Vec<&Node> = scope.graph.of_kind(namespace::KIND).filter(|node| !node.lookup).collect();
    let by_name = |raw: &NamespaceSummary| {
        let name = raw.name().unwrap_or_default();
        wanted.iter().find(|node| node.name.eq_ignore_ascii_case(name)).copied()
    };
    let matter = all.iter().filter_map(|raw| {
        let node = by_name(raw);
        let tags = raw.arn().and_then(|arn| known(marked, arn, None));
        (node.is_some() || tags.is_some() || scope.thorough).then_some((raw, node, tags))
    });
    let wanted = &wanted;
    let read = matter.map(|(raw, node, tags)| async move {
        let arn = raw.arn().unwrap_or_default();
        let good = |tags: &Tags| node.is_none_or(|node| tags::of_node(node, scope.stack) == *tags);
        let tags = match tags.filter(good) {
            Some(tags) => tags,
            None => match aws.once(format!("servicediscovery:ListTagsForResource {arn}"), || tags_of(aws, arn)).await {
                Ok(tags) => Arc::unwrap_or_clone(tags),
                Err(error) if error.class == ErrorClass::Gone => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        let owner = tags::owner(&tags, scope.stack, namespace::KIND);
        if node.is_none() && !tags::is_marked(&owner) {
            return Ok(None);
        }
        let is = |id: &NodeId| matches!(&owner, Owner::Ours(owner) if owner == id);
        let stays = wanted.iter().any(|node| is(&node.id) || node.moved_from.as_ref().is_some_and(is));
        let (vpc, inside) =
            futures::join!(async { if stays || node.is_some() { vpc(aws, raw).await } else { Ok(None) } }, async {
                if tags::is_marked(&owner) && (scope.thorough || !stays) && scope.only.is_none() {
                    inside::look(aws, scope.stack, id_of(raw), arn).await.map(Some)
                } else {
                    Ok(None)
                }
            },);
        let wanted = node.map(|node| node.name.clone());
        Ok(Some(Space { raw: raw.clone(), tags, wanted, vpc: vpc?, inside: inside? }))
    });
    let read: Vec<Part<Option<Space>>> =
        futures::stream::iter(read.collect::<Vec<_>>()).buffered(SIDE_BY_SIDE).collect().await;
    read.into_iter().filter_map(Result::transpose).collect()
}

/// The VPC of a namespace with a private zone.
async fn vpc(aws: &Aws, raw: &NamespaceSummary) -> Part<Option<String>> {
    let zone = raw.properties().and_then(|all| all.dns_properties()).and_then(|dns| dns.hosted_zone_id());
    let (Some(zone), Some(NamespaceType::DnsPrivate)) = (zone, raw.r#type()) else { return Ok(None) };
    let ask = || async {
        let request = || aws.route53().get_hosted_zone().id(zone).send();
        let reply = aws.caller.send("route53:GetHostedZone", request).await?;
        Ok(reply.vpcs().first().and_then(|vpc| vpc.vpc_id()).map(str::to_owned))
    };
    match aws.once(format!("route53:GetHostedZone {zone}"), ask).await {
        Ok(vpc) => Ok(Arc::unwrap_or_clone(vpc)),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

/// The namespace that a node stands for, or looks for.
///
/// # Errors
/// `Invalid`: it is not clear which one is meant.
pub fn sought<'n>(all: &'n [NamespaceSummary], sought: &Sought) -> Part<Option<&'n NamespaceSummary>> {
    let fits = |raw: &&NamespaceSummary| match (&sought.arn, &sought.name) {
        (Some(arn), _) => raw.arn() == Some(arn),
        (None, Some(name)) => raw.name().is_some_and(|own| own.eq_ignore_ascii_case(name)),
        (None, None) => false,
    };
    match all.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let ids: Vec<&str> = several.iter().map(|raw| id_of(raw)).collect();
            let text = format!("{} namespaces have the name: {}", several.len(), ids.join(", "));
            let error = CloudError::local(ErrorClass::Invalid, "servicediscovery:ListNamespaces", text);
            Err(CloudError { hint: Some("name the one that is meant by its ARN under `existing`".to_owned()), ..error })
        }
    }
}

/// The id of the namespace that a service is wanted in, if that is there.
fn home(scope: &Scope<'_>, all: &[NamespaceSummary], spaces: &[Space], node: &Node) -> Option<String> {
    let namespace: Text = serde_json::from_value(node.want.get("namespace")?.clone()).ok()?;
    let hole = match namespace {
        Text::Known(id) => return Some(id),
        Text::From(hole) => hole,
        Text::Join(_) => return None,
    };
    let node = scope.graph.get(&hole.node)?;
    if node.lookup {
        let found = sought(all, &spec(&node.want).ok()?).ok().flatten()?;
        return Some(id_of(found).to_owned());
    }
    let owner = |space: &&Space| tags::owner(&space.tags, scope.stack, namespace::KIND);
    let is = |space: &&Space, id: &NodeId| matches!(owner(space), Owner::Ours(own) if own == *id);
    let marked = spaces.iter().find(|space| is(space, &node.id));
    let moved = || spaces.iter().find(|space| node.moved_from.as_ref().is_some_and(|id| is(space, id)));
    let named = || spaces.iter().find(|space| space.wanted.as_ref() == Some(&node.name));
    marked.or_else(moved).or_else(named).map(|space| id_of(&space.raw).to_owned())
}

async fn services(
    aws: &Aws,
    scope: &Scope<'_>,
    all: &[NamespaceSummary],
    spaces: &[Space],
    marked: &Marked,
) -> Part<Vec<Item>> {
    let nodes = scope.graph.of_kind(discovery_service::KIND);
    let wanted: Vec<(&Node, String)> = nodes.filter_map(|node| Some((node, home(scope, all, spaces, node)?))).collect();
    let mut homes: BTreeSet<String> = wanted.iter().map(|(_, home)| home.clone()).collect();
    if scope.thorough {
        homes.extend(all.iter().map(|raw| id_of(raw).to_owned()));
    }
    let listings = futures::stream::iter(homes).map(|home| async move {
        let found = services_in(aws, &home).await;
        (home, found)
    });
    let listings: Vec<(String, Part<Vec<ServiceSummary>>)> = listings.buffered(SIDE_BY_SIDE).collect().await;
    let mut items: BTreeMap<String, (Item, Option<&Node>)> = BTreeMap::new();
    for (home, found) in listings {
        for raw in found? {
            let is = |(node, of): &&(&Node, String)| {
                *of == home && raw.name().is_some_and(|name| name.eq_ignore_ascii_case(&node.name))
            };
            let node = wanted.iter().find(is).map(|(node, _)| *node);
            let arn = raw.arn().unwrap_or_default().to_owned();
            if node.is_some() || marked.contains_key(&arn) || scope.thorough {
                items.insert(arn, (item(&raw, &home, node.is_some()), node));
            }
        }
    }
    let elsewhere = marked.keys().filter(|arn| arn.contains(":service/") && !items.contains_key(*arn));
    let elsewhere = futures::stream::iter(elsewhere.cloned().collect::<Vec<_>>()).map(|arn| get(aws, arn));
    let elsewhere: Vec<Part<Option<Item>>> = elsewhere.buffered(SIDE_BY_SIDE).collect().await;
    for found in elsewhere {
        items.extend(found?.map(|item| (item.arn.clone(), (item, None))));
    }
    let tagged = items.into_values().map(|(item, node)| async move {
        let wanted = node.map(|node| tags::of_node(node, scope.stack));
        let tags = match known(marked, &item.arn, wanted.as_ref()) {
            Some(tags) => tags,
            None => {
                let arn = item.arn.as_str();
                match aws.once(format!("servicediscovery:ListTagsForResource {arn}"), || tags_of(aws, arn)).await {
                    Ok(tags) => Arc::unwrap_or_clone(tags),
                    Err(error) if error.class == ErrorClass::Gone => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        };
        let marked = tags::is_marked(&tags::owner(&tags, scope.stack, discovery_service::KIND));
        Ok((marked || item.wanted).then_some(Item { tags, ..item }))
    });
    let tagged: Vec<Part<Option<Item>>> =
        futures::stream::iter(tagged.collect::<Vec<_>>()).buffered(SIDE_BY_SIDE).collect().await;
    tagged.into_iter().filter_map(Result::transpose).collect()
}

fn item(raw: &ServiceSummary, namespace: &str, wanted: bool) -> Item {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Item {
        id: text(raw.id()),
        arn: text(raw.arn()),
        name: text(raw.name()),
        namespace: namespace.to_owned(),
        dns: raw.dns_config().filter(|dns| !dns.dns_records().is_empty()).cloned(),
        health_check: raw.health_check_custom_config().is_some(),
        tags: Tags::new(),
        wanted,
    }
}

/// A service by its ARN; `None` if it is gone.
async fn get(aws: &Aws, arn: String) -> Part<Option<Item>> {
    let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let request = || aws.cloud_map().get_service().id(&id).send();
    let reply = match aws.caller.send("servicediscovery:GetService", request).await {
        Ok(reply) => reply,
        Err(error) if error.class == ErrorClass::Gone => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(raw) = reply.service() else { return Ok(None) };
    Ok(Some(Item {
        id,
        arn,
        name: raw.name().unwrap_or_default().to_owned(),
        namespace: raw.namespace_id().unwrap_or_default().to_owned(),
        dns: raw.dns_config().filter(|dns| !dns.dns_records().is_empty()).cloned(),
        health_check: raw.health_check_custom_config().is_some(),
        tags: Tags::new(),
        wanted: false,
    }))
}

/// All namespaces of the region.
pub(super) async fn list(aws: &Aws) -> Part<Vec<NamespaceSummary>> {
    aws.once("servicediscovery:ListNamespaces", || listed(aws)).await.map(Arc::unwrap_or_clone)
}

async fn listed(aws: &Aws) -> Part<Vec<NamespaceSummary>> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    loop {
        let request = || aws.cloud_map().list_namespaces().max_results(PAGE).set_next_token(token.clone()).send();
        let page = aws.caller.send("servicediscovery:ListNamespaces", request).await?;
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        found.extend(page.namespaces.unwrap_or_default());
        if token.is_none() {
            return Ok(found);
        }
    }
}

/// The services in a namespace. A page may be empty and not the last.
pub(super) async fn services_in(aws: &Aws, namespace: &str) -> Part<Vec<ServiceSummary>> {
    let ask = || async {
        let filter = ServiceFilter::builder().name(ServiceFilterName::NamespaceId).condition(FilterCondition::Eq);
        let filter = filter.values(namespace).build();
        let filter = filter.map_err(|error| CloudError::bug("servicediscovery:ListServices", error.to_string()))?;
        let (mut found, mut token) = (Vec::new(), None::<String>);
        loop {
            let request = || {
                let request = aws.cloud_map().list_services().filters(filter.clone()).max_results(PAGE);
                request.set_next_token(token.clone()).send()
            };
            let page = aws.caller.send("servicediscovery:ListServices", request).await?;
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            found.extend(page.services.unwrap_or_default());
            if token.is_none() {
                return Ok(found);
            }
        }
    };
    aws.once(format!("servicediscovery:ListServices {namespace}"), ask).await.map(Arc::unwrap_or_clone)
}

/// The tags of a namespace or a service.
///
/// # Errors
/// Any error of `servicediscovery:ListTagsForResource`; `Gone` if there is no such resource.
pub(super) async fn tags_of(aws: &Aws, arn: &str) -> Part<Tags> {
    let request = || aws.cloud_map().list_tags_for_resource().resource_arn(arn).send();
    let reply = aws.caller.send("servicediscovery:ListTagsForResource", request).await?;
    Ok(reply.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}
