//! `docs/coverage.md`: for each kind of resource, which test shows that it is planned, made, changed, replaced, taken away, refused in words
//! and taken over. Made from the tables by which those tests walk, so a kind that a test does not reach has no cell, and then
//! this test fails. `EVENKEEL_BLESS=1` writes the page anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use evenkeel_aws::kinds;
use evenkeel_aws::resource::Entry;
use evenkeel_core::graph::Graph;
use evenkeel_core::kind::OnChange;
use evenkeel_tests::moto::root;
use evenkeel_tests::simulated::graph_of;

use crate::contract::graphs;
use crate::sim::phases::table::{Change, EDITS, NEVER};
use crate::sim::{adopted, phases, refused, scenes, strangers};

/// What the page says of the tests, by the names in its cells: the file under `tests/tests` and the functions there.
const TESTS: &[(&str, &str, &[&str], &str)] = &[
    (
        "stories",
        "stories/mod.rs",
        &["every_story_ends_as_it_is_told"],
        "a stack file, what is live, and the plan for the two, word for word, in `tests/stories`; the cell names one of them",
    ),
    (
        "phases",
        "sim/phases/mod.rs",
        &[
            "what_leaves_the_file_goes_whatever_happens",
            "what_is_replaced_is_replaced_whatever_happens",
            "everything_goes_with_its_stack",
        ],
        "a stack with one of each kind and more is applied, and a second plan is empty; then a resource of each kind leaves the file, is replaced, \
         renamed, moved, or changes places with another, with a fault in each, and what the next run leaves is what one clean run does; then all is destroyed",
    ),
    (
        "sweep",
        "sim/sweep.rs",
        &["a_network_of_its_own_survives_a_fault_at_any_request", "managed_instances_survive_a_fault_at_any_request"],
        "a stack of `stacks/` is applied, planned again to nothing, changed and destroyed, with a fault at each operation of each phase",
    ),
    (
        "noise",
        "sim/noise.rs",
        &["every_field_set_changed_and_removed_leaves_no_noise", "every_key_of_the_stack_file_is_in_a_story"],
        "every key of the stack file is set, changed and removed, and after each apply the plan is empty",
    ),
    (
        "refused",
        "sim/refused.rs",
        &["what_aws_refuses_is_told_at_the_step_that_asked_for_it"],
        "the request that creates a resource of the kind is refused; the run names that step with AWS's words, and the next one completes the stack",
    ),
    (
        "linked roles",
        "sim/linked_roles.rs",
        &["what_an_account_lacks_is_made_first_and_stays", "who_may_not_look_or_make_one_gets_on_as_before"],
        "the service-linked roles of ECS and load balancing are created in an account that has none, and a refusal does not stop the run",
    ),
    (
        "images",
        "cli/push.rs",
        &["an_image_is_built_once_for_each_content", "a_build_that_fails_changes_nothing"],
        "images are built and pushed as steps of a plan, once for each content",
    ),
    (
        "adopted",
        "sim/adopted.rs",
        &["what_was_made_by_hand_is_taken_over_kind_by_kind"],
        "a stack created by hand is adopted with `--adopt`, and then the plan is empty",
    ),
];

/// Cells that no table gives: kind, column, what shows it or why there is nothing to show.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("network", "plan", "only looked up"),
    ("availability_zones", "plan", "only looked up"),
    ("service_linked_role", "plan", "linked roles"),
    ("service_linked_role", "apply", "linked roles"),
    ("service_linked_role", "re-plan empty", "linked roles"),
    ("service_linked_role", "change in place", "nothing of it changes"),
    ("service_linked_role", "destroy", "it belongs to the account, and stays"),
    ("service_linked_role", "refusal explained", "linked roles"),
    ("service_linked_role", "adopted", "it belongs to the account: whoever needs it uses it"),
    ("image", "plan", "images"),
    ("image", "apply", "images"),
    ("image", "re-plan empty", "images"),
    ("image", "change in place", "another content has another tag"),
    ("image", "destroy", "it goes with its repository"),
    ("image", "refusal explained", "images"),
    ("image", "adopted", "an image of the same content is there already, and nothing is pushed"),
    ("rule_priorities", "plan", "only looked up"),
];

const COLUMNS: &[&str] = &[
    "plan",
    "apply",
    "re-plan empty",
    "change in place",
    "replace",
    "prune",
    "destroy",
    "refusal explained",
    "adopted",
];

struct Page {
    stories: Vec<(String, String)>,
    bases: Vec<Graph>,
    victim: Graph,
    scenes: Vec<Graph>,
    refused: BTreeSet<String>,
}

impl Page {
    fn gather() -> Self {
        let folder = root().join("tests/stories");
        let mut stories: Vec<(String, String)> = std::fs::read_dir(&folder)
            .expect("there are stories")
            .filter_map(|entry| {
                let entry = entry.expect("an entry");
                let plan = std::fs::read_to_string(entry.path().join("plan.txt")).ok()?;
                Some((entry.file_name().to_string_lossy().into_owned(), plan))
            })
            .collect();
        stories.sort();
        let victim = graph_of(strangers::STACK, Path::new("."));
        let scenes = vec![scenes::private_network().graph(), scenes::managed_instances().graph()];
        Self {
            stories,
            bases: phases::bases().into_iter().map(phases::graph).collect(),
            victim,
            scenes,
            refused: refused::kinds_of_stacks(),
        }
    }

    /// What shows a cell, or why it is empty; `None` if nobody says.
    fn cell(&self, entry: &Entry, column: &str) -> Option<String> {
        let kind = entry.kind.name;
        if let Some((.., says)) = ELSEWHERE.iter().find(|(of, at, _)| *of == kind && *at == column) {
            return Some((*says).to_owned());
        }
        if !entry.driver.makes() && column != "plan" {
            return Some("only looked up".to_owned());
        }
        let has = |graph: &Graph| graph.of_kind(kind).any(|node| !node.lookup);
        match column {
            "plan" => {
                let named = format!(" {kind}.");
                let story = self
                    .stories
                    .iter()
                    .find(|(_, plan)| plan.lines().any(|line| is_step(line) && line.contains(&named)));
                story.map(|(name, _)| format!("stories: {name}"))
            }
            "apply" | "re-plan empty" | "destroy" if self.bases.iter().any(has) => Some("phases".to_owned()),
            "apply" | "re-plan empty" | "destroy" => self.scenes.iter().any(has).then(|| "sweep".to_owned()),
            "change in place" => {
                Some(if changes(entry) { "noise" } else { "nothing of it changes in place" }.to_owned())
            }
            "replace" => phase(kind, Change::Replaced),
            "prune" => phase(kind, Change::Leaves),
            "refusal explained" => excused(refused::MADE_WITH_OTHERS, kind)
                .or_else(|| self.refused.contains(kind).then(|| "refused".to_owned())),
            "adopted" => excused(adopted::MADE_ANEW, kind).or_else(|| has(&self.victim).then(|| "adopted".to_owned())),
            _ => None,
        }
    }
}

/// ` 1 create role.one …`
fn is_step(line: &str) -> bool {
    line.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Whether anything of a kind but its tags changes in place.
fn changes(entry: &Entry) -> bool {
    let fixed: BTreeSet<&str> = entry
        .kind
        .fields
        .iter()
        .filter(|field| !matches!(field.on_change, OnChange::Update))
        .map(|field| field.path)
        .collect();
    let documents = graphs();
    let mut fields = BTreeSet::new();
    for (_, graph) in &documents {
        let made = graph.of_kind(entry.kind.name).filter(|node| !node.lookup);
        fields.extend(made.filter_map(|node| node.want.as_object()).flat_map(|want| want.keys().cloned()));
    }
    fields.iter().any(|field| field != "tags" && !fixed.contains(field.as_str()))
}

fn phase(kind: &str, change: Change) -> Option<String> {
    if EDITS.iter().any(|edit| edit.change == change && edit.kinds.contains(&kind)) {
        return Some("phases".to_owned());
    }
    let never = NEVER.iter().find(|(of, what, _)| *of == kind && *what == change);
    never.map(|(.., why)| (*why).to_owned())
}

fn excused(table: &[(&str, &str)], kind: &str) -> Option<String> {
    table.iter().find(|(of, _)| *of == kind).map(|(_, why)| (*why).to_owned())
}

#[test]
fn each_kind_has_a_test_or_a_reason_for_everything() {
    let page = Page::gather();
    let mut text = String::from(
        "# What is shown of each kind\n\n\
         For each kind of resource, the test that shows that it is planned, applied, planned again to nothing, changed in place, replaced, \
         pruned once it leaves the file, destroyed, that what AWS refuses of it is explained, and that one made by hand is adopted. \
         Where nothing is to be shown, the cell says why. The page is made from the tables by which the tests walk, and a test \
         holds it to them.\n\n",
    );
    let mut missing = Vec::new();
    let _ = writeln!(text, "| kind | {} |\n|{}", COLUMNS.join(" | "), " --- |".repeat(COLUMNS.len() + 1));
    for entry in kinds::ALL.iter() {
        let cells: Vec<String> = COLUMNS
            .iter()
            .map(|column| {
                page.cell(entry, column).unwrap_or_else(|| {
                    missing.push(format!("{}: {column}", entry.kind.name));
                    String::new()
                })
            })
            .collect();
        let _ = writeln!(text, "| `{}` | {} |", entry.kind.name, cells.join(" | "));
    }
    text.push_str(
        "\nThe tests, in `tests/tests`:\n\n| name | what it shows | file | functions |\n| --- | --- | --- | --- |\n",
    );
    for (name, file, functions, what) in TESTS {
        let source = std::fs::read_to_string(root().join("tests/tests").join(file)).unwrap_or_default();
        for function in *functions {
            assert!(source.contains(&format!("fn {function}(")), "{file} has no {function}");
        }
        let functions: Vec<String> = functions.iter().map(|function| format!("`{function}`")).collect();
        let _ = writeln!(text, "| {name} | {what} | `{file}` | {} |", functions.join(", "));
    }
    assert!(missing.is_empty(), "no test and no reason:\n{}", missing.join("\n"));
    for (kind, column, _) in ELSEWHERE {
        assert!(kinds::get(kind).is_some() && COLUMNS.contains(column), "{kind} {column} is no cell");
    }
    let file = root().join("docs/coverage.md");
    if std::env::var_os("EVENKEEL_BLESS").is_some() {
        std::fs::write(&file, &text).expect("the page is written");
    }
    assert!(std::fs::read_to_string(&file).unwrap_or_default() == text, "docs/coverage.md is out of date");
}
