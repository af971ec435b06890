//! What a listener or a rule does: `forward`, `redirect`, `fixed_response`, each in its short and its long form.

use super::decode::{Fields, Want};
use super::model::Action;
use super::sections::Ctx;
use super::tree::{Entry, Tree, Value};

/// Target groups that one forward action may have; AWS does not raise it.
const TARGETS: usize = 5;

/// Reads the one action among the keys of a listener or rule.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> Option<Action> {
    let given: Vec<(&str, &Tree)> = ["forward", "redirect", "fixed_response"]
        .into_iter()
        .filter_map(|key| fields.take(key).map(|tree| (key, tree)))
        .collect();
    match given[..] {
        [] => {
            let help = "Give one of: forward: a target group, redirect: https, fixed_response: 404.";
            ctx.problems.error("missing-key", fields.place(), format!("{what} does not say what it does"), help);
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
                "It can do one thing only. Remove one of the two.",
            );
            None
        }
    }
}

fn forward(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Action> {
    let mut stickiness_secs = None;
    let list = match &tree.value {
        Value::Map(entries) if tree.get("target_groups").is_some() || tree.get("stickiness").is_some() => {
            let fields = Fields::open(tree, format!("`forward` of {what}"), ctx.problems)?;
            let list = fields.need("target_groups", "Name at least one target group.");
            if let Some(tree) = fields.take("stickiness")
                && tree.scalar().as_deref() != Some("false")
            {
                stickiness_secs = Want::new("`stickiness`", ctx.problems).seconds(tree, 1, 604_800);
            }
            fields.finish();
            let _ = entries;
            list?
        }
        _ => tree,
    };
    if list.items().is_some_and(<[Tree]>::is_empty) || list.entries().is_some_and(<[Entry]>::is_empty) {
        let help = "Name at least one target group: forward: web.";
        ctx.problems.error("empty", &list.place, format!("{what} forwards to nothing"), help);
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
            "Nothing would get any traffic. Give one a weight above 0.",
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
        let Some(fields) = Fields::open(item, format!("a target of {what}"), ctx.problems) else { continue };
        let name = fields.need("target_group", "Write { target_group: web, weight: 90 }.");
        let name = name.and_then(|tree| ctx.entry_name(tree, "target_group", "target_groups", want.what));
        let weight = fields.take("weight").map_or(Some(1), weight);
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
    let fields = Fields::open(tree, format!("`redirect` of {what}"), ctx.problems)?;
    let text = |key| fields.take(key).and_then(|tree| Want::new("`redirect`", ctx.problems).string(tree));
    if let Some(protocol) = text("protocol") {
        to.protocol = if protocol.starts_with('#') { protocol } else { protocol.to_ascii_uppercase() };
        if to.protocol == "HTTPS" && fields.take("port").is_none() {
            to.port = "443".to_owned();
        }
    }
    to.port = text("port").unwrap_or(to.port);
    to.host = text("host").unwrap_or(to.host);
    if let Some(path) = text("path") {
        to.path = if path.starts_with('/') { path } else { format!("/{path}") };
    }
    if let Some(query) = text("query") {
        to.query = query.trim_start_matches('?').to_owned();
    }
    if let Some(tree) = fields.either(&["status", "status_code"]) {
        to.status = match tree.scalar().as_deref() {
            Some("301" | "HTTP_301") => "HTTP_301",
            Some("302" | "HTTP_302") => "HTTP_302",
            Some(_) | None => {
                let help = "A load balancer redirects with 301 (permanent) or 302 (temporary).";
                ctx.problems.error("bad-value", &tree.place, format!("{} is no redirect", tree.describe()), help);
                "HTTP_301"
            }
        };
    }
    let port = fields.take("port");
    fields.finish();
    if !["HTTP", "HTTPS", "#{protocol}"].contains(&to.protocol.as_str()) {
        let summary = format!("cannot redirect to protocol `{}`", to.protocol);
        ctx.problems.error("bad-value", &tree.place, summary, "It is HTTP, HTTPS or #{protocol}.");
    }
    if let Some(port) = port.filter(|_| to.port != "#{port}") {
        Want::new("`port` of a redirect", ctx.problems).port(port);
    }
    if to.protocol == "#{protocol}" && to.port == "#{port}" && to.host == "#{host}" && to.path == "/#{path}" {
        let help = "AWS refuses a redirect that would loop. Change the protocol, port, host or path.";
        ctx.problems.error("bad-value", &tree.place, format!("`redirect` of {what} leads back to itself"), help);
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
            let help = "A fixed response is 2xx, 4xx or 5xx. For 301 and 302 there is `redirect`.";
            ctx.problems.error("bad-value", &tree.place, format!("a fixed response cannot be {found}"), help);
        }
        Some(found.to_string())
    };
    if tree.entries().is_none() {
        return Some(Action::FixedResponse { status: status(tree)?, content_type: None, body: None });
    }
    let fields = Fields::open(tree, format!("`fixed_response` of {what}"), ctx.problems)?;
    let keys = ["status", "status_code"];
    let code = fields.either(&keys);
    let types = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let content_type =
        fields.take("content_type").and_then(|tree| Want::new("`content_type`", ctx.problems).one_of(tree, &types));
    let body = fields.either(&["body", "message_body"]).and_then(|tree| {
        let body = Want::new("`body`", ctx.problems).string(tree)?;
        if body.len() > 1024 {
            let help = "A load balancer takes 1024 characters.";
            ctx.problems.error("bad-value", &tree.place, "the body of a fixed response is too long", help);
        }
        Some(body)
    });
    fields.finish();
    let Some(code) = code else {
        let help = "Write { status: 404 }.";
        ctx.problems.error("missing-key", &tree.place, format!("`fixed_response` of {what} has no status"), help);
        return None;
    };
    // Without a type ELB answers plain text; it is written out so that the read-back is the same.
    let content_type = content_type.or(body.is_some().then_some("text/plain"));
    Some(Action::FixedResponse { status: status(code)?, content_type: content_type.map(str::to_owned), body })
}
