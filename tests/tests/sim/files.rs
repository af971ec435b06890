//! The file of a simulated world and those who want it at the same time: what is broken or foreign stays as it is, a second
//! process is told who has it, and a killed one leaves a world that can be used.

use evenkeel_tests::program::{Program, Ran};
use evenkeel_tests::served::Served;
use tempfile::TempDir;

const STACK: &str = "stack: small\nregion: us-east-1\nlog_groups: { app: { retention: 7d } }\n";

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(bench.path("stack.yaml"), STACK).expect("the stack is written");
        bench
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a plain path").to_owned()
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        let sim = format!("--sim={}", self.path("world.json"));
        let stack = self.path("stack.yaml");
        let mut arguments = vec![command, &stack, &sim];
        arguments.extend(more);
        Program::offline().run(&arguments)
    }
}

#[test]
fn a_world_lasts_from_run_to_run() {
    let bench = Bench::new();
    bench.run("apply", &["--yes"]).exits(0);
    bench.run("plan", &["--detailed-exitcode"]).exits(0);
    let status = Program::offline().run(&["sim", "status", "--file", &bench.path("world.json")]).exits(0);
    assert!(status.stdout.contains("1 log group\n"), "{}", status.stdout);
    bench.run("destroy", &["--yes", "--consent", "log_group.app"]).exits(0);
    bench.run("apply", &["--yes"]).exits(0);
    Program::offline().run(&["sim", "reset", "--file", &bench.path("world.json")]).exits(0);
    bench.run("plan", &["--detailed-exitcode"]).exits(2);
}

#[test]
fn a_broken_or_foreign_file_is_left_as_it_is() {
    let bench = Bench::new();
    let world = bench.path("world.json");
    for text in [
        "",
        "{",
        "{\"some\": \"thing\"}",
        "[1, 2]",
        "\u{0}\u{1}",
        "{\"format\": \"evenkeel-simulated-aws\"}",
        "{\"format\": \"evenkeel-simulated-aws\", \"version\": 99, \"world\": {}}",
        "{\"format\": \"evenkeel-simulated-aws\", \"version\": 1, \"world\": 3}",
    ] {
        std::fs::write(&world, text).expect("a file is written");
        let ran = bench.run("plan", &[]).exits(1);
        assert!(ran.stderr.contains("world.json"), "{}", ran.stderr);
        Program::offline().run(&["sim", "reset", "--file", &world]).exits(1);
        Program::offline().run(&["sim", "status", "--file", &world]).exits(1);
        Program::offline().run(&["sim", "--port", "0", "--file", &world]).exits(1);
        assert_eq!(std::fs::read_to_string(&world).expect("it is still there"), text);
    }
}

#[test]
fn a_second_process_is_told_who_has_the_world() {
    let bench = Bench::new();
    let served = Served::start(&[]);
    let file = served.file();
    let file = file.to_str().expect("a plain path");
    let stack = bench.path("stack.yaml");
    let ran = Program::offline().run(&["plan", &stack, &format!("--sim={file}")]).exits(1);
    assert!(ran.stderr.contains("--endpoint-url http://127.0.0.1:"), "{}", ran.stderr);
    // Looking does no harm, and the server's world is there for those who ask the server.
    Program::offline().run(&["sim", "status", "--file", file]).exits(0);
    Program::at(&served.url).run(&["apply", &stack, "--yes"]).exits(0);
    Program::at(&served.url).run(&["plan", &stack, "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_port_in_use_is_told() {
    let served = Served::start(&[]);
    let port = served.url.rsplit(':').next().expect("a port");
    let bench = Bench::new();
    let ran = Program::offline().run(&["sim", "--port", port, "--file", &bench.path("world.json")]).exits(1);
    assert!(ran.stderr.contains("--port 0"), "{}", ran.stderr);
    assert!(!std::path::Path::new(&bench.path("world.json")).exists(), "nothing was begun");
}

#[test]
fn a_death_by_a_fault_is_made_good_by_the_next_run() {
    let bench = Bench::new();
    let rules = bench.path("faults.json");
    for fault in ["die_before", "die_after"] {
        let rule = format!(r#"[{{"service": "logs", "operation": "CreateLogGroup", "fault": "{fault}"}}]"#);
        std::fs::write(&rules, rule).expect("rules are written");
        bench.run("apply", &["--yes", "--sim-faults", &rules]).exits(137);
        bench.run("apply", &["--yes"]).exits(0);
        bench.run("plan", &["--detailed-exitcode"]).exits(0);
        bench.run("destroy", &["--yes", "--consent", "log_group.app"]).exits(0);
    }
    std::fs::write(&rules, r#"[{"fault": "earthquake"}]"#).expect("rules are written");
    let ran = bench.run("plan", &["--sim-faults", &rules]).exits(1);
    assert!(ran.stderr.contains("earthquake"), "{}", ran.stderr);
}

#[test]
fn a_connection_that_is_reset_is_told_in_our_own_words() {
    let bench = Bench::new();
    let rules = bench.path("faults.json");
    std::fs::write(&rules, r#"[{"service": "logs", "times": 2, "fault": "reset"}]"#).expect("rules are written");
    let ran = bench.run("apply", &["--yes", "--sim-faults", &rules]).exits(0);
    assert!(!ran.stderr.contains("ERROR") && !ran.stdout.contains("ERROR"), "{}{}", ran.stderr, ran.stdout);
}

#[test]
fn a_world_made_for_something_else_is_said_to_lack_what_a_stack_presupposes() {
    let bench = Bench::new();
    let world = bench.path("world.json");
    let call = |operation: &str| Program::offline().run(&["sim", "call", "logs", operation, "--file", &world]);
    call("describe-log-groups").exits(0);
    call("DescribeLogGroups").exits(0);
    let unknown = call("describe-everything").exits(1);
    assert!(unknown.stderr.contains("describe-everything is not simulated"), "{}", unknown.stderr);
    let text =
        format!("{STACK}dns: [{{ zone: small.example, records: [{{ name: a, type: A, values: [10.0.0.1] }}] }}]\n");
    std::fs::write(bench.path("stack.yaml"), text).expect("the stack is written");
    let lacking = "hosted zone small.example";
    let ran = bench.run("plan", &[]).exits(4);
    assert!(ran.stderr.contains(lacking), "{}", ran.stderr);
    let made = Program::offline().run(&["sim", "provide", &bench.path("stack.yaml"), "--file", &world]).exits(0);
    assert!(made.stdout.contains(lacking) && ran.stderr.contains("sim --file"), "{}{}", made.stdout, ran.stderr);
    let ran = bench.run("plan", &[]).exits(0);
    assert!(!ran.stderr.contains(lacking), "{}", ran.stderr);
}

#[test]
fn task_definitions_of_others_are_among_what_a_stack_presupposes() {
    let bench = Bench::new();
    let text = "stack: small\nregion: us-east-1\ncluster: small\ntarget_groups: { web: { port: 8080 } }\n\
                load_balancers: { web: { listeners: { http: { forward: web } } } }\nservices:\n  app:\n    \
                task_definition: theirs:2\n    target_group: { name: web, container: api, port: 8080 }\n";
    std::fs::write(bench.path("stack.yaml"), text).expect("the stack is written");
    bench.run("apply", &["--yes"]).exits(0);
    bench.run("plan", &["--detailed-exitcode"]).exits(0);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_world_and_nobody_waits_for_it() {
    let bench = Bench::new();
    let pipe = bench.path("world.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    // Whoever reads it after all comes to its end.
    let writer = pipe.clone();
    std::thread::spawn(move || std::fs::OpenOptions::new().write(true).open(writer));
    for command in ["plan", "apply", "destroy"] {
        let ran = bench.run(command, if command == "plan" { &[] } else { &["--yes"] }).exits(1);
        assert!(ran.stderr.contains("world.json is not a regular file"), "{command}: {}", ran.stderr);
    }
    for arguments in [&["sim", "status"][..], &["sim", "reset"]] {
        let ran = Program::offline().run(&[arguments, &["--file", &pipe]].concat()).exits(1);
        assert!(ran.stderr.contains("world.json is not a regular file"), "{arguments:?}: {}", ran.stderr);
    }
}
