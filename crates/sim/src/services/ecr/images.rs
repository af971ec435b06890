//! Images: put by their manifest, found by tag or digest, listed, deleted. A tag is on one image; an image goes with its last
//! tag if it is deleted by tag. Layers are not kept.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::link::counts_as_there;
use super::repositories::size;
use super::state::{Image, Repository, invalid, repository};
use crate::call::{Call, Handler, Input, Members, Refusal, Reply};
use crate::paging;

/// The operations of this part.
pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutImage", put),
    ("BatchGetImage", batch_get),
    ("BatchDeleteImage", batch_delete),
    ("DescribeImages", describe),
    ("ListImages", list),
];

/// The media type of a manifest that does not tell its own.
const USUAL_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn put(call: &mut Call<'_>, input: &Input) -> Reply {
    let now = call.now();
    let here = repository(call, input)?;
    let manifest = input.text_or_empty("imageManifest");
    let hash = Sha256::digest(manifest.as_bytes());
    let digest = format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    if input.text("imageDigest").is_some_and(|wanted| wanted != digest) {
        let text = format!("The image digest does not match the digest of the image manifest, {digest}");
        return Err(Refusal::new("ImageDigestDoesNotMatchException", text));
    }
    let Ok(document) = serde_json::from_str::<Value>(manifest) else {
        return Err(invalid("imageManifest", "Invalid JSON syntax"));
    };
    let tag = input.text("imageTag");
    let known = here.images.get(&digest);
    let place =
        format!("already exists in the repository with name '{}' in registry with id '{}'", here.name, here.registry);
    match (known, tag) {
        (Some(image), Some(tag)) if image.tags.contains(tag) => {
            let text = format!("Image with digest '{digest}' and tag '{tag}' {place}");
            return Err(Refusal::new("ImageAlreadyExistsException", text));
        }
        (Some(_), None) => {
            return Err(Refusal::new("ImageAlreadyExistsException", format!("Image with digest '{digest}' {place}")));
        }
        (_, Some(tag)) if here.is_fixed(tag) && here.tagged(tag).is_some() => {
            let text = format!(
                "The image tag '{tag}' already exists in the '{}' repository and cannot be overwritten because the \
                 repository is immutable.",
                here.name
            );
            return Err(Refusal::new("ImageTagAlreadyExistsException", text));
        }
        _ => {}
    }
    let media_type = input.text("imageManifestMediaType").or_else(|| document.text("mediaType")).unwrap_or(USUAL_TYPE);
    let parts = document.list("layers").iter().chain(document.list("manifests"));
    let fresh = Image {
        digest: digest.clone(),
        manifest: manifest.to_owned(),
        media_type: Some(media_type.to_owned()),
        artifact_type: document.get("config").and_then(|config| config.text("mediaType")).map(str::to_owned),
        size: parts.filter_map(|part| part.integer("size")).sum(),
        pushed: now,
        ..Image::default()
    };
    if let Some(tag) = tag {
        for image in here.images.values_mut() {
            image.tags.remove(tag);
        }
    }
    let image = here.images.entry(digest).or_insert(fresh);
    image.tags.extend(tag.map(str::to_owned));
    let image = image.clone();
    Ok(json!({"image": document_of(here, &image, tag)}))
}

fn document_of(here: &Repository, image: &Image, tag: Option<&str>) -> Value {
    json!({
        "registryId": here.registry,
        "repositoryName": here.name,
        "imageId": {"imageDigest": image.digest, "imageTag": tag},
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
    })
}

/// The image that an id means, or why there is none: a code and words.
fn find<'r>(here: &'r Repository, id: &Value) -> Result<&'r Image, (&'static str, String)> {
    let (digest, tag) = (id.text("imageDigest"), id.text("imageTag"));
    if digest.is_none() && tag.is_none() {
        return Err((
            "MissingDigestAndTag",
            "Invalid request parameters: both tag and digest cannot be null".to_owned(),
        ));
    }
    let is_digest = |text: &str| {
        text.split_once(':')
            .is_some_and(|(_, hex)| !hex.is_empty() && hex.chars().all(|digit| digit.is_ascii_hexdigit()))
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        let text = "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
        return Err(("InvalidImageDigest", text.to_owned()));
    }
    let none = || ("ImageNotFound", "Requested image not found".to_owned());
    let by_tag = tag.map(|tag| here.tagged(tag).ok_or_else(none)).transpose()?;
    let by_digest = digest.map(|digest| here.images.get(digest).ok_or_else(none)).transpose()?;
    match (by_tag, by_digest) {
        (Some(one), Some(other)) if one.digest != other.digest => {
            Err(("ImageTagDoesNotMatchDigest", "Requested image tag does not match the digest".to_owned()))
        }
        (found, other) => found.or(other).ok_or_else(none),
    }
}

fn failure(id: &Value, (code, reason): (&str, String)) -> Value {
    json!({"imageId": id, "failureCode": code, "failureReason": reason})
}

fn batch_get(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in input.list("imageIds") {
        match find(here, id) {
            Ok(image) => images.push(document_of(here, image, id.text("imageTag"))),
            Err(why) => match id.text("imageTag").filter(|_| here.images.is_empty() && !id.has("imageDigest")) {
                Some(tag) if counts_as_there(tag) => images.push(document_of(here, &made_up(tag), Some(tag))),
                _ => failures.push(failure(id, why)),
            },
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// An image that nobody pushed, for every platform: what tasks can pull has to be there for whoever looks before.
fn made_up(tag: &str) -> Image {
    let member = |architecture: &str| json!({"platform": {"os": "linux", "architecture": architecture}, "size": 0});
    let media_type = "application/vnd.oci.image.index.v1+json";
    let manifests = json!([member("amd64"), member("arm64")]);
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}).to_string();
    let hash = Sha256::digest(format!("{tag} {manifest}").as_bytes());
    let digest = format!("sha256:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Image { digest, manifest, media_type: Some(media_type.to_owned()), ..Image::default() }
}

fn batch_delete(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let (mut gone, mut failures) = (Vec::new(), Vec::new());
    for id in input.list("imageIds") {
        let digest = match find(here, id) {
            Ok(image) => image.digest.clone(),
            Err(why) => {
                failures.push(failure(id, why));
                continue;
            }
        };
        match id.text("imageTag") {
            Some(tag) => {
                gone.push(json!({"imageDigest": digest, "imageTag": tag}));
                if let Some(image) = here.images.get_mut(&digest) {
                    image.tags.remove(tag);
                }
                here.images.retain(|known, image| *known != digest || !image.tags.is_empty());
            }
            None => {
                if let Some(image) = here.images.remove(&digest) {
                    gone.extend(ids(&image));
                }
            }
        }
    }
    Ok(json!({"imageIds": gone, "failures": failures}))
}

/// One id for each tag, or one without.
fn ids(image: &Image) -> Vec<Value> {
    if image.tags.is_empty() {
        return vec![json!({"imageDigest": image.digest})];
    }
    image.tags.iter().map(|tag| json!({"imageDigest": image.digest, "imageTag": tag})).collect()
}

fn is_wanted(image: &Image, input: &Input) -> bool {
    match input.map("filter").and_then(|filter| filter.text("tagStatus")) {
        Some("TAGGED") => !image.tags.is_empty(),
        Some("UNTAGGED") => image.tags.is_empty(),
        _ => true,
    }
}

fn scope(input: &Input) -> String {
    format!("{} {:?}", input.text_or_empty("repositoryName"), input.map("filter"))
}

fn describe(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let wanted = input.list("imageIds");
    let detail = |image: &Image| {
        let tags: Vec<&String> = image.tags.iter().collect();
        json!({
            "registryId": here.registry,
            "repositoryName": here.name,
            "imageDigest": image.digest,
            "imageTags": (!tags.is_empty()).then_some(tags),
            "imageSizeInBytes": image.size,
            "imagePushedAt": image.pushed.value(),
            "imageManifestMediaType": image.media_type,
            "artifactMediaType": image.artifact_type,
        })
    };
    if !wanted.is_empty() {
        for name in ["maxResults", "nextToken"] {
            if input.has(name) {
                return Err(invalid(name, "must not be specified together with imageIds"));
            }
        }
        let mut details = Vec::new();
        for id in wanted {
            let image = find(here, id).map_err(|_| {
                let part = |name: &str| id.text(name).unwrap_or("null").to_owned();
                let text = format!(
                    "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository \
                     with name '{}' in the registry with id '{}'",
                    part("imageDigest"),
                    part("imageTag"),
                    here.name,
                    here.registry
                );
                Refusal::new("ImageNotFoundException", text)
            })?;
            details.push(detail(image));
        }
        return Ok(json!({"imageDetails": details}));
    }
    let images: Vec<&Image> = here.images.values().filter(|image| is_wanted(image, input)).collect();
    let page = paging::page(images, |image| image.digest.clone(), size(input), input.text("nextToken"), &scope(input))
        .map_err(|_| invalid("nextToken", "Invalid token"))?;
    let details: Vec<Value> = page.items.into_iter().map(detail).collect();
    Ok(json!({"imageDetails": details, "nextToken": page.next}))
}

fn list(call: &mut Call<'_>, input: &Input) -> Reply {
    let here = repository(call, input)?;
    let images = here.images.values().filter(|image| is_wanted(image, input));
    let all: Vec<Value> = images.flat_map(ids).collect();
    let page = paging::page(all, Value::to_string, size(input), input.text("nextToken"), &scope(input))
        .map_err(|_| invalid("nextToken", "Invalid token"))?;
    Ok(json!({"imageIds": page.items, "nextToken": page.next}))
}
