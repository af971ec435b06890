//! How ECS words what is wrong with a request, and how it reads the names and ARNs that clients send. ECS does not use the
//! framework's sentences: it answers `InvalidParameterException` or `ClientException` with a text of its own. Knows no state.

use serde_json::Value;

use crate::call::{Call, Input, Members, Refusal};
use crate::paging::{self, Page};
use crate::validate::{Violation, What};
use crate::world::Place;

/// An `InvalidParameterException`.
pub fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// A `ClientException`.
pub fn client(text: impl Into<String>) -> Refusal {
    Refusal::new("ClientException", text)
}

/// The refusal of a cluster that is not there.
pub fn no_cluster() -> Refusal {
    Refusal::new("ClusterNotFoundException", "Cluster not found.")
}

/// The refusal of a list that is too long.
pub fn at_most(member: &str, most: usize) -> Refusal {
    invalid(format!("{member} can have at most {most} items."))
}

/// Words what breaks the limits of the model. The first thing wrong is told.
pub fn words(operation: &str, found: &[Violation]) -> Option<Refusal> {
    let refuse = |text: String| if operation == "RegisterTaskDefinition" { client(text) } else { invalid(text) };
    let own = |violation: &&Violation| match violation.what {
        // How many tags there may be depends on those that are there already.
        What::Longer(_) => violation.path != "tags",
        // Templates of definitions leave modes empty.
        What::NotOf(_) => operation != "RegisterTaskDefinition" || violation.value.as_deref() != Some(""),
        _ => true,
    };
    found.iter().find(own).map(|violation| {
        let name = member(&violation.path);
        let value = violation.value.as_deref().unwrap_or_default();
        match &violation.what {
            What::Missing => match (operation, name) {
                ("RegisterTaskDefinition", "containerDefinitions") => client("Container list cannot be empty."),
                (_, "tags") => refuse("Tags can not be empty.".to_owned()),
                // Whatever ends like that is a list.
                _ if name.ends_with('s') => refuse(format!("{} cannot be empty.", spaced(name))),
                _ => refuse(format!("{} can not be blank.", capital(name))),
            },
            What::NotOf(_) if is_setting(operation, name) => invalid("Invalid setting 'name'"),
            What::NotOf(values) => not_one_of(operation, name, value, values),
            What::Less(least) => refuse(format!("Invalid '{name}' setting. The value must be at least {least}.")),
            What::More(most) => refuse(format!("Invalid '{name}' setting. The value must be at most {most}.")),
            What::Shorter(least) => refuse(format!("{} must have a length of at least {least}.", capital(name))),
            What::Longer(most) if value.starts_with('[') => invalid(format!("{name} can have at most {most} items.")),
            What::Longer(most) => refuse(format!("{} must have a length of at most {most}.", capital(name))),
            What::Unfit(_) | What::Entries(..) => refuse(format!("{} contains invalid characters.", capital(name))),
        }
    })
}

fn is_setting(operation: &str, name: &str) -> bool {
    name == "name" && (operation.contains("AccountSetting") || operation.contains("Cluster"))
}

fn not_one_of(operation: &str, name: &str, value: &str, values: &[String]) -> Refusal {
    if name == "logDriver" {
        return client(format!("{value} is not a valid log driver. Must be one of [{}]", values.join(",")));
    }
    let mut sorted = values.to_vec();
    if name == "include" {
        sorted.sort_unstable();
    }
    let text = format!("{name} should be one of [{}]", sorted.join(","));
    if operation == "RegisterTaskDefinition" { client(text) } else { invalid(text) }
}

/// The name of the member at the end of a path such as `settings.1.member.name` or `include.2.member`.
fn member(path: &str) -> &str {
    let is_name = |part: &&str| *part != "member" && !part.bytes().all(|byte| byte.is_ascii_digit());
    path.split('.').rfind(is_name).unwrap_or(path)
}

/// With a capital first letter.
pub fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `containerInstances` as `Container instances`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in capital(name).chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(if words.is_empty() { letter } else { letter.to_ascii_lowercase() });
    }
    words
}

/// Whether a text is what ECS takes for a name: 1 to 255 letters, digits, hyphens and underscores.
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What an ARN of ECS names: `cluster/web` gives `("cluster", "web")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcsArn<'a> {
    /// The account in it.
    pub account: &'a str,
    /// `cluster`, `service`, `task-definition` and so on.
    pub kind: &'a str,
    /// What comes behind the kind and its slash.
    pub rest: &'a str,
}

/// Takes an ARN of ECS apart.
///
/// # Errors
/// If it is none, or of another region.
pub fn arn<'a>(place: &Place, text: &'a str) -> Result<EcsArn<'a>, Refusal> {
    let syntax = || invalid("Invalid arn syntax.");
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "ecs", region, account, resource] = parts[..] else { return Err(syntax()) };
    let (kind, rest) = resource.split_once('/').ok_or_else(syntax)?;
    let number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if !partition.starts_with("aws") || !number || rest.is_empty() {
        return Err(syntax());
    }
    if region != &*place.region {
        return Err(invalid("Invalid Region in ARN"));
    }
    Ok(EcsArn { account, kind, rest })
}

/// The name in a text that is a name or an ARN of that kind.
///
/// # Errors
/// If it is an ARN of something else.
pub fn name_of<'a>(place: &Place, text: &'a str, kind: &str) -> Result<&'a str, Refusal> {
    if !text.starts_with("arn:") {
        return Ok(text);
    }
    let arn = arn(place, text)?;
    if arn.kind == kind { Ok(arn.rest) } else { Err(invalid("Invalid identifier: Unexpected resource type in ARN")) }
}

/// The name of the cluster that a request is about: `default` if it names none.
///
/// # Errors
/// If what it names cannot be a cluster.
pub fn cluster_name<'a>(place: &Place, text: Option<&'a str>) -> Result<&'a str, Refusal> {
    let name = match text {
        None => "default",
        Some("") => return Err(invalid("Cluster can not be blank.")),
        Some(text) => name_of(place, text, "cluster")?,
    };
    if is_name(name) {
        Ok(name)
    } else {
        Err(invalid(format!("Cluster must match ^[a-zA-Z0-9\\-_]{{1,255}}$, but was {name}")))
    }
}

/// Cuts the page that a request asks for with `maxResults` and `nextToken`.
///
/// # Errors
/// If either is not acceptable.
pub fn page<T>(
    call: &Call<'_>,
    input: &Input,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    (usual, most): (usize, usize),
) -> Result<Page<T>, Refusal> {
    let size = match input.integer("maxResults") {
        None => usual,
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=most).contains(size))
            .ok_or_else(|| invalid(format!("maxResults must be between 1 and {most}.")))?,
    };
    // A token belongs to the filters it was given out for.
    let mut scope = input.0.clone();
    scope.retain(|name, _| name != "nextToken" && name != "maxResults");
    let scope = format!("{} {} {}", call.place.region, call.operation, Value::Object(scope));
    paging::page(items, key, size, input.text("nextToken"), &scope).map_err(|_| invalid("Invalid token."))
}
