//! The life of whole stacks: validate, plan, apply, plan again, destroy, with and without the file; two side by side; a
//! saved plan; JSON.

use evenkeel_tests::moto::{Moto, root};
use evenkeel_tests::program::Program;
use evenkeel_tests::world::world;
use serde_json::Value;

use super::{Bench, STACK, steps};

#[tokio::test]
async fn every_stack_that_ships_lives_and_dies() {
    for name in ["cruddur-http", "flask-todo", "cruddur"] {
        let moto = Moto::start();
        let region = region_of(name);
        let aws = moto.aws_in(&region).await;
        if name == "cruddur" {
            let zone = aws.route53().create_hosted_zone().name("cruddur.example").caller_reference("by-hand");
            zone.send().await.expect("a zone is made by hand");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = for_moto(name, folder.path());
        put_parameters(&moto, &region, &path);
        let before = world(&aws).await;
        let program = Program::at(&moto.url());
        program.run(&["validate", &path]).exits(0);
        program.run(&["plan", &path, "--detailed-exitcode"]).exits(2);
        push_images(&moto, &program, &region, &path);
        let applied = program.run(&["apply", &path, "--yes"]).exits(0);
        assert!(
            applied.stdout.contains("load balancer"),
            "{name}: the summary names the load balancer:\n{}",
            applied.stdout
        );
        program.run(&["plan", &path, "--detailed-exitcode"]).exits(0);
        let made = world(&aws).await;
        assert!(made.iter().filter(|line| line.starts_with("service ")).count() >= 1, "{name}: {made:#?}");
        program.run(&["destroy", &path, "--yes"]).exits(0);
        assert_eq!(world(&aws).await, before, "{name}: nothing is left");
    }
}

/// A shipped stack as far as moto goes: it does not tell the tags of what scales, and never forgets what used a certificate.
fn for_moto(name: &str, folder: &std::path::Path) -> String {
    let shipped = root().join("stacks");
    let text = std::fs::read_to_string(shipped.join(format!("{name}.yaml"))).expect("the stack ships");
    if !text.contains("autoscaling:") {
        return format!("stacks/{name}.yaml");
    }
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("autoscaling:"));
    let path = folder.join(format!("{name}.yaml"));
    let lines = lines.map(|line| format!("{line}\n").replace("certificate: site", "protocol: HTTP"));
    std::fs::write(&path, lines.collect::<String>()).expect("it is written");
    path.to_str().expect("a plain path").to_owned()
}

/// Makes the repositories of a shipped stack and puts an image into each, as `apply --build` does before everything else.
fn push_images(moto: &Moto, program: &Program, region: &str, path: &str) {
    let text = std::fs::read_to_string(root().join(path)).expect("the stack ships");
    let Some((_, section)) = text.split_once("\nrepositories:\n") else { return };
    let entries = section.lines().take_while(|line| line.starts_with("  "));
    let entries =
        entries.filter_map(|line| line.split_once(": {").map(|(name, _)| format!("repository.{}", name.trim())));
    let targets: Vec<String> = entries.flat_map(|entry| ["--target".to_owned(), entry]).collect();
    let arguments = ["apply", path, "--yes"].into_iter().chain(targets.iter().map(String::as_str));
    program.run(&arguments.collect::<Vec<_>>()).exits(0);
    let script = "import boto3, json, sys\nclient = boto3.client('ecr', endpoint_url=sys.argv[1], region_name=sys.argv[2])\n\
                  manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'layers': [],\n\
                  'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'size': 2, 'digest': 'sha256:' + 64 * '0'}}\n\
                  for one in client.describe_repositories()['repositories']:\n  \
                  client.put_image(repositoryName=one['repositoryName'], imageTag='latest', imageManifest=json.dumps(manifest))";
    python(script, &[&moto.url(), region]);
}

/// Puts the parameters that a shipped stack refers to: a deployment that could not start is refused.
fn put_parameters(moto: &Moto, region: &str, path: &str) {
    let text = std::fs::read_to_string(root().join(path)).expect("the stack ships");
    let names = text.lines().filter_map(|line| line.split_once(": ssm:")).map(|(_, name)| name.trim());
    let script = "import boto3, sys\nclient = boto3.client('ssm', endpoint_url=sys.argv[1], region_name=sys.argv[2])\n\
                  for name in sys.argv[3:]: client.put_parameter(Name=name, Value='x', Type='SecureString')";
    let url = moto.url();
    python(script, &[url.as_str(), region].into_iter().chain(names).collect::<Vec<_>>());
}

fn python(script: &str, arguments: &[&str]) -> String {
    let done = std::process::Command::new(root().join(".venv-moto/bin/python"))
        .args(["-c", script])
        .args(arguments)
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .output()
        .expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("an ARN is text").trim().to_owned()
}

fn region_of(name: &str) -> String {
    let text = std::fs::read_to_string(root().join(format!("stacks/{name}.yaml"))).expect("the stack ships");
    let line = text.lines().find_map(|line| line.strip_prefix("region:")).expect("it names its region");
    line.split('#').next().unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn a_stack_is_destroyed_by_name_alone() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let before = world(&aws).await;
    let bench = Bench::new(&moto.url(), STACK);
    bench.apply();
    let none = bench.program.run(&["destroy", "--stack", "benches", "--region", "us-east-1", "--yes"]).exits(0);
    assert!(none.stdout.contains("Nothing"), "{}", none.stdout);
    bench.settled();
    bench.program.run(&["destroy", "--stack", "bench", "--region", "us-east-1", "--yes"]).exits(0);
    assert_eq!(world(&aws).await, before);
}

#[tokio::test]
async fn two_stacks_do_not_see_each_other() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let first = Bench::new(&moto.url(), STACK);
    first.apply();
    let one = world(&aws).await;
    let other = STACK.replace("bench.example", "other.example").replace("stack: bench", "stack: other");
    let second = Bench::new(&moto.url(), &other);
    second.apply();
    first.settled();
    second.settled();
    second.run("destroy", &["--yes"]).exits(0);
    assert_eq!(world(&aws).await, one, "the first is as it was");
    first.settled();
}

#[tokio::test]
async fn a_saved_plan_is_applied_once_and_refused_when_stale() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let bench = Bench::new(&moto.url(), STACK);
    let plan = bench.folder.path().join("plan.json");
    let plan = plan.to_str().expect("a plain path");
    bench.run("plan", &["--out", plan]).exits(0);
    assert!(world(&aws).await.iter().all(|line| !line.starts_with("service")), "planning changes nothing");
    bench.program.run(&["apply", plan, "--yes"]).exits(0);
    bench.settled();
    let again = bench.program.run(&["apply", plan, "--yes"]).exits(3);
    assert!(again.stderr.contains("security_group.alb"), "what moved is named:\n{}", again.stderr);

    bench.write(&STACK.replace("retention: 7d", "retention: 14d"));
    bench.run("plan", &["--out", plan]).exits(0);
    aws.logs().put_retention_policy().log_group_name("bench-app").retention_in_days(30).send().await.expect("by hand");
    let stale = bench.program.run(&["apply", plan, "--yes"]).exits(3);
    assert!(stale.stderr.contains("log_group.app") && stale.stderr.contains("retention"), "{}", stale.stderr);
    assert_eq!(bench.plan(), ["update log_group.app"], "drift is part of a plan");
}

#[tokio::test]
async fn events_are_json_lines_and_statistics_count() {
    let moto = Moto::start();
    let bench = Bench::new(&moto.url(), STACK);
    let ran = bench.run("apply", &["--yes", "--format", "json", "--stats"]).exits(0);
    let lines: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(names.first(), Some(&"plan"));
    assert!(names.contains(&"run_started") && names.contains(&"run_finished"), "{names:?}");
    let done = names.iter().filter(|name| **name == "step_done").count();
    let started = names.iter().filter(|name| **name == "step_started").count();
    assert!(done > 20 && done == started, "{done} of {started}");
    let result = lines.last().expect("a result");
    assert!(result["stats"]["total"].as_u64().is_some_and(|total| total > 30), "{result}");
    assert!(steps(&bench.run("plan", &["--format", "json"]).exits(0).stdout).is_empty());
}

/// Calls and round trips of the workload are numbers that may not grow: see scripts/workload for what it is.
#[tokio::test]
async fn a_plan_with_nothing_to_do_keeps_within_its_calls() {
    for (size, calls) in [(2, 15), (20, 18)] {
        let moto = Moto::start();
        let aws = moto.aws().await;
        let zone = aws.route53().create_hosted_zone().name("w.example").caller_reference("by-hand");
        zone.send().await.expect("a zone is made by hand");
        let text = std::process::Command::new("python3")
            .args(["scripts/workload", "--print", &size.to_string()])
            .current_dir(root())
            .output()
            .expect("the workload is written");
        let bench = Bench::new(&moto.url(), &String::from_utf8(text.stdout).expect("UTF-8"));
        let stats = |ran: &str| {
            let last = ran.lines().last().expect("a line");
            let value: Value = serde_json::from_str(last).or_else(|_| serde_json::from_str(ran)).expect("JSON");
            (
                value["stats"]["total"].as_u64().expect("a number"),
                value["stats"]["round_trips"].as_u64().expect("a number"),
            )
        };
        let (created, _) = stats(&bench.run("apply", &["--yes", "--format", "json", "--stats"]).exits(0).stdout);
        let floor = 17 + 6 * size;
        // Creations of target groups, load balancers and listeners may have answered with what was there: one look at each batch.
        let allowed = (floor + calls) * 115 / 100 + 3;
        assert!(created <= allowed, "W({size}): creation took {created} calls, {allowed} are allowed");
        // A slow reply of one service makes the chain look longer than it is, never shorter: the shortest of several counts.
        let mut trips = u64::MAX;
        for _ in 0..8 {
            let (planned, seen) = stats(&bench.run("plan", &["--format", "json", "--stats"]).exits(0).stdout);
            assert!(planned <= calls, "W({size}): a plan took {planned} calls, {calls} are allowed");
            trips = trips.min(seen);
        }
        assert!(trips <= 4, "W({size}): a plan took {trips} round trips");
        let (destroyed, _) = stats(&bench.run("destroy", &["--yes", "--format", "json", "--stats"]).exits(0).stdout);
        // What goes by its name is looked at once more (services ten in one, log groups, two roles, the cluster), and so is what
        // others may have put into the load balancer, and what is in the three security groups, of which each goes after the one
        // that refers to it; the zone's tag goes with the records.
        // And whatever of instance profiles, gateways, VPCs, internet gateways, Elastic IP addresses, its repositories, parameters, secrets, rules in the groups of others, databases and both sorts of their groups,
        // scaling targets and namespaces the tagging API does not know yet is looked for by a listing of each.
        let looks = (size.div_ceil(10) + size + 3) + 4 + 3 + 20;
        let allowed = (4 * size + 12 + calls) * 115 / 100 + 1 + looks;
        assert!(destroyed <= allowed, "W({size}): destruction took {destroyed} calls, {allowed} are allowed");
    }
}
