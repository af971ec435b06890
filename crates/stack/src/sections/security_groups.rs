//! `security_groups:` and their rules. One rule of the file may stand for several of AWS: one for each port and peer.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Peer, Rule, SecurityGroup};
use super::super::suggest;
use super::super::table::{EMPTY, Key, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree, Value};
use super::super::validate::risks;
use super::super::values::{self, cidr, length_help, port_range};
use super::{Ctx, META, NAME, existing};

/// An entry.
pub(crate) static SECURITY_GROUP: Table = Table {
    path: "security_groups",
    what: "a security group",
    groups: &[
        &NAME,
        &META,
        &[
            key(
                "existing",
                Type::Text,
                "An existing group, which is only looked up; `ingress` and `egress` are then rules of ours beside those of others.",
            )
            .shape("`sg-…`, or a name in the VPC of the stack")
            .example("shop-database"),
            key("description", Type::Text, "What it is for; AWS cannot change it, so a difference is only reported.")
                .shape("string, up to 255")
                .without("`<stack> <entry>`")
                .aws("GroupDescription"),
            key("ingress", Type::Several(&Type::Map(&INGRESS)), "Inbound rules: who may reach its members.")
                .shape("list of rules")
                .aws("IpPermissions")
                .example("[{ port: 443, from: 0.0.0.0/0 }]"),
            key(
                "egress",
                Type::Several(&Type::Map(&EGRESS)),
                "Outbound rules: who its members may reach; `[]` allows nothing.",
            )
            .shape("list of rules")
            .without("everything to `0.0.0.0/0`; with `existing` none")
            .aws("IpPermissionsEgress")
            .example("[{ port: 443, to: 0.0.0.0/0 }]"),
        ],
    ],
    made: &[Made { kind: "security_group", outputs: &["id", "name"], name: Some(&values::SECURITY_GROUP) }],
    words: &[("GroupName", "It is called `name` here."), ("VpcId", "The VPC of the stack is `vpc` under `network:`.")],
    ..EMPTY
};

/// The other side of a rule.
const SIDE: &str = "CIDR (v4 or v6, with its length), an entry, `self`, `sg-…`, `pl-…`, or a list";

/// A rule for what comes in.
static INGRESS: Table = Table {
    path: "security_groups.ingress",
    what: "a rule of a security group",
    groups: &[
        &TRAFFIC,
        &[key("from", Type::Several(&Type::Entry("security_groups")), "Where traffic may come from.")
            .also(&["source"])
            .shape(SIDE)
            .needed("Say who: from: 0.0.0.0/0, a group of this file, `self`, sg-… or pl-….")
            .aws("CidrIp, CidrIpv6, GroupId, PrefixListId")
            .example("[0.0.0.0/0, \"::/0\"]")],
    ],
    ..EMPTY
};

/// A rule for what goes out.
static EGRESS: Table = Table {
    path: "security_groups.egress",
    what: "a rule of a security group",
    groups: &[
        &TRAFFIC,
        &[key("to", Type::Several(&Type::Entry("security_groups")), "Where traffic may go to.")
            .also(&["destination"])
            .shape(SIDE)
            .needed("Say who: to: 0.0.0.0/0, a group of this file, `self`, sg-… or pl-….")
            .aws("CidrIp, CidrIpv6, GroupId, PrefixListId")
            .example("[0.0.0.0/0, \"::/0\"]")],
    ],
    ..EMPTY
};

/// What both directions say.
static TRAFFIC: [Key; 4] = [
    key("port", Type::Several(&Type::AnyOf(&[Type::Text, Type::Map(&PORTS)])), "Ports.")
        .also(&["ports"])
        .shape("`80`, `8000-8010`, `2000/udp`, `all`, `{ from: 1, to: 9 }`, or a list")
        .without("required with TCP and UDP unless `protocol` says all ports")
        .aws("FromPort, ToPort")
        .example("[80, 443]"),
    key("protocol", Type::Text, "The protocol; no ports with `all`.")
        .shape("`tcp`, `udp`, `icmp`, `icmpv6`, `all` (`-1`), or a number")
        .without("`tcp`")
        .aws("IpProtocol"),
    key(
        "icmp",
        Type::AnyOf(&[Type::Number(-1, 255), Type::Just(&["all"]), Type::Map(&ICMP)]),
        "ICMP types, instead of ports.",
    )
    .shape("`all`, a type, or `{ type: 8, code: 0 }`")
    .without("all types")
    .aws("FromPort, ToPort")
    .example("{ type: 8 }"),
    key("description", Type::Blank, "What it is for.").aws("Description"),
];

/// A range of ports.
static PORTS: Table = Table {
    path: "security_groups.ingress.port",
    what: "a range of ports",
    groups: &[&[
        key("from", Type::Number(0, 65_535), "The first.").needed("Write { from: 8000, to: 8010 }.").example("8000"),
        key("to", Type::Number(0, 65_535), "The last.").needed("Write { from: 8000, to: 8010 }.").example("8010"),
    ]],
    ..EMPTY
};

/// Types of ICMP.
static ICMP: Table = Table {
    path: "security_groups.ingress.icmp",
    what: "a type of ICMP",
    groups: &[&[
        key("type", Type::Number(-1, 255), "The type; -1 for all.").value("-1").aws("Type"),
        key("code", Type::Number(-1, 255), "The code; -1 for all.").value("-1").aws("Code"),
    ]],
    ..EMPTY
};

/// Rules that one group may have in each direction, by AWS's default quota.
const QUOTA: usize = 60;

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<SecurityGroup> {
    let what = format!("security group `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &SECURITY_GROUP, ctx.problems)?;
    if existing::is_empty(ctx, &fields, &what, "Name the group, or remove the key to have one created.") {
        return None;
    }
    let existing = fields.take("existing").map(|tree| (tree, fields.text("existing")));
    if let Some((tree, given)) = &existing {
        let help = "A group with `existing` is only looked up; only rules can be added to it. Remove one of the two.";
        existing::alone(ctx, entry, &SECURITY_GROUP, &what, &["ingress", "egress"], help);
        check_existing(ctx, tree, given.as_deref()?)?;
    }
    let meta = ctx.meta(entry, &fields, Rules::Ec2);
    let description = fields.take("description").and_then(|tree| {
        let text = fields.text("description")?;
        check_description(ctx, tree, &text);
        Some(text)
    });
    let ingress = fields.take("ingress").map(|tree| rules(ctx, tree, &entry.key, "ingress"));
    let egress = match fields.entry("egress") {
        Some(entry_) => rules(ctx, &entry_.value, &entry.key, "egress"),
        None if existing.is_some() => Vec::new(),
        None => vec![Rule {
            protocol: "-1".to_owned(),
            from_port: -1,
            to_port: -1,
            peer: Peer::Cidr4("0.0.0.0/0".to_owned()),
            description: String::new(),
        }],
    };
    fields.finish();
    Some(SecurityGroup {
        meta,
        existing: existing.and_then(|(_, given)| given),
        description: description.unwrap_or_else(|| format!("{} {}", ctx.stack_name(), entry.key)),
        ingress: ingress.unwrap_or_default(),
        egress,
    })
}

/// An id, or a name that a group can have.
fn check_existing(ctx: &Ctx<'_>, tree: &Tree, given: &str) -> Option<()> {
    let hex = |text: &str| matches!(text.len(), 8 | 17) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let complaint = match given.strip_prefix("sg-") {
        Some(rest) if hex(rest) => None,
        Some(_) => Some("An id has 8 or 17 hexadecimal digits after `sg-`, and no name begins so.".to_owned()),
        // AWS's own group of a VPC has a name that no other can get.
        None if given == "default" => None,
        None => {
            values::SECURITY_GROUP.complaint(given).map(|text| format!("{}.", super::super::decode::capital(&text)))
        }
    };
    let Some(help) = complaint else { return Some(()) };
    ctx.problems.error("bad-name", &tree.place, format!("`{given}` is no security group"), help);
    None
}

/// Refuses two entries that name one existing group: each would take the other's rules for its own.
pub(crate) fn check(ctx: &Ctx<'_>, groups: &BTreeMap<String, SecurityGroup>) {
    let mut seen: BTreeMap<&str, &SecurityGroup> = BTreeMap::new();
    for group in groups.values() {
        let Some(existing) = &group.existing else { continue };
        if let Some(first) = seen.insert(existing, group) {
            let summary = format!("two entries name the existing group `{existing}`");
            let error = Diagnostic::error("duplicate", summary, Some(group.meta.place.clone()));
            let help = "Put the rules of both under one entry.";
            ctx.problems.push(error.related(first.meta.place.clone(), "the first one").help(help));
        }
    }
}

fn check_description(ctx: &Ctx<'_>, tree: &Tree, text: &str) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.len() > 255 || !text.chars().all(allowed) {
        let help = "EC2 accepts up to 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$* here.";
        ctx.problems.error("bad-value", &tree.place, "EC2 does not accept this description", help);
    }
}

fn rules(ctx: &Ctx<'_>, tree: &Tree, group: &str, direction: &'static str) -> Vec<Rule> {
    let what = format!("`{direction}` of security group `{group}`");
    let mut found: Vec<Rule> = Vec::new();
    let mut seen: BTreeSet<(String, i32, i32, Peer)> = BTreeSet::new();
    for item in Want::new(&what, ctx.problems).several(tree) {
        for rule in rule(ctx, item, group, direction) {
            if !seen.insert((rule.protocol.clone(), rule.from_port, rule.to_port, rule.peer.clone())) {
                ctx.problems.error(
                    "duplicate-rule",
                    &item.place,
                    format!("{what} has the same rule twice: {}", show(&rule)),
                    "EC2 refuses a rule that exists already; ranges count as equal after masking. Remove one.",
                );
                continue;
            }
            if direction == "ingress" {
                risks::open_port(ctx, &item.place, group, &rule);
            }
            found.push(rule);
        }
    }
    if found.len() > QUOTA {
        let summary = format!("{what} expands to {} rules", found.len());
        ctx.problems.warn(
            "quota",
            &tree.place,
            summary,
            format!("The default quota of EC2 is {QUOTA}. Merge some rules, or make sure that your quota is higher."),
        );
    }
    found
}

fn show(rule: &Rule) -> String {
    let ports = match (rule.from_port, rule.to_port) {
        (-1, -1) => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from}-{to}"),
    };
    let peer = match &rule.peer {
        Peer::Cidr4(text) | Peer::Cidr6(text) | Peer::PrefixList(text) | Peer::Group(Text::Known(text)) => text.clone(),
        Peer::Group(Text::From(hole)) => hole.node.name().to_owned(),
        Peer::Group(Text::Join(_)) => "a group".to_owned(),
    };
    format!("{}{ports} {peer}", if rule.protocol == "-1" { "all" } else { &rule.protocol })
}

fn rule(ctx: &Ctx<'_>, item: &Tree, group: &str, direction: &'static str) -> Vec<Rule> {
    let what = format!("a rule of `{direction}` of security group `{group}`");
    let (table, side) = if direction == "ingress" { (&INGRESS, "from") } else { (&EGRESS, "to") };
    let Some(fields) = Fields::open(item, what.clone(), table, ctx.problems) else { return Vec::new() };
    let traffic = Traffic {
        protocol: fields.take("protocol").and_then(|tree| protocol(ctx, tree)),
        ports: fields.take("port"),
        icmp: fields.take("icmp"),
    };
    let peers = fields.take(side);
    let description = fields.take("description").and_then(|tree| {
        let text = fields.blank("description")?;
        check_description(ctx, tree, &text);
        Some(text)
    });
    fields.finish();
    let Some(peers) = peers else { return Vec::new() };
    for (tree, key) in [(Some(peers), side), (traffic.ports, "port")] {
        // A list of nothing would leave the rule out without a word.
        if let Some(tree) = tree.filter(|tree| tree.items().is_some_and(<[Tree]>::is_empty)) {
            let help = "Name at least one, or remove the rule.";
            ctx.problems.error("empty", &tree.place, format!("`{key}` of {what} is an empty list"), help);
        }
    }
    let spans = spans(ctx, item, &what, &traffic);
    let peers: Vec<Peer> =
        Want::new(&what, ctx.problems).several(peers).iter().filter_map(|peer| self::peer(ctx, peer, group)).collect();
    let mut found = Vec::new();
    for (protocol, from_port, to_port) in &spans {
        for peer in &peers {
            found.push(Rule {
                protocol: protocol.clone(),
                from_port: *from_port,
                to_port: *to_port,
                peer: peer.clone(),
                description: description.clone().unwrap_or_default(),
            });
        }
    }
    found
}

/// The protocol as EC2 gives it back.
fn protocol(ctx: &Ctx<'_>, tree: &Tree) -> Option<String> {
    let text = Want::new("`protocol`", ctx.problems).filled(tree)?.to_ascii_lowercase();
    let name = match text.as_str() {
        "all" | "-1" => "-1",
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        other => {
            if other.parse::<u8>().is_err() {
                let known = ["tcp", "udp", "icmp", "icmpv6", "all"];
                let near = suggest::nearest(other, known).map(|near| format!("Did you mean `{near}`? "));
                let help = format!("{}It may be {}, or a number.", near.unwrap_or_default(), suggest::choices(&known));
                ctx.problems.error("bad-protocol", &tree.place, format!("`{other}` is not a protocol"), help);
                return None;
            }
            other
        }
    };
    Some(name.to_owned())
}

/// What a rule says about protocols and ports.
struct Traffic<'t> {
    protocol: Option<String>,
    ports: Option<&'t Tree>,
    icmp: Option<&'t Tree>,
}

/// Protocol, first and last port of everything that one rule allows.
fn spans(ctx: &Ctx<'_>, item: &Tree, what: &str, traffic: &Traffic<'_>) -> Vec<(String, i32, i32)> {
    let (protocol, ports, icmp) = (traffic.protocol.as_deref(), traffic.ports, traffic.icmp);
    if icmp.is_some() || matches!(protocol, Some("icmp" | "icmpv6")) {
        let (kind, code) = icmp.map_or((-1, -1), |tree| icmp_type(ctx, tree));
        if let Some(ports) = ports {
            let help = "Write icmp: { type: 8, code: 0 }, or remove it for all of ICMP.";
            ctx.problems.error("bad-value", &ports.place, "ICMP has no ports", help);
        }
        return vec![(protocol.unwrap_or("icmp").to_owned(), kind, code)];
    }
    if protocol == Some("-1") {
        if let Some(ports) = ports.filter(|tree| tree.scalar().as_deref() != Some("all")) {
            let help = "Protocol `all` opens every port. Use tcp or udp to open some.";
            ctx.problems.error("bad-value", &ports.place, "a rule for all protocols cannot name ports", help);
        }
        return vec![("-1".to_owned(), -1, -1)];
    }
    let Some(ports) = ports else {
        if let Some(number) = protocol.filter(|name| name.parse::<u8>().is_ok()) {
            return vec![(number.to_owned(), -1, -1)];
        }
        if protocol.is_none() {
            let help = "Write port: 80, ports: [80, 443], port: 8000-8010, or protocol: all.";
            ctx.problems.error("missing-key", &item.place, format!("{what} names no port"), help);
            return Vec::new();
        }
        return vec![(protocol.unwrap_or("tcp").to_owned(), 0, 65_535)];
    };
    Want::new(what, ctx.problems).several(ports).iter().filter_map(|tree| port(ctx, tree, protocol)).collect()
}

/// `80`, `8000-8010`, `2000/udp`, `all`, `{ from, to }`.
fn port(ctx: &Ctx<'_>, tree: &Tree, protocol: Option<&str>) -> Option<(String, i32, i32)> {
    if let Value::Map(_) = &tree.value {
        let fields = Fields::open(tree, "`port`", &PORTS, ctx.problems)?;
        let (from, to) = (fields.count("from"), fields.count("to"));
        fields.finish();
        let (from, to) = (i32::try_from(from?).ok()?, i32::try_from(to?).ok()?);
        return Some((protocol.unwrap_or("tcp").to_owned(), from.min(to), from.max(to)));
    }
    let text = Want::new("`port`", ctx.problems).filled(tree)?;
    let (range, own) = match text.split_once('/') {
        Some((range, own)) => (range, Some(own.to_ascii_lowercase())),
        None => (text.as_str(), None),
    };
    if range.eq_ignore_ascii_case("all") {
        return Some((protocol.unwrap_or("tcp").to_owned(), 0, 65_535));
    }
    let good = own.as_deref().is_none_or(|own| ["tcp", "udp"].contains(&own));
    match port_range(range) {
        Some((from, to)) if good => Some((own.as_deref().or(protocol).unwrap_or("tcp").to_owned(), from, to)),
        Some(_) | None => {
            let help = "Write a port (80), a range (8000-8010), or a port with its protocol (2000/udp); 0 to 65535.";
            ctx.problems.error("bad-port", &tree.place, format!("`{text}` is not a port or a range of ports"), help);
            None
        }
    }
}

fn icmp_type(ctx: &Ctx<'_>, tree: &Tree) -> (i32, i32) {
    if tree.entries().is_none() {
        if tree.scalar().as_deref() == Some("all") {
            return (-1, -1);
        }
        let kind = Want::new("`icmp`", ctx.problems).number(tree, -1, 255);
        return (kind.and_then(|kind| i32::try_from(kind).ok()).unwrap_or(-1), -1);
    }
    let Some(fields) = Fields::open(tree, "`icmp`", &ICMP, ctx.problems) else { return (-1, -1) };
    let number = |key| fields.number(key).and_then(|value| i32::try_from(value).ok()).unwrap_or(-1);
    let found = (number("type"), number("code"));
    fields.finish();
    found
}

/// A CIDR range, `self`, a group of the file, `sg-…`, `pl-…`, or an output.
fn peer(ctx: &Ctx<'_>, tree: &Tree, group: &str) -> Option<Peer> {
    let want = Want::new("the other side of a rule", ctx.problems);
    let name = match want.text(tree)? {
        Text::Known(name) => name.trim().to_owned(),
        open => {
            return ctx
                .leads_to(tree, &open, "security_group", "the other side of a rule")
                .then_some(Peer::Group(open));
        }
    };
    if ctx.scope.names.has("security_group", &name) {
        return Some(Peer::Group(Text::output(NodeId::new("security_group", &name), "id")));
    }
    match name.as_str() {
        "self" => return Some(Peer::Group(Text::output(NodeId::new("security_group", group), "id"))),
        "anywhere" | "all" | "any" | "everyone" | "internet" => {
            let help = "Write 0.0.0.0/0 for every IPv4 address, \"::/0\" for every IPv6 address, or both in a list.";
            ctx.problems.error("bad-cidr", &tree.place, format!("`{name}` is not an address range"), help);
            return None;
        }
        _ => {}
    }
    if name.starts_with("sg-") {
        return Some(Peer::Group(Text::Known(name)));
    }
    if name.starts_with("pl-") {
        return Some(Peer::PrefixList(name));
    }
    if name.contains('/') || name.contains(':') || name.starts_with(|c: char| c.is_ascii_digit()) {
        return match cidr(&name) {
            Ok(range) => {
                if !range.exact {
                    let help = format!("EC2 masks it to {}. Write that instead.", range.text);
                    ctx.problems.warn("masked-range", &tree.place, format!("`{name}` has host bits set"), help);
                }
                Some(if range.v4 { Peer::Cidr4(range.text) } else { Peer::Cidr6(range.text) })
            }
            Err(complaint) => {
                let help =
                    length_help(&name).unwrap_or_else(|| "Write 10.0.0.0/16, 203.0.113.7/32 or \"::/0\".".into());
                ctx.problems.error(
                    "bad-cidr",
                    &tree.place,
                    format!("`{name}` is not an address range: {complaint}"),
                    help,
                );
                None
            }
        };
    }
    ctx.dangling(tree, &name, "security_group", "security_groups");
    None
}
