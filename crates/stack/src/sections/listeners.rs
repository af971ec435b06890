//! Listeners of a load balancer and their rules. What these do is in `actions`, when they apply in `conditions`.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;

use super::super::actions;
use super::super::arn;
use super::super::decode::{Fields, Want};
use super::super::model::{Listener, ListenerRule};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::{Ctx, conditions};

/// Values that all conditions of one rule may have together; AWS does not raise it.
const VALUES: usize = 5;
/// AWS's default for HTTPS when a request names none.
const SSL_POLICY: &str = "ELBSecurityPolicy-2016-08";

/// Reads one listener.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry, balancer: &str) -> Option<Listener> {
    let what = format!("listener `{balancer}/{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), ctx.problems)?;
    let meta = ctx.meta(entry, &fields, None, Rules::Common);
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
    let Some(known) = text.known() else { return Some(text) };
    // This version does not issue certificates itself.
    let shape = if arn::service(known) == Some("iam") { &arn::SERVER_CERTIFICATE } else { &arn::CERTIFICATE };
    arn::check(ctx, &tree.place, known, shape).then_some(text)
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
    let conditions = conditions::read(ctx, &fields, &what);
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
        let help = format!("AWS accepts {VALUES} in one rule, over all its conditions. Split it into several rules.");
        ctx.problems.error("too-many", &item.place, summary, help);
    }
    let place = item.place.clone();
    let rule = |priority| action.map(|action| ListenerRule { place, priority, conditions, action });
    (priority, priority.and_then(rule))
}
