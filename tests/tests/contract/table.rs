//! The table itself: names, actions, outputs, limits.

use std::collections::BTreeSet;

use evenkeel_aws::kinds;
use evenkeel_core::doc;
use evenkeel_core::id::NodeId;
use evenkeel_stack::{ROOT, table as tables};

use super::{SECRET, graphs};

#[test]
fn names_of_kinds_are_plain_and_unique() {
    let names: BTreeSet<&str> = kinds::ALL.iter().map(|entry| entry.kind.name).collect();
    assert_eq!(names.len(), kinds::ALL.len());
    for entry in kinds::ALL.iter() {
        let kind = &entry.kind;
        assert!(kind.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", kind.name);
        assert!(!kind.title.is_empty() && kind.deadline_secs > 0, "{}", kind.name);
        let outputs: BTreeSet<&str> = kind.outputs.iter().copied().collect();
        assert_eq!(outputs.len(), kind.outputs.len(), "{}: an output stands twice", kind.name);
        assert_eq!(kinds::get(kind.name).map(|found| found.kind.title), Some(kind.title));
    }
}

#[test]
fn every_output_that_a_file_may_name_is_offered_by_its_kind() {
    for (made, _) in tables::kinds(&ROOT) {
        let entry = kinds::get(made.kind).unwrap_or_else(|| panic!("there is no kind {}", made.kind));
        let missing: Vec<_> = made.outputs.iter().filter(|output| !entry.kind.outputs.contains(output)).collect();
        assert!(missing.is_empty(), "{} does not offer {missing:?}", made.kind);
    }
}

#[test]
fn actions_are_iam_actions() {
    for entry in kinds::ALL.iter() {
        let kind = entry.kind.name;
        assert!(!entry.actions.is_empty(), "{kind} needs at least to be read");
        for action in entry.actions {
            let (service, name) = action.split_once(':').unwrap_or_else(|| panic!("{kind}: {action}"));
            assert!(
                !service.is_empty()
                    && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{action}"
            );
            assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{kind}: {action}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{kind}: {action}");
        }
        let unique: BTreeSet<&&str> = entry.actions.iter().collect();
        assert_eq!(unique.len(), entry.actions.len(), "{kind}: an action stands twice");
        let reads = |action: &&&str| {
            let name = action.split(':').nth(1).unwrap_or_default();
            ["Describe", "List", "Get"].iter().any(|verb| name.starts_with(verb))
        };
        assert!(entry.actions.iter().any(|action| reads(&action)), "{kind} is never read");
        if !entry.driver.makes() {
            assert!(entry.actions.iter().all(|action| reads(&action)), "{kind} is only looked up");
        }
    }
}

#[test]
fn every_kind_is_made_by_some_stack() {
    let graphs = graphs();
    for entry in kinds::ALL.iter() {
        let made = graphs.iter().any(|(_, graph)| graph.of_kind(entry.kind.name).next().is_some());
        assert!(made, "no stack has a {}", entry.kind.name);
    }
}

#[test]
fn outputs_that_are_referred_to_are_offered() {
    let mut seen = BTreeSet::new();
    for (file, graph) in graphs() {
        for node in graph.nodes() {
            for hole in doc::refs(&node.want) {
                let kind = kinds::get(hole.node.kind()).unwrap_or_else(|| panic!("{file}: {} of what?", hole.node));
                // One output may have many values, told apart by what is behind a dot.
                let output = hole.output.split('.').next().unwrap_or_default();
                let offers = kind.kind.outputs.contains(&output);
                assert!(offers, "{file}: {} refers to {} of {}", node.id, hole.output, hole.node);
                seen.insert((hole.node.kind().to_owned(), hole.output));
            }
        }
    }
    assert!(seen.len() >= 10, "only {seen:?} were referred to");
}

#[test]
fn names_and_ids_are_good() {
    for (file, graph) in graphs() {
        let mut names = BTreeSet::new();
        for node in graph.nodes() {
            let kind = kinds::get(node.id.kind()).unwrap_or_else(|| panic!("{file}: {}", node.id)).kind;
            assert_eq!(node.id.to_string().parse::<NodeId>().unwrap(), node.id);
            if kind.name_limit > 0 && !node.lookup {
                assert!(!node.name.is_empty(), "{file}: {} has no name", node.id);
                assert!(node.name.chars().count() <= kind.name_limit, "{file}: {} is called {}", node.id, node.name);
            }
            let fresh = node.name.is_empty() || names.insert((node.id.kind().to_owned(), node.name.clone()));
            assert!(fresh, "{file}: two things of the kind of {} are called {}", node.id, node.name);
            assert!(node.origin.is_some() || node.lookup, "{file}: {} comes from nowhere", node.id);
        }
    }
}

#[test]
fn what_the_environment_holds_goes_nowhere_unasked() {
    for (file, graph) in graphs() {
        let text = serde_json::to_string(&graph).unwrap();
        assert!(!text.contains(SECRET), "{file}: a secret of the environment is in a document");
    }
}
