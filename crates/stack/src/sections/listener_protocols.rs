//! What the protocol of a listener allows: HTTP and HTTPS on application, TCP, TLS, UDP and TCP_UDP on network load balancers. Says which
//! keys, attributes and actions go with which; knows no target group.

use super::super::arn;
use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Action, Mutual};
use super::super::suggest::choices;
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::Ctx;

/// All protocols.
pub(crate) const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"];

/// Keys that go with some protocols only.
const KEYS: &[(&str, &[&str])] = &[
    ("ssl_policy", &["HTTPS", "TLS"]),
    ("alpn_policy", &["TLS"]),
    ("mutual_authentication", &["HTTPS"]),
    // That of TLS is 350 seconds and cannot be modified. Source: the guide of Network Load Balancers, "Update the TCP idle timeout".
    ("idle_timeout", &["TCP"]),
];

/// How the names of attributes begin that go with some protocols only. Source: the reference of `ListenerAttribute`.
const ATTRIBUTES: &[(&str, &[&str])] =
    &[("tcp.", &["TCP"]), ("routing.http.request.", &["HTTPS"]), ("routing.http.response.", &["HTTP", "HTTPS"])];

/// `mutual_authentication:`.
pub(crate) static MUTUAL: Table = Table {
    path: "load_balancers.listeners.mutual_authentication",
    what: "the mutual authentication of a listener",
    groups: &[&[
        key(
            "mode",
            Type::Word(&["off", "passthrough", "verify"]),
            "`verify` checks certificates against the trust store, `passthrough` hands them to the targets in a header.",
        )
        .value("verify")
        .aws("Mode"),
        key("trust_store", Type::Text, "The trust store, one that exists.")
            .shape("ARN")
            .without("required with `verify`")
            .aws("TrustStoreArn")
            .example("arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/0123456789abcdef"),
        key("ignore_expiry", Type::Flag, "Whether expired certificates are accepted.")
            .value("false")
            .aws("IgnoreClientCertificateExpiry"),
        key("advertise", Type::Switch, "Whether clients see the names of the accepted authorities.")
            .value("false")
            .aws("AdvertiseTrustStoreCaNames"),
    ]],
    ..EMPTY
};

/// The protocol of a listener, and what it is on.
#[derive(Clone, Copy)]
pub(crate) struct Speaks<'a> {
    /// Whether it is on a network load balancer.
    pub(crate) network: bool,
    /// The protocol.
    pub(crate) protocol: &'a str,
}

impl Speaks<'_> {
    /// Whether clients speak TLS with the load balancer.
    pub(crate) fn is_secure(self) -> bool {
        matches!(self.protocol, "HTTPS" | "TLS")
    }

    /// The protocol with TLS of its load balancer.
    pub(crate) fn secure(self) -> &'static str {
        if self.network { "TLS" } else { "HTTPS" }
    }

    fn kind(self) -> &'static str {
        if self.network { "network" } else { "application" }
    }
}

/// Refuses a protocol that the load balancer does not have, and keys and attributes that do not go with it.
pub(crate) fn check(ctx: &Ctx<'_>, fields: &Fields<'_>, speaks: Speaks<'_>) {
    let what = fields.what();
    let of_type: &[&str] = if speaks.network { &PROTOCOLS[2..] } else { &PROTOCOLS[..2] };
    if let Some(tree) = fields.take("protocol").filter(|_| !of_type.contains(&speaks.protocol)) {
        let kind = speaks.kind();
        let other = if speaks.network { "application" } else { "network" };
        let summary = format!("{what} is {}, and its load balancer is of type {kind}", speaks.protocol);
        let help = format!(
            "It takes {}. Or make the load balancer type: {other}; one that is looked up with `existing` is an application load balancer.",
            choices(of_type)
        );
        return ctx.problems.error("not-for-type", &tree.place, summary, help);
    }
    for (name, protocols) in KEYS.iter().filter(|(_, protocols)| !protocols.contains(&speaks.protocol)) {
        if let Some(entry) = fields.entry(name).filter(|entry| !is_off(&entry.value)) {
            let summary = format!("{what} is {} and has `{name}`", speaks.protocol);
            let help = format!("Only listeners with {} have it. Remove the key.", choices(protocols));
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
    for entry in fields.take("attributes").and_then(Tree::entries).unwrap_or_default() {
        let limits = ATTRIBUTES.iter().find(|(start, _)| entry.key.starts_with(start));
        if let Some((_, protocols)) = limits.filter(|(_, protocols)| !protocols.contains(&speaks.protocol)) {
            let summary = format!("{what} is {} and has the attribute `{}`", speaks.protocol, entry.key);
            let help = format!("Only listeners with {} have it. Remove the attribute.", choices(protocols));
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
}

/// What says that something is off goes with everything.
fn is_off(tree: &Tree) -> bool {
    tree.is_null() || tree.scalar().is_some_and(|text| ["off", "false", "None"].contains(&text.as_str()))
}

/// Refuses actions that a network load balancer does not have: it forwards, and keeps no clients.
pub(crate) fn check_action(ctx: &Ctx<'_>, fields: &Fields<'_>, speaks: Speaks<'_>, action: Option<&Action>) {
    if !speaks.network {
        return;
    }
    let what = fields.what();
    for name in ["redirect", "fixed_response"] {
        if let Some(entry) = fields.entry(name).filter(|entry| !entry.value.is_null()) {
            let summary = format!("{what} has `{name}`, and its load balancer is of type network");
            let help = "A network load balancer knows no HTTP and can only forward: forward: a target group.";
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
    if let (Some(Action::Forward { stickiness_secs: Some(_), .. }), Some(tree)) = (action, fields.take("forward")) {
        let summary = format!("{what} keeps its clients by a cookie, and its load balancer is of type network");
        let help =
            "Remove `stickiness` here. A target group can keep clients by their addresses: stickiness: source_ip.";
        ctx.problems.error("not-for-type", &tree.place, summary, help);
    }
}

/// Reads `mutual_authentication:`.
pub(crate) fn mutual(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Option<Mutual> {
    let tree = fields.take("mutual_authentication")?;
    let what = format!("`mutual_authentication` of {}", fields.what());
    let plain =
        |mode: &str| Mutual { mode: mode.to_owned(), trust_store: None, ignore_expiry: false, advertise: false };
    if !matches!(tree.value, Value::Map(_)) {
        let word = Want::new(&what, ctx.problems).filled(tree)?;
        return match word.as_str() {
            "off" | "false" => Some(plain("off")),
            "passthrough" => Some(plain("passthrough")),
            _ => {
                let help = "Write off, passthrough, or { mode: verify, trust_store: arn:… }.";
                ctx.problems.error(
                    "bad-value",
                    &tree.place,
                    format!("`{word}` is no mode of mutual authentication"),
                    help,
                );
                None
            }
        };
    }
    let inner = Fields::open(tree, what.clone(), &MUTUAL, ctx.problems)?;
    let mode = inner.word("mode").unwrap_or("verify");
    let trust_store = inner.text("trust_store");
    let (ignore_expiry, advertise) = (inner.flag("ignore_expiry"), inner.switch("advertise"));
    match (mode, &trust_store, inner.take("trust_store")) {
        ("verify", None, _) => {
            let help = "Name the trust store that certificates are checked against: trust_store: arn:…";
            ctx.problems.error("missing-key", inner.place(), format!("{what} verifies without a `trust_store`"), help);
        }
        ("verify", Some(arn), Some(tree)) => {
            arn::check(ctx, &tree.place, arn, &arn::TRUST_STORE);
        }
        (_, Some(_), Some(tree)) => {
            let summary = format!("{what} has a `trust_store`, and its mode is {mode}");
            let help = "Only mode: verify uses one. Remove the key, or change the mode.";
            ctx.problems.error("contradiction", &tree.place, summary, help);
        }
        _ => {}
    }
    inner.finish();
    Some(Mutual {
        mode: mode.to_owned(),
        trust_store,
        ignore_expiry: ignore_expiry.unwrap_or_default(),
        advertise: advertise.unwrap_or_default(),
    })
}
