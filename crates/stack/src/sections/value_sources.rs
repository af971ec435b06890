//! Where a value comes from that must not be in the stack file: `from_env`, `from_file`, `prompt` and `generate`, of a secret and of a
//! parameter. Reads where, never what.

use std::path::Path;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::table::{EMPTY, Key, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::super::value_from::{Characters, Generate, ValueFrom};
use super::Ctx;

/// Fewest and most characters of a random value.
const SHORTEST: i64 = 8;
const LONGEST: i64 = 4096;

/// The keys of which an entry may have one.
pub(crate) static SOURCES: [Key; 4] = [
    key("from_env", Type::Text, "The environment variable that holds the value when it is sent.")
        .shape("name of a variable, without `${…}`")
        .example("DB_PASSWORD"),
    key("from_file", Type::Text, "The file that holds the value when it is sent; a line break at its end is left out.")
        .shape("path, relative to the stack file")
        .example("keys/site.pem"),
    key("prompt", Type::Flag, "`apply` asks for the value at the terminal.").value("false"),
    key(
        "generate",
        Type::AnyOf(&[Type::Number(SHORTEST, LONGEST), Type::Map(&GENERATE)]),
        "A random value, made when it is sent and shown nowhere.",
    )
    .shape("number of characters, or a map")
    .example("32"),
];

/// `generate:` in its long form.
pub(crate) static GENERATE: Table = Table {
    path: "secrets.generate",
    what: "a random value",
    groups: &[&[
        key("length", Type::Number(SHORTEST, LONGEST), "How many characters it has.").value("32"),
        key("characters", Type::Several(&Type::Word(Characters::WORDS)), "Which sorts of characters; each occurs.")
            .without("`[letters, digits]`")
            .example("[letters, digits, symbols]"),
    ]],
    ..EMPTY
};

/// Where the value comes from, if the entry says; it may say it once.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Option<ValueFrom> {
    let given = given(fields);
    if let [(first, _), (second, tree), ..] = given[..] {
        let summary = format!("{} has `{first}` and `{second}`", fields.what());
        ctx.problems.error("contradiction", &tree.place, summary, "A value has one source. Remove one of the two.");
    }
    let (name, tree) = *given.first()?;
    match name {
        "from_env" => variable(ctx, tree, &fields.text("from_env")?).map(ValueFrom::Env),
        "from_file" => Some(ValueFrom::File(beside(tree, &fields.text("from_file")?))),
        "prompt" => Some(ValueFrom::Prompt),
        _ => generate(ctx, fields, tree).map(ValueFrom::Generate),
    }
}

/// The keys of this sort that an entry has, with what they say.
pub(crate) fn given<'t>(fields: &Fields<'t>) -> Vec<(&'static str, &'t Tree)> {
    let prompts = fields.flag("prompt").unwrap_or_default();
    [
        ("from_env", fields.take("from_env")),
        ("from_file", fields.take("from_file")),
        ("prompt", fields.take("prompt").filter(|_| prompts)),
        ("generate", fields.take("generate")),
    ]
    .into_iter()
    .filter_map(|(name, tree)| Some((name, tree?)))
    .collect()
}

/// The name of a variable. What was filled in is the value itself, which must not get into a document.
fn variable(ctx: &Ctx<'_>, tree: &Tree, name: &str) -> Option<String> {
    let hidden = ctx.scope.secrets().text(name) != name;
    let good = !name.contains(['=', '\0']) && !name.contains(char::is_whitespace);
    if hidden || !good {
        let help = "Write the name of the variable, without `${…}`: from_env: DB_PASSWORD.";
        ctx.problems.error("bad-secret", &tree.place, "`from_env` takes the name of a variable, not its value", help);
        return None;
    }
    Some(name.to_owned())
}

/// The path as it holds where the command runs.
fn beside(tree: &Tree, path: &str) -> String {
    let folder = Path::new(&tree.place.source.path).parent().unwrap_or(Path::new(""));
    folder.join(path).to_string_lossy().into_owned()
}

fn generate(ctx: &Ctx<'_>, outer: &Fields<'_>, tree: &Tree) -> Option<Generate> {
    let what = format!("`generate` of {}", outer.what());
    if !matches!(tree.value, Value::Map(_)) {
        let length = Want::new(&what, ctx.problems).number(tree, SHORTEST, LONGEST)?;
        return Some(Generate { length: u16::try_from(length).ok()?, ..Generate::default() });
    }
    let fields = Fields::open(tree, what, &GENERATE, ctx.problems)?;
    let length = fields.number("length").and_then(|length| u16::try_from(length).ok());
    let mut made = Generate { length: length.unwrap_or_default(), ..Generate::default() };
    if let Some(tree) = fields.take("characters") {
        let want = Want::new("`characters`", ctx.problems);
        let words = want.several(tree).iter().filter_map(|item| want.one_of(item, Characters::WORDS));
        made.characters = words.filter_map(Characters::of).collect();
        made.characters.sort_unstable();
        made.characters.dedup();
        if tree.items().is_some_and(<[Tree]>::is_empty) {
            let help = "Name at least one sort: characters: [letters, digits].";
            ctx.problems.error("empty", &tree.place, "`characters` is an empty list", help);
        }
    }
    fields.finish();
    Some(made)
}
