//! What a listener or a rule does: `forward`, `redirect`, `fixed_response`, each in its short and its long form.

use super::decode::Want;
use super::fields::Fields;
use super::model::Action;
use super::sections::Ctx;
use super::table::{EMPTY, Key, Table, Type, key};
use super::tree::{Entry, Tree, Value};

/// The actions among the keys of a listener or rule.
pub(crate) static ACTIONS: [Key; 3] = [
    key(
        "forward",
        Type::AnyOf(&[
            Type::Several(&Type::AnyOf(&[Type::Entry("target_groups"), Type::Map(&TARGET)])),
            Type::Map(&FORWARD),
            Type::MapOf(&Type::Number(0, 999)),
        ]),
        "Forwards requests to up to five target groups, with weights from 0 to 999.",
    )
    .shape("entry of `target_groups`, a list, a map of entry to weight, or `{ target_groups, stickiness }`")
    .without("one of the three is required")
    .aws("ForwardConfig")
    .example("{ blue: 90, green: 10 }"),
    key("redirect", Type::AnyOf(&[Type::Map(&REDIRECT), Type::Text]), "Redirects clients to another URL.")
        .shape("`https`, a URL, or a map (below)")
        .without("one of the three is required")
        .aws("RedirectConfig")
        .example("https"),
    key("fixed_response", Type::AnyOf(&[Type::Map(&FIXED), Type::Number(200, 599)]), "Returns a fixed response.")
        .shape("a status, or a map (below)")
        .without("one of the three is required")
        .aws("FixedResponseConfig")
        .example("{ status: 503, content_type: text/plain, body: Back at noon. }"),
];

/// `forward:` in its long form.
static FORWARD: Table = Table {
    path: "load_balancers.listeners.forward",
    what: "a forward action",
    groups: &[&[
        key(
            "target_groups",
            Type::AnyOf(&[
                Type::Several(&Type::AnyOf(&[Type::Entry("target_groups"), Type::Map(&TARGET)])),
                Type::MapOf(&Type::Number(0, 999)),
            ]),
            "The target groups that get the requests.",
        )
        .shape("entry, list, or map of entry to weight")
        .needed("Name at least one target group.")
        .aws("TargetGroups")
        .example("{ blue: 90, green: 10 }"),
        key(
            "stickiness",
            Type::AnyOf(&[Type::Seconds(1, 604_800), Type::Just(&["false"])]),
            "How long a client stays with the target group it was first sent to.",
        )
        .shape("duration, or `false`")
        .without("off")
        .aws("TargetGroupStickinessConfig")
        .example("1h"),
    ]],
    ..EMPTY
};

/// One target group of several.
static TARGET: Table = Table {
    path: "load_balancers.listeners.forward.target_groups",
    what: "a target of a forward action",
    groups: &[&[
        key("target_group", Type::Entry("target_groups"), "The target group.")
            .needed("Write { target_group: web, weight: 90 }.")
            .aws("TargetGroupArn")
            .example("app"),
        key("weight", Type::Number(0, 999), "Its share of the requests.").value("1").aws("Weight"),
    ]],
    ..EMPTY
};

/// `redirect:` in its long form.
static REDIRECT: Table = Table {
    path: "load_balancers.listeners.redirect",
    what: "a redirect",
    groups: &[&[
        key("protocol", Type::Blank, "`HTTP`, `HTTPS` or `#{protocol}`.").value("#{protocol}").aws("Protocol"),
        key("port", Type::Blank, "A port or `#{port}`.").without("`#{port}`, 443 with HTTPS").aws("Port"),
        key("host", Type::Blank, "A host; may contain `#{host}`.").value("#{host}").aws("Host"),
        key("path", Type::Blank, "A path; may contain `#{path}`.").value("/#{path}").aws("Path"),
        key("query", Type::Blank, "A query; may contain `#{query}`.").value("#{query}").aws("Query"),
        key("status", Type::Just(&["301", "302", "HTTP_301", "HTTP_302"]), "301 is permanent, 302 is temporary.")
            .also(&["status_code"])
            .value("301")
            .aws("StatusCode"),
    ]],
    ..EMPTY
};

/// `fixed_response:` in its long form.
static FIXED: Table = Table {
    path: "load_balancers.listeners.fixed_response",
    what: "a fixed response",
    groups: &[&[
        key("status", Type::Number(200, 599), "The status code: 2xx, 4xx or 5xx.")
            .also(&["status_code"])
            .needed("Write { status: 404 }.")
            .aws("StatusCode")
            .example("404"),
        key(
            "content_type",
            Type::Word(&["text/plain", "text/css", "text/html", "application/javascript", "application/json"]),
            "The content type of the body.",
        )
        .without("`text/plain` if there is a body")
        .aws("ContentType"),
        key("body", Type::Blank, "The body, up to 1024 characters.").also(&["message_body"]).aws("MessageBody"),
    ]],
    ..EMPTY
};

/// Target groups that one forward action may have; AWS does not raise it.
const TARGETS: usize = 5;

/// Whether one of the actions is among the keys of a listener or rule.
pub(crate) fn is_given(fields: &Fields<'_>) -> bool {
    ["forward", "redirect", "fixed_response"].into_iter().any(|key| fields.take(key).is_some())
}

/// Reads the one action among the keys of a listener or rule.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> Option<Action> {
    let given: Vec<(&str, &Tree)> = ["forward", "redirect", "fixed_response"]
        .into_iter()
        .filter_map(|key| fields.take(key).map(|tree| (key, tree)))
        .collect();
    match given[..] {
        [] => {
            let help = "Give one of: forward: a target group, redirect: https, fixed_response: 404.";
            ctx.problems.error("missing-key", fields.place(), format!("{what} has no action"), help);
            None
        }
        [("forward", tree)] => forward(ctx, tree, what),
        [("redirect", tree)] => redirect(ctx, tree, what),
        [(_, tree)] => fixed(ctx, tree, what),
        [(first, _), (second, tree), ..] => {
            let summary = format!("{what} has both `{first}` and `{second}`");
            ctx.problems.error(
                "contradiction",
                &tree.place,
                summary,
                "Only one of the two is allowed. Remove the other.",
            );
            None
        }
    }
}

fn forward(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Action> {
    let mut stickiness_secs = None;
    let list = match &tree.value {
        Value::Map(_) if tree.get("target_groups").is_some() || tree.get("stickiness").is_some() => {
            let fields = Fields::open(tree, format!("`forward` of {what}"), &FORWARD, ctx.problems)?;
            let list = fields.take("target_groups");
            let off = fields.take("stickiness").is_some_and(|tree| tree.scalar().as_deref() == Some("false"));
            stickiness_secs = if off { None } else { fields.seconds("stickiness") };
            fields.finish();
            list?
        }
        _ => tree,
    };
    if list.items().is_some_and(<[Tree]>::is_empty) || list.entries().is_some_and(<[Entry]>::is_empty) {
        let help = "Name at least one target group: forward: web.";
        ctx.problems.error("empty", &list.place, format!("{what} forwards to no target group"), help);
    }
    let mut targets: Vec<(String, u32)> = Vec::new();
    for (item, name, weight) in weighted(ctx, list, what) {
        if targets.iter().any(|(other, _)| *other == name) {
            let summary = format!("{what} forwards to `{name}` twice");
            ctx.problems.error("duplicate", &item.place, summary, "Name each target group once, with one weight.");
            continue;
        }
        targets.push((name, weight));
    }
    if targets.len() > TARGETS {
        let summary = format!("{what} forwards to {} target groups", targets.len());
        ctx.problems.error("too-many", &tree.place, summary, format!("AWS accepts {TARGETS}."));
    }
    if targets.len() == 1 {
        // A weight means nothing with one target; AWS gives it back as 1.
        targets[0].1 = 1;
    } else if !targets.is_empty() && targets.iter().all(|(_, weight)| *weight == 0) {
        let summary = format!("every weight of {what} is 0");
        ctx.problems.error(
            "bad-value",
            &tree.place,
            summary,
            "No target group would get any traffic. Give at least one a weight above 0.",
        );
    }
    (!targets.is_empty()).then_some(Action::Forward { targets, stickiness_secs })
}

/// Target groups with their weights: a name, a list of names or maps, or a map of name to weight.
fn weighted<'t>(ctx: &Ctx<'_>, list: &'t Tree, what: &str) -> Vec<(&'t Tree, String, u32)> {
    let key = format!("`forward` of {what}");
    let want = Want::new(&key, ctx.problems);
    let weight = |tree: &Tree| Want::new("a weight", ctx.problems).count(tree, 0, 999);
    let mut found = Vec::new();
    if let Some(entries) = list.entries().filter(|_| list.get("target_group").is_none()) {
        for entry in entries {
            if !ctx.scope.names.has("target_group", &entry.key) {
                let at = Tree::text(entry.place.clone(), entry.key.clone());
                ctx.dangling(&at, &entry.key, "target_group", "target_groups");
                continue;
            }
            found.extend(weight(&entry.value).map(|weight| (&entry.value, entry.key.clone(), weight)));
        }
        return found;
    }
    let items: &'t [Tree] = match &list.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(list),
    };
    for item in items {
        if item.entries().is_none() {
            let name = ctx.entry_name(item, "target_group", "target_groups", want.what);
            found.extend(name.map(|name| (item, name, 1)));
            continue;
        }
        let Some(fields) = Fields::open(item, format!("a target of {what}"), &TARGET, ctx.problems) else { continue };
        let name = fields.take("target_group");
        let name = name.and_then(|tree| ctx.entry_name(tree, "target_group", "target_groups", want.what));
        let weight = fields.count("weight");
        fields.finish();
        if let (Some(name), Some(weight)) = (name, weight) {
            found.push((item, name, weight));
        }
    }
    found
}

fn redirect(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Action> {
    let mut to = Redirect::default();
    if tree.entries().is_none() {
        let key = format!("`redirect` of {what}");
        let target = Want::new(&key, ctx.problems).filled(tree)?;
        if target.eq_ignore_ascii_case("https") {
            to.protocol = "HTTPS".to_owned();
            to.port = "443".to_owned();
        } else if !to.url(&target) {
            let help = "Write redirect: https, a URL, or a map with host, path, port, protocol, query, status.";
            ctx.problems.error("bad-value", &tree.place, format!("`{target}` is not a redirect target"), help);
            return None;
        }
        return Some(to.action());
    }
    let fields = Fields::open(tree, format!("`redirect` of {what}"), &REDIRECT, ctx.problems)?;
    if let Some(protocol) = fields.blank("protocol") {
        to.protocol = if protocol.starts_with('#') { protocol } else { protocol.to_ascii_uppercase() };
        if to.protocol == "HTTPS" && fields.take("port").is_none() {
            to.port = "443".to_owned();
        }
    }
    to.port = fields.blank("port").unwrap_or(to.port);
    to.host = fields.blank("host").unwrap_or(to.host);
    if let Some(path) = fields.blank("path") {
        to.path = if path.starts_with('/') { path } else { format!("/{path}") };
    }
    if let Some(query) = fields.blank("query") {
        to.query = query.trim_start_matches('?').to_owned();
    }
    if let Some(tree) = fields.take("status") {
        to.status = match tree.scalar().as_deref() {
            Some("301" | "HTTP_301") => "HTTP_301",
            Some("302" | "HTTP_302") => "HTTP_302",
            Some(_) | None => {
                let help = "A load balancer redirects with 301 (permanent) or 302 (temporary).";
                ctx.problems.error(
                    "bad-value",
                    &tree.place,
                    format!("{} is not a redirect status", tree.describe()),
                    help,
                );
                "HTTP_301"
            }
        };
    }
    let port = fields.take("port");
    fields.finish();
    if !["HTTP", "HTTPS", "#{protocol}"].contains(&to.protocol.as_str()) {
        let summary = format!("cannot redirect to protocol `{}`", to.protocol);
        ctx.problems.error("bad-value", &tree.place, summary, "Use HTTP, HTTPS or #{protocol}.");
    }
    if let Some(port) = port.filter(|_| to.port != "#{port}") {
        Want::new("`port` of a redirect", ctx.problems).port(port);
    }
    if to.protocol == "#{protocol}" && to.port == "#{port}" && to.host == "#{host}" && to.path == "/#{path}" {
        let help = "AWS refuses a redirect that would loop. Change the protocol, port, host or path.";
        ctx.problems.error("bad-value", &tree.place, format!("`redirect` of {what} redirects to itself"), help);
    }
    Some(to.action())
}

struct Redirect {
    protocol: String,
    port: String,
    host: String,
    path: String,
    query: String,
    status: &'static str,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            protocol: "#{protocol}".to_owned(),
            port: "#{port}".to_owned(),
            host: "#{host}".to_owned(),
            path: "/#{path}".to_owned(),
            query: "#{query}".to_owned(),
            status: "HTTP_301",
        }
    }
}

impl Redirect {
    /// Takes over a URL; what it leaves out stays as in the request.
    fn url(&mut self, url: &str) -> bool {
        let Some((protocol, rest)) = url.split_once("://") else { return false };
        let (authority, path) = match rest.find('/') {
            Some(index) => rest.split_at(index),
            None => (rest, ""),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, Some(port)),
            Some(_) | None => (authority, None),
        };
        let protocol = protocol.to_ascii_uppercase();
        if host.is_empty() || !["HTTP", "HTTPS"].contains(&protocol.as_str()) {
            return false;
        }
        let standard = if protocol == "HTTPS" { "443" } else { "80" };
        self.port = port.unwrap_or(standard).to_owned();
        self.protocol = protocol;
        self.host = host.to_owned();
        if let Some((path, query)) = path.split_once('?') {
            self.path = path.to_owned();
            self.query = query.to_owned();
        } else if !path.is_empty() {
            self.path = path.to_owned();
        }
        true
    }

    fn action(self) -> Action {
        Action::Redirect {
            protocol: self.protocol,
            port: self.port,
            host: self.host,
            path: self.path,
            query: self.query,
            status: self.status.to_owned(),
        }
    }
}

fn fixed(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Action> {
    let status = |tree: &Tree| {
        let found = Want::new("the status of a fixed response", ctx.problems).count(tree, 200, 599)?;
        if (300..400).contains(&found) {
            let help = "Use a 2xx, 4xx or 5xx status. For 301 and 302, use `redirect`.";
            ctx.problems.error("bad-value", &tree.place, format!("a fixed response cannot be {found}"), help);
        }
        Some(found.to_string())
    };
    if tree.entries().is_none() {
        return Some(Action::FixedResponse { status: status(tree)?, content_type: None, body: None });
    }
    let fields = Fields::open(tree, format!("`fixed_response` of {what}"), &FIXED, ctx.problems)?;
    let code = fields.take("status");
    let content_type = fields.word("content_type");
    let body = fields.take("body").and_then(|tree| {
        let body = fields.blank("body")?;
        if body.len() > 1024 {
            let help = "AWS accepts up to 1024 characters.";
            ctx.problems.error("bad-value", &tree.place, "the body of a fixed response is too long", help);
        }
        Some(body)
    });
    fields.finish();
    let code = code?;
    // Without a type ELB answers plain text; it is written out so that the read-back is the same.
    let content_type = content_type.or(body.is_some().then_some("text/plain"));
    Some(Action::FixedResponse { status: status(code)?, content_type: content_type.map(str::to_owned), body })
}
