//! `network: create:`, a VPC of the stack's own with its subnets, NAT gateways and endpoints. Checks what EC2 would refuse: ranges, sizes,
//! zones, what has no way out. Which addresses the subnets get is worked out in `own_subnets.rs`; what becomes of it in AWS is not known.

use super::super::decode::Want;
use super::super::fields::Fields;
use super::super::model::{Nat, OwnNetwork, Zones, is_route};
use super::super::table::{EMPTY, Table, Type, key};
use super::super::tree::{Tree, Value};
use super::Ctx;
use super::own_subnets::{LARGEST, Range, SMALLEST};

/// Words for endpoints.
const ENDPOINTS: &[&str] =
    &["ecr", "s3", "dynamodb", "logs", "ssm", "ssmmessages", "secrets_manager", "kms", "sts", "sqs", "sns"];
/// Most zones that a network can have.
const MOST_ZONES: usize = 6;
/// Words for sizes of subnets.
const SIZES: [(&str, u8); 3] = [("small", 26), ("medium", 24), ("large", 20)];

/// The section.
pub(crate) static OWN_NETWORK: Table = Table {
    path: "network.create",
    what: "a network of the stack's own",
    groups: &[&[
        key("cidr", Type::Text, "The range of the VPC; it never changes.")
            .shape("a range from /16 to /28")
            .value("10.0.0.0/16")
            .aws("CidrBlock"),
        key(
            "zones",
            Type::AnyOf(&[Type::Number(1, 6), Type::Several(&Type::Text)]),
            "The availability zones; each tier has a subnet in each.",
        )
        .shape("how many, or their names")
        .value("2")
        .aws("AvailabilityZone")
        .example("3"),
        key("public", Type::Several(&Type::Text), "Subnets whose way out is the internet gateway.")
            .shape(
                "`small` (/26), `medium` (/24), `large` (/20), a size such as `/25`, a range for each zone, or `none`",
            )
            .without("`medium`, or less in a small VPC")
            .aws("CidrBlock")
            .example("/25"),
        key("private", Type::Several(&Type::Text), "Subnets that nothing outside of the VPC reaches.")
            .shape("as `public`")
            .without("`large`, or less in a small VPC")
            .aws("CidrBlock")
            .example("[10.0.0.0/20, 10.0.16.0/20]"),
        key("nat", Type::Word(&["one", "one_per_zone", "none"]), "The NAT gateways by which private subnets get out.")
            .without("`one` if there are public and private subnets, else `none`")
            .aws("CreateNatGateway")
            .example("one_per_zone"),
        key(
            "endpoints",
            Type::Several(&Type::Word(ENDPOINTS)),
            "Services of AWS that are reached without a NAT gateway; those of `s3` and `dynamodb` cost nothing.",
        )
        .shape("`ecr`, `s3`, `dynamodb`, `logs`, `ssm`, `ssmmessages`, `secrets_manager`, `kms`, `sts`, `sqs`, `sns`")
        .aws("ServiceName")
        .example("[ecr, s3, logs]"),
        key("dns_support", Type::Flag, "Whether AWS's DNS server answers in the VPC.")
            .value("true")
            .aws("EnableDnsSupport"),
        key("dns_hostnames", Type::Flag, "Whether what has a public address gets a DNS name.")
            .value("true")
            .aws("EnableDnsHostnames"),
    ]],
    words: &[
        ("subnets", "They are `public` and `private` here."),
        ("azs", "They are `zones` here."),
        ("max_azs", "Their number is `zones` here."),
        ("nat_gateways", "Write nat: one, one_per_zone or none."),
    ],
    ..EMPTY
};

/// Reads the section.
pub(super) fn read(ctx: &Ctx<'_>, tree: &Tree) -> Option<OwnNetwork> {
    let fields = Fields::open(tree, "`create`", &OWN_NETWORK, ctx.problems)?;
    let errors = ctx.problems.errors();
    let zones = fields.take("zones").map_or(Some(Zones::Count(2)), |tree| zones(ctx, tree));
    let cidr = fields.text("cidr").unwrap_or_else(|| "10.0.0.0/16".to_owned());
    let vpc = match Range::read(&cidr) {
        Ok(range) => Some(range),
        Err((summary, help)) => {
            let place = fields.take("cidr").map_or(&tree.place, |tree| &tree.place);
            ctx.problems.error("bad-cidr", place, format!("`cidr`: {summary}"), help);
            None
        }
    };
    let tiers = vpc.zip(zones.clone()).map(|(vpc, zones)| {
        let public = tier(ctx, &fields, "public", vpc, zones.count());
        let private = tier(ctx, &fields, "private", vpc, zones.count());
        (public, private)
    });
    let endpoints = endpoints(ctx, &fields);
    let nat = fields.word("nat");
    // All of them are asked for, whatever is wrong with some.
    let _ = (fields.take("public"), fields.take("private"));
    let flag = |name| fields.flag(name).unwrap_or(true);
    let (dns_support, dns_hostnames) = (flag("dns_support"), flag("dns_hostnames"));
    if ctx.problems.errors() > errors {
        fields.finish();
        return None;
    }
    let (public, private) = tiers?;
    overlapping(ctx, &fields, &public, &private);
    let nat = nats(ctx, &fields, nat, !public.is_empty(), !private.is_empty());
    names_needed(ctx, &fields, &endpoints, dns_support && dns_hostnames);
    fields.finish();
    let texts = |ranges: Vec<Range>| ranges.iter().map(ToString::to_string).collect();
    Some(OwnNetwork {
        place: tree.place.clone(),
        cidr: vpc?.to_string(),
        zones: zones?,
        public: texts(public),
        private: texts(private),
        nat,
        endpoints,
        dns_support,
        dns_hostnames,
    })
}

fn zones(ctx: &Ctx<'_>, tree: &Tree) -> Option<Zones> {
    let want = Want::new("`zones`", ctx.problems);
    if tree.scalar().is_some_and(|text| text.parse::<i64>().is_ok()) {
        let most = u32::try_from(MOST_ZONES).unwrap_or(6);
        return want.count(tree, 1, most).map(|count| Zones::Count(count as usize));
    }
    let names = want.strings(tree);
    let mut seen = std::collections::BTreeSet::new();
    let mut good = !names.is_empty();
    for item in want.several(tree) {
        let Some(name) = item.scalar() else { continue };
        let region = ctx.scope.region.as_deref();
        let letter = region.map_or(Some(name.as_str()), |region| name.strip_prefix(region));
        let is_zone = letter.is_some_and(|rest| {
            rest.ends_with(|c: char| c.is_ascii_lowercase()) && (region.is_none() || rest.len() == 1)
        });
        if !is_zone {
            good = false;
            let help = match region {
                Some(region) => format!(
                    "Zones of this region are called {region}a, {region}b and so on; or write how many: zones: 2."
                ),
                None => "Write names like eu-west-1a, or how many: zones: 2.".to_owned(),
            };
            ctx.problems.error(
                "bad-value",
                &item.place,
                format!("`{name}` is no availability zone of the region"),
                help,
            );
        } else if !seen.insert(name.clone()) {
            good = false;
            ctx.problems.error("duplicate", &item.place, format!("`{name}` is given twice"), "Name each zone once.");
        }
    }
    if names.is_empty() && !matches!(tree.value, Value::Wrong) {
        ctx.problems.error("empty", &tree.place, "`zones` names no zone", "Name some, or write how many: zones: 2.");
    }
    if names.len() > MOST_ZONES {
        good = false;
        let summary = format!("`zones` names {} zones", names.len());
        ctx.problems.error("too-many", &tree.place, summary, format!("A network can have at most {MOST_ZONES}."));
    }
    good.then_some(Zones::Names(names))
}

/// The subnets of a tier.
fn tier(ctx: &Ctx<'_>, fields: &Fields<'_>, name: &'static str, vpc: Range, zones: usize) -> Vec<Range> {
    let public = name == "public";
    let usual = vpc.usual(if public { 24 } else { 20 });
    let Some(tree) = fields.take(name) else {
        return cut(ctx, fields, name, None, (vpc, usual, zones));
    };
    let what = format!("`{name}`");
    let want = Want::new(&what, ctx.problems);
    if let Value::List(items) = &tree.value {
        return given(ctx, tree, items, name, vpc, zones);
    }
    let Some(text) = want.filled(tree) else { return Vec::new() };
    if text == "none" {
        return Vec::new();
    }
    let word = SIZES.iter().find(|(word, _)| *word == text).map(|(_, size)| *size);
    let size = word.or_else(|| text.strip_prefix('/')?.parse::<u8>().ok());
    match size {
        Some(size) if (LARGEST..=SMALLEST).contains(&size) => cut(ctx, fields, name, Some(tree), (vpc, size, zones)),
        Some(size) => {
            let help = format!("EC2 takes subnets from /{LARGEST} to /{SMALLEST}.");
            ctx.problems.error("bad-size", &tree.place, format!("{what} cannot have subnets of /{size}"), help);
            Vec::new()
        }
        // One range is right where there is one zone.
        None if text.contains('/') => given(ctx, tree, std::slice::from_ref(tree), name, vpc, zones),
        None => {
            let help = "Write small (/26), medium (/24), large (/20), a size such as /25, a list with a range for each zone, or none.";
            ctx.problems.error("bad-value", &tree.place, format!("{what} cannot be `{text}`"), help);
            Vec::new()
        }
    }
}

/// Blocks of a size.
fn cut(
    ctx: &Ctx<'_>,
    fields: &Fields<'_>,
    name: &str,
    tree: Option<&Tree>,
    (vpc, size, zones): (Range, u8, usize),
) -> Vec<Range> {
    vpc.blocks(name == "public", size, zones).unwrap_or_else(|room| {
        let place = tree.map_or(fields.place(), |tree| &tree.place);
        let summary = format!("{vpc} has no room for {zones} {name} subnets of /{size}");
        let room = match room {
            0 => "Half of the VPC is for each tier, and that is smaller than one of them".to_owned(),
            room => format!("Half of the VPC is for each tier, which is {room} of them"),
        };
        let help = format!("{room}. Choose smaller subnets or fewer zones, or give the ranges one by one.");
        ctx.problems.error("bad-size", place, summary, help);
        Vec::new()
    })
}

/// Ranges that the file gives, one for each zone.
fn given(ctx: &Ctx<'_>, tree: &Tree, items: &[Tree], name: &str, vpc: Range, zones: usize) -> Vec<Range> {
    let what = format!("`{name}`");
    let want = Want::new(&what, ctx.problems);
    let mut found = Vec::new();
    for item in items {
        let Some(text) = want.filled(item) else { continue };
        match Range::read(&text) {
            Err((summary, help)) => ctx.problems.error("bad-cidr", &item.place, format!("{what}: {summary}"), help),
            Ok(range) if !vpc.contains(range) => {
                let summary = format!("{what}: {range} is not in {vpc}, the range of the VPC");
                ctx.problems.error("bad-cidr", &item.place, summary, "Give a range within `cidr`.");
            }
            Ok(range) => found.push(range),
        }
    }
    if items.len() != zones {
        let summary = format!("{what} gives {} for {}", counted(items.len(), "range"), counted(zones, "zone"));
        ctx.problems.error("bad-value", &tree.place, summary, "Give one for each zone, or a size for all: /24.");
    }
    found
}

/// Subnets with addresses in common, of which EC2 makes only the first.
fn overlapping(ctx: &Ctx<'_>, fields: &Fields<'_>, public: &[Range], private: &[Range]) {
    let all: Vec<(&'static str, Range)> =
        public.iter().map(|range| ("public", *range)).chain(private.iter().map(|range| ("private", *range))).collect();
    for (at, (tier, range)) in all.iter().enumerate() {
        let Some((other_tier, other)) = all[..at].iter().find(|(_, other)| other.overlaps(*range)) else { continue };
        let place = fields.take(tier).or_else(|| fields.take(other_tier)).map_or(fields.place(), |tree| &tree.place);
        let summary = format!("the {tier} subnet {range} and the {other_tier} subnet {other} have addresses in common");
        ctx.problems.error("bad-cidr", place, summary, "Each subnet needs a range of its own. Change one of them.");
        return;
    }
}

fn nats(ctx: &Ctx<'_>, fields: &Fields<'_>, word: Option<&str>, public: bool, private: bool) -> Nat {
    let place = fields.take("nat").map_or(fields.place(), |tree| &tree.place);
    let nat = match word {
        Some("one") => Nat::One,
        Some("one_per_zone") => Nat::OnePerZone,
        Some(_) => Nat::None,
        None if public && private => Nat::One,
        None => Nat::None,
    };
    if nat != Nat::None && !public {
        let help = "It needs a public subnet. Add `public`, or write nat: none.";
        ctx.problems.error("contradiction", place, "a NAT gateway needs a public subnet, and `public` is none", help);
    } else if nat != Nat::None && !private {
        let help = "Only private subnets get out by it. Write nat: none, or add `private`.";
        ctx.problems.error("contradiction", place, "a NAT gateway is of no use without private subnets", help);
    }
    if !public && !private {
        let help = "Give `public` or `private` subnets a size.";
        ctx.problems.error("contradiction", fields.place(), "the network has no subnets", help);
    }
    nat
}

fn endpoints(ctx: &Ctx<'_>, fields: &Fields<'_>) -> Vec<&'static str> {
    let Some(tree) = fields.take("endpoints") else { return Vec::new() };
    let want = Want::new("`endpoints`", ctx.problems);
    let mut found: Vec<&'static str> = Vec::new();
    for item in want.several(tree) {
        let Some(word) = want.one_of(item, ENDPOINTS) else { continue };
        if found.contains(&word) {
            ctx.problems.error(
                "duplicate",
                &item.place,
                format!("`{word}` is given twice"),
                "Name each endpoint once.",
            );
            continue;
        }
        found.push(word);
    }
    found.sort_unstable();
    found
}

/// Endpoints that are interfaces take the names of their services over, which only a VPC with both of its DNS settings allows.
fn names_needed(ctx: &Ctx<'_>, fields: &Fields<'_>, endpoints: &[&str], names: bool) {
    let Some(word) = endpoints.iter().find(|word| !is_route(word)).filter(|_| !names) else { return };
    let place = fields.take("endpoints").map_or(fields.place(), |tree| &tree.place);
    let summary = format!("the endpoint `{word}` needs `dns_support` and `dns_hostnames`");
    let help = "It answers under the name of its service. Remove `dns_support: false` and `dns_hostnames: false`, or the endpoint.";
    ctx.problems.error("contradiction", place, summary, help);
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
