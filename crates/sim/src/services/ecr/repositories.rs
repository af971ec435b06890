//! Repositories: made, listed, set, deleted when they are empty or by force; where to log in.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::state::{Repository, invalid, missing, registry, repository};
use super::tagging::Repositories;
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::paging;
use crate::tags::dialect::Carrier;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateRepository", create),
    ("DescribeRepositories", describe),
    ("DeleteRepository", delete),
    ("PutImageTagMutability", put_mutability),
    ("PutImageScanningConfiguration", put_scanning),
    ("GetAuthorizationToken", token),
    ("DescribeRegistry", describe_registry),
];

/// Items of a page if nothing is asked for.
pub(super) const PAGE: usize = 100;
/// How long a login lasts.
const LOGIN: Duration = Duration::from_secs(12 * 3600);

/// The size of a page.
pub(super) fn size(input: &Input) -> usize {
    input.integer("maxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE)
}

fn encryption(call: &mut Call<'_>, input: &Input) -> Result<Map<String, Value>, Refusal> {
    let mut wanted = input.map("encryptionConfiguration").cloned().unwrap_or_default();
    let kind = wanted.text("encryptionType").unwrap_or("AES256").to_owned();
    let key = wanted.text("kmsKey").map(str::to_owned);
    match (kind.as_str(), key) {
        ("AES256", Some(_)) => {
            return Err(invalid("encryptionConfiguration", "KMS key cannot be specified for AES256 encryption"));
        }
        ("AES256", None) => {}
        (_, key) => {
            let key = call.place.key(key.as_deref().unwrap_or("alias/aws/ecr"));
            wanted.insert("kmsKey".to_owned(), key.into());
        }
    }
    wanted.insert("encryptionType".to_owned(), kind.into());
    Ok(wanted)
}

/// How tags of images can be moved, and which are excluded from that.
fn mutability(input: &Input) -> Result<(String, Vec<Value>), Refusal> {
    let mutability = input.text("imageTagMutability").unwrap_or("MUTABLE").to_owned();
    let filters = input.list("imageTagMutabilityExclusionFilters").to_vec();
    let place = "imageTagMutabilityExclusionFilters";
    match (mutability.ends_with("_WITH_EXCLUSION"), filters.is_empty()) {
        (true, true) => Err(invalid(place, &format!("must be specified when imageTagMutability is {mutability}"))),
        (false, false) => {
            Err(invalid(place, &format!("must not be specified when imageTagMutability is {mutability}")))
        }
        _ => Ok((mutability, filters)),
    }
}

fn create(call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("repositoryName").to_owned();
    let tags = Repositories::DIALECT.given(input)?;
    let (mutability, exclusions) = mutability(input)?;
    let encryption = encryption(call, input)?;
    let registry = call.place.account.to_string();
    if call.region().ecr.repositories.contains_key(&name) {
        let text = format!("The repository with name '{name}' already exists in the registry with id '{registry}'");
        return Err(Refusal::new("RepositoryAlreadyExistsException", text));
    }
    let scanning = input.map("imageScanningConfiguration");
    let repository = Repository {
        arn: call.arn("ecr", &format!("repository/{name}")),
        uri: format!("{registry}.dkr.ecr.{}.amazonaws.com/{name}", call.place.region),
        registry,
        created: call.now(),
        mutability,
        exclusions,
        scan_on_push: scanning.and_then(|config| config.flag("scanOnPush")).unwrap_or(false),
        encryption,
        tags,
        name: name.clone(),
        ..Repository::default()
    };
    let document = repository.document();
    call.region().ecr.repositories.insert(name, repository);
    Ok(json!({"repository": document}))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let names = input.texts("repositoryNames");
    let registry = registry(call, input);
    let own = registry == *call.place.account;
    let all = &call.region().ecr.repositories;
    if !names.is_empty() {
        for name in ["maxResults", "nextToken"] {
            if input.has(name) {
                return Err(invalid(name, "must not be specified together with repositoryNames"));
            }
        }
        let one = |name: &String| all.get(name).filter(|_| own).ok_or_else(|| missing(name, &registry));
        let documents = names.iter().map(|name| one(name).map(Repository::document)).collect::<Result<Vec<_>, _>>()?;
        return Ok(json!({"repositories": documents}));
    }
    let all: Vec<&Repository> = all.values().filter(|_| own).collect();
    let page = paging::page(all, |one| one.name.clone(), size(input), input.text("nextToken"), "repositories")
        .map_err(|_| invalid("nextToken", "Invalid token"))?;
    let documents: Vec<Value> = page.items.into_iter().map(Repository::document).collect();
    Ok(json!({"repositories": documents, "nextToken": page.next}))
}

fn delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    if !here.images.is_empty() && input.flag("force") != Some(true) {
        let text = format!(
            "The repository with name '{}' in registry with id '{}' cannot be deleted because it still contains images",
            here.name, here.registry
        );
        return Err(Refusal::new("RepositoryNotEmptyException", text));
    }
    let (name, document) = (here.name.clone(), here.document());
    call.region().ecr.repositories.remove(&name);
    Ok(json!({"repository": document}))
}

fn put_mutability(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    (here.mutability, here.exclusions) = mutability(input)?;
    let mut answer = here.answer("imageTagMutability", here.mutability.clone());
    if !here.exclusions.is_empty() {
        answer["imageTagMutabilityExclusionFilters"] = here.exclusions.clone().into();
    }
    Ok(answer)
}

fn put_scanning(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let config = input.map("imageScanningConfiguration");
    here.scan_on_push = config.and_then(|config| config.flag("scanOnPush")).unwrap_or(false);
    Ok(here.answer("imageScanningConfiguration", json!({"scanOnPush": here.scan_on_push})))
}

fn token(call: &mut Call<'_>, input: &Input) -> Reply {
    let mut registries = input.texts("registryIds");
    if registries.is_empty() {
        registries.push(call.place.account.to_string());
    }
    let until = call.now().plus(LOGIN).value();
    let mut data = Vec::new();
    for registry in registries {
        let secret = STANDARD.encode(call.world.ids.mixed(900));
        data.push(json!({
            "authorizationToken": STANDARD.encode(format!("AWS:{secret}")),
            "expiresAt": until,
            "proxyEndpoint": format!("https://{registry}.dkr.ecr.{}.amazonaws.com", call.place.region),
        }));
    }
    Ok(json!({"authorizationData": data}))
}

fn describe_registry(call: &mut Call<'_>, _: &Input) -> Reply {
    Ok(json!({"registryId": &*call.place.account, "replicationConfiguration": {"rules": []}}))
}
