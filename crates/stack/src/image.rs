//! Names of container images, as every registry and container runtime reads them: `[host[:port]/]path[:tag][@digest]`: their parts, and
//! what is wrong with them. Pure text; the callers report.

/// Longest name that ECS takes.
const LONGEST: usize = 255;

/// The parts of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference<'a> {
    /// Host and path.
    pub name: &'a str,
    /// The tag; `None` means `latest`, unless there is a digest.
    pub tag: Option<&'a str>,
    /// The digest, which counts before a tag.
    pub digest: Option<&'a str>,
}

/// Takes a name apart, whether or not it is a good one.
pub fn split(image: &str) -> Reference<'_> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash is that of a port.
    match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => Reference { name, tag: Some(tag), digest },
        Some(_) | None => Reference { name, tag: None, digest },
    }
}

/// Why no registry can have an image of this name; `None` if one can.
pub(crate) fn complaint(image: &str) -> Option<String> {
    if image.is_empty() {
        return Some("it is empty".to_owned());
    }
    if image.len() > LONGEST {
        return Some(format!("it has {} characters; ECS accepts {LONGEST}", image.len()));
    }
    if let Some(bad) = image.chars().find(|c| !c.is_ascii_alphanumeric() && !"._-/:@+".contains(*c)) {
        return Some(if bad.is_whitespace() {
            "it contains a space".to_owned()
        } else {
            format!("`{bad}` is not allowed in an image name")
        });
    }
    let Reference { name: path, tag, digest } = split(image);
    if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
        return Some(format!("`{digest}` is not a digest; a digest is sha256: and 64 hexadecimal digits"));
    }
    if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
        return Some(if tag.is_empty() {
            "the tag after the colon is empty".to_owned()
        } else {
            format!("`{tag}` is not a valid tag")
        });
    }
    let (host, rest) = match path.split_once('/') {
        Some((host, rest)) if is_host(host) => (Some(host), rest),
        Some(_) | None => (None, path),
    };
    if let Some((_, port)) = host.and_then(|host| host.split_once(':'))
        && port.parse::<u16>().is_err()
    {
        return Some(format!("`{port}` is not a port"));
    }
    let bad = rest.split('/').find(|part| !is_part(part))?;
    Some(if bad.is_empty() {
        "a part between two slashes is empty".to_owned()
    } else if bad.chars().any(|c| c.is_ascii_uppercase()) {
        format!("`{bad}` has capital letters, which a repository name cannot contain")
    } else {
        format!("`{bad}` is not allowed in a repository name")
    })
}

/// The first part is a host if it could be nothing else.
fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':'])
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= 128
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        let algorithm_ok = algorithm.starts_with(|c: char| c.is_ascii_alphabetic())
            && algorithm.chars().all(|c| c.is_ascii_alphanumeric() || "+._-".contains(c));
        let length_ok = if algorithm == "sha256" { hex.len() == 64 } else { hex.len() >= 32 };
        algorithm_ok && length_ok && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

/// Small letters and digits, with single separators (`.`, `_`, `__` or hyphens) between them.
fn is_part(part: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = part.split(good).filter(|between| !between.is_empty());
    part.starts_with(good)
        && part.ends_with(good)
        && separators.all(|between| matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_registries_have() {
        for image in [
            "nginx",
            "nginx:1.27",
            "library/nginx:1.27-alpine",
            "localhost:5000/app",
            "ghcr.io/a/b/c:v1_2",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/app:2026.11",
            "quay.io/x/y__z--a.b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "registry.example:8443/app:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(complaint(image), None, "{image}");
        }
    }

    #[test]
    fn images_that_no_registry_can_have() {
        for image in [
            "",
            "$ECR_REGISTRY/$ECR_REPOSITORY:$IMAGE_TAG",
            "hello:$IMAGE_TAG",
            "<IMAGE1_NAME>",
            "{{image}}",
            "nginx:",
            "/nginx",
            "a//b",
            "nginx/",
            "Nginx:1",
            "my image",
            "https://ghcr.io/a/b",
            "a:b:c",
            "nginx@sha256:abc",
            "app:-1",
            "a_-b",
            "host.example:port/app",
            "arn:aws:ecr:eu-west-1:123456789012:repository/app",
        ] {
            assert!(complaint(image).is_some(), "{image}");
        }
    }
}
