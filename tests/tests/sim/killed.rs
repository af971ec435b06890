//! `kill -9`, for real: the program as a process of its own against a simulated AWS behind a socket, killed at some moments of its
//! work and started again. What it leaves is what one clean run leaves.

use std::time::{Duration, Instant};

use evenkeel_sim::world::World;
use evenkeel_tests::laws;
use evenkeel_tests::picture::{difference, picture_since};
use evenkeel_tests::program::Program;
use evenkeel_tests::served::Served;
use evenkeel_tests::simulated::Goal;

use super::scenes;

const STACK: &str = "stacks/cruddur-http.yaml";
/// Minutes of load balancers and deployments pass in a moment.
const FAST: &[&str] = &["--sim-speed", "600"];
/// How many moments of a run are tried.
const MOMENTS: u32 = 6;

/// Starts the program and kills it after a time; whether it was still at work.
fn killed(served: &Served, arguments: &[&str], after: Duration) -> bool {
    let mut child = Program::at(&served.url).spawn(arguments);
    let began = Instant::now();
    while began.elapsed() < after {
        if child.try_wait().expect("it can be asked").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it is killed");
    !child.wait().expect("it has ended").success()
}

fn pass(served: &Served, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    Program::at(&served.url).run(arguments).exits(0);
    began.elapsed()
}

fn compare(what: &str, before: &World, clean: &World, other: &World) {
    let found = difference(&picture_since(before, clean), &picture_since(before, other));
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
    laws::nothing_is_there_twice(other);
}

fn kill_now_and_then(goal: Goal, before: &World, arguments: &[&str]) {
    let served = Served::of(before, FAST);
    let took = pass(&served, arguments);
    let clean = served.end();
    let mut hit = 0;
    for moment in 0..MOMENTS {
        let served = Served::of(before, FAST);
        // Starting and reading take the first part.
        let after = took.mul_f64(0.2 + 0.7 * f64::from(moment) / f64::from(MOMENTS));
        hit += u32::from(killed(&served, arguments, after));
        pass(&served, arguments);
        let again = match goal {
            Goal::Apply => vec!["plan", STACK, "--detailed-exitcode"],
            Goal::Destroy => arguments.to_vec(),
        };
        Program::at(&served.url).run(&again).exits(0);
        compare(&format!("killed after {after:?} of {took:?}"), before, &clean, &served.end());
    }
    assert!(hit >= MOMENTS / 2, "most of the moments lay within the run, not {hit}");
}

#[test]
fn an_apply_and_a_destroy_that_are_killed_are_completed_by_the_next() {
    let scene = scenes::cruddur_http();
    let before = scene.bench().world();
    let apply = ["apply", STACK, "--yes"];
    kill_now_and_then(Goal::Apply, &before, &apply);
    let served = Served::of(&before, FAST);
    pass(&served, &apply);
    let applied = served.end();
    let destroy = ["destroy", STACK, "--yes", "--consent", "log_group.cruddur"];
    kill_now_and_then(Goal::Destroy, &applied, &destroy);
}
