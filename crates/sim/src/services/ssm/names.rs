//! How parameters are named: plain, as a path, by ARN, with a version or label behind a colon; and which names are refused.
//! Knows no operation.

use super::{Parameter, Ssm, Version};
use crate::call::Refusal;
use crate::world::Place;

const NAME_RULES: &str = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, \
    it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
    following 3 symbols .-_";
const PATH_RULES: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a \
    forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, numbers, \
    or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if \
    specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

/// The ARN of a parameter: a path brings its own slash.
pub(super) fn arn(place: &Place, name: &str) -> String {
    let slash = if name.starts_with('/') { "" } else { "/" };
    place.arn("ssm", &format!("parameter{slash}{name}"))
}

/// The name in an ARN, with its leading slash; none if it is no ARN of a parameter.
pub(super) fn of_arn(text: &str) -> Option<String> {
    let rest = text.strip_prefix("arn:")?;
    let mut parts = rest.splitn(5, ':');
    let service = parts.nth(1)?;
    let name = parts.nth(2)?.strip_prefix("parameter")?;
    (service == "ssm" && name.starts_with('/')).then(|| name.to_owned())
}

/// The name under which a parameter is kept, if there is one. `/x` and `x` are one and the same.
pub(super) fn key(ssm: &Ssm, name: &str) -> Option<String> {
    let known = |name: &str| ssm.parameters.contains_key(name).then(|| name.to_owned());
    let other = match name.strip_prefix('/') {
        Some(plain) => (!plain.contains('/')).then(|| plain.to_owned()),
        None => (!name.contains('/')).then(|| format!("/{name}")),
    };
    known(name).or_else(|| known(&other?))
}

/// A parameter by the name in an ARN.
pub(super) fn find_mut<'w>(ssm: &'w mut Ssm, name: &str) -> Option<&'w mut Parameter> {
    let key = key(ssm, name)?;
    ssm.parameters.get_mut(&key)
}

/// The plain name of a parameter that is asked for by name or ARN.
pub(super) fn plain(ssm: &Ssm, asked: &str) -> Option<String> {
    match of_arn(asked) {
        Some(name) => key(ssm, &name),
        None => key(ssm, asked),
    }
}

/// A version of a parameter, and the selector with which it was asked for.
pub(super) type Selected<'w> = (&'w Parameter, &'w Version, Option<String>);

/// The version that is asked for: the latest, or by number or label behind a colon.
pub(super) fn select<'w>(ssm: &'w Ssm, asked: &str) -> Result<Selected<'w>, Refusal> {
    let absent = || Refusal::new("ParameterNotFound", "");
    // The first colon behind the part of an ARN that has its own.
    let start = of_arn(asked).map_or(0, |name| asked.len() - name.len());
    let (name, selector) = match asked[start..].split_once(':') {
        Some((name, selector)) => (&asked[..start + name.len()], Some(selector)),
        None => (asked, None),
    };
    let parameter = plain(ssm, name).and_then(|name| ssm.parameters.get(&name)).ok_or_else(absent)?;
    let Some(selector) = selector else {
        return Ok((parameter, parameter.latest().ok_or_else(absent)?, None));
    };
    let number = selector.parse::<i64>().ok();
    let wanted = |version: &&Version| match number {
        Some(number) => version.number == number,
        None => version.labels.contains(selector),
    };
    let version = parameter.versions.iter().find(wanted).ok_or_else(|| unknown_version(selector, &parameter.name))?;
    Ok((parameter, version, Some(format!(":{selector}"))))
}

/// The refusal of a version or label that a parameter does not have.
pub(super) fn unknown_version(selector: &str, name: &str) -> Refusal {
    let text = if selector.parse::<i64>().is_ok() {
        format!("Systems Manager could not find version {selector} of {name}. Verify the version and try again.")
    } else {
        format!("Systems Manager could not find label {selector} of {name}. Verify the label and try again.")
    };
    Refusal::new("ParameterVersionNotFound", text)
}

/// Whether a new parameter can have this name.
pub(super) fn check(name: &str) -> Result<(), Refusal> {
    let invalid = |text: &str| Err(Refusal::new("ValidationException", text));
    let lower = name.to_lowercase();
    if lower.starts_with("/aws/") {
        return Err(Refusal::new("AccessDeniedException", format!("No access to reserved parameter name: {name}.")));
    }
    let bare = lower.trim_start_matches('/');
    if bare.starts_with("aws") || bare.starts_with("ssm") || !is_clean(name) {
        return invalid(NAME_RULES);
    }
    if name.contains('/') && !name.starts_with('/') {
        return invalid("Parameter name must be a fully qualified name.");
    }
    if name.contains("//") || name.ends_with('/') {
        return invalid(NAME_RULES);
    }
    if name.chars().filter(|letter| *letter == '/').count() > 15 {
        return Err(Refusal::new(
            "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for \
             parameter names in the AWS Systems Manager User Guide.",
        ));
    }
    Ok(())
}

/// Refuses what cannot be the name of a parameter that is asked for: a path with an empty part, or without its first slash.
pub(super) fn check_asked(asked: &str) -> Result<(), Refusal> {
    let bare_path = asked.contains('/') && !asked.starts_with('/');
    if !asked.starts_with("arn:") && (bare_path || asked.contains("//")) {
        return Err(Refusal::new("ValidationException", NAME_RULES));
    }
    Ok(())
}

/// Whether parameters can be looked for below this path.
pub(super) fn check_path(path: &str) -> Result<(), Refusal> {
    if !path.starts_with('/') || path.contains("//") || !is_clean(path) {
        return Err(Refusal::new("ValidationException", PATH_RULES));
    }
    Ok(())
}

fn is_clean(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter))
}

/// Whether a parameter lies below a path: directly, or at any depth.
pub(super) fn is_below(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.trim_end_matches('/');
    let rest = if path.is_empty() {
        Some(name.trim_start_matches('/'))
    } else {
        name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'))
    };
    rest.is_some_and(|rest| !rest.is_empty() && (recursive || !rest.contains('/')))
}
