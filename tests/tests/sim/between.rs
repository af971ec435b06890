//! Somebody makes the very same thing between the plan and its creation: AWS answers such a creation as if it had made it. What
//! it answers with is looked at before it is used.

use std::path::Path;

use evenkeel_core::error::ErrorClass;
use evenkeel_sim::services;
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

const STACK: &str = r"
stack: shop
region: us-east-1
target_groups: { app: { port: 8000 } }
load_balancers: { web: { listeners: { http: { port: 80, forward: app } } } }
";

/// Which request of an undisturbed run is this one, counted from 1.
fn request(operation: &str) -> u64 {
    in_virtual_time(async {
        let bench = Bench::new("us-east-1");
        bench.done(&graph_of(STACK, Path::new(".")), Goal::Apply).await;
        let at = bench.take_requests().iter().position(|(_, name)| name == operation);
        at.expect("it is sent") as u64 + 1
    })
}

#[test]
fn a_listener_that_somebody_else_makes_meanwhile_is_not_taken_for_ours() {
    let at = request("CreateListener");
    in_virtual_time(async {
        let bench = Bench::new("us-east-1");
        let graph = graph_of(STACK, Path::new("."));
        let place = bench.place.clone();
        bench.sim.visit(at, move |world| {
            let mut ask = |operation: &str, input: Value| {
                services::call(world, &place, "elbv2", operation, input).expect("nobody is refused here")
            };
            let balancer = ask("DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
            let group = ask("DescribeTargetGroups", json!({}))["TargetGroups"][0]["TargetGroupArn"].clone();
            let action = json!([{ "Type": "forward", "TargetGroupArn": group }]);
            let input = json!({ "LoadBalancerArn": balancer, "Port": 80, "Protocol": "HTTP", "DefaultActions": action,
                "Tags": [{ "Key": "owner", "Value": "somebody" }] });
            ask("CreateListener", input);
        });
        let ended = bench.run(&graph, Goal::Apply).await;
        assert!(!bench.sim.dismiss(), "he came");
        let Ended::Outcome(outcome, _) = &ended else { panic!("{ended:?}") };
        let failed = &outcome.summary().failed;
        assert_eq!(failed.len(), 1, "{ended:?}");
        assert_eq!(failed[0].error.class, ErrorClass::Exists);
        let hint = failed[0].error.hint.clone().unwrap_or_default();
        assert!(hint.contains("--adopt listener.web/http"), "{hint}");

        let listeners = bench.ask("elbv2.DescribeListeners", json!({ "LoadBalancerArn": balancer(&bench) }));
        let arn = listeners["Listeners"][0]["ListenerArn"].clone();
        let tags = bench.ask("elbv2.DescribeTags", json!({ "ResourceArns": [arn] }));
        assert_eq!(tags["TagDescriptions"][0]["Tags"], json!([{ "Key": "owner", "Value": "somebody" }]));
        bench.ask("elbv2.DeleteListener", json!({ "ListenerArn": arn }));
        bench.done(&graph, Goal::Apply).await;
        bench.settled(&graph, Goal::Apply).await;
    });
}

fn balancer(bench: &Bench) -> Value {
    bench.ask("elbv2.DescribeLoadBalancers", json!({}))["LoadBalancers"][0]["LoadBalancerArn"].clone()
}

#[test]
fn looks_at_what_was_made_side_by_side_share_a_request() {
    in_virtual_time(async {
        let bench = Bench::new("us-east-1");
        let groups: Vec<String> = (0..8).map(|at| format!("g{at}: {{ port: 80 }}")).collect();
        let text = format!("stack: shop\nregion: us-east-1\ntarget_groups: {{ {} }}\n", groups.join(", "));
        let graph = graph_of(&text, Path::new("."));
        bench.done(&graph, Goal::Apply).await;
        let sent = bench.take_requests();
        let count = |operation: &str| sent.iter().filter(|(_, name)| name == operation).count();
        assert_eq!(count("CreateTargetGroup"), 8);
        assert!(count("DescribeTags") <= 2, "eight groups take {} looks", count("DescribeTags"));
    });
}
