//! The reading of logs: lines of several groups in the order of time, each once, whatever pages, faults and late lines there are.

use std::collections::BTreeMap;
use std::time::Duration;

use evenkeel_aws::client::Aws;
use evenkeel_aws::services::logs::tail::{Line, Tail};
use evenkeel_sim::Sim;
use evenkeel_sim::client::SimClient;
use evenkeel_sim::faults::{Fault, Faults, Rule};
use evenkeel_sim::world::{Moment, Place, World};
use serde_json::{Value, json};

struct Groups {
    sim: Sim,
    place: Place,
}

impl Groups {
    fn new() -> Self {
        let settings = evenkeel_sim::Settings::default();
        let sim = Sim::new(World::new(3, Moment::wall()), settings);
        Self { sim, place: Place::new("123456789012", "us-east-1") }
    }

    fn ok(&self, operation: &str, input: Value) -> Value {
        self.sim.call(&self.place, "logs", operation, input).expect("it is taken")
    }

    fn stream(&self, group: &str, stream: &str) {
        drop(self.sim.call(&self.place, "logs", "CreateLogGroup", json!({ "logGroupName": group })));
        self.ok("CreateLogStream", json!({ "logGroupName": group, "logStreamName": stream }));
    }

    /// Writes lines, each so many milliseconds ago.
    fn put(&self, group: &str, stream: &str, lines: &[(i64, String)]) {
        let now = self.sim.with_world(|world| world.now.0);
        let event = |(ago, text): &(i64, String)| json!({ "timestamp": now - ago, "message": text });
        let events: Vec<Value> = lines.iter().map(event).collect();
        self.ok("PutLogEvents", json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events }));
    }

    fn aws(&self) -> Aws {
        Aws::simulated(SimClient::shared(self.sim.clone()), &self.place.region, 60.0).expect("a region is given")
    }
}

fn lines(lines: &[(i64, &str)]) -> Vec<(i64, String)> {
    lines.iter().map(|(ago, text)| (*ago, (*text).to_owned())).collect()
}

/// What a pass gives, and how many groups it could not read.
async fn pass(tail: &mut Tail, aws: &Aws) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let failed = tail.pass(aws, None, &mut |line: Line| found.push(line.message)).await;
    (found, failed.len())
}

#[tokio::test]
async fn lines_of_several_groups_come_in_order_and_each_once() {
    let groups = Groups::new();
    groups.stream("a", "web/web/1");
    groups.stream("b", "worker/worker/2");
    groups.stream("b", "other/x/3");
    groups.put("a", "web/web/1", &lines(&[(9_000, "1"), (5_000, "3")]));
    groups.put("b", "worker/worker/2", &lines(&[(7_000, "2"), (3_000, "4")]));
    groups.put("b", "other/x/3", &lines(&[(4_000, "not asked for")]));
    let aws = groups.aws();
    let prefixes = [("a", None), ("b", Some("worker/")), ("gone", None)];
    let prefixes = prefixes.map(|(group, prefix)| (group.to_owned(), prefix.map(str::to_owned)));
    let mut tail = Tail::new(BTreeMap::from(prefixes), 0, None);
    assert_eq!(pass(&mut tail, &aws).await, (["1", "2", "3", "4"].map(str::to_owned).into(), 1));
    assert_eq!(pass(&mut tail, &aws).await, (Vec::new(), 1), "none twice");
    groups.sim.pass(Duration::from_secs(5));
    // One comes late: it was written before the last one that was read.
    groups.put("a", "web/web/1", &lines(&[(11_000, "late")]));
    groups.put("b", "worker/worker/2", &lines(&[(0, "new")]));
    assert_eq!(pass(&mut tail, &aws).await, (["late", "new"].map(str::to_owned).into(), 1));
}

#[tokio::test]
async fn a_pattern_chooses_all_pages_are_read_and_throttling_loses_nothing() {
    let groups = Groups::new();
    groups.stream("a", "s");
    // One request gives at most 10000 events.
    for block in 0..3_i64 {
        let block: Vec<_> = (0..5_000).map(|at| (90_000 - block * 20_000 - at, format!("line {at}"))).collect();
        groups.put("a", "s", &block);
    }
    let throttle = Rule { nth: Some(2), ..Rule::operation("logs", "FilterLogEvents", Fault::Throttle) };
    groups.sim.set_faults(Faults::new(vec![throttle], 0));
    let aws = groups.aws();
    let all = BTreeMap::from([("a".to_owned(), None)]);
    assert_eq!(pass(&mut Tail::new(all.clone(), 0, None), &aws).await.0.len(), 15_000);
    assert!(!groups.sim.fired().is_empty(), "a request was throttled");
    let found = pass(&mut Tail::new(all, 0, Some("\"line 4999\"")), &aws).await.0;
    assert_eq!(found, ["line 4999", "line 4999", "line 4999"]);
}
