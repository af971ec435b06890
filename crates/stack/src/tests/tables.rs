//! The tables themselves: every key says something, is on the reference page, and is read by its section.

use std::collections::BTreeSet;
use std::path::PathBuf;

use evenkeel_core::diagnostic::Diagnostic;

use super::super::ROOT;
use super::super::table::{self, Absent, Key, Since, Table, Type, explain};
use super::super::task_definition::schema::Object;
use super::{show, try_load};

fn tables() -> Vec<&'static Table> {
    table::all(&ROOT)
}

#[test]
fn every_key_says_what_it_is() {
    for table in tables() {
        let mut spellings = BTreeSet::new();
        for key in table.keys() {
            let place = format!("{}.{}", table.path, key.name);
            assert!(key.say.ends_with('.') && key.say.len() > 5, "{place}: {:?} is no sentence", key.say);
            for name in key.spellings() {
                assert!(spellings.insert(name), "{place}: `{name}` stands twice");
            }
            assert!(!(matches!(key.absent, Absent::Value(_)) && !key.needed.is_empty()), "{place} is needed");
            if let Type::Ecs(object, member) = key.kind {
                assert!(object.keys.iter().any(|(name, _)| *name == member), "{place}: ECS has no `{member}`");
            }
        }
        assert!(!table.what.is_empty(), "{} has no words", table.path);
        for (word, _) in table.words {
            assert!(table.key(word).is_none(), "{}: `{word}` is a key", table.path);
        }
    }
}

#[test]
fn paths_of_tables_are_unique() {
    let paths: BTreeSet<&str> = tables().iter().map(|table| table.path).collect();
    assert_eq!(paths.len(), tables().len());
}

/// Every member of ECS's objects for containers and task definitions has a key.
#[test]
fn nothing_of_ecs_is_missing() {
    let by_path = |path: &str| tables().into_iter().find(|table| table.path == path).unwrap();
    let members = |table: &Table| -> BTreeSet<String> {
        table.keys().flat_map(|key| key.aws.split(", ")).map(str::to_owned).collect()
    };
    let container = members(by_path("services.containers"));
    let object: &Object = by_path("services.containers").object.unwrap();
    let missing: Vec<_> = object.keys.iter().filter(|(key, _)| *key != "name" && !container.contains(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_about_the_stack_file_has_every_key() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/stack-file.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut wanted = page.clone();
    let mut missing = Vec::new();
    for (name, text) in table::parts(&ROOT) {
        let start = format!("<!-- {name} -->\n");
        let Some((before, rest)) = wanted.split_once(&start) else {
            missing.push(name);
            continue;
        };
        let Some((_, after)) = rest.split_once("<!-- / -->\n") else { panic!("{name} is never closed") };
        wanted = format!("{before}{start}{text}<!-- / -->\n{after}");
    }
    assert!(missing.is_empty(), "docs/stack-file.md has no place for {missing:?}");
    if std::env::var_os("EVENKEEL_BLESS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(there == wanted, "docs/stack-file.md is old: EVENKEEL_BLESS=1 cargo test -p evenkeel-stack tables");
}

#[test]
fn every_key_is_explained() {
    fn walk(table: &'static Table, path: &str, depth: usize) {
        for key in table.keys() {
            let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
            let text = explain(&ROOT, Some(&path)).unwrap_or_else(|error| panic!("{path}: {error:?}"));
            assert!(text.contains("  type ") && !text.contains('`') && !text.contains("]("), "{text}");
            assert_eq!(text.contains("not yet"), key.since == Since::NotYet, "{text}");
            if depth < 6 {
                key.kind.tables().into_iter().for_each(|inner| walk(inner, &path, depth + 1));
            }
        }
    }
    walk(&ROOT, "", 0);
}

#[test]
fn explanations_read_well() {
    let text = explain(&ROOT, Some("services.containers.image")).unwrap();
    assert_eq!(
        text,
        "services.containers.image

  What it runs; without a tag there is a warning.

  type      string that a registry can have
  default   required
  in AWS    image
  example   image: public.ecr.aws/nginx/nginx:1.27
  since     0.1.0
"
    );
    let text = explain(&ROOT, Some("target_groups.web.health_check.interval")).unwrap();
    assert!(
        text.starts_with("target_groups.health_check.interval\n") && text.contains("duration, 5s to 300s"),
        "{text}"
    );
    let text = explain(&ROOT, Some("services.containers.linux_parameters.capabilities.add")).unwrap();
    assert!(text.contains("list of strings"), "{text}");
    let text = explain(&ROOT, None).unwrap();
    assert!(text.contains("  services  ") && text.contains("What runs."), "{text}");
}

#[test]
fn paths_that_lead_nowhere_are_answered() {
    for (path, summary, help) in [
        ("servics", "the stack file has no key `servics`", "evenkeel explain services?"),
        ("services.desiredCount", "`services` has no key", "evenkeel explain services.desired_count?"),
        ("services.loadBalancers", "`services` has no key", "evenkeel explain services.target_group?"),
        ("target_groups.port.web", "`target_groups.port` has no keys", "evenkeel explain target_groups.port"),
        ("services.containers.linux_parameters.tmpf", "has no key `tmpf`", "linux_parameters.tmpfs?"),
    ] {
        let (said, helped) = explain(&ROOT, Some(path)).unwrap_err();
        assert!(said.contains(summary) && helped.contains(help), "{path}: {said} {helped}");
    }
}

const HEAD: &str = "stack: x
region: eu-west-1
log_groups: { app: }
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
";

/// What stands around a part of a file; `{}` is the part.
#[derive(Clone, Copy)]
enum Around {
    Nothing,
    Group,
    Role,
    Listener,
    Service,
    Container,
}

impl Around {
    fn frame(self, inner: &str) -> String {
        let groups =
            "target_groups: { app: { port: 80 }, web: { port: 80 }, blue: { port: 80 }, green: { port: 80 } }\n";
        match self {
            Self::Nothing => format!("{HEAD}{inner}\n"),
            Self::Group => format!("{HEAD}security_groups: {{ app: {{ {inner} }} }}\n"),
            Self::Role => HEAD.replace("roles: {", &format!("roles: {{ app: {{ {inner} }},")),
            Self::Listener => {
                format!("{HEAD}{groups}load_balancers: {{ w: {{ listeners: {{ http: {{ {inner} }} }} }} }}\n")
            }
            Self::Service => {
                let balancer = "load_balancers: { w: { listeners: { http: { forward: web } } } }";
                let app = "cpu: 256, memory: 512, execution_role: execution";
                format!(
                    "{HEAD}{groups}{balancer}\ncluster: x\nsecurity_groups: {{ app: }}\nservices: {{ s: {{ {app}, {inner} }} }}\n"
                )
            }
            Self::Container => {
                let db = "db: { image: \"a:1\", health_check: x }";
                Self::Service.frame(&format!("containers: {{ {db}, app: {{ image: \"a:1\", {inner} }} }}"))
            }
        }
    }
}

const ONE: &str = "containers: { app: { image: \"a:1\", port: 3000 } }";

/// A file around the keys of each table; `{}` stands for them, `{1}` for a container.
const FRAMES: &[(&str, Around, &str)] = &[
    ("network", Around::Nothing, "network: { {} }"),
    ("network.vpc", Around::Nothing, "network: { vpc: { {} } }"),
    ("security_groups", Around::Group, "{}"),
    ("security_groups.ingress", Around::Group, "ingress: [{ port: 80, from: self, {} }]"),
    ("security_groups.egress", Around::Group, "egress: [{ port: 80, to: self, {} }]"),
    ("security_groups.ingress.port", Around::Group, "ingress: [{ port: { from: 1, to: 2, {} }, from: self }]"),
    ("security_groups.ingress.icmp", Around::Group, "ingress: [{ icmp: { {} }, from: self }]"),
    ("roles", Around::Role, "{}"),
    ("roles.policies", Around::Role, "policies: { p: { {} } }"),
    (
        "roles.policies.statements",
        Around::Role,
        "policies: { p: { statements: [{ actions: \"s3:*\", resources: \"*\", {} }] } }",
    ),
    ("log_groups", Around::Nothing, "cluster: { name: x }\nlog_groups: { app: { {} } }"),
    ("target_groups", Around::Nothing, "target_groups: { app: { port: 80, {} } }"),
    ("target_groups.health_check", Around::Nothing, "target_groups: { app: { port: 80, health_check: { {} } } }"),
    ("load_balancers", Around::Nothing, "security_groups: { alb: }\nload_balancers: { w: { {} } }"),
    ("load_balancers.access_logs", Around::Nothing, "load_balancers: { w: { access_logs: { bucket: b, {} } } }"),
    ("load_balancers.listeners", Around::Listener, "forward: app, {}"),
    (
        "load_balancers.listeners.rules",
        Around::Listener,
        "forward: app, rules: [{ priority: 1, path: /a, forward: app, {} }]",
    ),
    ("load_balancers.listeners.forward", Around::Listener, "forward: { target_groups: app, {} }"),
    ("load_balancers.listeners.forward.target_groups", Around::Listener, "forward: [{ target_group: app, {} }, blue]"),
    ("load_balancers.listeners.redirect", Around::Listener, "redirect: { host: example.com, {} }"),
    ("load_balancers.listeners.fixed_response", Around::Listener, "fixed_response: { status: 404, {} }"),
    ("cluster", Around::Nothing, "cluster: { {} }"),
    ("cluster.default_strategy", Around::Nothing, "cluster: { default_strategy: [{ provider: FARGATE, {} }] }"),
    ("services", Around::Service, "{1}, {}"),
    ("services.deployment", Around::Service, "{1}, deployment: { {} }"),
    ("services.deployment.circuit_breaker", Around::Service, "{1}, deployment: { circuit_breaker: { {} } }"),
    ("services.deployment.alarms", Around::Service, "{1}, deployment: { alarms: { names: [a], {} } }"),
    ("services.desired_count", Around::Service, "{1}, desired_count: { managed_by: me, {} }"),
    ("services.target_group", Around::Service, "{1}, target_group: { name: web, {} }"),
    (
        "services.placement_constraints",
        Around::Service,
        "{1}, launch_type: EC2, placement_constraints: [{ expression: x, {} }]",
    ),
    (
        "services.placement_strategy",
        Around::Service,
        "{1}, launch_type: EC2, placement_strategy: [{ type: spread, {} }]",
    ),
    (
        "services.service_registries",
        Around::Service,
        "{1}, service_registries: [{ registry_arn: \"arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-0123456789abcdef\", {} }]",
    ),
    ("services.volumes", Around::Service, "{1}, volumes: [{ name: data, {} }]"),
    ("services.containers", Around::Container, "{}"),
    ("services.containers.port", Around::Container, "port: { port: 80, {} }"),
    ("services.containers.environment", Around::Container, "environment: [{ name: A, {} }]"),
    ("services.containers.secrets", Around::Container, "secrets: [{ name: A, value_from: \"ssm:/a\", {} }]"),
    ("services.containers.health_check", Around::Container, "health_check: { command: x, {} }"),
    ("services.containers.depends_on", Around::Container, "depends_on: [{ container: db, {} }]"),
    ("services.containers.ulimits", Around::Container, "ulimits: { nofile: { soft: 5, {} } }"),
    ("services.containers.logs", Around::Container, "logs: { group: app, {} }"),
    ("services.containers.logs.driver", Around::Container, "logs: { driver: awslogs, {} }"),
    ("dns", Around::Nothing, "dns: [{ zone: a.example, {} }]"),
    (
        "dns.records",
        Around::Nothing,
        "load_balancers: { web: { listeners: { http: { redirect: https } } } }\ndns: [{ zone: a.example, records: [{ name: b, {} }] }]",
    ),
    (
        "dns.records.alias",
        Around::Nothing,
        "dns: [{ zone: a.example, records: [{ name: b, alias: { dns_name: d.example, zone_id: Z1, {} } }] }]",
    ),
];

fn frame(path: &str) -> String {
    let (_, around, inner) =
        FRAMES.iter().find(|(of, ..)| *of == path).unwrap_or_else(|| panic!("there is no file around `{path}`"));
    let text = around.frame(&inner.replace("{1}", ONE));
    // The file around the entry of a log group has the group already.
    if path == "log_groups" { text.replace("log_groups: { app: }\n", "") } else { text }
}

/// A value that a type takes.
fn value(key: &Key) -> String {
    if !key.example.is_empty() {
        return key.example.to_owned();
    }
    if let Absent::Value(value) = key.absent {
        return format!("\"{value}\"");
    }
    fn of(kind: &Type) -> String {
        match kind {
            Type::Number(min, max) => (min + (max - min) / 2).to_string(),
            Type::Seconds(min, max) => format!("{}s", min + (max - min) / 4),
            Type::Percent(..) => "100%".to_owned(),
            Type::Port => "3000".to_owned(),
            Type::Flag | Type::Switch => "true".to_owned(),
            Type::Word(words) | Type::Just(words) => format!("\"{}\"", words[0]),
            Type::Several(inner) => of(inner),
            Type::AnyOf(types) => of(&types[0]),
            Type::MapOf(inner) => format!("{{ a: {} }}", of(inner)),
            Type::Ecs(object, member) => {
                use super::super::task_definition::schema::Type as Ecs;
                match &object.keys.iter().find(|(key, _)| key == member).unwrap().1 {
                    Ecs::Int | Ecs::Seconds => "5".to_owned(),
                    Ecs::Flag => "true".to_owned(),
                    Ecs::Word(words) => format!("\"{}\"", words[0]),
                    Ecs::Texts | Ecs::Words(_) | Ecs::Ints | Ecs::Objects(_) => "[]".to_owned(),
                    Ecs::Strings => "{}".to_owned(),
                    Ecs::Object(_) | Ecs::Text => "a".to_owned(),
                }
            }
            Type::Open | Type::Text | Type::Blank | Type::Entry(_) => "a".to_owned(),
            Type::Document => "\"*\"".to_owned(),
            Type::Entries(_) | Type::Map(_) => "{}".to_owned(),
        }
    }
    of(&key.kind)
}

/// A file in which one key of one table has its example, or a value made from its type.
fn sample(frame: &str, key: &Key, spelling: &str) -> String {
    // What the frame has already makes way.
    let mut frame = frame.to_owned();
    for name in key.spellings() {
        let Some(start) =
            frame.find(&format!(" {name}: ")).filter(|start| frame.find("{}").is_some_and(|hole| *start < hole))
        else {
            continue;
        };
        let hole = frame.find("{}").unwrap();
        let between = &frame[start..hole];
        // Only what stands in the same braces counts.
        if between.contains('}') || between.matches('{').count() > 0 {
            continue;
        }
        let end = start + between.find(',').map_or(between.len(), |end| end + 1);
        frame.replace_range(start..end, "");
    }
    frame.replacen("{}", &format!("{spelling}: {}", value(key)), 1)
}

fn findings(text: &str) -> Vec<Diagnostic> {
    match try_load(text) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

fn codes(found: &[Diagnostic]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    codes.sort_unstable();
    codes
}

/// A key that is in a table and that nobody asks for would be left out without a word: the reader says so itself.
#[test]
fn every_key_of_every_table_is_read() {
    for table in tables().into_iter().filter(|table| !table.path.is_empty()) {
        let frame = frame(table.path);
        for key in table.keys() {
            for spelling in key.spellings() {
                let text = sample(&frame, key, spelling);
                let place = format!("{}.{spelling}", table.path);
                let found = findings(&text);
                let has = |code: &str| found.iter().any(|found| found.code == code);
                let shown = show(&found);
                assert_eq!(has("not-yet"), key.since == Since::NotYet, "{place}\n{shown}\n{text}");
                assert!(!has("unknown-key") && !has("internal") && !has("bad-yaml"), "{place}\n{shown}\n{text}");
            }
        }
    }
}

/// A scalar that a variable gives is read as if it stood there.
#[test]
fn a_placeholder_may_stand_for_every_scalar() {
    let mut tried = 0;
    for table in tables().into_iter().filter(|table| !table.path.is_empty()) {
        let frame = frame(table.path);
        for key in table.keys().filter(|key| key.since != Since::NotYet) {
            let given = value(key);
            if given.starts_with(['{', '[']) {
                continue;
            }
            let plain = sample(&frame, key, key.name);
            let text = plain.replacen(&format!("{}: {given}", key.name), &format!("{}: \"${{var.v}}\"", key.name), 1);
            let text = format!("{text}vars: {{ v: {given} }}\n");
            let (one, other) = (findings(&plain), findings(&text));
            assert_eq!(codes(&one), codes(&other), "{}\n{}\n{text}", show(&one), show(&other));
            tried += usize::from(plain != text);
        }
    }
    assert!(tried > 120, "only {tried} keys were tried");
}

#[test]
fn words_of_aws_are_answered_with_ours() {
    let service = |inner: &str| {
        format!("stack: x\ncluster: x\nservices: {{ s: {{ containers: {{ a: {{ image: \"a:1\" }} }}, {inner} }} }}\n")
    };
    for (text, help) in [
        (service("enable_execute_command: true"), "`execute_command`"),
        (service("enableExecuteCommand: true"), "`execute_command`"),
        (service("desiredCount: 1"), "`desired_count`"),
        (service("load_balancers: []"), "`target_group`"),
        (service("networkConfiguration: {}"), "`assign_public_ip` stand directly"),
        (service("network_configuration: {}"), "`assign_public_ip` stand directly"),
        (service("container_definitions: []"), "`containers`"),
        (service("deploymentConfiguration: {}"), "`deployment`"),
        (service("enableECSManagedTags: true"), "`managed_tags`"),
        (service("serviceConnectConfiguration: {}"), "`service_connect`"),
        (service("taskRoleArn: a"), "`task_role`"),
        (service("serviceName: a"), "`name`"),
        (service("image: a"), "Put it under `containers: NAME:`"),
        ("stack: x\nsecurity_groups: { a: { group_name: b } }".to_owned(), "`name`"),
        ("stack: x\nload_balancers: { a: { listeners: { http: { default_actions: [] } } } }".to_owned(), "`forward`"),
        (
            "stack: x\ntarget_groups: { a: { port: 1, health_check_path: / } }".to_owned(),
            "`path` under `health_check:`",
        ),
        ("stack: x\nlog_groups: { a: { retention_in_days: 7 } }".to_owned(), "`retention`"),
        ("stack: x\nroles: { a: { assume_role_policy_document: {} } }".to_owned(), "`trust`"),
    ] {
        let found = try_load(&text).unwrap_err();
        let said = found
            .iter()
            .any(|found| found.code == "unknown-key" && found.help.as_ref().is_some_and(|words| words.contains(help)));
        assert!(said, "{text}\n{}", show(&found));
    }
}
