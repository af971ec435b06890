//! Random worlds: stacks made by chance, applied one after the other in bad weather, with drift behind our back, and destroyed.
//! Whatever comes: an apply that says it is done leaves nothing to do, and a destruction leaves nothing of the stack and
//! everything of others.
//!
//! EVENKEEL_WORLDS says how many (`scripts/soak N`). A failure is shrunk and printed as a story, a folder that can be kept in
//! `tests/regressions` and is then told again by every run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evenkeel_core::id::NodeId;
use evenkeel_sim::faults::Faults;
use evenkeel_tests::laws;
use evenkeel_tests::moto::root;
use evenkeel_tests::picture::{difference, picture_since};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use evenkeel_tests::weather;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde::{Deserialize, Serialize};

use super::drift::{self, Drift};
use super::recipe::recipe;

/// How often a run is repeated in bad weather before the sky clears. Each time the weather is another one.
const PATIENCE: u64 = 4;

/// A world's story.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Story {
    /// The texts of the stack, one after the other.
    #[serde(skip)]
    stacks: Vec<String>,
    /// What happens behind our back once all are applied.
    drift: Vec<Drift>,
    /// The seed of the weather, if there is any.
    weather: Option<u64>,
}

fn story() -> impl Strategy<Value = Story> {
    (vec(recipe(), 1..4), vec(drift::drift(), 0..4), proptest::option::of(0..1_000_000_u64)).prop_map(
        |(recipes, drift, weather)| Story {
            stacks: recipes.iter().map(super::recipe::Recipe::text).collect(),
            drift,
            weather,
        },
    )
}

/// Runs in whatever weather there is, then under a clear sky until it is done.
async fn through(bench: &Bench, text: &str, goal: Goal, sky: Option<u64>) -> Result<(), String> {
    let graph = graph_of(text, Path::new("."));
    if let Some(seed) = sky {
        for day in 0..PATIENCE {
            // Death included: a set of faults brings the program back to life.
            bench.faults(weather::weather(seed.wrapping_mul(PATIENCE).wrapping_add(day)));
            if bench.run(&graph, goal).await.is_done() {
                break;
            }
        }
        bench.faults(Faults::default());
    }
    let ended = bench.run(&graph, goal).await;
    if !ended.is_done() {
        return Err(format!("{goal:?} under a clear sky: {}", told(&ended)));
    }
    let snapshot = bench.read(&graph, goal).await;
    let plan = bench.plan(&graph, &snapshot, goal);
    if plan.steps.is_empty() && plan.held.is_empty() && plan.conflicts.is_empty() {
        laws::nothing_is_there_twice(&bench.world());
        Ok(())
    } else {
        Err(format!("{goal:?} said it was done, but a plan has {plan:#?}"))
    }
}

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Outcome(outcome, _) => format!("{:#?}", outcome.summary().failed),
        other => format!("{other:#?}"),
    }
}

async fn tell(story: &Story) -> Result<(), String> {
    let mut bench = Bench::new("us-east-1");
    // Whatever its log groups hold may go with them.
    bench.options.consent = (0..3).map(|number| NodeId::new("log_group", &format!("log{number}"))).collect();
    bench.add_zone("somebody.example");
    bench.ask("logs.CreateLogGroup", serde_json::json!({ "logGroupName": "/somebody" }));
    let before = bench.world();
    for text in &story.stacks {
        through(&bench, text, Goal::Apply, story.weather).await?;
    }
    let last = story.stacks.last().ok_or("a story has a stack")?;
    for drift in &story.drift {
        drift::happen(&bench, *drift);
        // What goes dark by that is not evenkeel's doing.
        bench.watch.forgive();
        bench.sim.pass(Duration::from_secs(5));
    }
    if !story.drift.is_empty() {
        through(&bench, last, Goal::Apply, None).await?;
    }
    through(&bench, last, Goal::Destroy, story.weather).await?;
    bench.sim.pass(Duration::from_secs(1800));
    let left = difference(&picture_since(&before, &before), &picture_since(&before, &bench.world()));
    if left.is_empty() { Ok(()) } else { Err(format!("after the destruction:\n{}", left.join("\n"))) }
}

/// Writes a story down as a folder: the stacks in order, and the rest.
fn write_down(story: &Story, why: &str) -> PathBuf {
    let folder = root().join("target/random-worlds").join(format!("story-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for (number, text) in (1..).zip(&story.stacks) {
        fs::write(folder.join(format!("{number}.yaml")), text).expect("a stack is written");
    }
    let rest = serde_json::to_string_pretty(story).expect("a story is JSON");
    fs::write(folder.join("story.json"), rest).expect("the story is written");
    fs::write(folder.join("why.txt"), why).expect("the reason is written");
    folder
}

fn read_again(folder: &Path) -> Story {
    let rest = fs::read_to_string(folder.join("story.json")).expect("a story");
    let mut story: Story = serde_json::from_str(&rest).expect("a story is JSON");
    let numbered = (1..).map(|number| folder.join(format!("{number}.yaml"))).take_while(|path| path.exists());
    story.stacks = numbered.map(|path| fs::read_to_string(path).expect("a stack")).collect();
    story
}

#[test]
fn random_worlds_keep_the_laws() {
    let worlds = std::env::var("EVENKEEL_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(48);
    let seed = std::env::var("EVENKEEL_WORLDS_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0_u64);
    let config = Config { cases: worlds, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let chance = proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, chance);
    let result = runner.run(&story(), |story| in_virtual_time(tell(&story)).map_err(TestCaseError::fail));
    if let Err(proptest::test_runner::TestError::Fail(why, story)) = &result {
        let folder = write_down(story, why.message());
        panic!(
            "a law is broken: {}\n\nThe story is in {}; keep it as a folder of tests/regressions.\n\n{}\n{:?} weather {:?}",
            why.message(),
            folder.display(),
            story.stacks.join("\n---\n"),
            story.drift,
            story.weather
        );
    }
    result.expect("proptest ran");
}

#[test]
fn kept_stories_are_told_again() {
    let folder = root().join("tests/regressions");
    let mut told = 0;
    for entry in fs::read_dir(&folder).expect("the folder of regressions").flatten() {
        if entry.path().join("story.json").exists() {
            let story = read_again(&entry.path());
            in_virtual_time(tell(&story)).unwrap_or_else(|why| panic!("{}: {why}", entry.path().display()));
            told += 1;
        }
    }
    assert!(told > 0, "there is at least the first story");
}
