//! `parameters:`: parameters of Systems Manager. A `value` in the file is compared like any other setting; of a SecureString the file
//! says only where its value comes from.

use evenkeel_core::doc::Text;
use evenkeel_core::secret;

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values;
use super::value_sources::{self, SOURCES};
use super::{Ctx, META, NAME};

/// The type whose values are encrypted.
pub(crate) const SECURE: &str = "SecureString";
const LIST: &str = "StringList";
const TYPES: &[&str] = &["String", LIST, SECURE];

/// Most bytes of a value in the standard tier, and in the advanced one.
const STANDARD: usize = 4096;
const ADVANCED: usize = 8192;

/// An entry.
pub(crate) static PARAMETER: Table = Table {
    path: "parameters",
    what: "a parameter",
    groups: &[
        &NAME,
        &META,
        &[
            key("type", Type::Word(TYPES), "The type; a change replaces the parameter.")
                .without("`StringList` for a list, `String` for another `value`, otherwise `SecureString`")
                .aws("Type"),
            key(
                "value",
                Type::Several(&Type::Open),
                "The value of a `String` or `StringList`, which everybody may see who may read the stack's plans.",
            )
            .shape("string, or a list")
            .aws("Value")
            .example("info"),
        ],
        &SOURCES,
        &[
            key(
                "description",
                Type::Blank,
                "What it is for. AWS changes what describes a `SecureString` only together with its value: \
                 `evenkeel secrets set` sends both.",
            )
            .value("")
            .aws("Description"),
            key(
                "tier",
                Type::Word(&["Standard", "Advanced", "Intelligent-Tiering"]),
                "The tier; from `Advanced` to `Standard`, the parameter is replaced.",
            )
            .without("that of the account at its creation, which is not managed")
            .aws("Tier"),
            key("allowed_pattern", Type::Text, "A regular expression that every value must match.")
                .aws("AllowedPattern")
                .example("\"^[a-z]+$\""),
            key("kms_key", Type::Text, "The key that encrypts a `SecureString`.")
                .shape("ARN")
                .without("AWS's key `alias/aws/ssm`")
                .aws("KeyId"),
        ],
    ],
    made: &[Made { kind: "parameter", outputs: &["arn", "name"], name: Some(&values::PARAMETER) }],
    ..EMPTY
};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<model::Parameter> {
    let what = format!("parameter `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &PARAMETER, ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Rules::Common);
    if let (Some(name), Some(tree)) = (&meta.name, fields.take("name")) {
        path(ctx, tree, name);
    }
    let from = value_sources::read(ctx, &fields);
    let value = fields.take("value");
    let is_list = value.is_some_and(|tree| tree.items().is_some());
    let usual = if is_list {
        LIST
    } else if value.is_some() {
        TYPES[0]
    } else {
        SECURE
    };
    let kind = fields.word("type").unwrap_or(usual);
    let tier = fields.word("tier").map(str::to_owned);
    let text =
        value.filter(|tree| fits(ctx, tree, kind, &what)).and_then(|tree| text(ctx, tree, &what, tier.as_deref()));
    source(ctx, &fields, entry, kind);
    if kind != SECURE && secret::looks_secret(&entry.key, text.as_ref().and_then(Text::known).unwrap_or_default()) {
        let summary = format!("{what} looks like a secret, but a `{kind}` is not encrypted, and plans show it");
        let help = "Write from_env: VARIABLE in place of `value`, which makes it a SecureString.";
        ctx.problems.warn("public-secret", value.map_or(&entry.place, |tree| &tree.place), summary, help);
    }
    let kms_key = fields
        .text("kms_key")
        .filter(|key| fields.take("kms_key").is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    if let Some(tree) = fields.take("kms_key").filter(|_| kind != SECURE) {
        let summary = format!("{what} is a `{kind}` with a `kms_key`");
        ctx.problems.error("contradiction", &tree.place, summary, "Only a SecureString is encrypted. Remove the key.");
    }
    let description = fields.blank("description").unwrap_or_default();
    let pattern = fields.text("allowed_pattern");
    fields.finish();
    let kind = kind.to_owned();
    Some(model::Parameter { meta, kind, value: text, from, description, tier, pattern, kms_key })
}

/// Whether a type has what gives its value.
fn source(ctx: &Ctx<'_>, fields: &Fields<'_>, entry: &Entry, kind: &str) {
    let given = value_sources::given(fields).first().map(|(_, tree)| *tree);
    let value = fields.take("value");
    match (kind, value, given) {
        (SECURE, None, Some(_)) => {}
        (SECURE, Some(tree), _) => {
            let summary = format!("the value of {}, a SecureString, must not be in the file", fields.what());
            let help = "Write where it comes from: from_env: VARIABLE, from_file, prompt or generate.";
            ctx.problems.error("bad-secret", &tree.place, summary, help);
        }
        (SECURE, None, None) => {
            let summary = format!("{} has no value", fields.what());
            let help = "Write `value` for a String, or from_env, from_file, prompt or generate for a SecureString.";
            ctx.problems.error("missing-key", &entry.place, summary, help);
        }
        (_, _, Some(tree)) => {
            let summary = format!("{} is a `{kind}`, whose value is not secret", fields.what());
            let help = "Write `value`, or leave `type` out to make it a SecureString.";
            ctx.problems.error("contradiction", &tree.place, summary, help);
        }
        (_, Some(_), None) => {}
        (_, None, None) => {
            let summary = format!("{} has no `value`", fields.what());
            ctx.problems.error("missing-key", &entry.place, summary, format!("A {kind} needs one: value: info."));
        }
    }
}

/// Whether the value has the form of the type.
fn fits(ctx: &Ctx<'_>, tree: &Tree, kind: &str, what: &str) -> bool {
    if kind != LIST && tree.items().is_some() {
        let help = "Write one value, or type: StringList.";
        ctx.problems.error("wrong-type", &tree.place, format!("`value` of {what}, a `{kind}`, is a list"), help);
        return false;
    }
    true
}

/// The value as AWS keeps it: the items of a list with commas between them.
fn text(ctx: &Ctx<'_>, tree: &Tree, what: &str, tier: Option<&str>) -> Option<Text> {
    let key = format!("`value` of {what}");
    let want = Want::new(&key, ctx.problems);
    let items: Vec<Text> = want.several(tree).iter().filter_map(|item| want.text(item)).collect();
    let comma = |item: &&Tree| item.scalar().is_some_and(|text| text.contains(','));
    if let Some(item) = tree.items().and_then(|items| items.iter().find(comma)) {
        let help = "AWS keeps a list with commas between its items. Write a String, or separate the items.";
        ctx.problems.error("bad-value", &item.place, format!("an item of {key} has a comma"), help);
    }
    let mut parts = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            parts.push(Text::from(","));
        }
        parts.push(item);
    }
    let known: Option<Vec<&str>> = parts.iter().map(Text::known).collect();
    let Some(known) = known.map(|known| known.concat()) else {
        return Some(if parts.len() == 1 { parts.swap_remove(0) } else { Text::Join(parts) });
    };
    if known.is_empty() {
        ctx.problems.error("empty", &tree.place, format!("{key} is empty"), "AWS accepts no empty value. Write one.");
        return None;
    }
    let (most, more) = match tier {
        Some("Advanced") => (ADVANCED, "The advanced tier has no more."),
        Some("Intelligent-Tiering") => (ADVANCED, "No tier has more."),
        _ => (STANDARD, "Write tier: Advanced for up to 8192."),
    };
    if known.len() > most {
        let summary = format!("{key} has {} bytes; AWS accepts {most}", known.len());
        ctx.problems.error("too-big", &tree.place, summary, more);
    }
    Some(Text::Known(known))
}

/// A name with levels begins with a slash, and none of them is empty.
fn path(ctx: &Ctx<'_>, tree: &Tree, name: &str) {
    let levels = name.matches('/').count();
    let complaint = if levels > 0 && !name.starts_with('/') {
        "A name with levels begins with a slash"
    } else if name.contains("//") || name.ends_with('/') {
        "No level of a name is empty"
    } else if levels > 15 {
        "A name has at most 15 levels"
    } else {
        return;
    };
    let summary = format!("`{name}` is not a valid name for a parameter");
    ctx.problems.error("bad-name", &tree.place, summary, format!("{complaint}: /shop/web/LOG_LEVEL."));
}
