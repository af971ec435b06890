//! Listeners of a load balancer and their rules. What these do is in `actions`, when they apply in `conditions`, what protocols allow in
//! `listener_protocols`.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;

use super::super::actions::{self, ACTIONS};
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Listener, ListenerRule, Meta};
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::authenticate::{self, AUTHENTICATE};
use super::conditions::{self, CONDITIONS};
use super::listener_protocols::{self, MUTUAL, PROTOCOLS, Speaks};
use super::target_groups::generic_attributes;
use super::{Ctx, META, certificates};

/// Values that all conditions of one rule may have together; AWS does not raise it.
const VALUES: usize = 5;
/// The highest priority that a rule can have.
const LAST: u32 = 50_000;
/// Certificates of a load balancer beside the default ones, before the quota is raised.
const MOST_CERTIFICATES: usize = 25;
/// What AWS recommends for HTTPS and TLS and its console chooses; a request that names none gets one of 2016. Source: the guides of
/// Application and Network Load Balancers, "Security policies".
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/// A listener.
pub(crate) static LISTENER: Table = Table {
    path: "load_balancers.listeners",
    what: "a listener",
    groups: &[
        &META,
        &[
            key("port", Type::Port, "The port that it listens on.")
                .without("80 if the entry is called `http`, 443 if `https`")
                .aws("Port"),
            key(
                "protocol",
                Type::Word(PROTOCOLS),
                "The protocol that clients use: HTTP or HTTPS; on a network load balancer TCP, TLS, UDP or TCP_UDP. TCP passes TLS on to \
                 targets that speak it themselves.",
            )
            .without("`HTTPS` with a certificate or on port 443; on a network load balancer `TLS` with a certificate, else `TCP`")
            .aws("Protocol"),
            key("certificate", Type::Entry("certificates"), "The certificate, one of ACM in the same region.")
                .also(&["certificate_arn"])
                .shape("an entry of `certificates:`, or an ARN")
                .without("required with HTTPS and TLS, unless `certificates` is given")
                .aws("Certificates.CertificateArn"),
            key(
                "certificates",
                Type::Several(&Type::Entry("certificates")),
                "Certificates beside the default one, for other names (SNI); without `certificate` the first is the default.",
            )
            .shape("list of entries of `certificates:`, or ARNs")
            .aws("Certificates"),
            key("ssl_policy", Type::Text, "The security policy: TLS protocols and ciphers.")
                .without("`ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09`")
                .aws("SslPolicy"),
            key(
                "alpn_policy",
                Type::Word(&["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"]),
                "Which protocols a TLS listener offers within TLS (ALPN).",
            )
            .without("`None`")
            .aws("AlpnPolicy"),
            key(
                "mutual_authentication",
                Type::AnyOf(&[Type::Map(&MUTUAL), Type::Just(&["off", "false", "passthrough"])]),
                "Whether an HTTPS listener asks clients for certificates (mutual TLS).",
            )
            .shape("`off` (`false`), `passthrough`, or a map (below)")
            .without("`off`")
            .aws("MutualAuthentication")
            .example("{ mode: verify, trust_store: \"arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/0123456789abcdef\" }"),
            key("idle_timeout", Type::Seconds(60, 6000), "How long a connection of a TCP listener may be idle.")
                .without("not managed (AWS: 350s)")
                .aws("tcp.idle_timeout.seconds"),
            key(
                "attributes",
                Type::MapOf(&Type::Blank),
                "Any attribute of a listener by AWS's name, such as headers that it adds to responses or renames in requests.",
            )
            .aws("ListenerAttributes")
            .example("{ routing.http.response.strict_transport_security.header_value: max-age=31536000 }"),
        ],
        &ACTIONS,
        &[
            key("rules", Type::Several(&Type::Map(&RULE)), "[Rules](#rules), tried before the action of the listener.")
                .aws("Rules"),
        ],
        &AUTHENTICATE,
    ],
    made: &[Made { kind: "listener", outputs: &["arn"], name: None }],
    words: &[("DefaultActions", ACTION_WORDS)],
    ..EMPTY
};

/// What stands in place of AWS's lists of actions.
const ACTION_WORDS: &str = "Write the action directly here: `forward`, `redirect` or `fixed_response`.";

/// A rule.
static RULE: Table = Table {
    path: "load_balancers.listeners.rules",
    what: "a rule of a listener",
    groups: &[
        &[key(
            "priority",
            Type::AnyOf(&[Type::Number(1, 50_000), Type::Just(&["auto"])]),
            "Rules are tried by priority, the lowest first; each has its own. `auto` takes a free one after the rules above it, and \
             keeps it.",
        )
        .shape("1 to 50000, or `auto`")
        .needed("Rules are tried by priority, lowest first: 1 to 50000, or auto.")
        .aws("Priority")
        .example("auto")],
        &CONDITIONS,
        &ACTIONS,
        &AUTHENTICATE,
    ],
    words: &[
        ("Actions", ACTION_WORDS),
        ("Conditions", "Write conditions directly here: `host`, `path`, `method`, `header`, `query`, `source_ip`."),
    ],
    ..EMPTY
};

/// What a listener is on.
#[derive(Clone, Copy)]
pub(crate) struct On<'a> {
    /// The entry of the load balancer.
    pub(crate) balancer: &'a str,
    /// Whether it belongs to others.
    pub(crate) of_others: bool,
    /// Whether it is a network load balancer.
    pub(crate) network: bool,
    /// Whether it answers on IPv6 too.
    pub(crate) dualstack: bool,
    /// The protocol of the listener, once that is known.
    pub(crate) protocol: &'a str,
}

/// Reads one listener.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry, on: On<'_>) -> Option<Listener> {
    let what = format!("listener `{}/{}`", on.balancer, entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &LISTENER, ctx.problems)?;
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let certificate = fields.take("certificate");
    let given_protocol = fields.word("protocol");
    let port = match fields.take("port") {
        Some(_) => fields.port("port"),
        None => match entry.key.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => {
                let help = "Give the port that it listens on: port: 443.";
                ctx.problems.error("missing-key", fields.place(), format!("{what} has no `port`"), help);
                None
            }
        },
    };
    if on.of_others && !actions::is_given(&fields) {
        return guest(ctx, entry, fields, meta, port);
    }
    let several = fields.take("certificates");
    let given = certificate.or(several);
    let protocol = given_protocol.unwrap_or(match (on.network, given.is_some()) {
        (true, true) => "TLS",
        (true, false) => "TCP",
        (false, secure) if secure || port == Some(443) => "HTTPS",
        (false, _) => "HTTP",
    });
    let speaks = Speaks { network: on.network, protocol };
    listener_protocols::check(ctx, &fields, speaks);
    let (arn, more) = certificates(ctx, certificate, several, &what);
    match given {
        None if speaks.is_secure() => {
            let summary = format!("{what} is {protocol} but has no certificate");
            let help = "Name an entry of `certificates:`, or give the ARN of an issued ACM certificate of the same region: \
                 certificate: arn:aws:acm:…";
            ctx.problems.error("no-certificate", &entry.place, summary, help);
        }
        Some(tree) if !speaks.is_secure() => {
            let summary = format!("{what} is {protocol} but has a certificate");
            let help = format!("Remove the certificate, or make it protocol: {}.", speaks.secure());
            ctx.problems.error("bad-value", &tree.place, summary, help);
        }
        Some(_) | None => {}
    }
    let ssl_policy = fields.text("ssl_policy");
    let alpn_policy = fields.word("alpn_policy").filter(|policy| *policy != "None").map(str::to_owned);
    let mutual = listener_protocols::mutual(ctx, &fields);
    let mut attributes = generic_attributes(ctx, fields.take("attributes"), &what);
    let idle = fields.seconds("idle_timeout").map(|secs| secs.to_string());
    attributes.extend(idle.map(|secs| ("tcp.idle_timeout.seconds".to_owned(), secs)));
    let authenticate = authenticate::read(ctx, &fields, protocol);
    let default = actions::read(ctx, &fields, &what);
    listener_protocols::check_action(ctx, &fields, speaks, default.as_ref());
    let on = On { protocol, ..on };
    let rules = fields.take("rules").map(|tree| rules(ctx, tree, &what, on)).unwrap_or_default();
    fields.finish();
    Some(Listener {
        meta,
        port: port?,
        protocol: protocol.to_owned(),
        certificate: arn,
        certificates: more,
        ssl_policy: speaks.is_secure().then(|| ssl_policy.unwrap_or_else(|| SSL_POLICY.to_owned())),
        alpn_policy,
        mutual,
        attributes,
        authenticate,
        default: Some(default?),
        rules,
    })
}

/// A listener of others, looked up by its port: only rules are added to it.
fn guest(ctx: &Ctx<'_>, entry: &Entry, fields: Fields<'_>, meta: Meta, port: Option<u16>) -> Option<Listener> {
    let what = fields.what().to_owned();
    let protocol = if port == Some(443) { "HTTPS" } else { "HTTP" };
    let on = On { balancer: "", of_others: true, network: false, dualstack: false, protocol };
    for key in [
        "protocol",
        "certificate",
        "certificates",
        "ssl_policy",
        "alpn_policy",
        "mutual_authentication",
        "idle_timeout",
        "attributes",
        "authenticate_cognito",
    ] {
        if let Some(given) = fields.entry(key) {
            let summary = format!("{what} belongs to others and has `{key}`");
            let help = "Without an action it is looked up by its port, and only rules are added to it. Remove the key, or give the \
                 listener an action to have one of your own.";
            ctx.problems.error("contradiction", &given.place, summary, help);
        }
    }
    let rules = fields.take("rules").map(|tree| rules(ctx, tree, &what, on)).unwrap_or_default();
    if rules.is_empty() && !ctx.problems.failed() {
        let help =
            "Give it `rules:` to add to the listener of that port, or an action to have one created: forward: web.";
        ctx.problems.error("missing-key", &entry.place, format!("{what} has neither an action nor rules"), help);
    }
    fields.finish();
    let port = port?;
    Some(Listener {
        meta,
        port,
        protocol: protocol.to_owned(),
        certificate: None,
        certificates: Vec::new(),
        ssl_policy: None,
        alpn_policy: None,
        mutual: None,
        attributes: BTreeMap::new(),
        authenticate: None,
        default: None,
        rules,
    })
}

/// The default certificate, and the others.
fn certificates(ctx: &Ctx<'_>, one: Option<&Tree>, several: Option<&Tree>, what: &str) -> (Option<Text>, Vec<Text>) {
    let mut found: Vec<Text> = Vec::new();
    let default = one.and_then(|tree| certificates::named(ctx, tree, &format!("`certificate` of {what}")));
    found.extend(default.clone());
    let key = format!("`certificates` of {what}");
    let items = several.map(|tree| Want::new(&key, ctx.problems).several(tree)).unwrap_or_default();
    if let Some(tree) = several.filter(|_| items.is_empty()) {
        let help = "Name at least one, or remove the key.";
        ctx.problems.error("empty", &tree.place, format!("{key} is an empty list"), help);
    }
    for item in items {
        let Some(text) = certificates::named(ctx, item, &key) else { continue };
        if found.contains(&text) {
            let summary = format!("{what} has {} twice", item.describe());
            ctx.problems.error("duplicate", &item.place, summary, "A listener has a certificate once. Remove one.");
            continue;
        }
        found.push(text);
    }
    if found.len() > MOST_CERTIFICATES + 1
        && let Some(tree) = several
    {
        let help = format!("AWS's default quota is {MOST_CERTIFICATES} certificates beside the default one.");
        ctx.problems.warn("quota", &tree.place, format!("{what} has {} certificates", found.len()), help);
    }
    let mut found = found.into_iter();
    let first = if one.is_none() || default.is_some() { found.next() } else { None };
    (first, found.collect())
}

fn rules(ctx: &Ctx<'_>, tree: &Tree, listener: &str, on: On<'_>) -> Vec<ListenerRule> {
    let key = format!("`rules` of {listener}");
    if on.network && !on.dualstack {
        let help = "On a network load balancer AWS takes rules only with ip_address_type: dualstack. Remove `rules`, or give each port a \
                    listener of its own.";
        let summary = format!("{listener} has rules, and its network load balancer answers on IPv4 only");
        ctx.problems.error("not-for-type", &tree.place, summary, help);
    }
    let mut found: Vec<ListenerRule> = Vec::new();
    // By priority; rules with other mistakes count too, so that all are told at once.
    let mut first: BTreeMap<u32, &Place> = BTreeMap::new();
    let mut before = 0;
    for item in Want::new(&key, ctx.problems).several(tree) {
        let (priority, rule) = rule(ctx, item, listener, on);
        found.extend(rule);
        let Some(priority) = priority else { continue };
        before = before.max(priority.unwrap_or(before + 1));
        let Some(priority) = priority else {
            if before > LAST {
                let summary = format!("no priority is left for a rule of {listener}");
                let help = "`auto` comes after the rules above it, and one of them has the last priority. Write it above them.";
                ctx.problems.error("out-of-range", &item.place, summary, help);
            }
            continue;
        };
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
fn rule(ctx: &Ctx<'_>, item: &Tree, listener: &str, on: On<'_>) -> (Option<Option<u32>>, Option<ListenerRule>) {
    let what = format!("a rule of {listener}");
    let Some(fields) = Fields::open(item, what.clone(), &RULE, ctx.problems) else { return (None, None) };
    let priority = fields.take("priority").and_then(|tree| {
        if tree.scalar().as_deref() == Some("auto") {
            return Some(None);
        }
        Want::new(&format!("`priority` of {what}"), ctx.problems).count(tree, 1, LAST).map(Some)
    });
    let conditions = conditions::read(ctx, &fields, &what, on.network);
    // What a listener of others speaks is not known.
    let authenticate = authenticate::read(ctx, &fields, if on.of_others { "HTTPS" } else { on.protocol });
    let action = actions::read(ctx, &fields, &what);
    let speaks = Speaks { network: on.network, protocol: if on.network { "TCP" } else { "HTTP" } };
    listener_protocols::check_action(ctx, &fields, speaks, action.as_ref());
    fields.finish();
    let values = conditions.host.len()
        + conditions.path.len()
        + conditions.header.values().map(Vec::len).sum::<usize>()
        + conditions.method.len()
        + conditions.query.len()
        + conditions.source_ip.len();
    if values == 0 && !ctx.problems.failed() {
        let help = "Say when it applies: host, path, header, method, query or source_ip. The \
             listener's own action serves all other requests.";
        ctx.problems.error("no-condition", &item.place, format!("{what} has no condition"), help);
    }
    if values > VALUES {
        let summary = format!("{what} has {values} condition values");
        let help = format!("AWS accepts {VALUES} in one rule, across all its conditions. Split it into several rules.");
        ctx.problems.error("too-many", &item.place, summary, help);
    }
    let place = item.place.clone();
    let rule = |priority| action.map(|action| ListenerRule { place, priority, conditions, authenticate, action });
    (priority, priority.and_then(rule))
}
