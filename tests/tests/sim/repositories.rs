//! Repositories that hold images: what would lose them waits for a word, whatever way they would go, and images that come in
//! between are seen.

use std::path::Path;

use evenkeel_aws::services::ecr::images;
use evenkeel_core::graph::Graph;
use evenkeel_core::id::NodeId;
use evenkeel_core::plan::{HeldBecause, Plan};
use evenkeel_tests::simulated::{Bench, Ended, Goal, graph_of};
use serde_json::{Value, json};

fn graph(entry: &str) -> Graph {
    graph_of(&format!("stack: shop\nregion: us-east-1\nrepositories: {{ {entry} }}\n"), Path::new("."))
}

fn id() -> NodeId {
    NodeId::new("repository", "app")
}

fn push(bench: &Bench, tag: &str) {
    let layer =
        json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "size": tag.len(), "digest": "sha256:00" });
    let manifest = json!({ "schemaVersion": 2, "layers": [layer] });
    let input = json!({ "repositoryName": "shop-app", "imageTag": tag, "imageManifest": manifest.to_string() });
    bench.ask("ecr.PutImage", input);
}

fn names(bench: &Bench) -> Vec<String> {
    let all = bench.ask("ecr.DescribeRepositories", json!({}))["repositories"].clone();
    all.as_array().into_iter().flatten().filter_map(|one| Some(one["repositoryName"].as_str()?.to_owned())).collect()
}

async fn plan(bench: &Bench, graph: &Graph, goal: Goal) -> Plan {
    let snapshot = bench.read(graph, goal).await;
    bench.plan(graph, &snapshot, goal)
}

/// Why the repository is held, if it is.
async fn held(bench: &Bench, graph: &Graph, goal: Goal) -> Option<HeldBecause> {
    plan(bench, graph, goal).await.held.into_iter().find(|held| held.node == id()).map(|held| held.why)
}

fn bench() -> Bench {
    let mut bench = Bench::new("us-east-1");
    bench.consents = false;
    bench
}

#[tokio::test(start_paused = true)]
async fn images_are_not_lost_unasked() {
    let mut bench = bench();
    let (plain, none) = (graph("app: {}"), graph(""));
    bench.done(&plain, Goal::Apply).await;
    assert_eq!(held(&bench, &none, Goal::Apply).await, None, "an empty one may go");
    push(&bench, "1");
    assert_eq!(plan(&bench, &plain, Goal::Apply).await.steps.len(), 0, "images are no difference");
    let guarded = Some(HeldBecause::Guarded("protect".to_owned()));
    assert_eq!(held(&bench, &none, Goal::Apply).await, guarded);
    assert_eq!(held(&bench, &none, Goal::Destroy).await, guarded);
    assert_eq!(held(&bench, &graph("app: { encryption: KMS }"), Goal::Apply).await, guarded);
    assert!(
        !plan(&bench, &plain, Goal::Destroy).await.may_begin(),
        "nothing is begun of a destruction that cannot end"
    );

    bench.options.consent = [id()].into();
    let consented = plan(&bench, &none, Goal::Apply).await;
    assert_eq!(consented.steps[0].data.as_deref(), Some("1 image"), "what is lost is told");
    bench.done(&none, Goal::Apply).await;
    assert_eq!(names(&bench), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_file_may_let_images_go() {
    let bench = bench();
    let free = graph("app: { protect: false }");
    bench.done(&free, Goal::Apply).await;
    push(&bench, "1");
    push(&bench, "22");
    assert_eq!(held(&bench, &graph(""), Goal::Apply).await, None, "its tag remembers it");
    assert_eq!(held(&bench, &graph("app: {}"), Goal::Destroy).await, None);
    bench.done(&graph("app: {}"), Goal::Apply).await;
    assert!(held(&bench, &graph("app: {}"), Goal::Destroy).await.is_some(), "until the file says otherwise");
    bench.done(&free, Goal::Apply).await;
    bench.done(&free, Goal::Destroy).await;
    assert_eq!(names(&bench), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_loses_images_needs_more_than_the_same_edit() {
    let bench = bench();
    bench.done(&graph("app: {}"), Goal::Apply).await;
    push(&bench, "1");
    let both = graph("app: { protect: false, encryption: KMS }");
    assert_eq!(held(&bench, &both, Goal::Apply).await, Some(HeldBecause::Data("1 image".to_owned())));
    bench.done(&graph("app: { protect: false }"), Goal::Apply).await;
    bench.done(&both, Goal::Apply).await;
    let all: Value = bench.ask("ecr.DescribeRepositories", json!({}))["repositories"].clone();
    assert_eq!(all[0]["encryptionConfiguration"]["encryptionType"], "KMS");
}

/// Two services of one repository.
fn serving(web: &str, api: &str) -> Graph {
    let service = |name: &str, tag: &str| {
        format!(
            "  {name}: {{ cpu: 256, memory: 512, execution_role: execution, \
             containers: {{ {name}: {{ image: \"${{repository.app.uri}}:{tag}\" }} }} }}\n"
        )
    };
    let text = format!(
        "stack: shop\nregion: us-east-1\ncluster: shop\nrepositories: {{ app: {{}} }}\n\
         roles: {{ execution: {{ managed_policies: [AmazonECSTaskExecutionRolePolicy] }} }}\nservices:\n{}{}",
        service("web", web),
        service("api", api)
    );
    graph_of(&text, Path::new("."))
}

/// Pushes an image for one platform.
fn push_index(bench: &Bench, tag: &str, architecture: &str) {
    let member =
        json!({ "digest": "sha256:00", "size": 1, "platform": { "os": "linux", "architecture": architecture } });
    let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [member] });
    let input = json!({ "repositoryName": "shop-app", "imageTag": tag, "imageManifest": manifest.to_string() });
    bench.ask("ecr.PutImage", input);
}

fn revisions(bench: &Bench) -> usize {
    bench.ask("ecs.ListTaskDefinitions", json!({}))["taskDefinitionArns"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_pulled_is_not_deployed() {
    let bench = bench();
    bench.done(&graph("app: {}"), Goal::Apply).await;
    push_index(&bench, "1", "amd64");
    bench.done(&serving("1", "1"), Goal::Apply).await;
    assert_eq!(revisions(&bench), 2);

    push_index(&bench, "arm", "arm64");
    for (tag, why) in
        [("2", "there is no such image"), ("arm", "it is built for linux/arm64, and the task runs on linux/amd64")]
    {
        let next = serving(tag, "1");
        let plan = plan(&bench, &next, Goal::Apply).await;
        let found = images::of_plan(&bench.aws(), &next, &plan).await.unwrap();
        let [(place, complaint)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((complaint.of.container.as_str(), complaint.what.as_str()), ("web", why));
        assert!(place.as_ref().unwrap().contains("stack.yaml:"), "{place:?}");
        // Also if nobody looked before the run.
        let ended = bench.run(&next, Goal::Apply).await;
        let Ended::Outcome(outcome, _) = ended else { panic!("{ended:#?}") };
        let failed = &outcome.summary().failed;
        assert_eq!(failed.len(), 1, "{failed:#?}");
        assert!(failed[0].error.message.contains(why) && failed[0].error.hint.is_some(), "{:?}", failed[0].error);
        assert_eq!(revisions(&bench), 2, "nothing is registered");
    }
    push_index(&bench, "2", "amd64");
    bench.done(&serving("2", "1"), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn images_of_a_repository_are_asked_for_at_once() {
    let bench = bench();
    bench.done(&graph("app: {}"), Goal::Apply).await;
    push(&bench, "0");
    let both = serving("1", "2");
    let made = plan(&bench, &both, Goal::Apply).await;
    bench.sim.take_requests();
    let found = images::of_plan(&bench.aws(), &both, &made).await.unwrap();
    assert_eq!(found.len(), 2);
    let asked = bench.sim.take_requests();
    assert_eq!(asked.iter().filter(|(_, operation)| operation == "BatchGetImage").count(), 1, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_asks_few_questions() {
    let bench = bench();
    let entries: Vec<String> = (0..30).map(|number| format!("r{number}: {{}}")).collect();
    let many = graph(&entries.join(", "));
    bench.done(&many, Goal::Apply).await;
    bench.sim.pass(std::time::Duration::from_secs(60));
    for number in 0..200 {
        bench.ask("ecr.CreateRepository", json!({ "repositoryName": format!("others/{number}") }));
    }
    bench.sim.take_requests();
    plan(&bench, &many, Goal::Apply).await;
    let asked = bench.sim.take_requests();
    let of = |name: &str| asked.iter().filter(|(_, operation)| operation == name).count();
    assert_eq!(of("DescribeRepositories"), 1, "{asked:?}");
    assert_eq!((of("GetLifecyclePolicy"), of("GetRepositoryPolicy"), of("ListImages")), (30, 30, 30));
    assert_eq!(of("ListTagsForResource"), 0, "the tagging API has told them");
}
