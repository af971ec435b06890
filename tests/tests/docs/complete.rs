//! Nothing is missing on the pages: every kind, every key that the stack file's sections read, every output, every permission.

use std::collections::BTreeSet;
use std::path::Path;

use evenkeel_aws::kinds;
use evenkeel_tests::keys::{keys, literals};
use evenkeel_tests::moto::root;
use serde_json::Value;

use super::pages::Page;

#[test]
fn every_kind_is_on_the_page_about_the_stack_file() {
    let page = Page::read("docs/stack-file.md");
    let table = page.text.split("\n## Kinds and ids\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let table = table.expect("the page has a table of kinds");
    let permissions = Page::read("docs/permissions.md");
    for entry in kinds::ALL.iter() {
        let name = entry.kind.name;
        assert!(table.contains(&format!("\n| `{name}` |")), "docs/stack-file.md does not explain the kind {name}");
        assert!(permissions.text.contains(&format!("\n| `{name}` |")), "docs/permissions.md has no row for {name}");
    }
}

#[test]
fn every_key_that_the_sections_read_is_on_the_page() {
    let page = Page::read("docs/stack-file.md");
    let words: BTreeSet<&str> = page.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let keys = keys();
    assert!(keys.len() > 100, "only {} keys were found: {keys:?}", keys.len());
    let missing: Vec<&String> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "docs/stack-file.md does not mention {missing:?}");
}

/// The actions of each policy document of the page.
fn policies(page: &Page) -> Vec<BTreeSet<String>> {
    let documents = page.blocks.iter().filter(|block| block.info == "json");
    let actions = |text: &str| {
        let document: Value = serde_json::from_str(text).expect("a policy is JSON");
        let statements = document["Statement"].as_array().expect("a policy has statements").clone();
        let lists = statements.iter().flat_map(|one| one["Action"].as_array().cloned().unwrap_or_default());
        lists.map(|action| action.as_str().expect("an action is text").to_owned()).collect()
    };
    documents.map(|block| actions(&block.text)).collect()
}

/// What `evenkeel logs`, `exec`, `restart`, `rollback`, `continue` and `stop-deployment` send beside what a plan reads.
const LOOKING: [&str; 6] = [
    "ecs:ContinueServiceDeployment",
    "ecs:DescribeServiceRevisions",
    "ecs:ExecuteCommand",
    "ecs:StopServiceDeployment",
    "ecs:UpdateService",
    "logs:FilterLogEvents",
];

#[test]
fn the_policies_hold_exactly_the_actions_of_the_kinds() {
    let page = Page::read("docs/permissions.md");
    let [read, write, look] = &policies(&page)[..] else { panic!("three policies are wanted") };
    assert_eq!(*look, LOOKING.map(str::to_owned).into());
    let reads =
        |action: &str| ["Describe", "List", "Get", "BatchGet"].iter().any(|verb| action.contains(&format!(":{verb}")));
    let mut all: BTreeSet<String> =
        kinds::ALL.iter().flat_map(|entry| entry.actions).map(|action| (*action).to_owned()).collect();
    // Asked for by the account guard, which belongs to no kind.
    all.insert("sts:GetCallerIdentity".to_owned());
    let (wanted_reads, wanted_writes): (BTreeSet<String>, BTreeSet<String>) =
        all.into_iter().partition(|one| reads(one));
    assert_eq!(*read, wanted_reads);
    assert_eq!(*write, wanted_writes);
}

/// The kinds' lists are what the policies are made of, so they have to hold everything that is sent.
#[test]
fn every_operation_that_is_sent_is_among_the_actions() {
    let mut known: BTreeSet<&str> = kinds::ALL.iter().flat_map(|entry| entry.actions).copied().collect();
    known.insert("sts:GetCallerIdentity");
    // Of `evenkeel env --with-secrets`, and of no kind.
    known.insert("secretsmanager:GetSecretValue");
    known.extend(LOOKING);
    let mut sent = BTreeSet::new();
    collect(&root().join("crates/aws/src"), &mut sent);
    assert!(sent.len() > 60, "only {} operations were found", sent.len());
    let missing: Vec<&String> = sent.iter().filter(|one| !known.contains(one.as_str())).collect();
    assert!(missing.is_empty(), "no kind lists {missing:?}");
}

fn collect(folder: &Path, sent: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, sent);
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a source is text");
        // Requests are sent under a name like `elb:CreateRule`, which is the prefix of the SDK, not of IAM.
        let source: String = source.split_whitespace().collect();
        for before in [".send(\"", "exchange!(aws,\"", "exchange!(self,\""] {
            for operation in literals(&source, before).into_iter().filter(|word| word.contains(':')) {
                let (service, name) = operation.split_once(':').expect("it has a colon");
                let service = match service {
                    "elb" => "elasticloadbalancing",
                    "tagging" => "tag",
                    other => other,
                };
                sent.insert(format!("{service}:{name}"));
            }
        }
    }
}
