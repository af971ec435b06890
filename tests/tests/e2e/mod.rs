//! The program as a person runs it, against moto over HTTP: whole stacks, changes, faults on the wire, sudden death.

mod changes;
mod deaths;
mod faults;
mod foreign;
mod life;

use std::path::PathBuf;

use evenkeel_tests::program::{Program, Ran};
use serde_json::Value;
use tempfile::TempDir;

/// A stack file of one's own that can be edited.
struct Bench {
    folder: TempDir,
    program: Program,
}

impl Bench {
    fn new(url: &str, text: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder"), program: Program::at(url) };
        bench.write(text);
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("stack.yaml")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).expect("the stack file is written");
    }

    /// Runs a command on the stack file.
    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let path = self.path();
        let mut arguments = vec![command, path.to_str().expect("a plain path")];
        arguments.extend(more);
        self.program.run(&arguments)
    }

    fn apply(&self) -> Ran {
        self.run("apply", &["--yes"]).exits(0)
    }

    /// What a plan would do: verb and node of each step, waits left out.
    fn plan(&self) -> Vec<String> {
        steps(&self.run("plan", &["--format", "json"]).exits(0).stdout)
    }

    /// Asserts that there is nothing to do.
    #[track_caller]
    fn settled(&self) {
        self.run("plan", &["--detailed-exitcode"]).exits(0);
    }
}

fn steps(json: &str) -> Vec<String> {
    let plan: Value = serde_json::from_str(json).expect("a plan is JSON");
    let word = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let steps = plan["steps"].as_array().cloned().unwrap_or_default();
    let mut steps: Vec<String> = steps
        .iter()
        .filter(|step| step["verb"] != "wait")
        .map(|step| format!("{} {}", word(step, "verb"), word(step, "node")))
        .collect();
    steps.sort();
    steps
}

/// A stack with one of everything, made for being edited.
const STACK: &str = r#"stack: bench
region: us-east-1
tags: { team: blue }
security_groups:
  alb: { ingress: [{ port: 80, from: 0.0.0.0/0 }] }
  service: { ingress: [{ port: 4567, from: alb }] }
roles:
  execution:
    managed_policies: [AmazonECSTaskExecutionRolePolicy]
    policies: { parameters: { statements: [{ actions: ["ssm:GetParameters"], resources: ["*"] }] } }
log_groups: { app: { retention: 7d } }
target_groups:
  api: { port: 4567, health_check: { path: /health } }
  web: { port: 3000 }
load_balancers:
  web:
    security_groups: [alb]
    listeners:
      http:
        port: 80
        forward: web
        rules:
          - { priority: 10, host: api.bench.example, forward: api }
          - { priority: 20, path: /admin/*, forward: api }
cluster: { container_insights: enabled }
services:
  api:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      app:
        image: public.ecr.aws/docker/library/nginx:1.27
        port: 4567
        logs: app
        environment: { MODE: production }
    security_groups: [service]
    target_group: api
  web:
    cpu: 256
    memory: 512
    execution_role: execution
    containers:
      app: { image: "public.ecr.aws/docker/library/nginx:1.27", port: 3000, logs: app }
    security_groups: [service]
    target_group: web
dns:
  - zone: bench.example
    create: true
    records:
      - { name: "@", alias: web }
      - { name: txt, txt: [hello] }
"#;
