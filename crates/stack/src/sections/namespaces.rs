//! `namespaces:`, namespaces of Cloud Map: the table of their keys, the rules for their names, and how other sections name one. What
//! is registered in a namespace is said by `service_connect.rs` and `discovery.rs`; must not know what is in AWS.

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use evenkeel_core::name;

use super::super::arn;
use super::super::decode::{Want, capital};
use super::super::fields::Fields;
use super::super::model::{ManagedNamespace, Namespace, SoughtNamespace};
use super::super::suggest;
use super::super::table::{EMPTY, Made, Table, Type, key};
use super::super::tagging::Rules;
use super::super::tree::{Entry, Tree};
use super::super::values::NameRule;
use super::{Ctx, META, NAME, dns, existing};

/// The kind that entries stand for.
const KIND: &str = "namespace";
/// Longest name of a namespace that has a hosted zone.
const LONGEST: usize = 253;
/// Longest description.
const DESCRIPTION: usize = 1024;
/// Whatever can be printed; of a DNS namespace it has to be a domain.
static RULE: NameRule =
    NameRule { length: 1..=1024, also: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", not_starting: &[], inner_hyphen: false };

/// An entry.
pub(crate) static NAMESPACE: Table = Table {
    path: "namespaces",
    what: "a namespace",
    groups: &[
        &[key(
            "existing",
            Type::Text,
            "An existing namespace, which is only looked up; no other key is allowed with it.",
        )
        .shape("name or ARN")
        .aws("ListNamespaces")
        .example("shared")],
        &NAME,
        &META,
        &[
            key(
                "type",
                Type::Word(&["http", "private-dns"]),
                "For Service Connect and API calls alone, or with a private hosted zone in the VPC of `network`; a change \
                 replaces the namespace.",
            )
            .value("http")
            .aws("Type")
            .example("private-dns"),
            key("description", Type::Blank, "What it is for; up to 1024 characters.").aws("Description"),
            key(
                "ttl",
                Type::Seconds(0, 2_147_483_647),
                "How long resolvers remember that a name is not there; for `private-dns`.",
            )
            .without("not managed (AWS: 15s)")
            .aws("SOA.TTL")
            .example("30s"),
        ],
    ],
    made: &[Made { kind: KIND, outputs: &["arn", "id", "name"], name: Some(&RULE) }],
    words: &[
        ("Vpc", "A private DNS namespace belongs to the VPC of `network:`. Remove it."),
        ("services", "A service registers itself: write `discovery:` or `service_connect:` in `services:`."),
    ],
    ..EMPTY
};

/// Reads one entry.
pub(crate) fn read(ctx: &Ctx<'_>, entry: &Entry) -> Option<Namespace> {
    let what = format!("namespace `{}`", entry.key);
    let fields = Fields::open(&entry.value, what.clone(), &NAMESPACE, ctx.problems)?;
    if let Some(given) = fields.entry("existing") {
        let help = "A namespace with `existing` is only looked up. Remove one of the two.";
        existing::alone(ctx, entry, &NAMESPACE, &what, &[], help);
        if existing::is_empty(ctx, &fields, &what, "Name the namespace, or remove the key to have one made.") {
            return None;
        }
        let sought = sought(ctx, &given.value, &fields.text("existing")?)?;
        return Some(Namespace::Existing { place: entry.place.clone(), sought });
    }
    let meta = ctx.meta(entry, &fields, Rules::Common);
    let private_dns = fields.word("type") == Some("private-dns");
    if private_dns {
        domain(ctx, entry, &fields, meta.name.as_deref());
    }
    let description = fields.blank("description").unwrap_or_default();
    if let (true, Some(tree)) = (description.chars().count() > DESCRIPTION, fields.take("description")) {
        let help = format!("Cloud Map accepts {DESCRIPTION}. Shorten it.");
        let summary = format!("the description of {what} has {} characters", description.chars().count());
        ctx.problems.error("out-of-range", &tree.place, summary, help);
    }
    let ttl = fields.seconds("ttl");
    if let (false, Some(tree)) = (private_dns, fields.take("ttl")) {
        let help = "Only a namespace with a hosted zone has one. Remove it, or write type: private-dns.";
        ctx.problems.error("contradiction", &tree.place, format!("{what} has a `ttl` but no DNS"), help);
    }
    fields.finish();
    Some(Namespace::Managed(Box::new(ManagedNamespace { meta, private_dns, description, ttl })))
}

fn sought(ctx: &Ctx<'_>, tree: &Tree, given: &str) -> Option<SoughtNamespace> {
    if given.starts_with("arn:") {
        return arn::check(ctx, &tree.place, given, &arn::NAMESPACE).then(|| SoughtNamespace::Arn(given.to_owned()));
    }
    if let Some(complaint) = RULE.complaint(given) {
        let summary = format!("`{given}` is not a valid name for a namespace");
        ctx.problems.error("bad-name", &tree.place, summary, format!("{}.", capital(&complaint)));
        return None;
    }
    Some(SoughtNamespace::Name(given.to_owned()))
}

/// Sees that the name of a namespace with a hosted zone is a domain.
fn domain(ctx: &Ctx<'_>, entry: &Entry, fields: &Fields<'_>, given: Option<&str>) {
    let wrong = |name: &str| {
        let complaint = dns::complaint(name).or_else(|| name.contains('*').then(|| "`*` is not allowed".to_owned()));
        complaint.or_else(|| name.starts_with('-').then(|| "it cannot start with a hyphen".to_owned()))
    };
    match (given, fields.take("name")) {
        (Some(name), Some(tree)) => {
            if let Some(why) = wrong(name) {
                let summary = format!("`{name}` is not a valid name for {}", fields.what());
                let help = format!("{}. A name looks like shop.internal.", capital(&why));
                ctx.problems.error("bad-name", &tree.place, summary, help);
            }
        }
        _ => {
            let name = name::physical(ctx.stack_name(), &entry.key, LONGEST);
            if let (Some(why), None) = (wrong(&name), fields.take("name")) {
                let summary = format!("{} would be called `{name}`: {why}", fields.what());
                ctx.problems.error("bad-name", &entry.place, summary, "Give it another `name:`.");
            }
        }
    }
}

/// A namespace that something names: an entry, an ARN, `existing:NAME`, or what AWS calls an entry. Gives one of its outputs, `arn`
/// or `id`.
pub(crate) fn reference(ctx: &Ctx<'_>, tree: &Tree, what: &str, output: &str) -> Option<Text> {
    let name = match Want::new(what, ctx.problems).text(tree)? {
        Text::Known(name) => name,
        // Whichever output is given, the one that is needed is meant.
        Text::From(hole) if hole.node.kind() == KIND => return Some(Text::output(hole.node, output)),
        open => return ctx.leads_to(tree, &open, KIND, what).then_some(open),
    };
    if name.starts_with("arn:") {
        let id = name.rsplit('/').next().unwrap_or_default().to_owned();
        let good = arn::check(ctx, &tree.place, &name, &arn::NAMESPACE);
        return good.then(|| Text::Known(if output == "id" { id } else { name }));
    }
    let of_entry = |entry: &str| Text::output(NodeId::new(KIND, entry), output);
    if ctx.scope.names.has(KIND, &name) {
        return Some(of_entry(&name));
    }
    if let Some(existing) = name.strip_prefix("existing:").map(str::trim).filter(|name| !name.is_empty()) {
        let sought = sought(ctx, tree, existing)?;
        let found = Namespace::Existing { place: tree.place.clone(), sought };
        let entry = existing.rsplit('/').next().unwrap_or(existing).to_owned();
        ctx.namespaces.borrow_mut().entry(entry.clone()).or_insert(found);
        return Some(of_entry(&entry));
    }
    let called = |(entry, namespace): &(&String, &Namespace)| match namespace {
        Namespace::Managed(managed) => {
            let own = || name::physical(ctx.stack_name(), entry, LONGEST);
            managed.meta.name.clone().unwrap_or_else(own) == name
        }
        Namespace::Existing { sought, .. } => *sought == SoughtNamespace::Name(name.clone()),
    };
    if let Some((entry, _)) = ctx.namespaces.borrow().iter().find(called) {
        return Some(of_entry(entry));
    }
    let near = if ctx.problems.full() { None } else { suggest::nearest(&name, ctx.scope.names.of(KIND)) };
    let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
    let help = format!("{near}For a namespace that is not of this stack write `existing:{name}` or its ARN.");
    ctx.problems.error("unknown-name", &tree.place, format!("there is no namespace `{name}`"), help);
    None
}

/// The entry that a reference leads to; `None` if that is not known.
pub(crate) fn entry_of(reference: &Text) -> Option<&str> {
    match reference {
        Text::From(hole) if hole.node.kind() == KIND => Some(hole.node.name()),
        Text::From(_) | Text::Known(_) | Text::Join(_) => None,
    }
}

/// Notes that a name in a namespace is taken, and reports one that is taken twice.
pub(crate) fn claim(ctx: &Ctx<'_>, namespace: &Text, name: &str, place: &Place) {
    let known = || namespace.known().map(|known| known.rsplit('/').next().unwrap_or(known));
    let Some(room) = entry_of(namespace).or_else(known) else { return };
    let mut taken = ctx.taken.borrow_mut();
    match taken.get(&(room.to_owned(), name.to_owned())) {
        Some(first) => {
            let summary = format!("{name} is taken twice in one namespace");
            let error = Diagnostic::error("duplicate", summary, Some(place.clone()));
            let help = "A namespace has each name once. Give one of the two another, or use two namespaces.";
            ctx.problems.push(error.related(first.clone(), "the first one").help(help));
        }
        None => drop(taken.insert((room.to_owned(), name.to_owned()), place.clone())),
    }
}
