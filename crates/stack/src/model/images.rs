//! What a stack file says of images: the repositories that keep them, and what they are built from. Data only.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Doc;

use super::{Existing, Meta};

/// An entry of `repositories:`.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The entry; of an existing one the name is that of others.
    pub meta: Meta,
    /// `existing:`, which of others it is; then nothing else counts.
    pub existing: Option<Existing>,
    /// `protect: false`: its images may go with it.
    pub gives_images: bool,
    /// `mutability:`, `MUTABLE` or `IMMUTABLE`.
    pub mutability: String,
    /// `mutability_exclusions:`, sorted.
    pub exclusions: Vec<String>,
    /// `scan_on_push:`.
    pub scan_on_push: bool,
    /// `encryption:`, `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption: String,
    /// `kms_key:`, an ARN; `None` where ECR chooses.
    pub kms_key: Option<String>,
    /// `lifecycle_policy:` as ECR takes it; an empty object if there is none.
    pub lifecycle: Doc,
    /// How many images that leaves at most, if it says, and where it stands.
    pub keeps: Option<(u64, Place)>,
    /// `policy:`, an IAM policy document; an empty object if there is none.
    pub policy: Doc,
    /// `mirror:`, images of other registries that are copied into it.
    pub mirrors: Vec<String>,
}

/// `build:` of a container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Build {
    /// Where it stands.
    pub place: Place,
    /// The folder, relative to the stack file.
    pub context: String,
    /// The Dockerfile, relative to the stack file; `None` for the one in the context.
    pub dockerfile: Option<String>,
    /// The stage to stop at.
    pub target: Option<String>,
    /// Arguments.
    pub args: BTreeMap<String, String>,
    /// `linux/amd64`.
    pub platform: String,
}

impl Build {
    /// The Dockerfile, relative to the stack file.
    pub fn dockerfile_path(&self) -> String {
        self.dockerfile.clone().unwrap_or_else(|| format!("{}/Dockerfile", self.context.trim_end_matches('/')))
    }
}
