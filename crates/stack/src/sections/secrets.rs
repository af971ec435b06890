//! `secrets:` of a container: where ECS finds a value at the start of a task. The value itself is never read here.

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use serde_json::Value as Json;

use super::super::arn;
use super::super::decode::Want;
use super::super::tree::Tree;
use super::container_keys::SECRET;
use super::{Ctx, containers};

/// Reads a map of names to sources, or ECS's list.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Json {
    let key = format!("`secrets` of {what}");
    containers::pairs(ctx, tree, &key, (&SECRET, "value_from"), |tree| source(ctx, tree, &key))
}

/// `secret:ENTRY`, `secret:ENTRY:KEY`, `parameter:ENTRY`, `ssm:/path`, `secretsmanager:ARN`, an ARN, or the name of an SSM parameter.
pub(crate) fn source(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let found = named(ctx, tree, what)?;
    ctx.references.borrow_mut().entry(found.clone()).or_insert_with(|| tree.place.clone());
    Some(found)
}

fn named(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let text = match Want::new(what, ctx.problems).text(tree)? {
        Text::Known(text) => text.trim().to_owned(),
        // `ssm:` before an output would reach ECS as it is.
        Text::Join(mut parts) => {
            if let Some(Text::Known(first)) = parts.first_mut() {
                for prefix in ["ssm:", "secretsmanager:"] {
                    if let Some(rest) = first.strip_prefix(prefix) {
                        *first = rest.to_owned();
                    }
                }
            }
            return Some(Text::Join(parts));
        }
        open @ Text::From(_) => return Some(open),
    };
    if let Some(name) = text.strip_prefix("parameter:") {
        return entry(ctx, tree, name, "parameter", "parameters");
    }
    if let Some(rest) = text.strip_prefix("secret:") {
        // The key of a JSON value, the stage and the version follow the ARN, each of which may be empty.
        let parts: Vec<&str> = rest.splitn(4, ':').collect();
        let arn = entry(ctx, tree, parts[0], "secret", "secrets")?;
        if parts.len() == 1 {
            return Some(arn);
        }
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        return Some(Text::Join(vec![arn, format!(":{}:{}:{}", part(1), part(2), part(3)).into()]));
    }
    if let Some(name) = text.strip_prefix("ssm:") {
        // ECS takes a bare name for a parameter of the task's own region.
        return parameter(ctx, tree, name);
    }
    if let Some(secret) = text.strip_prefix("secretsmanager:") {
        if secret.starts_with("arn:") {
            return arn::check(ctx, &tree.place, secret, &arn::SECRET).then(|| secret.into());
        }
        let help = "ECS finds secrets of Secrets Manager by their ARN only, which ends in six random characters: secretsmanager:arn:aws:secretsmanager:…";
        ctx.problems.error("bad-secret", &tree.place, format!("`{secret}` is not the ARN of a secret"), help);
        return None;
    }
    if text.starts_with("arn:") {
        let shape = if arn::service(&text) == Some("ssm") { &arn::PARAMETER } else { &arn::SECRET };
        return arn::check(ctx, &tree.place, &text, shape).then(|| text.into());
    }
    parameter(ctx, tree, &text)
}

/// The ARN of an entry of the file.
fn entry(ctx: &Ctx<'_>, tree: &Tree, name: &str, kind: &'static str, section: &str) -> Option<Text> {
    if ctx.scope.names.has(kind, name) {
        return Some(Text::output(NodeId::new(kind, name), "arn"));
    }
    ctx.dangling(tree, name, kind, section);
    None
}

fn parameter(ctx: &Ctx<'_>, tree: &Tree, name: &str) -> Option<Text> {
    let good = |c: char| c.is_ascii_alphanumeric() || "/_.-:".contains(c);
    if name.starts_with("arn:") {
        return arn::check(ctx, &tree.place, name, &arn::PARAMETER).then(|| name.into());
    }
    let bad = name.is_empty() || name.len() > 2048 || !name.chars().all(good);
    if bad || (name.contains('/') && !name.starts_with('/')) {
        let help = "Write secret:ENTRY, parameter:ENTRY, ssm:/path/to/parameter, secretsmanager:arn:…, or an ARN. Secrets are references, never values.";
        let summary = format!("`{}` is not a reference to a secret", super::super::tree::shorten(name));
        ctx.problems.error("bad-secret", &tree.place, summary, help);
        return None;
    }
    Some(name.into())
}
