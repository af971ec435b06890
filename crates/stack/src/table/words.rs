//! What a key of a table takes, in words, for people: the reference page, `explain`, and what an editor shows. Pure text.

use super::{Absent, Key, Type};
use crate::task_definition::schema;

/// What may stand under a key, with code in backticks.
pub(super) fn shape(key: &Key) -> String {
    if key.shape.is_empty() { of(&key.kind) } else { key.shape.to_owned() }
}

/// What holds if a key is left out.
pub(super) fn default(key: &Key) -> String {
    match key.absent {
        _ if !key.needed.is_empty() => "required".to_owned(),
        Absent::Nothing => "none".to_owned(),
        Absent::Value(value) => format!("`{value}`"),
        Absent::Words(words) => words.to_owned(),
    }
}

/// A text without the targets of its links.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        out += &before.replacen('[', "", 1);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    out + rest
}

fn of(kind: &Type) -> String {
    match kind {
        Type::Open | Type::Text | Type::Blank => "string".to_owned(),
        Type::Number(min, max) => format!("{min} to {max}"),
        Type::Seconds(_, max) if *max >= i32::MAX.unsigned_abs() => "duration".to_owned(),
        Type::Seconds(min, max) => format!("duration, {} to {}", duration(*min), duration(*max)),
        Type::Percent(min, max) => format!("{min} to {max}, `%` optional"),
        Type::Port => "port".to_owned(),
        Type::Flag => "boolean".to_owned(),
        Type::Switch => "boolean, or `ENABLED`, `DISABLED`".to_owned(),
        Type::Word(words) | Type::Just(words) => quoted(words),
        Type::Entry(section) => format!("entry of `{section}`"),
        Type::Several(inner) => format!("{}, or a list", of(inner)),
        Type::MapOf(_) | Type::Map(_) => "map".to_owned(),
        Type::Entries(_) => "map of entries".to_owned(),
        Type::AnyOf(types) => types.iter().map(of).collect::<Vec<_>>().join(", or "),
        Type::Ecs(object, member) => object.member(member).map_or_else(String::new, |member| ecs(&member.kind)),
        Type::Document => "AWS document".to_owned(),
    }
}

/// A type of ECS's own documents.
pub(crate) fn ecs(kind: &schema::Type) -> String {
    match kind {
        schema::Type::Text => "string".to_owned(),
        schema::Type::Int => "number".to_owned(),
        schema::Type::Seconds => "duration".to_owned(),
        schema::Type::Flag => "boolean".to_owned(),
        schema::Type::Word(words) => quoted(words),
        schema::Type::Texts => "list of strings".to_owned(),
        schema::Type::Ints => "list of numbers".to_owned(),
        schema::Type::Words(words) => format!("list of {}", quoted(words)),
        schema::Type::Strings => "map of strings".to_owned(),
        schema::Type::Object(object) => format!("map of {}", keys(object)),
        schema::Type::Objects(object) => format!("list of maps of {}", keys(object)),
    }
}

fn keys(object: &schema::Object) -> String {
    let names: Vec<String> = object.keys.iter().map(|member| schema::snake(member.name)).collect();
    quoted(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Seconds in the largest unit that keeps them whole; seconds themselves below an hour.
fn duration(secs: u32) -> String {
    match secs {
        0 => "0".to_owned(),
        secs if secs % 86_400 == 0 => format!("{}d", secs / 86_400),
        secs if secs % 3600 == 0 => format!("{}h", secs / 3600),
        secs => format!("{secs}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_taken_out() {
        assert_eq!(plain("a [strategy](#x), or [one](y) more"), "a strategy, or one more");
        assert_eq!(plain("[{ a }]"), "[{ a }]");
    }

    #[test]
    fn durations_have_round_units() {
        assert_eq!([0, 5, 300, 3600, 604_800].map(duration), ["0", "5s", "300s", "1h", "7d"]);
    }
}
