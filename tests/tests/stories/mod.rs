//! Plan stories: each directory of `tests/stories` holds a stack file, what is live (`live.yaml`), and the plan that a careful
//! engineer wants for the two (`plan.txt`). `EVENKEEL_BLESS=1` writes the plans anew; read the difference before committing it.

mod applied;
mod live;
mod show;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use evenkeel_aws::kinds;
use evenkeel_core::check::check;
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::plan;
use evenkeel_core::snapshot::Snapshot;
use evenkeel_stack::{LoadOptions, load};

use live::Story;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stories")
}

/// The graph of a stack file of a story.
fn graph(file: &Path) -> Graph {
    let loaded = load(file, &LoadOptions::default());
    let loaded = loaded.unwrap_or_else(|found| {
        let found: Vec<String> = found.iter().map(|one| format!("{} {}", one.code, one.summary)).collect();
        panic!("{} does not load: {found:#?}", file.display())
    });
    let region = loaded.stack.region.clone().expect("a story names its region");
    kinds::graph(&loaded.stack, &region).unwrap_or_else(|errors| panic!("{}: {errors:?}", file.display()))
}

/// Plans a story; the plan is checked and shown.
fn tell(directory: &Path) -> String {
    let story = Story::read(directory);
    let file = directory.join(&story.stack);
    let table = kinds::table();
    let wanted = graph(&file);
    let mut options = story.options();
    let names = wanted.clone();
    let wanted = if options.destroy {
        options.protected = wanted.nodes().filter(|node| node.protect).map(|node| node.id.clone()).collect();
        Graph::empty(wanted.stack)
    } else {
        wanted
    };
    let have = Snapshot::of(&table, &wanted, &names, story.candidates(directory, &wanted));
    let made = plan(&table, &wanted, &have, &options);
    let findings = check(&table, &wanted, &have, &made, &options);
    let text = show::plan(&made);
    assert!(findings.is_empty(), "{}: {findings:#?}\n{text}", directory.display());
    let bytes = |plan| serde_json::to_string(plan).expect("a plan can be written");
    let again = plan(&table, &wanted, &have, &options);
    assert_eq!(bytes(&made), bytes(&again), "{}: equal inputs give equal plans", directory.display());
    text
}

#[test]
fn every_story_ends_as_it_is_told() {
    let bless = std::env::var_os("EVENKEEL_BLESS").is_some();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder()).expect("there are stories") {
        let directory = entry.expect("a directory can be read").path();
        if !directory.is_dir() {
            continue;
        }
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = tell(&directory);
        let file = directory.join("plan.txt");
        if bless {
            fs::write(&file, &text).expect("a plan is written");
        } else {
            let expected = fs::read_to_string(&file).unwrap_or_default();
            if expected != text {
                wrong.push(format!("== {name}, expected:\n{expected}\n== {name}, planned:\n{text}"));
            }
        }
        names.insert(name);
    }
    assert!(wrong.is_empty(), "{}\nEVENKEEL_BLESS=1 accepts them", wrong.join("\n"));
    assert!(names.len() >= 20, "only {} stories were found", names.len());
}
