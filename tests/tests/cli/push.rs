//! Images that are built: once for each content, before what needs them, and without harm if that fails. A stand-in takes the part of
//! docker; where podman and docker-registry are installed, they build and keep one for real.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use evenkeel_tests::program::Ran;
use serde_json::json;

use super::Desk;

const STACK: &str = r#"stack: shop
region: us-east-1
repositories: { app: {} }
cluster: shop
roles: { execution: { managed_policies: [AmazonECSTaskExecutionRolePolicy] } }
services:
  web:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      web: { image: "${repository.app.uri}", build: { context: web, args: { VERSION: "1" } } }
  worker:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      worker: { image: "${repository.app.uri}", build: { context: web, args: { VERSION: "1" } } }
"#;

/// Takes note of what it is asked for, and fails to build if there is a file `fail`.
const DOCKER: &str = r#"#!/bin/sh
echo "$@" >> "$NOTES"
case "$1" in
  build) [ ! -e "$NOTES.fail" ] ;;
  image) echo '[{ "Id": "sha256:'$(echo "$3" | sha256sum | cut -c1-64)'", "Size": 10, "RootFS": { "Layers": ["sha256:00"] } }]' ;;
esac
"#;

/// Puts the stand-in where the program finds it; gives the file in which it takes note.
pub(super) fn stand_in(desk: &mut Desk) -> PathBuf {
    let tools = desk.path("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let docker = tools.join("docker");
    std::fs::write(&docker, DOCKER).expect("a script");
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    let notes = desk.path("notes");
    let program = desk.program.clone().env("PATH", &format!("{}:/usr/bin:/bin", tools.display()));
    desk.program = program.env("NOTES", &notes.to_string_lossy());
    notes
}

struct Yard {
    desk: Desk,
    notes: PathBuf,
}

impl Yard {
    fn new() -> Self {
        let mut desk = Desk::new(STACK);
        let notes = stand_in(&mut desk);
        let yard = Self { desk, notes };
        yard.write("Dockerfile", "FROM scratch\nCOPY . /\n");
        yard.write("app.txt", "one");
        yard.write(".dockerignore", "*.log\n");
        yard
    }

    fn write(&self, name: &str, text: &str) {
        let folder = self.desk.path("web");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), text).expect("a file");
    }

    /// What docker was asked to do, by its first word.
    fn asked(&self, word: &str) -> usize {
        let notes = std::fs::read_to_string(&self.notes).unwrap_or_default();
        notes.lines().filter(|line| line.split(' ').next() == Some(word)).count()
    }

    fn tags(&self) -> Vec<String> {
        let images = self.desk.call("ecr", "ListImages", &json!({ "repositoryName": "shop-app" }))["imageIds"].clone();
        images.as_array().into_iter().flatten().filter_map(|id| Some(id["imageTag"].as_str()?.to_owned())).collect()
    }

    /// What a plan does, but for its waits.
    fn steps(&self, line: &[&str]) -> Vec<String> {
        let line: Vec<&str> = line.iter().copied().chain(["--format", "json"]).collect();
        let plan: serde_json::Value = serde_json::from_str(&self.desk.sim(&line).exits(0).stdout).expect("JSON");
        let steps = plan["steps"].as_array().expect("steps").iter();
        let steps = steps.filter(|step| step["verb"] != "wait");
        steps.map(|step| format!("{} {}", step["verb"], step["node"]).replace('"', "")).collect()
    }

    fn revisions(&self) -> usize {
        let all = self.desk.call("ecs", "ListTaskDefinitions", &json!({}))["taskDefinitionArns"].clone();
        all.as_array().map_or(0, Vec::len)
    }
}

#[test]
fn an_image_is_built_once_for_each_content() {
    let yard = Yard::new();
    let refused = yard.desk.sim(&["push"]).exits(1);
    assert!(refused.stderr.contains("there is no repository shop-app"), "{}", refused.stderr);
    yard.desk.sim(&["apply", "--build", "--yes"]).exits(0);
    assert_eq!((yard.asked("build"), yard.tags().len(), yard.revisions()), (1, 1, 2), "two services share one image");
    yard.desk.sim(&["apply", "--build", "--yes"]).exits(0);
    yard.write("debug.log", "not in the image");
    let again = yard.desk.sim(&["push", "--format", "json"]).exits(0);
    assert!(again.stdout.contains(r#""was_there":true"#), "{}", again.stdout);
    assert_eq!((yard.asked("build"), yard.revisions()), (1, 2));

    yard.write("app.txt", "two");
    let missing = yard.desk.sim(&["plan"]).exits(4);
    assert!(missing.stderr.contains("\n  stack.yaml:12: container `web`"), "{}", missing.stderr);
    let steps = yard.steps(&["plan", "--build"]);
    let expected = ["create image.web/web", "revise task_definition.web", "revise task_definition.worker"];
    let there = |step: &&str| steps.iter().any(|it| it == *step);
    assert!(expected.iter().all(there), "{steps:?}");
    assert_eq!(steps.iter().filter(|step| step.contains("image.")).count(), 1, "one image for both: {steps:?}");
    yard.desk.sim(&["push", "web"]).exits(0);
    yard.desk.sim(&["apply", "--yes"]).exits(0);
    assert_eq!((yard.asked("build"), yard.tags().len()), (2, 2));
    yard.desk.sim(&["push", "--tag", "v2"]).exits(0);
    assert!(yard.tags().contains(&"v2".to_owned()), "{:?}", yard.tags());
}

#[test]
fn a_build_that_fails_changes_nothing() {
    let yard = Yard::new();
    yard.desk.sim(&["apply", "--build", "--yes"]).exits(0);
    yard.write("app.txt", "broken");
    std::fs::write(yard.notes.with_extension("fail"), "").expect("a file");
    let failed = yard.desk.sim(&["apply", "--build", "--yes"]).exits(1);
    assert!(failed.stdout.contains("not done: update service.web, because image.web/web failed"), "{}", failed.stdout);
    assert!(failed.stderr.contains("docker build failed; what runs in AWS is as it was"), "{}", failed.stderr);
    assert_eq!((yard.tags().len(), yard.revisions()), (1, 2));
}

#[test]
fn what_is_built_on_a_mirrored_image_comes_after_it() {
    let yard = Yard::new();
    let mirrored =
        STACK.replace("{ app: {} }", "{ app: {}, python: { mirror: [\"docker.io/library/python:3.12-slim\"] } }");
    yard.desk.write("stack.yaml", mirrored.as_bytes());
    let steps = yard.steps(&["plan", "--build"]);
    let at = |step: &str| steps.iter().position(|it| it == step).unwrap_or_else(|| panic!("no {step} in {steps:?}"));
    let order =
        ["create repository.python", "create image.python:3.12-slim", "create image.web/web", "create service.web"];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{steps:?}");
    assert!(at("create repository.app") < at("create image.web/web"), "{steps:?}");
    yard.desk.sim(&["apply", "--build", "--yes"]).exits(0);
    assert_eq!((yard.asked("pull"), yard.asked("build")), (1, 1));
    yard.desk.sim(&["plan", "--build", "--detailed-exitcode"]).exits(0);
    // What has left the file leaves with its repository, and no plan names it.
    yard.desk.sim(&["plan", "--out", "plan.json", "--build"]).exits(64);
    yard.desk.sim(&["destroy", "--yes", "--consent", "repository.app", "--consent", "repository.python"]).exits(0);
    yard.desk.sim(&["plan", "--destroy", "--detailed-exitcode"]).exits(0);
}

#[test]
fn without_a_tool_it_says_what_to_install() {
    let mut yard = Yard::new();
    yard.desk.sim(&["apply", "--yes", "--target", "repository.app"]).exits(0);
    yard.desk.program = yard.desk.program.clone().env("PATH", &yard.desk.path("nowhere").to_string_lossy());
    let refused = yard.desk.sim(&["push"]).exits(1);
    assert!(refused.stderr.contains("neither docker nor podman was found"), "{}", refused.stderr);
    assert!(refused.stderr.contains("apt install podman"), "{}", refused.stderr);
    let before = yard.revisions();
    let refused = yard.desk.sim(&["apply", "--build", "--yes"]).exits(1);
    assert!(refused.stderr.contains("neither docker nor podman was found"), "{}", refused.stderr);
    assert_eq!(yard.revisions(), before, "nothing was begun");
    yard.desk.sim(&["push", "nobody"]).exits(64);
}

/// A registry of Debian's package, which ends with the test.
struct Registry(std::process::Child);

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn there(tool: &str) -> bool {
    Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}

fn registry(folder: &Path, port: u16) -> Registry {
    let config = folder.join("registry.yml");
    let text = format!(
        "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {}/kept }} }}\nhttp: {{ addr: \"127.0.0.1:{port}\" }}\n",
        folder.display()
    );
    std::fs::write(&config, text).expect("a file");
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let registry = Registry(command.spawn().expect("it starts"));
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return registry;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the registry does not answer");
}

#[test]
fn podman_builds_and_a_registry_keeps_what_is_pushed() {
    if !there("podman") || !there("docker-registry") {
        let _ = writeln!(std::io::stderr(), "Left out: podman and docker-registry are not installed.");
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let text = format!(
        "stack: shop\nregion: us-east-1\ncluster: shop\nservices:\n  web: {{ cpu: 256, memory: 512, containers: \
         {{ web: {{ image: \"localhost:{port}/shop/web\", build: web }} }} }}\n"
    );
    let mut desk = Desk::new(&text);
    let _registry = registry(desk.folder.path(), port);
    let insecure = format!("[[registry]]\nlocation = \"localhost:{port}\"\ninsecure = true\n");
    desk.write("registries.conf", insecure.as_bytes());
    std::fs::create_dir(desk.path("web")).expect("a folder");
    desk.write("web/Dockerfile", b"FROM scratch\nCOPY hello.txt /\n");
    desk.write("web/hello.txt", format!("hello from {port}").as_bytes());
    let registries = desk.path("registries.conf");
    desk.program = desk.program.env("CONTAINERS_REGISTRIES_CONF", &registries.to_string_lossy());
    let said = |ran: &Ran| ran.stdout.trim().rsplit("  ").next().unwrap_or_default().to_owned();
    let first = desk.sim(&["push"]).exits(0);
    assert_eq!(said(&first), "pushed", "{}", first.stdout);
    let again = desk.sim(&["push"]).exits(0);
    assert_eq!(said(&again), "there already", "{}", again.stdout);
    let image = again.stdout.split("  ").nth(1).expect("an image").to_owned();
    let _ = Command::new("podman").args(["rmi", "--force", &image]).output();
}
