//! The top of the stack file: its own keys, the order in which sections are read, and what becomes of the problems.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Place, Source};
use evenkeel_core::name;
use evenkeel_core::secret::{self, Secrets};

use super::decode::{Problems, Want};
use super::fields::Fields;
use super::files::Files;
use super::interpolate::{self, Foreign};
use super::model::Stack;
use super::scope::{MAIN, Names, Scope};
use super::sections::{
    Ctx, autoscaling, certificates, cluster, databases, dns, each, existing, gateways, ingress, load_balancers,
    log_groups, namespaces, network, parameters, repositories, roles, secret_entries, security_groups, service_keys,
    services, shifting, sidecars, target_groups,
};
use super::suggest::{self, nearest};
use super::table::{EMPTY, Table, Type, key, later};
use super::tagging;
use super::tree::{Entry, Tree, Value};
use super::{LoadOptions, Loaded, validate, yaml};

/// The whole file.
pub static ROOT: Table = Table {
    path: "",
    what: "the stack file",
    groups: &[&[
        key(
            "stack",
            Type::Text,
            "The name of the stack: letters, digits and hyphens, beginning with a letter, at most 64; written to the tag \
             `evenkeel:stack` of everything.",
        )
        .needed("Every resource carries the name of its stack: stack: my-app.")
        .example("my-app"),
        key("region", Type::Text, "The region; `--region` overrides it.")
            .without("`AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile")
            .example("eu-west-1"),
        key("account", Type::Text, "A guard: evenkeel refuses credentials of another account.")
            .shape("12 digits, quoted")
            .example("\"123456789012\""),
        key("tags", Type::MapOf(&Type::Blank), "Tags on everything that can carry tags.").example("{ team: shop }"),
        key("public_env", Type::Several(&Type::Text), "Environment variables whose values plans may show.")
            .shape("list of names")
            .example("[IMAGE_TAG]"),
        key("vars", Type::MapOf(&Type::Blank), "Variables for `${var.…}`; a `--var` that the file does not declare is an error.")
            .shape("map of scalars")
            .example("{ image_tag: \"${env.IMAGE_TAG:-1.4.2}\" }"),
        key("network", Type::Map(&network::NETWORK), "The VPC and the subnets; both are looked up."),
        key("security_groups", Type::Entries(&security_groups::SECURITY_GROUP), "Security groups and their rules."),
        key("roles", Type::Entries(&roles::ROLE), "IAM roles for tasks, created or looked up."),
        key("log_groups", Type::Entries(&log_groups::LOG_GROUP), "CloudWatch log groups for the containers."),
        key("repositories", Type::Entries(&repositories::REPOSITORY), "ECR repositories for images."),
        key("parameters", Type::Entries(&parameters::PARAMETER), "Parameters of Systems Manager."),
        key("secrets", Type::Entries(&secret_entries::SECRET), "Secrets in Secrets Manager."),
        key("databases", Type::Entries(&databases::DATABASE), "Databases of RDS."),
        key("certificates", Type::Entries(&certificates::CERTIFICATE), "Certificates of ACM, requested or looked up."),
        key("target_groups", Type::Entries(&target_groups::TARGET_GROUP), "Target groups that load balancers forward to."),
        key("load_balancers", Type::Entries(&load_balancers::LOAD_BALANCER), "Application load balancers and their listeners."),
        key("gateways", Type::Entries(&gateways::GATEWAY), "Gateways of ECS, which services connect to in place of a load balancer."),
        key("namespaces", Type::Entries(&namespaces::NAMESPACE), "Namespaces of Cloud Map, made or looked up."),
        key("cluster", Type::AnyOf(&[Type::Text, Type::Map(&cluster::CLUSTER)]), "The ECS cluster of the stack.")
            .shape("a name, or a map")
            .example("shop"),
        key("services", Type::Entries(&service_keys::SERVICE), "ECS services."),
        key("dns", Type::Several(&Type::Map(&dns::ZONE)), "Route 53 zones and their records.").shape("list of zones"),
        later("schedules", "Schedule", "EventBridge schedules."),
        later("alarms", "Alarm", "CloudWatch alarms."),
        later("distributions", "Distribution", "CloudFront distributions."),
        later("buckets", "Bucket", "S3 buckets."),
        later("queues", "Queue", "SQS queues."),
        later("tasks", "Task", "Tasks that run once."),
    ]],
    words: &[
        ("vpc", "It is `vpc` under `network:` here."),
        ("subnets", "They are `subnets` under `network:` here."),
        ("Resources", "This is a CloudFormation template. docs/coming-from.md lists the keys to use instead."),
    ],
    ..EMPTY
};

/// Reads the file.
pub(crate) fn load(source: &Arc<Source>, options: &LoadOptions, files: &dyn Files) -> Result<Loaded, Vec<Diagnostic>> {
    let problems = Problems::default();
    let mut found = Vec::new();
    let tree = if source.text.trim().is_empty() { None } else { yaml::parse(source, &mut found) };
    found.into_iter().for_each(|diagnostic| problems.push(diagnostic));
    let start = Place { source: source.clone(), span: 0..0 };
    let mut secrets = Secrets::default();
    let stack = match tree {
        Some(tree) if !tree.is_null() => read(tree, options, files, &problems, &mut secrets),
        Some(_) | None => {
            if !problems.failed() {
                let help = "A stack file begins with its name: `stack: my-app`.";
                problems.error("empty-file", &start, format!("`{}` is empty", source.path), help);
            }
            None
        }
    };
    let failed = problems.failed();
    match stack {
        Some(stack) if !failed => {
            Ok(Loaded { stack, warnings: problems.into_sorted(&secrets), source: source.clone(), secrets })
        }
        Some(_) | None => {
            if !failed {
                // A section gave nothing and said nothing: that is a mistake of ours, and must not pass as success.
                problems.error(
                    "internal",
                    &start,
                    "the file could not be read",
                    "This is a bug in evenkeel. Please report it with the file.",
                );
            }
            Err(problems.into_sorted(&secrets))
        }
    }
}

fn read(
    tree: Tree,
    options: &LoadOptions,
    files: &dyn Files,
    problems: &Problems,
    secrets: &mut Secrets,
) -> Option<Stack> {
    if !matches!(tree.value, Value::Map(_)) {
        Fields::open(&tree, "the stack file", &ROOT, problems)?;
    }
    let vars = vars(&tree, options, problems);
    let mut scope = Scope::new(&options.env, vars, &ROOT);
    scope.public = public_env(&tree, options, problems);
    head(&tree, options, &mut scope, problems);
    scope.names = names(&tree, &scope);
    scope.check_vars(problems);
    let tree = fill(tree, &scope, problems);
    let fields = Fields::open(&tree, "the stack file", &ROOT, problems)?;
    let name = stack_name(&fields, problems);
    let account = account(&fields, problems);
    let _ = (fields.take("vars"), fields.take("public_env"));
    if let Some(tree) = fields.take("region") {
        region(tree, problems);
    }
    let tags = fields.take("tags").map(|tree| tagging::read(tree, "the stack", problems)).unwrap_or_default();
    let ctx = Ctx {
        problems,
        scope: &scope,
        tags: &tags,
        files,
        implied_roles: RefCell::default(),
        registrations: RefCell::default(),
        protocols: RefCell::default(),
        shifting: RefCell::default(),
        dualstack: RefCell::default(),
        balancers_complete: Cell::new(false),
        log_groups: RefCell::default(),
        granted: RefCell::default(),
        executed: RefCell::default(),
        references: RefCell::default(),
        account_seen: RefCell::default(),
        namespaces: RefCell::default(),
        default_namespace: RefCell::default(),
        taken: RefCell::default(),
    };
    let stack = sections(&ctx, &fields, &tree.place);
    fields.finish();
    let stack = Stack { name: name.unwrap_or_default(), account, tags: tags.values.clone(), ..stack };
    validate::stack(&ctx, &stack);
    unused_vars(&tree, options, &scope, problems);
    *secrets = scope.secrets();
    Some(stack)
}

/// `public_env:`, names of environment variables whose values everybody may see. It is read before anything is filled in.
fn public_env(tree: &Tree, options: &LoadOptions, problems: &Problems) -> BTreeSet<String> {
    let Some(list) = tree.get("public_env") else { return BTreeSet::new() };
    let want = Want::new("`public_env`", problems);
    for item in want.several(list) {
        let Some(name) = want.filled(item) else { continue };
        if name.contains(['$', '{', '=']) {
            let help = "Write names of environment variables: public_env: [IMAGE_TAG].";
            problems.error("bad-value", &item.place, format!("`{name}` is not the name of a variable"), help);
        } else if secret::looks_secret(&name, options.env.get(&name).map_or("", String::as_str)) {
            let help = "Plans will show its value. Remove it from the list unless you want that.";
            problems.warn("public-secret", &item.place, format!("`{name}` looks like a secret but is public"), help);
        }
    }
    want.strings(list).into_iter().collect()
}

fn sections(ctx: &Ctx<'_>, fields: &Fields<'_>, start: &Place) -> Stack {
    let network = network::read(ctx, fields.take("network"), start);
    let mut roles = each(ctx, fields.take("roles"), "role", |entry| roles::read(ctx, entry));
    let log_groups = each(ctx, fields.take("log_groups"), "log group", |entry| log_groups::read(ctx, entry));
    for (entry, group) in &log_groups {
        let physical = group.meta.name.clone().unwrap_or_else(|| name::physical(ctx.stack_name(), entry, 512));
        ctx.log_groups.borrow_mut().insert(physical, entry.clone());
    }
    let held = fields.take("repositories");
    let repositories = each(ctx, held, "repository", |entry| repositories::read(ctx, entry));
    let parameters = each(ctx, fields.take("parameters"), "parameter", |entry| parameters::read(ctx, entry));
    let secrets = each(ctx, fields.take("secrets"), "secret", |entry| secret_entries::read(ctx, entry));
    let databases = each(ctx, fields.take("databases"), "database", |entry| databases::read(ctx, entry));
    databases::check(ctx, &databases, &secrets);
    let certificates = fields.take("certificates");
    let certificates = each(ctx, certificates, "certificate", |entry| certificates::read(ctx, entry));
    let groups = fields.take("security_groups");
    let security_groups = each(ctx, groups, "security group", |entry| security_groups::read(ctx, entry));
    security_groups::check(ctx, &security_groups);
    let groups = fields.take("target_groups");
    let target_groups = each(ctx, groups, "target group", |entry| target_groups::read(ctx, entry));
    let balancers = fields.take("load_balancers");
    let errors = ctx.problems.errors();
    let load_balancers = each(ctx, balancers, "load balancer", |entry| load_balancers::read(ctx, entry));
    ctx.balancers_complete.set(ctx.problems.errors() == errors);
    existing::twice(ctx, load_balancers.values().map(|it| (&it.meta, it.existing.as_ref())));
    existing::twice(ctx, target_groups.values().map(|it| (&it.meta, it.existing.as_ref())));
    let dual = load_balancers.iter().filter(|(_, balancer)| balancer.ip_address_type.starts_with("dualstack"));
    ctx.dualstack.borrow_mut().extend(dual.map(|(name, _)| name.clone()));
    let gateways = each(ctx, fields.take("gateways"), "gateway", |entry| gateways::read(ctx, entry));
    let namespaces = each(ctx, fields.take("namespaces"), "namespace", |entry| namespaces::read(ctx, entry));
    ctx.namespaces.borrow_mut().extend(namespaces);
    let cluster = fields.entry("cluster").and_then(|entry| cluster::read(ctx, entry));
    let mut services = each(ctx, fields.take("services"), "service", |entry| services::read(ctx, entry, &network));
    shifting::resolve(ctx, &load_balancers, &target_groups, &mut services);
    repositories::check(ctx, &repositories, &services);
    ingress::verify(ctx, &gateways, cluster.as_ref(), &services);
    autoscaling::check(ctx, cluster.as_ref(), &services);
    let dns = dns::read(ctx, fields.take("dns"));
    for (name, role) in ctx.implied_roles.borrow_mut().iter() {
        roles.entry(name.clone()).or_insert_with(|| role.clone());
    }
    sidecars::grant(ctx, &mut roles);
    Stack {
        name: String::new(),
        region: ctx.scope.region.clone(),
        account: None,
        tags: BTreeMap::new(),
        network,
        roles,
        log_groups,
        repositories,
        parameters,
        secrets,
        databases,
        certificates,
        security_groups,
        target_groups,
        load_balancers,
        gateways,
        namespaces: ctx.namespaces.take(),
        cluster,
        services,
        dns,
    }
}

/// `vars:`, with those of the caller over them.
fn vars(tree: &Tree, options: &LoadOptions, problems: &Problems) -> BTreeMap<String, Tree> {
    let mut vars = BTreeMap::new();
    if let Some(section) = tree.get("vars") {
        let Some(entries) = section.entries() else {
            Want::new("`vars`", problems).wrong(section, "a map", "Write { name: value }.");
            return vars;
        };
        vars.extend(entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())));
    }
    for (name, value) in &options.vars {
        let source = Arc::new(Source::new(format!("--var {name}"), value.as_str()));
        let place = Place { span: 0..source.text.len(), source };
        vars.insert(name.clone(), Tree::text(place, value.as_str()));
    }
    vars
}

/// A variable that the caller gives and nobody wants is a slip of the pen.
fn unused_vars(tree: &Tree, options: &LoadOptions, scope: &Scope<'_>, problems: &Problems) {
    let declared: Vec<&str> =
        tree.get("vars").and_then(Tree::entries).unwrap_or_default().iter().map(|entry| entry.key.as_str()).collect();
    for name in options.vars.keys().filter(|name| !declared.contains(&name.as_str()) && !scope.uses(name)) {
        let help = suggest::help(name, "vars", declared.iter().copied());
        // The value may be a secret, so it is not shown.
        let flag = "--var ";
        let source = Arc::new(Source::new("command line", format!("{flag}{name}=…")));
        let place = Place { span: flag.len()..flag.len() + name.len(), source };
        problems.error("unknown-var", &place, format!("the file has no variable `{name}`"), help);
    }
}

/// Name, region and account, which placeholders of the rest refer to.
fn head(tree: &Tree, options: &LoadOptions, scope: &mut Scope<'_>, problems: &Problems) {
    // What is wrong here is reported when the whole tree is filled in.
    let silent = Problems::default();
    let _ = problems;
    let value = |key: &str, scope: &Scope<'_>| {
        let tree = tree.get(key)?;
        let filled = interpolate::text(&tree.scalar()?, &tree.place, scope, &silent)?;
        filled.text.known().map(str::to_owned)
    };
    scope.stack = value("stack", scope);
    scope.account = value("account", scope);
    let own = value("region", scope);
    scope.region = options.region.clone().or(own).or_else(|| options.fallback_region.clone());
    scope.forget();
}

/// Everything but `vars:`, which are filled in where they are used.
fn fill(tree: Tree, scope: &Scope<'_>, problems: &Problems) -> Tree {
    let Value::Map(entries) = tree.value else { return tree };
    let fill = |entry: Entry| {
        if entry.key == "vars" || entry.key == "public_env" {
            return entry;
        }
        if matches!(entry.key.as_str(), "stack" | "region" | "account") {
            // They name the plan itself.
            let value = interpolate::public(entry.value, scope, problems);
            return Entry { value, ..entry };
        }
        Entry { value: interpolate::tree(entry.value, scope, Foreign::Refuse, problems), ..entry }
    };
    Tree { place: tree.place, value: Value::Map(entries.into_iter().map(fill).collect()) }
}

/// Adds an entry under the kinds that it makes, and the entries within it.
fn add(names: &mut Names, table: &'static Table, before: &str, entry: &Entry) {
    let name = format!("{before}{}", entry.key);
    for made in table.made {
        names.add(made.kind, &name, entry.place.clone());
    }
    if entry.value.get("ingress").is_some() {
        names.connected.insert(name.clone());
    }
    for (inner, entry) in entries_of(&entry.value, table) {
        add(names, inner, &format!("{name}/"), entry);
    }
}

/// The entries of the sections of a map, each with the table of its section. A section whose name is misspelled is told where it stands;
/// what it holds is known by name all the same, so that one slip is one error.
fn entries_of<'t>(tree: &'t Tree, table: &'static Table) -> impl Iterator<Item = (&'static Table, &'t Entry)> {
    // In a file of other keys altogether there is nothing to be guessed.
    let guess = tree.entries().is_some_and(|keys| keys.len() < 100);
    let section = move |given: &Entry| {
        let near = || nearest(&given.key, table.names()).and_then(|name| table.key(name));
        let key = table.key(&given.key).or_else(|| near().filter(|_| guess));
        match key?.kind {
            Type::Entries(inner) => Some(inner),
            _ => None,
        }
    };
    let sections = tree.entries().unwrap_or_default().iter();
    let sections = sections.filter_map(move |given| Some((section(given)?, given.value.entries()?)));
    sections.flat_map(|(inner, entries)| entries.iter().map(move |entry| (inner, entry)))
}

/// The entries of all sections.
fn names(tree: &Tree, scope: &Scope<'_>) -> Names {
    let mut names = Names::default();
    for (table, entry) in entries_of(tree, &ROOT) {
        add(&mut names, table, "", entry);
    }
    names.add("network", MAIN, tree.place.clone());
    if tree.entries().unwrap_or_default().iter().any(|entry| entry.key == "cluster") {
        names.add("cluster", MAIN, tree.place.clone());
    }
    let silent = Problems::default();
    for zone in tree.get("dns").and_then(Tree::items).unwrap_or_default() {
        let Some(tree) = zone.get("zone") else { continue };
        let text = tree.scalar().and_then(|text| interpolate::text(&text, &tree.place, scope, &silent));
        if let Some(name) = text.as_ref().and_then(|filled| filled.text.known()) {
            names.add("hosted_zone", &dns::domain(name), tree.place.clone());
        }
    }
    scope.forget();
    names
}

fn stack_name(fields: &Fields<'_>, problems: &Problems) -> Option<String> {
    let tree = fields.take("stack")?;
    let name = fields.text("stack")?;
    let good = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !good {
        let help = "Use letters, digits and hyphens; begin with a letter; at most 64 characters.";
        problems.error("bad-name", &tree.place, format!("`{name}` is not a valid name for a stack"), help);
        return None;
    }
    Some(name)
}

fn region(tree: &Tree, problems: &Problems) {
    let Some(name) = Want::new("`region`", problems).filled(tree) else { return };
    if !is_region(&name) {
        let help = match name.strip_suffix(|c: char| c.is_ascii_lowercase()).filter(|rest| is_region(rest)) {
            Some(region) => format!("{name} is an availability zone; drop the letter: {region}."),
            None => "A region looks like eu-west-1.".to_owned(),
        };
        problems.error("bad-region", &tree.place, format!("`{name}` is not a region"), help);
    } else if let Some(meant) = meant_region(&name) {
        let summary = format!("this version knows no region `{name}`");
        problems.warn("unknown-region", &tree.place, summary, format!("Did you mean {meant}?"));
    }
}

/// How names of regions begin. Source: the partitions of AWS's endpoint rules.
const PLACES: &[&str] = &[
    "af", "ap", "ca", "cn", "eu", "eu-isoe", "eusc-de", "il", "me", "mx", "sa", "us", "us-gov", "us-iso", "us-isob",
    "us-isof",
];
/// How they go on, before the number.
const DIRECTIONS: &[&str] =
    &["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// The region that was probably meant, where a part of the name is none that regions have.
fn meant_region(name: &str) -> Option<String> {
    let (rest, number) = name.rsplit_once('-')?;
    let (place, direction) = rest.rsplit_once('-')?;
    if PLACES.contains(&place) && DIRECTIONS.contains(&direction) {
        return None;
    }
    let near = |given, known: &[&'static str]| nearest(given, known.iter().copied());
    Some(format!("{}-{}-{number}", near(place, PLACES)?, near(direction, DIRECTIONS)?))
}

fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    parts.len() >= 3 && parts[..parts.len() - 1].iter().all(word) && parts[parts.len() - 1].parse::<u8>().is_ok()
}

fn account(fields: &Fields<'_>, problems: &Problems) -> Option<String> {
    let tree = fields.take("account")?;
    let account = Want::new("`account`", problems).filled(tree)?;
    if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
        let help = "An account id has twelve digits, leading zeros included. Write account: \"123456789012\".";
        problems.error("bad-account", &tree.place, format!("`{account}` is not an account id"), help);
        return None;
    }
    Some(account)
}
