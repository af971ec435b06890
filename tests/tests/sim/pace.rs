//! How many calls the workload W(S) takes, how long it lasts where AWS's rates are kept, and when its services are ready: in
//! virtual time, on the simulated AWS. Which step starts when is the engine's; here only its effect is counted.

use std::collections::BTreeMap;
use std::path::Path;

use evenkeel_core::event::What;
use evenkeel_core::graph::Graph;
use evenkeel_core::plan::Verb;
use evenkeel_tests::moto::root;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};

/// What a run of the workload took.
#[derive(Debug)]
struct Took {
    /// Requests by operation.
    calls: BTreeMap<String, usize>,
    /// Simulated seconds until half of the services were created.
    median: f64,
    /// Simulated seconds until the last one was.
    last: f64,
}

impl Took {
    /// How many requests there were, of these operations no more than so many: the rest are questions about what is awaited.
    fn without_polls(&self, reads: &[(&str, usize)]) -> usize {
        let counted = |(operation, count): (&String, &usize)| {
            reads.iter().find(|(read, _)| read == operation).map_or(*count, |(_, most)| *most.min(count))
        };
        self.calls.iter().map(counted).sum()
    }

    fn of(&self, operation: &str) -> usize {
        self.calls.get(operation).copied().unwrap_or(0)
    }
}

/// The workload of that many services, as `scripts/workload` writes it.
pub(super) fn workload(size: usize) -> Graph {
    let text = std::process::Command::new("python3")
        .args(["scripts/workload", "--print", &size.to_string()])
        .current_dir(root())
        .output()
        .expect("the workload is written");
    graph_of(&String::from_utf8(text.stdout).expect("UTF-8"), Path::new("."))
}

fn bench(parallel: usize) -> Bench {
    let mut bench = Bench::new("us-east-1");
    bench.watched = false;
    bench.parallel = parallel;
    bench.add_zone("w.example");
    bench
}

async fn run(bench: &Bench, graph: &Graph, goal: Goal) -> Took {
    bench.take_requests();
    let ended = bench.run(graph, goal).await;
    let Ended::Outcome(_, events) = &ended else { panic!("{ended:?}") };
    assert!(ended.is_done(), "{ended:?}");
    let mut calls = BTreeMap::new();
    for (_, operation) in bench.take_requests() {
        *calls.entry(operation).or_default() += 1;
    }
    let secs = |at_ms: u64| f64::from(u32::try_from(at_ms).expect("a short run")) / 1000.0;
    let made =
        |what: &What| matches!(what, What::StepDone { node, verb: Verb::Create, .. } if node.kind() == "service");
    let made: Vec<f64> = events.iter().filter(|event| made(&event.what)).map(|event| secs(event.at_ms)).collect();
    let median = made.get(made.len() / 2).copied().unwrap_or_default();
    Took { calls, median, last: made.last().copied().unwrap_or_default() }
}

/// The fewest calls that a plan of the workload can do with, its creation, and its destruction (the plan of each included).
fn floors(size: usize) -> (usize, usize) {
    let plan = 10 + size.div_ceil(50) + size.div_ceil(10) + (size + 2).div_ceil(300) + (2 * size + 2).div_ceil(20);
    (plan + 17 + 6 * size, plan + 12 + 4 * size)
}

/// What of a creation are no polls.
const CREATING: &[(&str, usize)] = &[
    ("DescribeLoadBalancers", 1),
    ("DescribeClusters", 1),
    ("DescribeServices", 0),
    ("DescribeServiceDeployments", 0),
    ("GetChange", 0),
];

#[test]
fn the_workload_takes_few_calls_and_asks_nothing_in_vain() {
    for size in [2, 20] {
        let graph = workload(size);
        let (created, destroyed) = in_virtual_time(async {
            let bench = bench(32);
            (run(&bench, &graph, Goal::Apply).await, run(&bench, &graph, Goal::Destroy).await)
        });
        let (creation, destruction) = floors(size);
        let calls = created.without_polls(CREATING);
        assert!(
            calls * 10 <= creation * 11,
            "W({size}): {calls} calls to create, the floor is {creation}: {created:#?}"
        );
        assert_eq!(created.of("AddTags"), 0, "the mark of a listener that gets rules is one of its first");
        // One look at each batch of services, at each log group, role and cluster, just before they go by their names; and what others
        // may have put into the load balancer; the tag of the zone; and listings of repositories, parameters, secrets, rules in the groups of
        // others and of others in the groups of the stack, databases and both sorts of their groups, what scales and namespaces, of which the tagging API may not know what was
        // made a moment ago; and instance profiles, which may hold no role yet, gateways, and of networks the VPCs, internet gateways and
        // Elastic IP addresses.
        let listings = 15;
        let looks = size.div_ceil(10) + size + 2 + 1 + 4 + 1 + listings;
        let kept = size.div_ceil(10) * 2;
        let calls = destroyed.without_polls(&[("DescribeNetworkInterfaces", 0), ("DescribeServices", kept)]);
        // A small stack has as many looks of its own as a large one.
        let most = if size < 20 { destruction * 11 + looks * 10 } else { destruction * 12 + listings * 10 };
        assert!(
            calls * 10 <= most,
            "W({size}): {calls} calls to destroy, the floor is {destruction} and {looks} looks: {destroyed:#?}"
        );
        assert_eq!(destroyed.of("DeleteSecurityGroup"), 3, "no deletion of a security group is in vain");
        assert_eq!(destroyed.of("DescribeSecurityGroups"), 1, "nobody has to be asked who holds one");
        assert!(destroyed.of("DescribeNetworkInterfaces") <= 24, "{destroyed:#?}");
    }
}

/// Registrations go at 20 and then 1 a second, so the last of 100 services cannot be created before 80 s are over.
#[test]
fn what_waits_for_its_turn_holds_up_nothing_else() {
    let graph = workload(100);
    let [few, many] =
        [32, 1000].map(|parallel| in_virtual_time(async { run(&bench(parallel), &graph, Goal::Apply).await }));
    assert!(
        (few.median - many.median).abs() <= many.median * 0.05,
        "half of them after {} s and {} s",
        few.median,
        many.median
    );
    assert!(few.last <= 80.0 * 1.03, "the last one after {} s", few.last);
    let (creation, _) = floors(100);
    let calls = few.without_polls(CREATING);
    assert!(calls * 10 <= creation * 11, "{calls} calls to create, the floor is {creation}: {few:#?}");
}
