//! `secrets:` of the file: secrets in Secrets Manager. Values are never here, only where they come from.

use super::super::arn;
use super::super::fields::Fields;
use super::super::model;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::Entry;
use super::super::values;
use super::value_sources::{self, SOURCES};
use super::{Ctx, META, NAME};

/// An entry.
pub(crate) static SECRET: Table = Table {
    path: "secrets",
    what: "a secret",
    groups: &[
        &NAME,
        &META,
        &SOURCES,
        &[
            key("description", Type::Blank, "What it is for.").value("").aws("Description"),
            key("kms_key", Type::Text, "The key that encrypts it.")
                .shape("ARN")
                .without("AWS's key `aws/secretsmanager`")
                .aws("KmsKeyId"),
            key(
                "recovery_days",
                Type::Number(0, 30),
                "For how long a deleted secret can be restored; `0` deletes it at once. It is written to a tag, so \
                 that it also holds once the entry has left the file.",
            )
            .shape("7 to 30, or 0")
            .value("30")
            .aws("RecoveryWindowInDays, ForceDeleteWithoutRecovery"),
        ],
    ],
    made: &[Made { kind: "secret", outputs: &["arn", "name"], name: Some(&values::SECRET) }],
    words: &[
        ("value", "A value must not be in the file. Write from_env: VARIABLE, from_file, prompt or generate."),
        ("SecretString", "A value must not be in the file. Write from_env: VARIABLE, from_file, prompt or generate."),
        ("GenerateSecretString", "It is called `generate` here."),
    ],
    ..EMPTY
};

/// Fewest days of a recovery window.
const SHORTEST: u32 = 7;

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<model::Secret> {
    let fields = Fields::open(&entry.value, format!("secret `{}`", entry.key), &SECRET, ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let from = value_sources::read(ctx, &fields);
    let description = fields.blank("description").unwrap_or_default();
    let kms_key = fields
        .text("kms_key")
        .filter(|key| fields.take("kms_key").is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    let recovery_days = fields.count("recovery_days").unwrap_or_default();
    if let Some(tree) = fields.take("recovery_days").filter(|_| (1..SHORTEST).contains(&recovery_days)) {
        let summary = format!("a deleted secret cannot be kept for {recovery_days} days");
        let help = "Secrets Manager accepts 7 to 30 days, or 0 to delete it at once.";
        ctx.problems.error("out-of-range", &tree.place, summary, help);
    }
    fields.finish();
    Some(model::Secret { meta, from, description, kms_key, recovery_days })
}
