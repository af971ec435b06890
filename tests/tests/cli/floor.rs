//! What a plan with nothing to do sends, beside the fewest requests that would do: for each stack and each example, as `--stats` shows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evenkeel_tests::moto::root;
use serde_json::Value;

use super::{Desk, GOOD};

type Calls = BTreeMap<String, u64>;

fn files(folder: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(root().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = all.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    files
}

/// What a stack needs of its environment.
fn desk() -> Desk {
    let mut desk = Desk::new(GOOD);
    let certificate = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    desk.program = desk.program.env("CERTIFICATE_ARN", certificate).env("MAIL_TOKEN", "not-a-secret");
    desk
}

/// Applies a stack in a world of its own, and plans it again: the calls, and the floor.
fn planned(desk: &Desk, path: &Path) -> (Calls, Calls) {
    let (path, name) = (path.display().to_string(), path.file_stem().expect("a name").display().to_string());
    let world = format!("{name}.json");
    let sim = format!("--sim={world}");
    desk.run(&["sim", "provide", "--file", &world, &path]).exits(0);
    desk.run(&["apply", &path, "--yes", "--quiet", &sim, "--sim-speed", "2000"]).exits(0);
    let plan = desk.run(&["plan", &path, &sim, "--stats", "--format", "json"]).exits(0).stdout;
    let plan: Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["steps"], serde_json::json!([]), "{name} is not as it was applied");
    let of = |key: &str| serde_json::from_value(plan["stats"][key].clone()).expect("calls");
    (of("calls"), of("floor"))
}

#[test]
fn a_plan_with_nothing_to_do_sends_what_it_cannot_do_without() {
    let (desk, mut wrong) = (desk(), Vec::new());
    let all = files("stacks").into_iter().chain(files("examples"));
    for path in all {
        let (calls, floor) = planned(&desk, &path);
        let (sent, least): (u64, u64) = (calls.values().sum(), floor.values().sum());
        // A floor above what was sent is none; what is not in it is waste.
        let below: Vec<_> =
            floor.iter().filter(|(name, least)| calls.get(*name).is_none_or(|sent| sent < least)).collect();
        let more: Vec<_> =
            calls.iter().filter(|(name, sent)| floor.get(*name).is_none_or(|least| least < sent)).collect();
        if !below.is_empty() || sent > least + (least * 6 / 100).max(1) {
            let path = path.display();
            wrong.push(format!("{path}: {sent} calls, floor {least}; below {below:?}, above {more:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_floor_is_shown_beside_the_calls_of_a_plan_only() {
    let desk = desk();
    let path = root().join("examples/minimal.yaml").display().to_string();
    desk.run(&["sim", "provide", "--file", "world.json", &path]).exits(0);
    let applied = desk.run(&["apply", &path, "--yes", "--sim=world.json", "--sim-speed", "2000", "--stats"]).exits(0);
    assert!(applied.stderr.contains("calls\n") && !applied.stderr.contains("floor"), "{}", applied.stderr);
    let planned = desk.run(&["plan", &path, "--sim=world.json", "--stats"]).exits(0);
    let line = planned.stderr.lines().find(|line| line.starts_with("total")).expect("a total");
    let numbers: Vec<u64> = line.split_whitespace().skip(1).map(|number| number.parse().expect("a number")).collect();
    assert!(planned.stderr.contains("calls  floor\n") && numbers[0] >= numbers[1] && numbers[1] > 8, "{line}");
}
