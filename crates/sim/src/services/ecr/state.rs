//! What a region has in ECR: repositories with their policies and images. How these are written as documents. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::{Call, Input, Members, Refusal};
use crate::tags::Tags;
use crate::world::Moment;

/// Repositories of one region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecr {
    /// By name.
    pub repositories: BTreeMap<String, Repository>,
}

/// A repository.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The account.
    pub registry: String,
    /// Where it is pulled from.
    pub uri: String,
    /// When it was made.
    pub created: Moment,
    /// `MUTABLE`, `IMMUTABLE`, and both with exclusions.
    pub mutability: String,
    /// Which tags are excluded from that.
    pub exclusions: Vec<Value>,
    /// Whether images are scanned when they come.
    pub scan_on_push: bool,
    /// How images are encrypted.
    pub encryption: Map<String, Value>,
    /// The lifecycle policy, as it is answered.
    pub lifecycle: Option<String>,
    /// The repository policy, as it is answered.
    pub policy: Option<String>,
    /// By digest.
    pub images: BTreeMap<String, Image>,
    /// Its tags.
    pub tags: Tags,
}

/// An image.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// `sha256:…` of the manifest.
    pub digest: String,
    /// The manifest, as it was put.
    pub manifest: String,
    /// Its media type.
    pub media_type: Option<String>,
    /// The media type of what it describes.
    pub artifact_type: Option<String>,
    /// The sizes of its layers together.
    pub size: i64,
    /// When it came.
    pub pushed: Moment,
    /// Its tags; one tag is on one image of a repository.
    pub tags: BTreeSet<String>,
}

/// A refusal of a parameter, as this service words it.
pub(super) fn invalid(parameter: &str, constraint: &str) -> Refusal {
    let text = format!("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'");
    Refusal::new("InvalidParameterException", text)
}

/// The registry that a request names, or the caller's own.
pub(super) fn registry(call: &Call<'_>, input: &Input) -> String {
    input.text("registryId").map_or_else(|| call.place.account.to_string(), str::to_owned)
}

/// The refusal of a repository that is not there.
pub(super) fn missing(name: &str, registry: &str) -> Refusal {
    let text = format!("The repository with name '{name}' does not exist in the registry with id '{registry}'");
    Refusal::new("RepositoryNotFoundException", text)
}

/// The repository that a request names.
///
/// # Errors
/// `RepositoryNotFoundException`.
pub(super) fn repository<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Repository, Refusal> {
    let (name, registry) = (input.text_or_empty("repositoryName"), registry(call, input));
    let own = registry == *call.place.account;
    let found = call.region().ecr.repositories.get_mut(name).filter(|_| own);
    found.ok_or_else(|| missing(name, &registry))
}

impl Repository {
    /// As it is answered.
    pub fn document(&self) -> Value {
        json!({
            "repositoryArn": self.arn,
            "registryId": self.registry,
            "repositoryName": self.name,
            "repositoryUri": self.uri,
            "createdAt": self.created.value(),
            "imageTagMutability": self.mutability,
            "imageTagMutabilityExclusionFilters": (!self.exclusions.is_empty()).then_some(&self.exclusions),
            "imageScanningConfiguration": {"scanOnPush": self.scan_on_push},
            "encryptionConfiguration": self.encryption,
        })
    }

    /// The beginning of most answers: registry and name, and a member more.
    pub fn answer(&self, member: &str, value: impl Into<Value>) -> Value {
        json!({"registryId": self.registry, "repositoryName": self.name, member: value.into()})
    }

    /// The image of a tag.
    pub fn tagged(&self, tag: &str) -> Option<&Image> {
        self.images.values().find(|image| image.tags.contains(tag))
    }

    /// Whether a tag cannot be moved to another image.
    pub fn is_fixed(&self, tag: &str) -> bool {
        let excluded = self.exclusions.iter().any(|filter| fits(filter.text_or_empty("filter"), tag));
        match self.mutability.as_str() {
            "IMMUTABLE" => true,
            "IMMUTABLE_WITH_EXCLUSION" => !excluded,
            "MUTABLE_WITH_EXCLUSION" => excluded,
            _ => false,
        }
    }
}

/// Whether a text fits a pattern with `*` in it.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| fits(rest, &text[at..]))
        }),
    }
}
