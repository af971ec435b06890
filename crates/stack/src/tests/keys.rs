//! Each key of each table in a small file of its own: it is read, a variable may stand for it, and the schema lets through what
//! the parser takes of it.

use evenkeel_core::diagnostic::Diagnostic;

use super::super::table::{Absent, Key, Since, Type};
use super::tables::tables;
use super::{show, try_load};

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
                let ways = "gateways: { public: { role: execution } }";
                let balancer = "load_balancers: { w: { listeners: { http: { forward: web } } } }";
                let app = "cpu: 256, memory: 512, execution_role: execution";
                format!(
                    "{HEAD}{groups}{balancer}\n{ways}\ncluster: x\nnamespaces: {{ app: {{ type: private-dns }} }}\nsecurity_groups: {{ app: }}\nservices: {{ s: {{ {app}, {inner} }} }}\n"
                )
            }
            Self::Container => {
                let db = "db: { image: \"a:1\", health_check: x }";
                Self::Service.frame(&format!("containers: {{ {db}, app: {{ image: \"a:1\", {inner} }} }}"))
            }
        }
    }
}

/// A container with a port that has a name.
const NAMED: &str = "containers: { app: { image: \"a:1\", port: { port: 3000, name: api, app_protocol: http } } }";
/// A private certificate authority.
const AUTHORITY: &str =
    "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555";
/// A certificate, a trust store, and a user pool.
const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
const TRUST_STORE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/0123456789abcdef";
const USER_POOL: &str = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI";
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
    ("repositories", Around::Nothing, "repositories: { app: { {} } }"),
    ("repositories.lifecycle_policy", Around::Nothing, "repositories: { app: { lifecycle_policy: { {} } } }"),
    (
        "databases",
        Around::Nothing,
        "security_groups: { app: }\nsecrets: { db: { generate: 32 } }\ndatabases: { main: { engine: postgres, {} } }",
    ),
    ("databases.storage", Around::Nothing, "databases: { main: { engine: postgres, storage: { size: 400, {} } } }"),
    ("certificates", Around::Nothing, "certificates: { app: { domain: cruddur.example, zone: cruddur.example, {} } }"),
    ("parameters", Around::Nothing, "parameters: { p: { {} } }"),
    ("secrets", Around::Nothing, "secrets: { s: { {} } }"),
    ("secrets.generate", Around::Nothing, "secrets: { s: { generate: { {} } } }"),
    ("target_groups", Around::Nothing, "target_groups: { app: { port: 80, {} } }"),
    (
        "target_groups.stickiness",
        Around::Nothing,
        "target_groups: { app: { port: 80, stickiness: { cookie: a, {} } } }",
    ),
    ("target_groups.health_check", Around::Nothing, "target_groups: { app: { port: 80, health_check: { {} } } }"),
    (
        "gateways",
        Around::Nothing,
        "roles: { execution: { trust: ecs } }\nsecurity_groups: { alb: }\ngateways: { g: { role: execution, {} } }",
    ),
    (
        "gateways.access_logs",
        Around::Nothing,
        "roles: { execution: { trust: ecs } }\ngateways: { g: { role: execution, access_logs: { bucket: b, {} } } }",
    ),
    (
        "gateways.test_header",
        Around::Nothing,
        "roles: { execution: { trust: ecs } }\ngateways: { g: { role: execution, test_header: { name: a, values: [b], {} } } }",
    ),
    ("load_balancers", Around::Nothing, "security_groups: { alb: }\nload_balancers: { w: { {} } }"),
    ("load_balancers.access_logs", Around::Nothing, "load_balancers: { w: { access_logs: { bucket: b, {} } } }"),
    (
        "load_balancers.connection_logs",
        Around::Nothing,
        "load_balancers: { w: { connection_logs: { bucket: b, {} } } }",
    ),
    (
        "load_balancers.subnet_mappings",
        Around::Nothing,
        "load_balancers: { w: { type: network, subnet_mappings: [{ subnet: subnet-1, {} }] } }",
    ),
    (
        "load_balancers.listeners.mutual_authentication",
        Around::Nothing,
        "load_balancers: { w: { listeners: { https: { certificate: \"{4}\", fixed_response: 404, mutual_authentication: { trust_store: \"{5}\", {} } } } } }",
    ),
    (
        "load_balancers.listeners.authenticate_cognito",
        Around::Nothing,
        "load_balancers: { w: { listeners: { https: { certificate: \"{4}\", fixed_response: 404, authenticate_cognito: { user_pool: \"{6}\", client_id: a, domain: b, {} } } } } }",
    ),
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
    ("cluster", Around::Nothing, "namespaces: { app: }\ncluster: { {} }"),
    ("namespaces", Around::Nothing, "namespaces: { app: { type: private-dns, name: shop.internal, {} } }"),
    ("cluster.namespace", Around::Nothing, "namespaces: { app: }\ncluster: { namespace: { {} } }"),
    ("cluster.default_strategy", Around::Nothing, "cluster: { default_strategy: [{ provider: FARGATE, {} }] }"),
    ("services", Around::Service, "{1}, {}"),
    ("services.deployment", Around::Service, "{1}, deployment: { {} }"),
    ("services.deployment.circuit_breaker", Around::Service, "{1}, deployment: { circuit_breaker: { {} } }"),
    (
        "services.deployment.circuit_breaker.threshold",
        Around::Service,
        "{1}, deployment: { circuit_breaker: { threshold: { value: 5, {} } } }",
    ),
    ("services.ingress", Around::Service, "{2}, ingress: { gateway: public, {} }"),
    ("services.ingress.health_check", Around::Service, "{2}, ingress: { gateway: public, health_check: { {} } }"),
    ("services.deployment.early_success", Around::Service, "{1}, deployment: { early_success: { {} } }"),
    (
        "services.deployment.canary",
        Around::Service,
        "{1}, service_connect: true, deployment: { strategy: CANARY, canary: { {} } }",
    ),
    (
        "services.deployment.linear",
        Around::Service,
        "{1}, service_connect: true, deployment: { strategy: LINEAR, linear: { {} } }",
    ),
    (
        "services.deployment.hooks",
        Around::Service,
        "{1}, deployment: { strategy: BLUE_GREEN, hooks: [{ stages: PRE_SCALE_UP, {} }] }",
    ),
    (
        "services.deployment.hooks.timeout",
        Around::Service,
        "{1}, deployment: { strategy: BLUE_GREEN, hooks: [{ stages: PRE_SCALE_UP, pause: { {} } }] }",
    ),
    ("services.deployment_controller", Around::Service, "{1}, deployment_controller: { {} }"),
    (
        "services.target_group.advanced_configuration",
        Around::Service,
        "{1}, target_group: { name: web, advanced_configuration: { {} } }",
    ),
    ("services.deployment.alarms", Around::Service, "{1}, deployment: { alarms: { names: [a], {} } }"),
    ("services.desired_count", Around::Service, "{1}, desired_count: { managed_by: me, {} }"),
    ("services.autoscaling", Around::Service, "{1}, target_group: web, autoscaling: { min: 1, max: 4, {} }"),
    ("services.autoscaling.cpu", Around::Service, "{1}, autoscaling: { min: 1, max: 4, cpu: { target: 60, {} } }"),
    (
        "services.autoscaling.cpu.cooldown",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, cpu: { target: 60, cooldown: { {} } } }",
    ),
    (
        "services.autoscaling.requests",
        Around::Service,
        "{1}, target_group: web, autoscaling: { min: 1, max: 4, requests: { target: 60, {} } }",
    ),
    (
        "services.autoscaling.queue",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, queue: { name: jobs, backlog: 10, {} } }",
    ),
    (
        "services.autoscaling.metrics",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, metrics: [{ name: depth, metric: Depth, namespace: Shop, target: 10, {} }] }",
    ),
    (
        "services.autoscaling.steps",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, steps: [{ name: burst, adjustments: { from: 0, change: 1 }, {} }] }",
    ),
    (
        "services.autoscaling.steps.adjustments",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, steps: [{ name: burst, adjustments: { from: 0, change: 1, {} } }] }",
    ),
    (
        "services.autoscaling.schedule",
        Around::Service,
        "{1}, autoscaling: { min: 1, max: 4, schedule: [{ name: night, at: rate(1 day), min: 1, {} }] }",
    ),
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
    ("services.service_connect", Around::Service, "{2}, service_connect: { namespace: app, {} }"),
    (
        "services.service_connect.services",
        Around::Service,
        "{2}, service_connect: { namespace: app, services: [{ port_name: api, {} }] }",
    ),
    (
        "services.service_connect.services.client_aliases",
        Around::Service,
        "{2}, service_connect: { namespace: app, services: [{ port_name: api, client_aliases: [{ port: 80, {} }] }] }",
    ),
    (
        "services.service_connect.services.timeouts",
        Around::Service,
        "{2}, service_connect: { namespace: app, services: [{ port_name: api, timeouts: { {} } }] }",
    ),
    (
        "services.service_connect.services.tls",
        Around::Service,
        "{2}, service_connect: { namespace: app, services: [{ port_name: api, tls: { issuer: \"{3}\", role: execution, {} } }] }",
    ),
    (
        "services.service_connect.services.tls.issuer",
        Around::Service,
        "{2}, service_connect: { namespace: app, services: [{ port_name: api, tls: { role: execution, issuer: { {} } } }] }",
    ),
    (
        "services.service_connect.access_logs",
        Around::Service,
        "{2}, service_connect: { namespace: app, access_logs: { format: JSON, {} } }",
    ),
    ("services.discovery", Around::Service, "{2}, discovery: { namespace: app, records: [SRV], {} }"),
    ("services.discovery.records", Around::Service, "{2}, discovery: { namespace: app, records: [{ type: A, {} }] }"),
    ("services.sidecars", Around::Service, "{1}, sidecars: { firelens: { {} } }"),
    ("services.volumes", Around::Service, "{1}, volumes: [{ name: data, {} }]"),
    ("services.containers", Around::Container, "{}"),
    ("services.containers.build", Around::Container, "build: { {} }"),
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
    let text = around.frame(&inner.replace("{1}", ONE).replace("{2}", NAMED).replace("{3}", AUTHORITY));
    let text = text.replace("{4}", CERTIFICATE).replace("{5}", TRUST_STORE).replace("{6}", USER_POOL);
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
                match &object.member(member).unwrap().kind {
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
    with_value(frame, key, spelling, &value(key))
}

fn with_value(frame: &str, key: &Key, spelling: &str, value: &str) -> String {
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
    frame.replacen("{}", &format!("{spelling}: {value}"), 1)
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

/// Other ways to write a value, and values of all sorts, whether the key takes them or not.
fn variants(key: &Key) -> Vec<String> {
    let given = value(key);
    let bare = given.trim_matches('"');
    let mut found: Vec<String> = [
        "true",
        "\"TRUE\"",
        "off",
        "0",
        "1",
        "-1",
        "\" 5 \"",
        "5m",
        "\"30\"",
        "50%",
        "80.0",
        "1e2",
        "0x50",
        "+7",
        "\"\"",
        "~",
        "[]",
        "{}",
        "[a]",
        "[[a]]",
        "{ a: 1 }",
        "{ a: { b: c } }",
        "ENABLED",
        "disabled",
        "99999999999",
        "\"${env.SET}\"",
        "[\"${env.SET}\"]",
    ]
    .map(str::to_owned)
    .into();
    found.extend([format!("[{given}]"), given.clone()]);
    if !given.starts_with(['{', '[']) {
        let quoted = [
            bare.to_uppercase(),
            bare.to_lowercase(),
            bare.replace('-', "_"),
            bare.replace('_', "-"),
            format!(" {bare}"),
        ];
        found.extend(quoted.map(|text| format!("{text:?}")));
    }
    found.extend(
        key.kind
            .find(&|one| {
                if let Type::Number(min, max) = one { Some(vec![min.to_string(), max.to_string()]) } else { None }
            })
            .unwrap_or_default(),
    );
    found.extend(
        key.kind
            .find(&|one| {
                if let Type::Seconds(min, max) = one { Some(vec![min.to_string(), format!("{max}s")]) } else { None }
            })
            .unwrap_or_default(),
    );
    let words = |one: &Type| if let Type::Word(words) | Type::Just(words) = one { Some(*words) } else { None };
    found.extend(
        key.kind
            .find(&words)
            .into_iter()
            .flatten()
            .flat_map(|word| [format!("\"{word}\""), (*word).to_owned(), word.to_lowercase()]),
    );
    found
}

/// What the parser takes under a key, the schema lets through: `try_load` holds the two against each other.
#[test]
fn the_schema_is_not_stricter_than_the_parser_under_any_key() {
    let (mut tried, mut taken) = (0, 0);
    for table in tables().into_iter().filter(|table| !table.path.is_empty()) {
        let frame = frame(table.path);
        for key in table.keys().filter(|key| key.since != Since::NotYet) {
            for given in variants(key) {
                tried += 1;
                taken += usize::from(try_load(&with_value(&frame, key, key.name, &given)).is_ok());
            }
        }
    }
    assert!(tried > 5000 && taken > 1000, "{taken} of {tried} were taken");
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
