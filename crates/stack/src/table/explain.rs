//! `explain`: what the tables say of one key, as text for a terminal. Knows nothing of the command line.

use super::{Since, Table, Type, words};
use crate::suggest;
use crate::task_definition::schema::{self, Member, Object, snake};

/// What a path leads to so far.
enum At {
    Tables(Vec<&'static Table>),
    Object(&'static Object),
    End,
}

/// What is said of the key at a path (`services.containers.image`); `None` stands for the file itself. Names of entries may
/// stand in the path (`target_groups.web.port`).
///
/// # Errors
/// What is wrong with the path, and what to write.
pub fn explain(root: &'static Table, path: Option<&str>) -> Result<String, (String, String)> {
    let Some(path) = path else { return Ok(sections(root)) };
    let steps: Vec<&str> = path.split('.').map(str::trim).filter(|step| !step.is_empty()).collect();
    let (mut at, mut out, mut named) = (At::Tables(vec![root]), String::new(), false);
    let mut shown: Vec<String> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let (found, kind) = match &at {
            At::Tables(tables) => match tables.iter().find_map(|table| table.key(step)) {
                Some(key) => {
                    shown.push(key.name.to_owned());
                    (Some(about(key)), Next::Of(&key.kind))
                }
                None => (None, Next::None),
            },
            At::Object(object) => match object.member_like(step) {
                Some(member) => {
                    shown.push(snake(member.name));
                    (Some(about_member(member)), Next::Ecs(&member.kind))
                }
                None => (None, Next::None),
            },
            At::End => (None, Next::None),
        };
        let Some(text) = found else {
            // Between a section and a key of its entries stands the name of an entry.
            if named && index + 1 < steps.len() {
                named = false;
                continue;
            }
            return Err(unknown(&at, step, &shown));
        };
        out = text;
        (at, named) = kind.follow();
    }
    let beneath = match &at {
        At::Tables(tables) => tables.iter().map(|table| beneath(table)).collect::<Vec<_>>().join("\n"),
        At::Object(object) => {
            let lines = object.keys.iter().map(|member| line(&snake(member.name), &bare(member.say)));
            format!("Keys:\n{}", lines.collect::<String>())
        }
        At::End => String::new(),
    };
    let gap = if beneath.is_empty() { "" } else { "\n" };
    Ok(format!("{}\n\n{out}{gap}{beneath}", shown.join(".")))
}

/// Where a key leads.
enum Next {
    None,
    Of(&'static Type),
    Ecs(&'static schema::Type),
}

impl Next {
    /// What stands there, and whether names of entries stand in between.
    fn follow(&self) -> (At, bool) {
        match self {
            Self::None => (At::End, false),
            Self::Ecs(schema::Type::Object(object) | schema::Type::Objects(object)) => (At::Object(object), false),
            Self::Ecs(_) => (At::End, false),
            Self::Of(kind) => {
                let tables = kind.tables();
                let named = kind.find(&|one| matches!(one, Type::Entries(_) | Type::MapOf(_)).then_some(())).is_some();
                let object =
                    kind.find(&|one| if let Type::Ecs(object, member) = one { Some((*object, *member)) } else { None });
                match object.and_then(|(object, member)| object.member(member)) {
                    _ if !tables.is_empty() => (At::Tables(tables), named),
                    Some(member) => Self::Ecs(&member.kind).follow(),
                    None => (At::End, named),
                }
            }
        }
    }
}

fn about(key: &super::Key) -> String {
    let mut out = format!("  {}\n\n  type      {}\n", bare(key.say), bare(&words::shape(key)));
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            out += &format!("  {name:<10}{text}\n");
        }
    };
    add("default", &bare(&words::default(key)));
    add("also", &key.also.join(", "));
    add("in AWS", key.aws);
    let example = if key.example.is_empty() { String::new() } else { format!("{}: {}", key.name, key.example) };
    add("example", &example);
    match key.since {
        Since::Version(version) => add("since", version),
        Since::NotYet => add("since", "not yet: this version refuses it"),
    }
    out
}

fn about_member(member: &Member) -> String {
    let kind = bare(&words::ecs(&member.kind));
    format!("  {}\n\n  type      {kind}\n  in AWS    {}\n", bare(member.say), member.name)
}

fn beneath(table: &Table) -> String {
    let keys = table.keys().filter(|key| key.since != Since::NotYet);
    let lines: String = keys.map(|key| line(key.name, &bare(key.say))).collect();
    format!("Keys of {}:\n{lines}", table.what)
}

fn sections(root: &'static Table) -> String {
    let keys = root.keys().filter(|key| key.since != Since::NotYet);
    keys.map(|key| line(key.name, &bare(key.say))).collect()
}

fn line(name: &str, text: &str) -> String {
    format!("  {name:<28} {text}\n")
}

/// A text as a terminal shows it.
fn bare(text: &str) -> String {
    words::plain(text).replace('`', "")
}

fn unknown(at: &At, step: &str, shown: &[String]) -> (String, String) {
    let names: Vec<String> = match at {
        At::Tables(tables) => tables.iter().flat_map(|table| table.names()).map(str::to_owned).collect(),
        At::Object(object) => object.keys.iter().map(|member| snake(member.name)).collect(),
        At::End => Vec::new(),
    };
    let place = if shown.is_empty() { "the stack file".to_owned() } else { format!("`{}`", shown.join(".")) };
    if names.is_empty() {
        return (format!("{place} has no keys under it"), format!("Write evenkeel explain {}.", shown.join(".")));
    }
    let aws = match at {
        At::Tables(tables) => tables.iter().flat_map(|table| table.keys()).find(|key| key.is_word_of_aws(step)),
        At::Object(_) | At::End => None,
    };
    let near = aws.map(|key| key.name).or_else(|| suggest::nearest(step, names.iter().map(String::as_str)));
    let help = match near {
        Some(near) => {
            let path: Vec<&str> = shown.iter().map(String::as_str).chain([near]).collect();
            format!("Did you mean evenkeel explain {}?", path.join("."))
        }
        None => format!("There are {}.", suggest::all(&names)),
    };
    (format!("{place} has no key `{step}`"), help)
}
