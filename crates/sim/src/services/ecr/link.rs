//! What other services ask of ECR: whether an image can be pulled.

use crate::world::{Place, World};

/// Whether a tag of a repository that nothing was ever put into counts as there.
pub(super) fn counts_as_there(tag: &str) -> bool {
    tag != "none" && !["missing", "does-not-exist"].iter().any(|word| tag.contains(word))
}

/// Whether an image is there: `Some` for images of this account's repositories, none for any other registry. In a repository
/// that nothing was ever put into every tag counts as there, but for those that say that they are not: nobody can push here.
pub fn image_exists(world: &World, place: &Place, image: &str) -> Option<bool> {
    let (host, path) = image.split_once('/')?;
    let (registry, rest) = host.split_once(".dkr.ecr.")?;
    let region = rest.strip_suffix(".amazonaws.com")?;
    if registry != &*place.account {
        return None;
    }
    let (path, digest) = path.split_once('@').map_or((path, None), |(path, digest)| (path, Some(digest)));
    let (name, tag) = path.split_once(':').map_or((path, "latest"), |(name, tag)| (name, tag));
    let place = Place { account: place.account.clone(), region: region.into() };
    let Some(repository) = world.known_region(&place).and_then(|region| region.ecr.repositories.get(name)) else {
        return Some(false);
    };
    if repository.images.is_empty() {
        return Some(counts_as_there(tag));
    }
    Some(match digest {
        Some(digest) => repository.images.contains_key(digest),
        None => repository.tagged(tag).is_some(),
    })
}
