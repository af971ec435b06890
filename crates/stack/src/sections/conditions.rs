//! When a listener rule applies: hosts, paths, methods, headers, the query, client addresses. What a load balancer would
//! refuse, or never match, is refused here.

use std::collections::BTreeMap;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::Conditions;
use super::super::table::{Key, Type, key};
use super::super::tree::{Tree, shorten};
use super::super::values::{cidr, length_help};
use super::Ctx;

/// The conditions among the keys of a rule.
pub(crate) static CONDITIONS: [Key; 6] = [
    key("host", Type::Several(&Type::Text), "Hosts, as patterns.")
        .also(&["hosts"])
        .shape("pattern or list")
        .aws("host-header")
        .example("api.example.com"),
    key("path", Type::Several(&Type::Text), "Paths, as patterns.")
        .also(&["paths"])
        .shape("pattern or list")
        .aws("path-pattern")
        .example("[/admin, /admin/*]"),
    key("method", Type::Several(&Type::Text), "HTTP methods.")
        .also(&["methods"])
        .shape("word or list")
        .aws("http-request-method")
        .example("[GET, HEAD]"),
    key(
        "header",
        Type::MapOf(&Type::Several(&Type::Text)),
        "Headers and their patterns; a name is a token of RFC 7230, and not `Host`.",
    )
    .also(&["headers"])
    .shape("map of header to pattern or list")
    .aws("http-header")
    .example("{ X-Canary: \"1\" }"),
    key(
        "query",
        Type::Several(&Type::AnyOf(&[Type::Text, Type::MapOf(&Type::Several(&Type::Blank))])),
        "Keys and values of the query; a bare value matches any key, like an empty key.",
    )
    .also(&["query_string"])
    .shape("`{ key: value }`, `{ key, value }` as AWS writes it, a bare value, or a list")
    .aws("query-string")
    .example("{ v: \"2\" }"),
    key(
        "source_ip",
        Type::Several(&Type::Text),
        "Client addresses; on a network load balancer, which takes no other condition, whether clients come by `ipv4` or `ipv6`.",
    )
        .shape("CIDR with its length, or list")
        .aws("source-ip")
        .example("203.0.113.0/24"),
];

/// Longest value of most conditions, and longest method or name of a header.
const VALUE: usize = 128;
const NAME: usize = 40;

/// Reads the conditions among the keys of a rule.
pub(crate) fn read(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str, network: bool) -> Conditions {
    if network {
        return family(ctx, fields, what);
    }
    let mut found = Conditions {
        // ELB compares hosts without regard to case and gives them back as they were written.
        host: list(ctx, fields, "host", what, "-.*?_"),
        path: list(ctx, fields, "path", what, "_-.$/~\"'@:+&*?%#=!,();[]|^{}<>\\"),
        method: list(ctx, fields, "method", what, "-_"),
        ..Conditions::default()
    };
    found.method.iter_mut().for_each(|method| *method = method.to_ascii_uppercase());
    if let Some(tree) = fields.take("path")
        && let Some(bad) = found.path.iter().find(|path| !path.starts_with('/') && !path.starts_with('*'))
    {
        let help = format!("Paths begin with `/`, so this matches none. Write /{bad}.");
        ctx.problems.error("bad-value", &tree.place, format!("`{bad}` is not a path"), help);
    }
    if let Some(tree) = fields.take("header") {
        found.header = headers(ctx, tree, what);
    }
    if let Some(tree) = fields.take("query") {
        found.query = query(ctx, tree, what);
    }
    if let Some(tree) = fields.take("source_ip") {
        found.source_ip = addresses(ctx, tree, what);
    }
    found
}

/// The one condition of a network load balancer. Source: the guide of Network Load Balancers, "Listener rules".
fn family(ctx: &Ctx<'_>, fields: &Fields<'_>, what: &str) -> Conditions {
    for name in ["host", "path", "method", "header", "query"] {
        if let Some(entry) = fields.entry(name) {
            let summary = format!("{what} has `{name}`, and its load balancer is of type network");
            let help = "A network load balancer knows no HTTP. Its rules have one condition: source_ip: ipv4, or source_ip: ipv6.";
            ctx.problems.error("not-for-type", &entry.place, summary, help);
        }
    }
    let Some(tree) = fields.take("source_ip") else { return Conditions::default() };
    let key = format!("`source_ip` of {what}");
    let families: Vec<String> = Want::new(&key, ctx.problems).strings(tree);
    if let [family] = families.as_slice()
        && ["ipv4", "ipv6"].contains(&family.as_str())
    {
        return Conditions { source_ip: families, ..Conditions::default() };
    }
    let help = "On a network load balancer it is the family of addresses: source_ip: ipv4, or source_ip: ipv6.";
    ctx.problems.error("not-for-type", &tree.place, format!("{key} is not `ipv4` or `ipv6`"), help);
    Conditions::default()
}

/// Says that a condition has no values: it would be left out, and the rule apply to more than is meant.
fn empty(ctx: &Ctx<'_>, tree: &Tree, what: &str) {
    let help = "Give at least one value, or leave the key out.";
    ctx.problems.error("empty", &tree.place, format!("{what} is empty"), help);
}

/// Whether there are no values at all; reported.
fn is_empty(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> bool {
    let none = tree.items().is_some_and(<[Tree]>::is_empty) || tree.entries().is_some_and(<[_]>::is_empty);
    if none {
        empty(ctx, tree, what);
    }
    none
}

fn too_long(ctx: &Ctx<'_>, tree: &Tree, text: &str, longest: usize) {
    if text.chars().count() > longest {
        let help = format!("AWS accepts {longest} characters here.");
        ctx.problems.error("bad-value", &tree.place, format!("`{}` is too long", shorten(text)), help);
    }
}

fn twice(ctx: &Ctx<'_>, tree: &Tree, what: &str, value: &str) {
    let summary = format!("{what} has `{}` twice", shorten(value));
    ctx.problems.error("duplicate", &tree.place, summary, "One is enough. Remove the other.");
}

fn list(ctx: &Ctx<'_>, fields: &Fields<'_>, name: &'static str, what: &str, also: &str) -> Vec<String> {
    let Some(tree) = fields.take(name) else { return Vec::new() };
    let key = format!("`{name}` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found: Vec<String> = Vec::new();
    if is_empty(ctx, tree, &key) {
        return found;
    }
    for item in want.several(tree) {
        let Some(value) = want.filled(item) else { continue };
        too_long(ctx, item, &value, if name == "method" { NAME } else { VALUE });
        let letter = |c: &char| if name == "method" { c.is_ascii_alphabetic() } else { c.is_ascii_alphanumeric() };
        if let Some(bad) = value.chars().find(|c| !letter(c) && !also.contains(*c)) {
            let digits = if name == "method" { "letters" } else { "letters, digits" };
            let help = format!("A load balancer accepts {digits} and {also} here.");
            ctx.problems.error("bad-value", &item.place, format!("`{bad}` is not allowed in {key}"), help);
        }
        // Hosts and methods are compared without regard to case.
        let same = |other: &String| if name == "path" { *other == value } else { other.eq_ignore_ascii_case(&value) };
        if found.iter().any(same) {
            twice(ctx, item, &key, &value);
            continue;
        }
        found.push(value);
    }
    found
}

fn headers(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> BTreeMap<String, Vec<String>> {
    let key = format!("`header` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(entries) = tree.entries() else {
        want.wrong(tree, "a map", "Write { X-Version: [v1, v2] }.");
        return found;
    };
    if is_empty(ctx, tree, &key) {
        return found;
    }
    for entry in entries {
        let name = &entry.key;
        let at = Tree::text(entry.place.clone(), name.as_str());
        if let Some(complaint) = header_complaint(name) {
            let summary = format!("`{}` is not a header name", shorten(name));
            ctx.problems.error("bad-header", &entry.place, summary, complaint);
        } else if found.keys().any(|other| other.eq_ignore_ascii_case(name)) {
            twice(ctx, &at, &key, name);
            continue;
        }
        let values = want.strings(&entry.value);
        if entry.value.is_null() || entry.value.items().is_some_and(<[Tree]>::is_empty) {
            empty(ctx, &at, &format!("header `{}` of {what}", shorten(name)));
        }
        values.iter().for_each(|value| too_long(ctx, &entry.value, value, VALUE));
        found.insert(name.clone(), values);
    }
    found
}

/// Why a text cannot name a header; RFC 7230 calls what can a token.
fn header_complaint(name: &str) -> Option<&'static str> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Some("A header name has letters, digits and !#$%&'*+-.^_`|~, and no spaces.");
    }
    if name.len() > NAME {
        return Some("AWS accepts up to 40 characters in a header name.");
    }
    name.eq_ignore_ascii_case("host")
        .then_some("A load balancer matches the host by `host:`, not by the header. Use that.")
}

/// `{ version: v1 }`, a list of such, or bare values (any key).
fn query(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<(Option<String>, String)> {
    let key = format!("`query` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found: Vec<(Option<String>, String)> = Vec::new();
    if is_empty(ctx, tree, &key) {
        return found;
    }
    // AWS gives an empty key back as none: any key will do.
    let some = |key: &str| Some(key.to_owned()).filter(|key| !key.is_empty());
    let mut add = |at: &Tree, name: Option<String>, value: String| {
        too_long(ctx, at, name.as_deref().unwrap_or_default(), VALUE);
        too_long(ctx, at, &value, VALUE);
        let pair = (name, value);
        if found.contains(&pair) {
            let shown = pair.0.as_ref().map_or_else(|| pair.1.clone(), |key| format!("{key}={}", pair.1));
            twice(ctx, at, &key, &shown);
        } else {
            found.push(pair);
        }
    };
    for item in want.several(tree) {
        let Some(entries) = item.entries() else {
            if let Some(value) = want.filled(item) {
                add(item, None, value);
            }
            continue;
        };
        // AWS's own form: { key: version, value: v1 }.
        if let Some(value) = item.get("value").filter(|_| entries.iter().all(|e| e.key == "key" || e.key == "value")) {
            let key = item.get("key").and_then(|key| want.string(key)).and_then(|key| some(&key));
            if let Some(value) = want.filled(value) {
                add(item, key, value);
            }
            continue;
        }
        for entry in entries {
            if entry.value.is_null() || entry.value.items().is_some_and(<[Tree]>::is_empty) {
                let at = Tree::text(entry.place.clone(), entry.key.as_str());
                empty(ctx, &at, &format!("`{}` in {key}", shorten(&entry.key)));
            }
            for value in want.strings(&entry.value) {
                add(&entry.value, some(&entry.key), value);
            }
        }
    }
    found
}

fn addresses(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Vec<String> {
    let key = format!("`source_ip` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut found = Vec::new();
    if is_empty(ctx, tree, &key) {
        return found;
    }
    for item in want.several(tree) {
        let Some(text) = want.filled(item) else { continue };
        match cidr(&text) {
            Ok(range) if found.contains(&range.text) => twice(ctx, item, &key, &range.text),
            Ok(range) => found.push(range.text),
            Err(complaint) => {
                let summary = format!("`{text}` is not an address range: {complaint}");
                let help = length_help(&text).unwrap_or_else(|| "Write it like 203.0.113.0/24.".to_owned());
                ctx.problems.error("bad-cidr", &item.place, summary, help);
            }
        }
    }
    found
}
