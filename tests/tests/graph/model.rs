//! What is in a picture: everything of the file exactly once, and lines between what is there.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_aws::kinds;
use evenkeel_stack::LoadOptions;
use evenkeel_tests::moto::root;

use super::{CERTIFICATE, data, files, graph, list, text};

/// The kinds of which each resource has a box of its own.
const BOXED: &[&str] = &["service", "load_balancer", "target_group", "database", "namespace", "repository", "records"];

#[test]
fn everything_of_a_file_is_in_its_picture_once() {
    let mut boxed = 0;
    for file in files() {
        let options = LoadOptions {
            env: BTreeMap::from([("CERTIFICATE_ARN".to_owned(), CERTIFICATE.to_owned())]),
            ..LoadOptions::default()
        };
        let stack = evenkeel_stack::load(&root().join(&file), &options).expect("it is valid").stack;
        let region = stack.region.clone().expect("it has a region");
        let wanted = kinds::graph(&stack, &region).expect("a graph");
        let picture = data(&file);
        let ids: Vec<&str> = list(&picture, "boxes").iter().map(|one| text(one, "id")).collect();
        for node in wanted.nodes() {
            let id = node.id.to_string();
            let members =
                list(&picture, "boxes").iter().flat_map(|one| list(one, "members")).chain(list(&picture, "others"));
            assert_eq!(members.filter(|member| text(member, "id") == id).count(), 1, "{file}: {id}");
            if BOXED.contains(&node.id.kind()) {
                assert_eq!(ids.iter().filter(|one| **one == id).count(), 1, "{file}: {id} has one box");
                boxed += 1;
            }
        }
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "{file}: {ids:?}");
        let groups: BTreeSet<&str> = list(&picture, "groups").iter().map(|one| text(one, "id")).collect();
        for one in list(&picture, "boxes").iter().chain(list(&picture, "groups")) {
            assert!(one["group"].is_null() || groups.contains(text(one, "group")), "{file}: {one}");
        }
        for line in list(&picture, "lines") {
            assert!(unique.contains(text(line, "from")) && unique.contains(text(line, "to")), "{file}: {line}");
            assert!(line["closed"].is_null(), "{file}: a shipped stack works: {line}");
        }
    }
    assert!(boxed > 60, "only {boxed}");
}

/// Whatever serves and is served: a service behind a target group is reached from outside, a database from a service that names it.
#[test]
fn who_serves_is_reached_from_outside() {
    let mut reached = 0;
    for file in files() {
        let picture = data(&file);
        let lines: Vec<(&str, &str)> =
            list(&picture, "lines").iter().map(|line| (text(line, "from"), text(line, "to"))).collect();
        let mut seen: BTreeSet<&str> = list(&picture, "boxes")
            .iter()
            .filter(|one| text(one, "shape") == "outside")
            .map(|one| text(one, "id"))
            .collect();
        while let Some((_, to)) = lines.iter().find(|(from, to)| seen.contains(from) && !seen.contains(to)) {
            seen.insert(to);
        }
        for (from, to) in &lines {
            if from.starts_with("target_group.") && to.starts_with("service.") {
                assert!(seen.contains(to), "{file}: {to} is reached from outside: {lines:?}");
                reached += 1;
            }
        }
    }
    assert!(reached > 8, "only {reached}");
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    for file in ["stacks/cruddur.yaml", "examples/internal-path-routing.yaml"] {
        for form in
            [&["--as", "svg"][..], &["--as", "html"], &["--as", "mermaid"], &["--as", "text"], &["--format", "json"]]
        {
            assert_eq!(graph(file, form).stdout, graph(file, form).stdout, "{file} {form:?}");
        }
    }
}

#[test]
fn a_tree_fits_a_terminal_and_names_every_box() {
    for file in files() {
        let tree = graph(&file, &[]).stdout;
        let wide: Vec<&str> = tree.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{file}: {wide:?}");
        for one in list(&data(&file), "boxes") {
            let title = text(one, "title");
            // A long one is broken into lines.
            assert!(title.len() > 40 || tree.contains(title), "{file}: {title} is missing:\n{tree}");
        }
    }
}
