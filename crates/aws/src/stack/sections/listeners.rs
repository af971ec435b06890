//! Listeners of a load balancer, their rules and conditions. What they do is in `actions`.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;

use super::super::actions;
use super::super::decode::{Fields, Want};
use super::super::model::{Conditions, Listener, ListenerRule};
use super::super::tree::{Entry, Tree};
use super::super::values::{cidr, is_arn};
use super::Ctx;

/// Values that all conditions of one rule may have together; AWS does not raise it.
const VALUES: usize = 5;
/// AWS's default for HTTPS when a request names none.
const SSL_POLICY: &str = "ELBSecurityPolicy-2016-08";

/// Reads one listener.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry, balancer: &str) -> Option<Listener> {
    let what = format!("listener `{balancer}/{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    let meta = ctx.meta(entry, &fields, None);
    let certificate = fields.either(&["certificate", "certificate_arn"]);
    let key = format!("`protocol` of {what}");
    let protocol =
        fields.take("protocol").and_then(|tree| Want::new(&key, ctx.problems).one_of(tree, &["HTTP", "HTTPS"]));
    let key = format!("`port` of {what}");
    let port = match fields.take("port") {
        Some(tree) => Want::new(&key, ctx.problems).port(tree),
        None => match entry.key.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => {
                fields.need("port", "A listener needs the port that it listens on.");
                None
            }
        },
    };
    let https = protocol == Some("HTTPS") || (protocol.is_none() && (certificate.is_some() || port == Some(443)));
    let arn = certificate.and_then(|tree| self::certificate(ctx, tree, &what));
    match certificate {
        None if https => {
            let summary = format!("{what} is HTTPS but has no certificate");
            let help = "Give the ARN of an issued ACM certificate of the same region: certificate: arn:aws:acm:…";
            ctx.problems.error("no-certificate", &entry.place, summary, help);
        }
        Some(tree) if !https => {
            let summary = format!("{what} is HTTP but has a certificate");
            let help = "Remove the certificate, or make it protocol: HTTPS.";
            ctx.problems.error("bad-value", &tree.place, summary, help);
        }
        Some(_) | None => {}
    }
    let ssl_policy = fields.take("ssl_policy").and_then(|tree| Want::new("`ssl_policy`", ctx.problems).filled(tree));
    let default = actions::read(ctx, &fields, &what);
    let rules = fields.take("rules").map(|tree| rules(ctx, tree, &what)).unwrap_or_default();
    fields.not_yet(&["mutual_authentication", "certificates", "authenticate_oidc", "authenticate_cognito"]);
    fields.finish();
    Some(Listener {
        meta,
        port: port?,
        protocol: if https { "HTTPS" } else { "HTTP" }.to_owned(),
        certificate: arn,
        ssl_policy: https.then(|| ssl_policy.unwrap_or_else(|| SSL_POLICY.to_owned())),
        default: default?,
        rules,
    })
}

fn certificate(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Text> {
    let key = format!("`certificate` of {what}");
    let text = Want::new(&key, ctx.problems).text(tree)?;
    if let Some(known) = text.known()
        && !is_arn(known, "acm")
        && !is_arn(known, "iam")
    {
        let help = "Give the ARN of an ACM certificate: arn:aws:acm:REGION:ACCOUNT:certificate/ID. This version does not issue certificates itself.";
        ctx.problems.error("bad-arn", &tree.place, format!("`{known}` is not the ARN of a certificate"), help);
        return None;
    }
    Some(text)
}

fn rules(ctx: &Ctx<'_>, tree: &Tree, listener: &str) -> Vec<ListenerRule> {
    let key = format!("`rules` of {listener}");
    let mut found: Vec<ListenerRule> = Vec::new();
    // By priority; rules with other mistakes count too, so that all are told at once.
    let mut first: BTreeMap<u32, &Place> = BTreeMap::new();
    for item in Want::new(&key, ctx.problems).several(tree) {
        let (priority, rule) = rule(ctx, item, listener);
        found.extend(rule);
        let Some(priority) = priority else { continue };
        let first = *first.entry(priority).or_insert(&item.place);
        if *first != item.place {
            ctx.problems.push(
                Diagnostic::error(
                    "duplicate-priority",
                    format!("two rules of {listener} have priority {priority}"),
                    Some(item.place.clone()),
                )
                .related(first.clone(), "the first one")
                .help("Rules are tried by priority, lowest first; each has its own. Give one of them another."),
            );
        }
    }
    found
}

/// A rule, and its priority even if the rest cannot be used.
fn rule(ctx: &Ctx<'_>, item: &Tree, listener: &str) -> (Option<u32>, Option<ListenerRule>) {
    let what = format!("a rule of {listener}");
    let Some(fields) = Fields::open(item, what.clone(), ctx.problems) else { return (None, None) };
    let key = format!("`priority` of {what}");
    let why = "Rules are tried by priority, lowest first: 1 to 50000.";
    let priority = fields.need("priority", why).and_then(|tree| Want::new(&key, ctx.problems).count(tree, 1, 50_000));
    let conditions = conditions(ctx, &fields, &what);
    let action = actions::read(ctx, &fields, &what);
    fields.finish();
    let values = conditions.host.len()
        + conditions.path.len()
        + conditions.header.values().map(Vec::len).sum::<usize>()
        + conditions.method.len()
        + conditions.query.len()
        + conditions.source_ip.len();
    if values == 0 && !ctx.problems.failed() {
        let help = "Say when it applies: host, path, header, method, query or source_ip. For everything else there is the listener's own action.";
        ctx.problems.error("no-condition", &item.place, format!("{what} has no condition"), help);
    }
    if values > VALUES {
        let summary = format!("{what} has {values} condition values");
        let help = format!("AWS takes {VALUES} in one rule, over all its conditions. Split it into several rules.");
        ctx.problems.error("too-many", &item.place, summary, help);
    }
    let place = item.place.clone();
    let rule = |priority| action.map(|action| ListenerRule { place, priority, conditions, action });
    (priority, priority.and_then(rule))
}

fn conditions(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> Conditions {
    let list = |keys: &[&'static str], longest: usize| -> Vec<String> {
        let Some(tree) = fields.either(keys) else { return Vec::new() };
        let key = format!("`{}` of {what}", keys[0]);
        let want = Want::new(&key, ctx.problems);
        let values = want.strings(tree);
        if let Some(long) = values.iter().find(|value| value.len() > longest) {
            let summary = format!("`{}` is too long", super::super::tree::shorten(long));
            ctx.problems.error("bad-value", &tree.place, summary, format!("AWS takes {longest} characters here."));
        }
        values
    };
    let mut found = Conditions {
        host: list(&["host", "hosts"], 128),
        path: list(&["path", "paths"], 128),
        method: list(&["method", "methods"], 40),
        ..Conditions::default()
    };
    // ELB compares hosts without regard to case and gives them back as they were written.
    found.method.iter_mut().for_each(|method| *method = method.to_ascii_uppercase());
    if let Some(tree) = fields.either(&["path", "paths"])
        && let Some(bad) = found.path.iter().find(|path| !path.starts_with('/') && !path.starts_with('*'))
    {
        let help = format!("Paths begin with `/`, so this fits none. Write /{bad}.");
        ctx.problems.error("bad-value", &tree.place, format!("`{bad}` is not a path"), help);
    }
    if let Some(tree) = fields.either(&["header", "headers"]) {
        found.header = headers(ctx, tree, what);
    }
    if let Some(tree) = fields.either(&["query", "query_string"]) {
        found.query = query(ctx, tree, what);
    }
    if let Some(tree) = fields.take("source_ip") {
        for item in Want::new("`source_ip`", ctx.problems).several(tree) {
            let Some(text) = Want::new("`source_ip`", ctx.problems).filled(item) else { continue };
            match cidr(&text) {
                Ok(range) => found.source_ip.push(range.text),
                Err(complaint) => {
                    let summary = format!("`{text}` is not a range: {complaint}");
                    ctx.problems.error("bad-cidr", &item.place, summary, "Write 203.0.113.0/24.");
                }
            }
        }
    }
    found
}

fn headers(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> BTreeMap<String, Vec<String>> {
    let key = format!("`header` of {what}");
    let want = Want::new(&key, ctx.problems);
    let Some(entries) = tree.entries() else {
        want.wrong(tree, "a map", "Write { X-Version: [v1, v2] }.");
        return BTreeMap::new();
    };
    entries.iter().map(|entry| (entry.key.clone(), want.strings(&entry.value))).collect()
}

/// `{ version: v1 }`, a list of such, or bare values (any key).
fn query(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<(Option<String>, String)> {
    let key = format!("`query` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let Some(entries) = item.entries() else {
            found.extend(want.filled(item).map(|value| (None, value)));
            continue;
        };
        // AWS's own form: { key: version, value: v1 }.
        if let Some(value) = item.get("value").filter(|_| entries.iter().all(|e| e.key == "key" || e.key == "value")) {
            let key = item.get("key").and_then(|key| want.filled(key));
            found.extend(want.filled(value).map(|value| (key, value)));
            continue;
        }
        for entry in entries {
            found.extend(want.strings(&entry.value).into_iter().map(|value| (Some(entry.key.clone()), value)));
        }
    }
    found
}
