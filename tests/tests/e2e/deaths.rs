//! `kill -9` at any moment of apply and destroy: the next run converges, with nothing twice and nothing left over.

use std::time::Duration;

use evenkeel_tests::burst::Burst;
use evenkeel_tests::moto::Moto;
use evenkeel_tests::world::world;
use serde_json::json;

use super::{Bench, STACK};

#[tokio::test]
async fn a_killed_run_is_completed_by_the_next() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let burst = Burst::before(&moto);
    // Slow enough that each moment below falls into the run.
    burst.rules(&json!([{ "service": "*", "latency": 40 }]));
    let bench = Bench::new(&burst.url(), STACK);
    let path = bench.path();
    let path = path.to_str().expect("a plain path");
    let mut partial = 0;
    for after in [150, 300, 500, 700, 900, 1300] {
        let mut child = bench.program.spawn(&["apply", path, "--yes"]);
        std::thread::sleep(Duration::from_millis(after));
        let running = child.try_wait().expect("a child can be asked").is_none();
        child.kill().expect("it is killed");
        child.wait().expect("it has ended");
        let left = world(&aws).await;
        partial += usize::from(running && !left.is_empty());
        burst.rules(&json!([]));
        bench.apply();
        bench.settled();
        let whole = world(&aws).await;
        for word in ["cluster ", "load balancer ", "zone ", "role "] {
            let count = whole.iter().filter(|line| line.starts_with(word)).count();
            assert_eq!(count, 1, "after {after} ms: one {word}in {whole:#?}");
        }
        burst.rules(&json!([{ "service": "*", "latency": 40 }]));
        let mut child = bench.program.spawn(&["destroy", path, "--yes"]);
        std::thread::sleep(Duration::from_millis(after));
        child.kill().expect("it is killed");
        child.wait().expect("it has ended");
        burst.rules(&json!([]));
        bench.run("destroy", &["--yes"]).exits(0);
        let left = world(&aws).await;
        assert!(left.is_empty(), "after {after} ms: {left:#?}");
        burst.rules(&json!([{ "service": "*", "latency": 40 }]));
    }
    assert!(partial >= 1, "no run died half-way");
}
