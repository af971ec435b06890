//! What it takes to get images into ECR beside a container tool: how to log in, whether an image is there already, and where nothing but
//! the API of ECR answers (a simulated AWS), an image by its manifest. The password is handed on and never shown.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::ImageIdentifier;
use evenkeel_core::error::{CloudError, ErrorClass};

use crate::client::Aws;

/// A login; its `Debug` shows no password.
pub struct Login {
    /// The user.
    pub user: String,
    /// The password, for twelve hours.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How to log in to the registry of the account.
///
/// # Errors
/// Any error of `ecr:GetAuthorizationToken`.
pub async fn login(aws: &Aws) -> Result<Login, CloudError> {
    let operation = "ecr:GetAuthorizationToken";
    let reply = aws.caller.send(operation, || aws.ecr().get_authorization_token().send()).await?;
    let token = reply.authorization_data().first().and_then(|data| data.authorization_token()).unwrap_or_default();
    let plain = aws_smithy_types::base64::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = plain.as_deref().and_then(|plain| plain.split_once(':'));
    let (user, password) = parts.ok_or_else(|| CloudError::bug(operation, "the token is not a user and a password"))?;
    Ok(Login { user: user.to_owned(), password: password.to_owned() })
}

/// Most images that BatchGetImage takes.
const BATCH: usize = 100;

/// The digest of an image, if it is there.
///
/// # Errors
/// As of [`digests`].
pub async fn digest(aws: &Aws, repository: &str, tag: &str) -> Result<Option<String>, CloudError> {
    Ok(digests(aws, repository, &[tag.to_owned()], false).await?.remove(tag))
}

/// The digests of images by their tags; what is not there is left out. With `without_registry` nothing but the API of ECR answers there,
/// and a repository that nothing was put into would have every image: it has none.
///
/// # Errors
/// `Gone` if there is no such repository; any other error of `ecr:BatchGetImage` and `ecr:ListImages`.
pub async fn digests(
    aws: &Aws,
    repository: &str,
    tags: &[String],
    without_registry: bool,
) -> Result<BTreeMap<String, String>, CloudError> {
    let mut found = BTreeMap::new();
    if without_registry && is_empty(aws, repository).await? {
        return Ok(found);
    }
    for batch in tags.chunks(BATCH) {
        let ids: Vec<ImageIdentifier> =
            batch.iter().map(|tag| ImageIdentifier::builder().image_tag(tag).build()).collect();
        let request =
            || aws.ecr().batch_get_image().repository_name(repository).set_image_ids(Some(ids.clone())).send();
        let reply = aws.caller.send("ecr:BatchGetImage", request).await?;
        let ids = reply.images().iter().filter_map(|image| image.image_id());
        found.extend(ids.filter_map(|id| Some((id.image_tag()?.to_owned(), id.image_digest()?.to_owned()))));
    }
    Ok(found)
}

/// Whether a repository holds any image.
///
/// # Errors
/// `Gone` if there is no such repository; any other error of `ecr:ListImages`.
async fn is_empty(aws: &Aws, repository: &str) -> Result<bool, CloudError> {
    let request = || aws.ecr().list_images().repository_name(repository).max_results(1).send();
    Ok(aws.caller.send("ecr:ListImages", request).await?.image_ids().is_empty())
}

/// Puts an image by its manifest; gives its digest.
///
/// # Errors
/// Any error of `ecr:PutImage`.
pub async fn put(aws: &Aws, repository: &str, tag: &str, manifest: &str) -> Result<String, CloudError> {
    let request = || aws.ecr().put_image().repository_name(repository).image_tag(tag).image_manifest(manifest).send();
    match aws.caller.send("ecr:PutImage", request).await {
        Ok(reply) => {
            let id = reply.image().and_then(|image| image.image_id());
            Ok(id.and_then(|id| id.image_digest()).unwrap_or_default().to_owned())
        }
        // The same image under the same tag.
        Err(error) if error.class == ErrorClass::Exists && error.code == "ImageAlreadyExistsException" => {
            Ok(digest(aws, repository, tag).await?.unwrap_or_default())
        }
        Err(error) => Err(error),
    }
}
