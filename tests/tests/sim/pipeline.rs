//! Services whose task definitions somebody else's pipeline registers: named by family, by revision or by ARN. Nothing of ours is
//! registered, what the pipeline does is no difference, and what belongs to it is never touched.

use evenkeel_tests::moto::root;
use evenkeel_tests::simulated::{Bench, Goal, graph_of, in_virtual_time};
use serde_json::{Value, json};

const REGION: &str = "eu-west-1";

fn register(bench: &Bench, family: &str, image: &str) -> String {
    let container = json!({ "name": "app", "image": image, "portMappings": [{ "containerPort": 80 }] });
    let reply = bench.ask(
        "ecs.RegisterTaskDefinition",
        json!({
            "family": family, "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container],
        }),
    );
    reply["taskDefinition"]["taskDefinitionArn"].as_str().expect("an ARN").to_owned()
}

fn stack(runs: &str) -> evenkeel_core::graph::Graph {
    let text =
        format!("stack: shop\nregion: {REGION}\ncluster: shop\nservices: {{ app: {{ {runs}, desired_count: 1 }} }}\n");
    graph_of(&text, &root())
}

fn running(bench: &Bench) -> String {
    let services = bench.ask("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["shop-app"] }));
    services["services"][0]["taskDefinition"].as_str().expect("it runs").to_owned()
}

fn deploy(bench: &Bench, revision: &str) {
    bench.ask("ecs.UpdateService", json!({ "cluster": "shop", "service": "shop-app", "taskDefinition": revision }));
    bench.sim.pass(std::time::Duration::from_secs(600));
}

fn status(bench: &Bench, arn: &str) -> Value {
    bench.ask("ecs.DescribeTaskDefinition", json!({ "taskDefinition": arn }))["taskDefinition"]["status"].clone()
}

#[test]
fn a_family_is_left_to_its_pipeline() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let first = register(&bench, "app", "app:1");
        let graph = stack("task_definition: app");
        assert!(graph.of_kind("task_definition").next().is_none(), "nothing of ours is registered");
        bench.done(&graph, Goal::Apply).await;
        bench.settled(&graph, Goal::Apply).await;
        assert_eq!(running(&bench), first);
        // A new revision alone is nobody's business, and neither is its deployment by the pipeline.
        let second = register(&bench, "app", "app:2");
        bench.settled(&graph, Goal::Apply).await;
        deploy(&bench, &second);
        bench.settled(&graph, Goal::Apply).await;
        assert_eq!(running(&bench), second);
        bench.done(&graph, Goal::Destroy).await;
        bench.settled(&graph, Goal::Destroy).await;
        assert_eq!((status(&bench, &first), status(&bench, &second)), ("ACTIVE".into(), "ACTIVE".into()));
    });
}

#[test]
fn a_revision_is_held_to() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let first = register(&bench, "app", "app:1");
        let second = register(&bench, "app", "app:2");
        let graph = stack("task_definition: \"app:1\"");
        bench.done(&graph, Goal::Apply).await;
        bench.settled(&graph, Goal::Apply).await;
        assert_eq!(running(&bench), first);
        deploy(&bench, &second);
        assert_eq!(bench.steps(&graph, Goal::Apply).await, ["update service.app", "wait service.app"]);
        bench.done(&graph, Goal::Apply).await;
        assert_eq!(running(&bench), first);
        let graph = stack(&format!("task_definition: \"{second}\""));
        bench.done(&graph, Goal::Apply).await;
        bench.settled(&graph, Goal::Apply).await;
        assert_eq!(running(&bench), second);
    });
}

#[test]
fn a_service_changes_hands_both_ways() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let ours = stack("cpu: 256, memory: 512, containers: { app: { image: \"app:0\" } }");
        bench.done(&ours, Goal::Apply).await;
        let first = running(&bench);
        register(&bench, "app", "app:1");
        let theirs = stack("task_definition: app");
        bench.done(&theirs, Goal::Apply).await;
        bench.settled(&theirs, Goal::Apply).await;
        assert_eq!(status(&bench, &first), "INACTIVE", "what was ours is gone");
        bench.done(&ours, Goal::Apply).await;
        bench.settled(&ours, Goal::Apply).await;
        let arn = running(&bench);
        assert!(arn.contains("/shop-app:"), "{arn}");
    });
}

/// A family that was ours, and is handed over as it stands.
#[test]
fn a_family_of_ours_is_handed_over() {
    in_virtual_time(async {
        let bench = Bench::new(REGION);
        let ours = stack("cpu: 256, memory: 512, containers: { app: { image: \"app:0\" } }");
        bench.done(&ours, Goal::Apply).await;
        let first = running(&bench);
        let theirs = stack("task_definition: shop-app");
        bench.done(&theirs, Goal::Apply).await;
        bench.settled(&theirs, Goal::Apply).await;
        assert_eq!((running(&bench), status(&bench, &first)), (first.clone(), "ACTIVE".into()));
    });
}

/// A service that a pipeline made and goes on deploying.
#[test]
fn a_service_is_taken_over_without_a_deployment() {
    in_virtual_time(async {
        let mut bench = Bench::new(REGION);
        register(&bench, "app", "app:1");
        let graph = stack("task_definition: app");
        bench.done(&graph, Goal::Apply).await;
        let arn = bench.ask("ecs.DescribeServices", json!({ "cluster": "shop", "services": ["shop-app"] }));
        let arn = arn["services"][0]["serviceArn"].clone();
        let marks = ["evenkeel:stack", "evenkeel:id", "evenkeel:applied"];
        bench.ask("ecs.UntagResource", json!({ "resourceArn": arn, "tagKeys": marks }));
        let second = register(&bench, "app", "app:2");
        bench.options.adopt.insert("service.app".to_owned());
        bench.done(&graph, Goal::Apply).await;
        bench.settled(&graph, Goal::Apply).await;
        assert_ne!(running(&bench), second, "nobody asked for a deployment");
    });
}
