//! What a served simulation answers is kept: a server that is killed has lost nothing that it answered, and one that cannot write
//! says so. And what it does not answer: pages of other sites.

use std::io::{Read, Write};
use std::net::TcpStream;

use evenkeel_sim::Settings;
use evenkeel_sim::world::World;
use evenkeel_tests::program::Program;
use evenkeel_tests::served::Served;
use evenkeel_tests::simulated::Bench;
use serde_json::{Value, json};

const SIGNED: (&str, &str) =
    ("authorization", "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/logs/aws4_request, Signature=0");

/// Asks CloudWatch Logs; the status and the body.
fn ask(served: &Served, operation: &str, input: &Value, headers: &[(&str, &str)]) -> (u16, String) {
    let address = served.url.trim_start_matches("http://");
    let body = input.to_string();
    let mut request = format!("POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    let target = format!("Logs_20140328.{operation}");
    let usual = [("host", address), ("x-amz-target", target.as_str())];
    let usual = usual.iter().filter(|(name, _)| !headers.iter().any(|(other, _)| other == name));
    for (name, value) in usual.chain(headers) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(address).expect("the server answers");
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).expect("it reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it replies");
    let status = reply.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, reply)
}

fn create(served: &Served, name: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let headers: Vec<(&str, &str)> = headers.iter().copied().chain([SIGNED]).collect();
    ask(served, "CreateLogGroup", &json!({ "logGroupName": name }), &headers)
}

fn groups(world: World) -> Vec<String> {
    let place = Bench::new("us-east-1").place;
    let sim = evenkeel_sim::Sim::new(world, Settings::default());
    let read = sim.call(&place, "logs", "DescribeLogGroups", json!({})).expect("an answer");
    let list = read["logGroups"].as_array().expect("a list");
    list.iter().map(|group| group["logGroupName"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_was_answered_outlives_a_kill() {
    let served = Served::start(&[]);
    let names: Vec<String> = (0..12).map(|number| format!("/kept/{number:02}")).collect();
    for name in &names {
        assert_eq!(create(&served, name, &[]).0, 200);
    }
    assert_eq!(groups(served.killed()), names);
}

#[test]
fn what_cannot_be_kept_is_refused_and_told_at_the_end() {
    let served = Served::start(&[]);
    assert_eq!(create(&served, "/before", &[]).0, 200);
    let mut obstacle = served.file().into_os_string();
    obstacle.push(".new");
    std::fs::create_dir(&obstacle).expect("something is in the way");
    let (status, said) = create(&served, "/lost", &[]);
    assert!(status == 400 && said.contains("WorldNotKept") && said.contains("world.json"), "{said}");
    let (_, read) = ask(&served, "DescribeLogGroups", &json!({}), &[SIGNED]);
    assert!(read.contains("/before") && !read.contains("/lost"), "{read}");
    std::fs::remove_dir(&obstacle).expect("it goes");
    assert_eq!(create(&served, "/after", &[]).0, 200);
    std::fs::create_dir(&obstacle).expect("it is back");
    assert!(!served.ends_well(), "the world could not be written");
}

#[test]
fn a_command_that_cannot_keep_its_change_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("world.json");
    let file = file.to_str().expect("a plain path");
    let call = |name: &str| {
        let input = format!(r#"{{"logGroupName": "{name}"}}"#);
        Program::offline().run(&["sim", "call", "--file", file, "logs", "CreateLogGroup", &input])
    };
    call("/a").exits(0);
    std::fs::create_dir_all(format!("{file}.new/full")).expect("something is in the way");
    let ran = call("/b").exits(1);
    assert!(ran.stderr.contains("world.json"), "{}", ran.stderr);
}

#[test]
fn pages_of_other_sites_are_not_answered() {
    let served = Served::start(&[]);
    for header in [
        ("host", "rebound.example"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("content-type", "text/plain"),
    ] {
        let (status, said) = create(&served, "/page", &[header]);
        assert!(status == 403 && said.contains("does not answer this request"), "{header:?}: {said}");
    }
    assert_eq!(create(&served, "/client", &[("host", "localhost:4566")]).0, 200);
    assert_eq!(groups(served.end()), ["/client"]);
}

#[test]
fn a_world_is_given_networks_and_roles_that_a_stack_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    let stack = |account: &str| {
        let text = format!(
            "stack: t\nregion: us-east-1\nnetwork: {{ vpc: {{ tags: {{ Name: main }} }}, subnets: {{ tags: {{ tier: public }} }} }}\n\
             cluster: c\nservices:\n  app:\n    cpu: 256\n    memory: 512\n    assign_public_ip: true\n    \
             execution_role: arn:aws:iam::{account}:role/team/ecsTaskExecutionRole\n    \
             containers: {{ web: {{ image: \"nginx:1.27\", port: 80, secrets: {{ A: \"ssm:/x\" }} }} }}\n"
        );
        std::fs::write(path("stack.yaml"), text).expect("it is written");
    };
    stack("123456789012");
    let apply = |file: &str| {
        let sim = format!("--sim={}", path(file));
        Program::offline().run(&["apply", &path("stack.yaml"), &sim, "--yes", "--sim-speed", "600"])
    };
    apply("fresh.json").exits(0);
    // A world that was made for something else is given them by hand.
    let other = path("other.json");
    Program::offline().run(&["sim", "zone", "--file", &other, "a.example"]).exits(0);
    let given = Program::offline().run(&["sim", "--file", &other, "provide", &path("stack.yaml")]).exits(0);
    for part in ["VPC with Name=main", "subnets with tier=public", "role ecsTaskExecutionRole", "parameter /x"] {
        assert!(given.stdout.contains(part), "{part}: {}", given.stdout);
    }
    apply("other.json").exits(0);
    stack("999999999999");
    let refused = apply("fresh.json").exits(1);
    assert!(
        refused.stderr.contains("999999999999") && refused.stderr.contains("account 123456789012"),
        "{}",
        refused.stderr
    );
}

#[test]
fn rules_for_what_nobody_asks_for_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    std::fs::write(path("stack.yaml"), "stack: s\nregion: us-east-1\nlog_groups: { a: {} }\n").expect("it is written");
    let rule = json!([{ "service": "tagging", "operation": "GetResources", "fault": "access_denied" }]);
    std::fs::write(path("faults.json"), rule.to_string()).expect("it is written");
    let sim = format!("--sim={}", path("world.json"));
    let ran =
        Program::offline().run(&["plan", &path("stack.yaml"), &sim, "--sim-faults", &path("faults.json")]).exits(1);
    assert!(ran.stderr.contains("resourcegroupstaggingapi"), "{}", ran.stderr);
}
