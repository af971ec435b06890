//! `repositories:`, image repositories in ECR: the table of their keys, the rule for their names, and whether a lifecycle policy
//! leaves the images that services run. Lifecycle policies themselves are in `lifecycle.rs`; must not know what is in AWS.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::doc;
use evenkeel_core::name;
use serde_json::json;

use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{self, Service};
use super::super::policy::{self, POLICY};
use super::super::statements::Sort;
use super::super::table::{EMPTY, Key, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::NameRule;
use super::super::{arn, image};
use super::lifecycle::{self, LIFECYCLE};
use super::{Ctx, META, NAME, existing};

/// The characters and the length; what may stand beside what is said by [`complaint`].
static RULE: NameRule = NameRule { length: 2..=256, also: "._-/", not_starting: &[], inner_hyphen: true };

/// What every entry may say, where images are worth protecting.
static PROTECTED: [Key; 3] = [
    META[0],
    META[1],
    key(
        "protect",
        Type::Flag,
        "While it holds images, `destroy`, its deletion and its replacement are held back; `false` lets the images go with it, \
         `true` holds it back even when it is empty.",
    )
    .without("held back while it holds images"),
];

/// An entry.
pub(crate) static REPOSITORY: Table = Table {
    path: "repositories",
    what: "a repository",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "An existing repository, which is only looked up; no other key is allowed with it.",
        )
        .shape("name or ARN")
        .aws("DescribeRepositories")
        .example("team/base")],
        &NAME,
        &PROTECTED,
        &[
            key("mutability", Type::Word(&["MUTABLE", "IMMUTABLE"]), "Whether a tag can be moved to another image.")
                .also(&["image_tag_mutability"])
                .value("MUTABLE")
                .aws("imageTagMutability"),
            key(
                "mutability_exclusions",
                Type::Several(&Type::Text),
                "Tags for which the opposite of `mutability` holds; `*` is for any characters.",
            )
            .shape("up to five patterns")
            .aws("imageTagMutabilityExclusionFilters")
            .example("[latest, \"dev-*\"]"),
            key(
                "scan_on_push",
                Type::Switch,
                "Whether images are scanned for known vulnerabilities when they are pushed.",
            )
            .value("false")
            .aws("scanOnPush"),
            key(
                "encryption",
                Type::Word(&["AES256", "KMS", "KMS_DSSE"]),
                "How images are encrypted; a change replaces it.",
            )
            .without("`AES256`, or `KMS` with a `kms_key`")
            .aws("encryptionType"),
            key("kms_key", Type::Text, "The key that encrypts the images; a change replaces the repository.")
                .shape("ARN")
                .without("the key of ECR, where `encryption` needs one")
                .aws("kmsKey"),
            key(
                "lifecycle_policy",
                Type::AnyOf(&[Type::Text, Type::Map(&LIFECYCLE), Type::Document]),
                "Which images expire.",
            )
            .also(&["lifecycle"])
            .shape("`{ keep, expire_untagged }`, a document as ECR takes it, or a `.json` file")
            .aws("lifecyclePolicyText")
            .example("{ keep: 30 }"),
            key(
                "mirror",
                Type::Several(&Type::Text),
                "Images of other registries that `evenkeel push` copies into it, by their tags.",
            )
            .shape("image reference, or a list")
            .example("docker.io/library/python:3.12-slim"),
            key(
                "policy",
                Type::AnyOf(&[Type::Text, Type::Map(&POLICY), Type::Document]),
                "What other accounts and roles may do.",
            )
            .also(&["repository_policy"])
            .shape("`{ statements }`, a policy document, or a `.json` file")
            .aws("policyText")
            .example("{ statements: [{ principals: { AWS: \"210987654321\" }, actions: \"ecr:BatchGetImage\" }] }"),
        ],
    ],
    made: &[Made { kind: "repository", outputs: &["uri", "arn", "name"], name: Some(&RULE) }],
    words: &[
        ("repositoryName", "It is called `name` here."),
        ("force_delete", "Write `protect: false` to let the images go with the repository."),
        ("encryptionConfiguration", "Write `encryption:` and `kms_key:`."),
        ("imageScanningConfiguration", "Write `scan_on_push: true`."),
    ],
    ..EMPTY
};

/// What of others can be named.
const EXISTING: existing::Sort = existing::Sort { shape: &arn::REPOSITORY, rule: &RULE, tags: false };

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<model::Repository> {
    let what = format!("repository `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &REPOSITORY, ctx.problems)?;
    if let Some(existing) = existing::read(ctx, entry, &fields, (&REPOSITORY, &[]), &EXISTING) {
        let (meta, existing) = existing?;
        return Some(model::Repository {
            meta,
            existing: Some(existing),
            gives_images: false,
            mutability: String::new(),
            exclusions: Vec::new(),
            scan_on_push: false,
            encryption: String::new(),
            kms_key: None,
            lifecycle: json!({}),
            keeps: None,
            policy: json!({}),
            mirrors: Vec::new(),
        });
    }
    let mut meta = ctx.meta(entry, &fields, Rules::Common);
    name(ctx, entry, &fields, &mut meta);
    let gives_images = fields.flag("protect") == Some(false);
    let mutability = fields.word("mutability").unwrap_or_default().to_owned();
    let exclusions = fields.take("mutability_exclusions").map(|tree| exclusions(ctx, tree, &what)).unwrap_or_default();
    let scan_on_push = fields.switch("scan_on_push").unwrap_or_default();
    let (encryption, kms_key) = encryption(ctx, &fields, &what);
    let lifecycle = fields.take("lifecycle_policy").and_then(|tree| lifecycle::read(ctx, tree, &what));
    let keeps = fields
        .take("lifecycle_policy")
        .and_then(|tree| Some((lifecycle::kept(lifecycle.as_ref()?)?, tree.place.clone())));
    let policy = fields.take("policy").and_then(|tree| resource_policy(ctx, tree, &format!("`policy` of {what}")));
    let mirrors = fields.take("mirror").map(|tree| mirrors(ctx, tree, &what)).unwrap_or_default();
    fields.finish();
    Some(model::Repository {
        meta,
        existing: None,
        gives_images,
        mutability,
        exclusions,
        scan_on_push,
        encryption,
        kms_key,
        lifecycle: lifecycle.unwrap_or_else(|| json!({})),
        keeps,
        policy: policy.unwrap_or_else(|| json!({})),
        mirrors,
    })
}

/// Sees that ECR takes the name. Repositories know no capital letters, so that one without a `name:` is in small letters.
fn name(ctx: &Ctx<'_>, entry: &Entry, fields: &Fields<'_>, meta: &mut model::Meta) {
    let help = |why: &str| format!("{}. A name looks like team/shop-web.", capital(why));
    if let Some(given) = &meta.name {
        if let (Some(why), Some(tree)) = (complaint(given), fields.take("name")) {
            let summary = format!("`{given}` is not a valid name for {}", fields.what());
            ctx.problems.error("bad-name", &tree.place, summary, help(why));
        }
        return;
    }
    let made = name::physical(ctx.stack_name(), &entry.key, *RULE.length.end());
    let small = made.to_lowercase();
    if let Some(why) = complaint(&small).filter(|_| RULE.complaint(&small).is_none()) {
        let summary = format!("{} would be called `{small}`: {why}", fields.what());
        ctx.problems.error("bad-name", &entry.place, summary, "Give it another `name:`.");
    }
    if small != made {
        meta.name = Some(small);
    }
}

/// Why ECR refuses a name: words of small letters and digits, with one separator (`.`, `_`, `__` or hyphens) between two, and
/// slashes between groups of them.
fn complaint(name: &str) -> Option<&'static str> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return Some("capital letters are not allowed");
    }
    let part = |part: &str| {
        let mut separators = part.split(good).filter(|between| !between.is_empty());
        part.starts_with(good)
            && part.ends_with(good)
            && separators.all(|between| matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-'))
    };
    let all = name.split('/').all(part);
    (!all).then_some(
        "each part between slashes begins and ends with a letter or digit, with single separators in between",
    )
}

fn exclusions(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<String> {
    let key = format!("`mutability_exclusions` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let Some(pattern) = want.filled(item) else { continue };
        let good = |c: char| c.is_ascii_alphanumeric() || "._*-".contains(c);
        if pattern.len() > 128 || !pattern.chars().all(good) || pattern.matches('*').count() > 2 {
            let help = "Use letters, digits and `._-`, and `*` at most twice; at most 128 characters.";
            ctx.problems.error("bad-value", &item.place, format!("`{pattern}` is not a pattern of tags"), help);
        } else if found.contains(&pattern) {
            ctx.problems.error(
                "duplicate",
                &item.place,
                format!("{key} has `{pattern}` twice"),
                "Remove one of the two.",
            );
        } else {
            found.push(pattern);
        }
    }
    if found.len() > 5 {
        let help = "ECR accepts five. Remove some, or use `*`.";
        ctx.problems.error("too-many", &tree.place, format!("{key} has {} patterns", found.len()), help);
    }
    found.sort();
    found
}

fn mirrors(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<String> {
    let key = format!("`mirror` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let Some(name) = want.filled(item) else { continue };
        let why = image::complaint(&name)
            .or_else(|| name.contains('@').then(|| "a digest has no tag to keep it by; name a tag".to_owned()));
        match why {
            Some(why) => {
                let help = "An image looks like docker.io/library/python:3.12-slim.";
                ctx.problems.error("bad-image", &item.place, format!("`{name}` cannot be copied: {why}"), help);
            }
            None => found.push(name),
        }
    }
    found
}

fn encryption(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> (String, Option<String>) {
    let given = fields.word("encryption");
    let tree = fields.take("kms_key");
    let key =
        fields.text("kms_key").filter(|key| tree.is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    if let (Some("AES256"), Some(tree)) = (given, tree) {
        let help = "Remove one of the two. With a key of your own it is `encryption: KMS`.";
        let summary = format!("{what} has a `kms_key` and `encryption: AES256`");
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    (given.unwrap_or(if tree.is_some() { "KMS" } else { "AES256" }).to_owned(), key)
}

/// A policy that the repository has: who may do what with it, and nothing about other resources.
fn resource_policy(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<doc::Doc> {
    let statements = ["Statement", "statement", "statements"].into_iter().find_map(|key| tree.get(key));
    for statement in statements.map(|list| list.items().unwrap_or(std::slice::from_ref(list))).unwrap_or_default() {
        let other = statement.entries().unwrap_or_default().iter().find(|one| {
            matches!(
                one.key.as_str(),
                "Resource" | "NotResource" | "resource" | "resources" | "not_resource" | "not_resources"
            )
        });
        if let Some(other) = other {
            let help = "The policy is about the repository that has it. Remove it.";
            let summary = format!("a statement of {what} cannot have `{}`", other.key);
            ctx.problems.error("bad-policy", &other.place, summary, help);
            return None;
        }
    }
    policy::read(ctx, tree, what, Sort::Trust)
}

/// Warns of lifecycle policies that keep fewer images than services use: a service needs the image that it runs, and the one
/// before to go back to.
pub(crate) fn check(
    ctx: &Ctx<'_>,
    repositories: &BTreeMap<String, model::Repository>,
    services: &BTreeMap<String, Service>,
) {
    for (entry, repository) in repositories {
        let Some((keeps, place)) = &repository.keeps else { continue };
        let needs = 2 * images(ctx, entry, repository, services).len() as u64;
        if *keeps < needs {
            let images = if *keeps == 1 { "image" } else { "images" };
            let summary =
                format!("repository `{entry}` keeps {keeps} {images}, but the services that use it need {needs}");
            let help = format!(
                "Each image that a service names needs room for itself and for the one before it, to which a deployment that \
                 fails goes back. Keep at least {needs}."
            );
            ctx.problems.warn("contradiction", place, summary, help);
        }
    }
}

/// The images of a repository that services name.
fn images(
    ctx: &Ctx<'_>,
    entry: &str,
    repository: &model::Repository,
    services: &BTreeMap<String, Service>,
) -> BTreeSet<String> {
    let default = || name::physical(ctx.stack_name(), entry, *RULE.length.end());
    let name = repository.meta.name.clone().unwrap_or_else(default);
    let named = |image: &str| {
        let rest = image::split(image).name.split_once(".dkr.ecr.").and_then(|(_, rest)| rest.split_once('/'));
        rest.is_some_and(|(_, path)| path == name)
    };
    let tasks = services.values().filter_map(|service| service.runs.ours());
    let containers = tasks.flat_map(|task| task.document["containerDefinitions"].as_array().into_iter().flatten());
    containers
        .map(|container| &container["image"])
        .filter(|image| {
            let refers = |hole: &doc::Ref| hole.node.kind() == "repository" && hole.node.name() == entry;
            image.as_str().map_or_else(|| doc::refs(image).iter().any(refers), named)
        })
        .map(ToString::to_string)
        .collect()
}
