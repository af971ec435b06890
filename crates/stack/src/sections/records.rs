//! Records of a zone: by `type` and `values`, by a short key (`txt: …`), or as an alias of a load balancer.

use std::net::{Ipv4Addr, Ipv6Addr};

use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;

use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{Record, RecordData};
use super::super::table::{EMPTY, Key, Table, Type, key, later};
use super::super::tree::Tree;
use super::Ctx;
use super::dns::{complaint, domain};

/// The types that evenkeel manages, and their short keys.
const TYPES: [(&str, &str); 7] =
    [("A", "a"), ("AAAA", "aaaa"), ("CNAME", "cname"), ("TXT", "txt"), ("MX", "mx"), ("SRV", "srv"), ("CAA", "caa")];
/// The label under which the marks of records stand.
const RESERVED: &str = "_evenkeel";
/// Bytes of one string of a TXT record.
const TXT_STRING: usize = 255;
/// The short key of a type.
const fn short(name: &'static str, say: &'static str, example: &'static str) -> Key {
    key(name, Type::Several(&Type::Open), say).shape("value or list").aws("ResourceRecords").example(example)
}

/// A record.
pub(crate) static RECORD: Table = Table {
    path: "dns.records",
    what: "a record",
    groups: &[&[
        key("name", Type::Text, "Its name.")
            .needed("Write name: www, or name: \"@\" for the zone itself.")
            .shape("`@`, a name in the zone, or a full name")
            .aws("Name")
            .example("www"),
        short("a", "IPv4 addresses.", "203.0.113.7"),
        short("aaaa", "IPv6 addresses.", "\"2001:db8::7\""),
        short("cname", "The name that it points to.", "target.example.com"),
        short("txt", "Texts; evenkeel quotes and splits them as Route 53 requires.", "v=spf1 -all"),
        short("mx", "Mail servers with their priorities.", "10 mail.example.com"),
        short("srv", "Priority, weight, port and host.", "10 5 5060 sip.example.com"),
        short("caa", "Who may issue certificates.", "0 issue \"amazon.com\""),
        key("type", Type::Word(&["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "CAA"]), "The type, in the long form.")
            .aws("Type"),
        key("values", Type::Several(&Type::Open), "Values, with `type`.")
            .also(&["value"])
            .shape("value or list")
            .aws("ResourceRecords"),
        key(
            "alias",
            Type::AnyOf(&[Type::Entry("load_balancers"), Type::Map(&ALIAS)]),
            "What it points to; type A, and AAAA too if the load balancer is dualstack.",
        )
        .shape("a load balancer of the file, or a map (below)")
        .aws("AliasTarget")
        .example("web"),
        key("ttl", Type::Seconds(0, 2_147_483_647), "How long resolvers keep an answer; not for an alias.")
            .value("300s")
            .aws("TTL"),
        later("weight", "Weight", "Weighted records."),
        later("failover", "Failover", "Records for failover."),
        later("geolocation", "GeoLocation", "Records by the location of the client."),
        later("latency", "Region", "Records by latency."),
        later("set_identifier", "SetIdentifier", "Tells records of one name and type apart."),
        later("health_check", "HealthCheckId", "Health checks of Route 53."),
    ]],
    ..EMPTY
};

/// `alias:` in its long form.
static ALIAS: Table = Table {
    path: "dns.records.alias",
    what: "an alias",
    groups: &[&[
        key("load_balancer", Type::Entry("load_balancers"), "A load balancer of the file."),
        key("dns_name", Type::Open, "The DNS name of another target.").aws("DNSName").example("d111.cloudfront.net"),
        key("zone_id", Type::Open, "The hosted zone of that name.").aws("HostedZoneId").example("Z2FDTNDATAQYW2"),
        key(
            "evaluate_target_health",
            Type::Flag,
            "Whether Route 53 withdraws the record when its target is unhealthy.",
        )
        .value("false")
        .aws("EvaluateTargetHealth"),
    ]],
    ..EMPTY
};

/// Reads one item; an alias of a dual-stack load balancer gives two records.
pub(crate) fn read(ctx: &Ctx<'_>, item: &Tree, zone: &str) -> Vec<Record> {
    let what = format!("a record of zone `{zone}`");
    let Some(fields) = Fields::open(item, what.clone(), &RECORD, ctx.problems) else { return Vec::new() };
    let name = fields.take("name").and_then(|tree| full_name(ctx, tree, zone));
    let mut given: Vec<(&'static str, &Tree)> =
        TYPES.iter().filter_map(|(rtype, key)| fields.take(key).map(|tree| (*rtype, tree))).collect();
    let rtype = fields.word("type");
    let values = fields.take("values");
    let alias = fields.take("alias");
    let ttl = fields.take("ttl");
    let secs = fields.seconds("ttl");
    fields.finish();
    if let (Some(rtype), Some(values)) = (rtype, values) {
        given.push((rtype, values));
    }
    let records = match (&given[..], alias) {
        ([], Some(alias)) => {
            if let Some(ttl) = ttl {
                let help = "Route 53 takes the TTL of an alias from its target. Remove it.";
                ctx.problems.error("bad-value", &ttl.place, "an alias has no `ttl`", help);
            }
            self::alias(ctx, alias, rtype)
        }
        ([(rtype, values)], None) => {
            let values = self::values(ctx, values, rtype);
            if values.is_empty() {
                return Vec::new();
            }
            vec![((*rtype).to_owned(), RecordData::Values { ttl: secs.unwrap_or_default(), values })]
        }
        ([], None) => {
            let help = "Write alias: a load balancer, cname: a name, txt: […], or type and values.";
            ctx.problems.error("missing-key", &item.place, format!("{what} has no value"), help);
            return Vec::new();
        }
        _ => {
            let help = "One entry is one record. Split it into several entries.";
            ctx.problems.error(
                "contradiction",
                &item.place,
                format!("{what} has several values of different kinds"),
                help,
            );
            return Vec::new();
        }
    };
    let Some(name) = name else { return Vec::new() };
    let record = |(rtype, data)| Record { place: item.place.clone(), name: name.clone(), rtype, data };
    records.into_iter().map(record).collect()
}

/// `@`, a name in the zone, or a full name with or without the last dot.
fn full_name(ctx: &Ctx<'_>, tree: &Tree, zone: &str) -> Option<String> {
    let given = Want::new("`name` of a record", ctx.problems).filled(tree)?;
    let dotted = given.trim().ends_with('.');
    let name = domain(&given).replace("\\052", "*");
    let inside = name == zone || name.ends_with(&format!(".{zone}"));
    let full = if name == "@" {
        zone.to_owned()
    } else if inside {
        name
    } else if dotted {
        let help = format!(
            "A name that ends with a dot is complete, and this one is not in the zone \
                 `{zone}`. Remove the dot, or move the record to its zone."
        );
        ctx.problems.error("bad-name", &tree.place, format!("`{given}` is not in this zone"), help);
        return None;
    } else {
        format!("{name}.{zone}")
    };
    if let Some(complaint) = complaint(&full) {
        let summary = format!("`{given}` is not a valid name for a record");
        ctx.problems.error("bad-name", &tree.place, summary, capital(&complaint));
        return None;
    }
    if full.split('.').any(|label| label == RESERVED) {
        let summary = format!("`{given}` is not a valid name for a record");
        let help = format!("Names under `{RESERVED}` are reserved for the marks of evenkeel. Choose another name.");
        ctx.problems.error("bad-name", &tree.place, summary, help);
        return None;
    }
    Some(full)
}

fn alias(ctx: &Ctx<'_>, tree: &Tree, rtype: Option<&'static str>) -> Vec<(String, RecordData)> {
    let data =
        |dns_name, zone_id, evaluate_target_health| RecordData::Alias { dns_name, zone_id, evaluate_target_health };
    let balancer = |tree: &Tree, evaluate| {
        let name = ctx.entry_name(tree, "load_balancer", "load_balancers", "an alias")?;
        let node = NodeId::new("load_balancer", &name);
        let found = data(Text::output(node.clone(), "dns_name"), Text::output(node, "zone_id"), evaluate);
        Some((ctx.is_dualstack(&name), found))
    };
    let found = if tree.entries().is_none() {
        balancer(tree, false)
    } else {
        let Some(fields) = Fields::open(tree, "an alias", &ALIAS, ctx.problems) else { return Vec::new() };
        let evaluate = fields.flag("evaluate_target_health").unwrap_or_default();
        let entry = fields.take("load_balancer");
        let (name, zone) = (fields.open_text("dns_name"), fields.open_text("zone_id"));
        fields.finish();
        match (entry, name, zone) {
            (Some(entry), None, None) => balancer(entry, evaluate),
            (None, Some(Text::Known(name)), Some(zone)) => Some((false, data(domain(&name).into(), zone, evaluate))),
            (None, Some(name), Some(zone)) => Some((false, data(name, zone, evaluate))),
            _ => {
                let help = "Write alias: a load balancer of this file, or alias: { dns_name: …, zone_id: … }.";
                ctx.problems.error("missing-key", &tree.place, "an alias needs its target and the zone of it", help);
                None
            }
        }
    };
    let Some((dualstack, data)) = found else { return Vec::new() };
    match rtype {
        Some(rtype @ ("A" | "AAAA")) => vec![(rtype.to_owned(), data)],
        Some(rtype) => {
            let help = "An alias of a load balancer is of type A or AAAA. Remove `type`.";
            ctx.problems.error("bad-value", &tree.place, format!("an alias cannot be of type {rtype}"), help);
            Vec::new()
        }
        None if dualstack => vec![("A".to_owned(), data.clone()), ("AAAA".to_owned(), data)],
        None => vec![("A".to_owned(), data)],
    }
}

fn values(ctx: &Ctx<'_>, tree: &Tree, rtype: &str) -> Vec<Text> {
    let what = format!("a value of type {rtype}");
    let want = Want::new(&what, ctx.problems);
    let mut found = Vec::new();
    for item in want.several(tree) {
        let Some(text) = want.text(item) else { continue };
        let value = match text {
            Text::Known(text) => match normal(rtype, &text) {
                Ok(text) => Text::Known(text),
                Err(help) => {
                    let summary = format!("`{}` is not a value of type {rtype}", super::super::tree::shorten(&text));
                    ctx.problems.error("bad-record", &item.place, summary, help);
                    continue;
                }
            },
            open => {
                if rtype == "TXT" {
                    quoted(open)
                } else {
                    open
                }
            }
        };
        if found.contains(&value) {
            let summary = format!("{} is given twice", item.describe());
            ctx.problems.error(
                "duplicate",
                &item.place,
                summary,
                "Route 53 refuses a value that is given twice. Remove one.",
            );
            continue;
        }
        found.push(value);
    }
    if rtype == "CNAME" && found.len() > 1 {
        ctx.problems.error("too-many", &tree.place, "a CNAME has one value", "Remove the others.");
    }
    if tree.items().is_some_and(<[Tree]>::is_empty) {
        ctx.problems.error("empty", &tree.place, "a record has no values", "Give at least one.");
    }
    found.sort();
    found
}

/// A value as Route 53 takes it and gives it back; `Err` says what it should look like.
fn normal(rtype: &str, text: &str) -> Result<String, &'static str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |text: &str| text.parse::<u16>().is_ok();
    let host = |text: &str| complaint(&domain(text)).is_none();
    match rtype {
        "A" => {
            text.trim().parse::<Ipv4Addr>().map(|ip| ip.to_string()).map_err(|_| "Write an IPv4 address: 203.0.113.7.")
        }
        "AAAA" => {
            text.trim().parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| "Write an IPv6 address: 2001:db8::7.")
        }
        "CNAME" if words.len() == 1 && host(text) => Ok(text.trim().trim_end_matches('.').to_owned()),
        "MX" if words.len() == 2 && number(words[0]) && host(words[1]) => {
            Ok(format!("{} {}", words[0], words[1].trim_end_matches('.')))
        }
        "SRV"
            if words.len() == 4
                && words[..3].iter().all(|word| number(word))
                && (words[3] == "." || host(words[3])) =>
        {
            let target = if words[3] == "." { "." } else { words[3].trim_end_matches('.') };
            Ok(format!("{} {} {} {target}", words[0], words[1], words[2]))
        }
        "CAA" => caa(text).ok_or("Write flags, tag and value: 0 issue \"amazon.com\"."),
        "TXT" => Ok(txt(text)),
        "CNAME" => Err("Write a domain name: target.example.com."),
        "MX" => Err("Write a priority and a host: 10 mail.example.com."),
        _ => Err("Write priority, weight, port and host: 10 5 5060 sip.example.com."),
    }
}

fn caa(text: &str) -> Option<String> {
    let (flags, rest) = text.trim().split_once(char::is_whitespace)?;
    let (tag, value) = rest.trim().split_once(char::is_whitespace)?;
    flags.parse::<u8>().ok()?;
    ["issue", "issuewild", "iodef", "issuemail", "issuevmc"].contains(&tag).then_some(())?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (!value.contains('"')).then(|| format!("{flags} {tag} \"{value}\""))
}

/// A text with something open in it, in quotes unless it has them; what is open are names, which need no escapes.
fn quoted(open: Text) -> Text {
    let quote = || Text::Known("\"".to_owned());
    match open {
        Text::Join(parts) if matches!(parts.first(), Some(Text::Known(first)) if first.starts_with('"')) => {
            Text::Join(parts)
        }
        Text::Join(mut parts) => {
            parts.insert(0, quote());
            parts.push(quote());
            Text::Join(parts)
        }
        open => Text::Join(vec![quote(), open, quote()]),
    }
}

/// A text in quotes, cut into strings of 255 bytes; what is already in quotes stays.
fn txt(text: &str) -> String {
    if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        return text.to_owned();
    }
    let mut strings = vec![String::new()];
    let mut room = TXT_STRING;
    for c in text.chars() {
        // Route 53 takes other characters as three octal digits each byte.
        let escaped = match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_ascii_graphic() || c == ' ' => c.to_string(),
            c => c.to_string().bytes().map(|byte| format!("\\{byte:03o}")).collect(),
        };
        if c.len_utf8() > room {
            strings.push(String::new());
            room = TXT_STRING;
        }
        room -= c.len_utf8();
        if let Some(last) = strings.last_mut() {
            last.push_str(&escaped);
        }
    }
    strings.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn txt_is_quoted_and_cut() {
        assert_eq!(txt("v=spf1 -all"), "\"v=spf1 -all\"");
        assert_eq!(txt("\"kept\" \"as is\""), "\"kept\" \"as is\"");
        assert_eq!(txt("say \"hi\""), "\"say \\\"hi\\\"\"");
        assert_eq!(txt("é"), "\"\\303\\251\"");
        let long = txt(&"x".repeat(300));
        assert_eq!(long, format!("\"{}\" \"{}\"", "x".repeat(255), "x".repeat(45)));
    }

    #[test]
    fn values_of_each_type_are_checked() {
        assert_eq!(normal("MX", "10  mail.example.com.").unwrap(), "10 mail.example.com");
        assert_eq!(normal("AAAA", "2001:DB8:0::7").unwrap(), "2001:db8::7");
        assert_eq!(normal("CAA", "0 issue amazon.com").unwrap(), "0 issue \"amazon.com\"");
        assert_eq!(normal("SRV", "1 2 3 a.example").unwrap(), "1 2 3 a.example");
        for (rtype, bad) in [("A", "::1"), ("A", "300.1.1.1"), ("MX", "mail"), ("SRV", "1 2 a"), ("CAA", "issue x")] {
            assert!(normal(rtype, bad).is_err(), "{rtype} {bad}");
        }
    }
}
