//! `service_connect:` of a service: the tables of its keys, and what ECS would refuse of it: ports without a name, requests with a
//! timeout where no protocol has requests, names that are taken. Which namespace is meant is decided in `namespaces.rs`.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;
use serde_json::{Map, Value as Json, json};

use super::super::arn;
use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::Connect;
use super::super::suggest;
use super::super::table::{EMPTY, Table, Type, key, later};
use super::super::task_definition::Draft;
use super::super::tree::Tree;
use super::super::values::NameRule;
use super::container_keys::{DRIVER, LOGS};
use super::{Ctx, logs, namespaces, roles};

/// What ECS accepts as the name under which a service is found.
const DISCOVERY_NAME: NameRule = NameRule { length: 1..=64, also: "-_", not_starting: &["-"], inner_hyphen: false };
/// And as the name that clients call it by.
const DNS_NAME: NameRule = NameRule { length: 1..=127, also: "-_.", not_starting: &["-", "."], inner_hyphen: false };

/// `service_connect:` in its long form.
pub(crate) static CONNECT: Table = Table {
    path: "services.service_connect",
    what: "Service Connect of a service",
    groups: &[&[
        key("enabled", Type::Flag, "Whether it is on.").value("true").aws("enabled"),
        key("namespace", Type::Entry("namespaces"), "The namespace in which it finds others, and is found.")
            .shape("entry, ARN, or `existing:NAME`")
            .without("that of the cluster")
            .aws("namespace")
            .example("app"),
        key("services", Type::Several(&Type::Map(&OFFER)), "What it offers to others.")
            .shape("list of maps (below)")
            .without("nothing: it only calls others")
            .aws("services")
            .example("[{ port_name: api, client_aliases: 8080 }]"),
        key(
            "logs",
            Type::AnyOf(&[Type::Open, Type::Map(&DRIVER), Type::Map(&LOGS)]),
            "Where the proxy writes its log; as `logs` of a container.",
        )
        .also(&["log_configuration"])
        .shape("an entry of `log_groups`, a name that begins with `/`, or a map as in a container")
        .aws("logConfiguration")
        .example("{ group: app, stream_prefix: proxy }"),
        key(
            "access_logs",
            Type::AnyOf(&[Type::Word(&["TEXT", "JSON"]), Type::Map(&ACCESS_LOGS)]),
            "Whether the proxy writes a line for each request.",
        )
        .also(&["access_log_configuration"])
        .shape("`TEXT`, `JSON`, or `{ format, query_parameters }`")
        .aws("accessLogConfiguration")
        .example("JSON"),
        later("container_configurations", "containerConfigurations", "Settings of the proxy's container."),
    ]],
    ..EMPTY
};

/// One service that it offers.
static OFFER: Table = Table {
    path: "services.service_connect.services",
    what: "a service of Service Connect",
    groups: &[&[
        key("port_name", Type::Text, "The name of a port of one of its containers.")
            .also(&["port"])
            .needed("Name a port of a container: port_name: api, and there port: { port: 8080, name: api }.")
            .aws("portName")
            .example("api"),
        key("discovery_name", Type::Text, "The name of the service that ECS makes for it in the namespace.")
            .shape("up to 64 small letters, digits, `-` and `_`")
            .without("the `port_name`")
            .aws("discoveryName")
            .example("backend"),
        key(
            "client_aliases",
            Type::Several(&Type::AnyOf(&[Type::Port, Type::Map(&ALIAS)])),
            "The ports, and names, at which clients reach it.",
        )
        .also(&["client_alias"])
        .shape("port, `{ port, dns_name }`, or a list")
        .without("its port, at `<discovery_name>.<namespace>`")
        .aws("clientAliases")
        .example("{ port: 80, dns_name: backend }"),
        key("ingress_port_override", Type::Port, "The port at which its proxy listens.")
            .without("that of the container on awsvpc")
            .aws("ingressPortOverride"),
        key("timeouts", Type::Map(&TIMEOUTS), "How long connections and requests may last.")
            .also(&["timeout"])
            .shape("`{ idle, per_request }`")
            .aws("timeout")
            .example("{ idle: 5m }"),
        key("tls", Type::Map(&TLS), "Encrypts what goes between proxies.")
            .shape("map (below)")
            .without("not encrypted")
            .aws("tls"),
    ]],
    words: &[("testTrafficRules", "This version manages rolling deployments only. Remove it.")],
    ..EMPTY
};

/// One alias.
static ALIAS: Table = Table {
    path: "services.service_connect.services.client_aliases",
    what: "a client alias",
    groups: &[&[
        key("port", Type::Port, "The port that clients use.")
            .needed("Say at which port clients reach it: port: 80.")
            .aws("port")
            .example("80"),
        key("dns_name", Type::Text, "The name that clients use.")
            .without("`<discovery_name>.<namespace>`")
            .aws("dnsName")
            .example("backend"),
    ]],
    ..EMPTY
};

/// Timeouts.
static TIMEOUTS: Table = Table {
    path: "services.service_connect.services.timeouts",
    what: "the timeouts of a service",
    groups: &[&[
        key("idle", Type::Seconds(0, 2_592_000), "How long a connection may be idle; 0 is for ever.")
            .also(&["idle_timeout_seconds"])
            .without("ECS's own: 5m for HTTP, 1h for TCP")
            .aws("idleTimeoutSeconds")
            .example("5m"),
        key(
            "per_request",
            Type::Seconds(0, 2_592_000),
            "How long a request may take; 0 is for ever. The port needs an `app_protocol`.",
        )
        .also(&["per_request_timeout_seconds"])
        .without("ECS's own: 15s")
        .aws("perRequestTimeoutSeconds"),
    ]],
    ..EMPTY
};

/// Encryption.
static TLS: Table = Table {
    path: "services.service_connect.services.tls",
    what: "TLS of a service",
    groups: &[&[
        key("issuer", Type::AnyOf(&[Type::Text, Type::Map(&ISSUER)]), "The private certificate authority.")
            .also(&["issuer_certificate_authority"])
            .needed("Give the ARN of a private certificate authority: issuer: arn:aws:acm-pca:….")
            .shape("ARN")
            .aws("issuerCertificateAuthority")
            .example(
                "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555",
            ),
        key("role", Type::Open, "The role by which ECS has certificates issued.")
            .also(&["role_arn"])
            .needed("ECS has certificates issued by a role: name an entry of `roles` or an ARN.")
            .shape("entry of `roles`, ARN, or `existing:NAME`")
            .aws("roleArn")
            .example("execution"),
        key("kms_key", Type::Text, "The key that encrypts the private keys.").shape("ARN").aws("kmsKey"),
    ]],
    ..EMPTY
};

/// The issuer as ECS writes it.
static ISSUER: Table = Table {
    path: "services.service_connect.services.tls.issuer",
    what: "the issuer of certificates",
    groups: &[&[key("aws_pca_authority_arn", Type::Text, "The private certificate authority.")
        .needed("Give the ARN of a private certificate authority.")
        .shape("ARN")
        .aws("awsPcaAuthorityArn")
        .example("arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555")]],
    ..EMPTY
};

/// Access logs.
static ACCESS_LOGS: Table = Table {
    path: "services.service_connect.access_logs",
    what: "the access logs of Service Connect",
    groups: &[&[
        key("format", Type::Word(&["TEXT", "JSON"]), "How a line is written.")
            .needed("Write format: JSON.")
            .aws("format")
            .example("JSON"),
        key("query_parameters", Type::Switch, "Whether lines have the query parameters of requests.")
            .also(&["include_query_parameters"])
            .value("false")
            .aws("includeQueryParameters"),
    ]],
    ..EMPTY
};

/// The named ports of a task, with whether each has an `app_protocol`; `None` where the task is registered elsewhere.
type Ports = Option<BTreeMap<String, bool>>;

fn ports(draft: Option<&Draft>) -> Ports {
    let mappings = draft?.containers().flat_map(|map| map.get("portMappings").and_then(Json::as_array)).flatten();
    let named = |port: &Json| Some((port["name"].as_str()?.to_owned(), port.get("appProtocol").is_some()));
    Some(mappings.filter_map(named).collect())
}

/// Reads it; `None` if it is off.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, draft: Option<&Draft>) -> Option<Connect> {
    let tree = fields.take("service_connect")?;
    let what = format!("`service_connect` of {}", fields.what());
    let short = if tree.entries().is_none() { Some(Want::new(&what, ctx.problems).flag(tree)?) } else { None };
    if short == Some(false) {
        return None;
    }
    let empty = Tree::new(tree.place.clone(), super::Value::Map(Vec::new()));
    let inner = Fields::open(if short.is_some() { &empty } else { tree }, what.clone(), &CONNECT, ctx.problems)?;
    let on = inner.flag("enabled").unwrap_or(true);
    let given = inner.take("namespace").map(|tree| namespaces::reference(ctx, tree, &what, "arn"));
    let namespace = given.unwrap_or_else(|| of_cluster(ctx, tree, &what, on));
    let mode = draft.and_then(|draft| draft.text("networkMode"));
    if let (true, Some(mode @ ("host" | "none"))) = (on, mode) {
        let summary = format!("{what} has no effect in network mode {mode}");
        let help =
            "Service Connect needs tasks in network mode awsvpc or bridge. Change it, or remove `service_connect`.";
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    let mut document = Map::from_iter([("enabled".to_owned(), Json::Bool(true))]);
    document.extend(namespace.as_ref().map(|namespace| ("namespace".to_owned(), namespace.to_value())));
    if let Some(tree) = inner.take("services") {
        let offers = offers(ctx, tree, &what, namespace.as_ref().filter(|_| on), &ports(draft));
        document.extend(Some(("services".to_owned(), offers)).filter(|(_, list)| *list != json!([])));
    }
    let logs = inner.take("logs").and_then(|tree| logs::of(ctx, tree, &format!("`logs` of {what}"), "service-connect"));
    document.extend(logs.map(|logs| ("logConfiguration".to_owned(), logs)));
    if let Some(tree) = inner.take("access_logs") {
        document.extend(access_logs(ctx, tree, &what).map(|logs| ("accessLogConfiguration".to_owned(), logs)));
    }
    inner.finish();
    on.then_some(Connect { document: Json::Object(document) })
}

/// The namespace of the cluster, for a service that names none.
fn of_cluster(ctx: &Ctx<'_>, tree: &Tree, what: &str, on: bool) -> Option<Text> {
    let found = ctx.default_namespace.borrow().clone();
    if found.is_none() && on {
        let help = "Name one: namespace: NAME here, or in `cluster:` for all services. It is an entry of `namespaces:`, \
                    an ARN, or existing:NAME.";
        ctx.problems.error("missing-key", &tree.place, format!("{what} has no namespace"), help);
    }
    found
}

fn offers(ctx: &Ctx<'_>, tree: &Tree, what: &str, namespace: Option<&Text>, ports: &Ports) -> Json {
    let key = format!("`services` of {what}");
    let mut found: Vec<Json> = Vec::new();
    for item in Want::new(&key, ctx.problems).several(tree) {
        let Some(fields) = Fields::open(item, format!("an item of {key}"), &OFFER, ctx.problems) else { continue };
        let offer = offer(ctx, &fields, namespace, ports);
        fields.finish();
        let Some(offer) = offer else { continue };
        if found.iter().any(|other| other["portName"] == offer["portName"]) {
            let summary = format!("{key} has the port `{}` twice", offer["portName"].as_str().unwrap_or_default());
            ctx.problems.error("duplicate", &item.place, summary, "Write one item with several `client_aliases`.");
        }
        found.push(offer);
    }
    found.into()
}

fn offer(ctx: &Ctx<'_>, fields: &Fields<'_>, namespace: Option<&Text>, ports: &Ports) -> Option<Json> {
    let (port, place) = (fields.text("port_name"), fields.take("port_name").map(|tree| &tree.place));
    if let (Some(port), Some(place), Some(ports)) = (&port, place, ports)
        && !ports.contains_key(port)
    {
        let known: Vec<&str> = ports.keys().map(String::as_str).collect();
        let near = suggest::nearest(port, known.iter().copied()).map(|near| format!("Did you mean `{near}`? "));
        let has = if known.is_empty() {
            "No port of its containers has a name.".to_owned()
        } else {
            format!("Its containers have {}.", suggest::list(&known))
        };
        let help =
            format!("{}{has} Give the port a name: port: {{ port: 8080, name: {port} }}.", near.unwrap_or_default());
        ctx.problems.error("unknown-name", place, format!("no container has a port called `{port}`"), help);
    }
    let discovery = fields.text("discovery_name").or_else(|| port.clone());
    if let (Some(name), Some(place)) = (&discovery, fields.take("discovery_name").map(|tree| &tree.place).or(place)) {
        name_is_good(ctx, place, name, &DISCOVERY_NAME, "discovery name");
        if let Some(namespace) = namespace {
            namespaces::claim(ctx, namespace, &format!("the name `{name}`"), place);
        }
    }
    let mut offer = Map::new();
    offer.insert("portName".to_owned(), port.clone()?.into());
    offer.insert("discoveryName".to_owned(), discovery?.into());
    if let Some(tree) = fields.take("client_aliases") {
        let aliases = aliases(ctx, tree, fields.what(), namespace);
        offer.extend(Some(("clientAliases".to_owned(), aliases)).filter(|(_, list)| *list != json!([])));
    }
    offer.extend(fields.port("ingress_port_override").map(|port| ("ingressPortOverride".to_owned(), port.into())));
    if let Some(tree) = fields.take("timeouts") {
        let protocol = ports.as_ref().zip(port).and_then(|(ports, port)| ports.get(&port).copied()).unwrap_or(true);
        offer.extend(timeouts(ctx, tree, fields.what(), protocol).map(|it| ("timeout".to_owned(), it)));
    }
    offer.extend(fields.take("tls").and_then(|tree| tls(ctx, tree, fields.what())).map(|it| ("tls".to_owned(), it)));
    Some(offer.into())
}

fn name_is_good(ctx: &Ctx<'_>, place: &Place, name: &str, rule: &NameRule, what: &str) {
    let capitals = name.chars().any(|c| c.is_ascii_uppercase()).then(|| "capital letters are not allowed".to_owned());
    if let Some(complaint) = rule.complaint(name).or(capitals) {
        let summary = format!("`{name}` is not a valid {what}");
        ctx.problems.error("bad-name", place, summary, format!("{}.", capital(&complaint)));
    }
}

fn aliases(ctx: &Ctx<'_>, tree: &Tree, what: &str, namespace: Option<&Text>) -> Json {
    let key = format!("`client_aliases` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found: Vec<Json> = Vec::new();
    for item in want.several(tree) {
        let mut alias = Map::new();
        if item.entries().is_none() {
            alias.extend(want.port(item).map(|port| ("port".to_owned(), port.into())));
        } else if let Some(fields) = Fields::open(item, format!("an item of {key}"), &ALIAS, ctx.problems) {
            let port = fields.port("port");
            alias.extend(port.map(|port| ("port".to_owned(), port.into())));
            if let (Some(name), Some(tree)) = (fields.text("dns_name"), fields.take("dns_name")) {
                name_is_good(ctx, &tree.place, &name, &DNS_NAME, "name for clients");
                if let (Some(namespace), Some(port)) = (namespace, port) {
                    namespaces::claim(ctx, namespace, &format!("the alias `{name}:{port}`"), &tree.place);
                }
                alias.insert("dnsName".to_owned(), name.into());
            }
            fields.finish();
        }
        let alias = Json::Object(alias);
        if alias.get("port").is_none() {
            continue;
        }
        if found.contains(&alias) && alias.get("dnsName").is_none() {
            let summary = format!("{key} has the port {} twice", alias["port"]);
            ctx.problems.error("duplicate", &item.place, summary, "Remove one of the two.");
        }
        found.push(alias);
    }
    found.into()
}

fn timeouts(ctx: &Ctx<'_>, tree: &Tree, what: &str, protocol: bool) -> Option<Json> {
    let fields = Fields::open(tree, format!("`timeouts` of {what}"), &TIMEOUTS, ctx.problems)?;
    let (idle, per_request) = (fields.seconds("idle"), fields.seconds("per_request"));
    if let (Some(tree), false) = (fields.take("per_request"), protocol) {
        let summary = format!("{} limits requests, but its port has no `app_protocol`", fields.what());
        let help = "Without one ECS knows connections only. Add app_protocol: http, http2 or grpc to the port, or remove \
                    `per_request`.";
        ctx.problems.error("contradiction", &tree.place, summary, help);
    }
    fields.finish();
    let mut found = Map::new();
    found.extend(idle.map(|secs| ("idleTimeoutSeconds".to_owned(), secs.into())));
    found.extend(per_request.map(|secs| ("perRequestTimeoutSeconds".to_owned(), secs.into())));
    (!found.is_empty()).then(|| found.into())
}

fn tls(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Json> {
    let fields = Fields::open(tree, format!("`tls` of {what}"), &TLS, ctx.problems)?;
    let issuer = fields.take("issuer").and_then(|tree| match tree.entries() {
        None => Some((tree, fields.text("issuer")?)),
        Some(_) => {
            let inner = Fields::open(tree, format!("`issuer` of {}", fields.what()), &ISSUER, ctx.problems)?;
            let found = inner.text("aws_pca_authority_arn");
            let place = inner.take("aws_pca_authority_arn");
            inner.finish();
            Some((place?, found?))
        }
    });
    let issuer = issuer.filter(|(tree, arn)| arn::check(ctx, &tree.place, arn, &arn::AUTHORITY));
    let words = format!("`role` of {}", fields.what());
    let role = fields.take("role").and_then(|tree| roles::reference(ctx, tree, &words));
    let key = fields
        .text("kms_key")
        .filter(|key| fields.take("kms_key").is_some_and(|tree| arn::check(ctx, &tree.place, key, &arn::KEY)));
    fields.finish();
    let mut found = Map::new();
    found.insert("issuerCertificateAuthority".to_owned(), json!({ "awsPcaAuthorityArn": issuer?.1 }));
    found.extend(key.map(|key| ("kmsKey".to_owned(), key.into())));
    found.extend(role.map(|role| ("roleArn".to_owned(), role.to_value())));
    Some(found.into())
}

fn access_logs(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Json> {
    let key = format!("`access_logs` of {what}");
    let (format, parameters) = if tree.entries().is_none() {
        (Want::new(&key, ctx.problems).one_of(tree, &["TEXT", "JSON"])?, false)
    } else {
        let fields = Fields::open(tree, key, &ACCESS_LOGS, ctx.problems)?;
        let found = (fields.word("format"), fields.switch("query_parameters").unwrap_or_default());
        fields.finish();
        (found.0?, found.1)
    };
    let parameters = if parameters { "ENABLED" } else { "DISABLED" };
    Some(json!({ "format": format, "includeQueryParameters": parameters }))
}
