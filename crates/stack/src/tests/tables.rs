//! The tables themselves: every key says something, and is on the reference page and in `explain`. Whether it is read is in `keys.rs`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::ROOT;
use super::super::table::{self, Absent, Since, Table, Type, explain};
use super::super::task_definition::schema::{Object, TASK_DEFINITION, snake};
use super::{show, try_load};

pub(super) fn tables() -> Vec<&'static Table> {
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
            assert!(!matches!(key.absent, Absent::Value(_)) || key.needed.is_empty(), "{place} is needed");
            if let Type::Ecs(object, member) = key.kind {
                assert!(object.member(member).is_some(), "{place}: ECS has no `{member}`");
            }
        }
        assert!(!table.what.is_empty(), "{} has no words", table.path);
        for (word, _) in table.words {
            assert!(table.key(word).is_none(), "{}: `{word}` is a key", table.path);
        }
    }
}

/// ECS's own objects, each once.
fn objects() -> Vec<&'static Object> {
    let mut found: Vec<&'static Object> = vec![&TASK_DEFINITION];
    let mut next = 0;
    while next < found.len() {
        for member in found[next].keys {
            let Some(inner) = member.kind.object() else { continue };
            if !found.iter().any(|known| std::ptr::eq(*known, inner)) {
                found.push(inner);
            }
        }
        next += 1;
    }
    found
}

#[test]
fn every_key_of_ecs_says_what_it_is() {
    let all = objects();
    let mut seen = 0;
    for object in &all {
        for member in object.keys {
            let (place, say) = (format!("{}: {}", object.what, member.name), member.say);
            assert!(say.ends_with('.') && say.len() > 5 && say.matches(". ").count() == 0, "{place}: {say:?}");
            assert!(say.starts_with(|first: char| first.is_ascii_uppercase()), "{place}: {say:?}");
            seen += 1;
        }
        for key in object.required {
            assert!(object.member(key).is_some(), "{}: there is no {key}", object.what);
        }
    }
    let names: BTreeSet<&str> = all.iter().map(|object| object.what).collect();
    assert_eq!(names.len(), all.len(), "the definitions in the JSON Schema have these names");
    assert!(seen > 120, "only {seen} keys were found");
}

/// The path of every key under ECS's own objects is explained with its sentence and AWS's name of it.
#[test]
fn every_key_of_ecs_is_explained() {
    fn walk(object: &'static Object, path: &str) -> usize {
        let mut seen = 0;
        for member in object.keys {
            let path = format!("{path}.{}", snake(member.name));
            let text = explain(&ROOT, Some(&path)).unwrap_or_else(|error| panic!("{path}: {error:?}"));
            let (said, in_aws) = (member.say.replace('`', ""), format!("  in AWS    {}\n", member.name));
            assert!(text.contains(&format!("\n  {said}\n")) && text.contains(&in_aws), "{path}: {text}");
            seen += 1;
            if let Some(inner) = member.kind.object() {
                seen += walk(inner, &path);
            }
        }
        seen
    }
    let mut seen = 0;
    for (table, key) in tables().into_iter().flat_map(|table| table.keys().map(move |key| (table, key))) {
        // Where a key has a table of its own, that is what is explained.
        if let Some(object) = key.kind.ecs().filter(|_| key.kind.tables().is_empty()) {
            seen += walk(object, &format!("{}.{}", table.path, key.name));
        }
    }
    assert!(seen > 50, "only {seen} keys were found");
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
    let missing: Vec<_> = object
        .keys
        .iter()
        .map(|member| member.name)
        .filter(|name| *name != "name" && !container.contains(*name))
        .collect();
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

  The image; without a tag there is a warning.

  type      image reference
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
    assert!(text.contains("  services  ") && text.contains("ECS services."), "{text}");
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
        (service("networkConfiguration: {}"), "`assign_public_ip` directly"),
        (service("network_configuration: {}"), "`assign_public_ip` directly"),
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
