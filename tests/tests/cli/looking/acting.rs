//! `exec` and `restart`: what is refused before anything is opened or changed, what the plugin is given, and how a restart ends.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use evenkeel_tests::served::Served;
use serde_json::{Value, json};

use super::super::Desk;
use super::{applied, stack};

/// Writes down each of its arguments on a line, and then what it reads.
const PLUGIN: &str = "#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done > \"$NOTES\"\ncat >> \"$NOTES\"\nexit ${CODE:-0}\n";

/// The stack behind a socket, with a plugin that connects to nothing.
struct Shell {
    desk: Desk,
    _served: Served,
}

impl Shell {
    fn new(text: &str) -> Self {
        let served = Served::start(&["--sim-speed", "600"]);
        let mut desk = Desk::new(text).with_credentials();
        let tools = desk.path("tools");
        std::fs::create_dir(&tools).expect("a folder");
        let plugin = tools.join("session-manager-plugin");
        std::fs::write(&plugin, PLUGIN).expect("a script");
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        let notes = desk.path("notes");
        desk.program = desk
            .program
            .env("AWS_ENDPOINT_URL", &served.url)
            .env("PATH", &format!("{}:/usr/bin:/bin", tools.display()))
            .env("NOTES", &notes.to_string_lossy());
        Self { desk, _served: served }
    }

    fn notes(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.desk.path("notes")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_plugin_gets_what_the_aws_cli_gives_it_and_nobody_else_the_token() {
    let shell = Shell::new(&stack("web:1", "worker:1"));
    shell.desk.run(&["apply", "--yes"]).exits(0);
    let ran = shell.desk.run(&["exec", "web", "-vv", "--", "ls", "my file"]).exits(0);
    let notes = shell.notes();
    assert_eq!(notes.len(), 6, "{notes:#?}");
    let session: Value = serde_json::from_str(&notes[0]).expect("the session is JSON");
    let token = session["tokenValue"].as_str().expect("a token");
    assert!(token.len() > 20 && session["sessionId"].as_str().is_some_and(|id| id.starts_with("ecs-execute-command-")));
    assert!(session["streamUrl"].as_str().is_some_and(|url| url.starts_with("wss://")));
    assert_eq!((notes[1].as_str(), notes[2].as_str(), notes[3].as_str()), ("us-east-1", "StartSession", ""));
    let target: Value = serde_json::from_str(&notes[4]).expect("the parameters are JSON");
    assert!(target["Target"].as_str().is_some_and(|name| name.starts_with("ecs:shop_")), "{target}");
    assert!(notes[5].starts_with("http://127.0.0.1:"), "{notes:?}");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(token), "{}", ran.stderr);
    // What the plugin ends with is told.
    let mut failing = shell.desk.program.clone();
    failing = failing.env("CODE", "3");
    let ran = failing.run(&["exec", "web"]).exits(1);
    assert!(ran.stderr.contains("session-manager-plugin ended with code 3"), "{}", ran.stderr);
    for (arguments, words) in [
        (&["exec", "worker"][..], "write `execute_command: true` under `services.worker` (stack.yaml:"),
        (&["exec", "web", "--task", "zz"], "has no running task `zz`; its running tasks: "),
        (&["exec", "web", "--container", "ap"], "did you mean `app`? its containers: app"),
        (&["exec", "wbe"], "did you mean `web`?"),
    ] {
        std::fs::remove_file(shell.desk.path("notes")).unwrap_or_default();
        let ran = shell.desk.run(arguments);
        assert!(ran.code != 0 && ran.stderr.contains(words), "{arguments:?} says {words}:\n{}", ran.stderr);
        assert!(shell.notes().is_empty(), "{arguments:?} opens nothing");
    }
}

#[test]
fn what_keeps_a_container_from_taking_commands_is_said() {
    let shell = Shell::new(&stack("web:1", "worker:1").replace("    execute_command: true\n", ""));
    shell.desk.run(&["apply", "--yes"]).exits(0);
    shell.desk.write("stack.yaml", stack("web:1", "worker:1").as_bytes());
    let ran = shell.desk.run(&["exec", "web"]).exits(1);
    assert!(ran.stderr.contains("`execute_command: true` is not applied") && ran.stderr.contains("evenkeel apply"));
    // No plugin: nothing is sent at all.
    let mut bare = shell.desk.program.clone();
    bare = bare.env("PATH", "/nowhere");
    let ran = bare.run(&["exec", "web", "--stats"]).exits(1);
    assert!(ran.stderr.contains("session-manager-plugin was not found") && ran.stderr.contains("nothing was sent"));
    assert!(!ran.stderr.contains("ecs:"), "{}", ran.stderr);
    let fresh = Desk::new(&stack("web:1", "worker:1"));
    let ran = fresh.sim(&["exec", "web"]).exits(1);
    assert!(ran.stderr.contains("does not exist yet"), "{}", ran.stderr);
    fresh.sim(&["exec", "web", "--format", "json"]).exits(64);
}

#[test]
fn a_simulated_container_has_no_shell_and_says_so() {
    let desk = applied();
    let ran = desk.sim(&["exec", "web"]).exits(1);
    assert!(ran.stderr.contains("nothing runs in it that could answer"), "{}", ran.stderr);
    desk.write("faults.json", br#"[{"service": "ecs", "operation": "ExecuteCommand", "fault": "access_denied"}]"#);
    let ran = desk.sim(&["exec", "web", "--sim-faults", "faults.json"]).exits(1);
    assert!(ran.stderr.contains("not authorized to perform: ecs:ExecuteCommand"), "{}", ran.stderr);
}

/// The tasks of a service.
fn tasks(desk: &Desk, service: &str) -> Value {
    let listed = json!({ "cluster": "shop", "serviceName": service });
    desk.call("ecs", "ListTasks", &listed)["taskArns"].clone()
}

#[test]
fn a_restart_brings_new_tasks_and_nothing_else() {
    let desk = applied();
    let before = tasks(&desk, "shop-web");
    let refused = desk.sim(&["restart", "web"]).exits(64);
    assert!(refused.stderr.contains("restart needs --yes"), "{}", refused.stderr);
    desk.sim(&["restart"]).exits(64);
    let typo = desk.sim(&["restart", "wbe", "--yes"]).exits(64);
    assert!(typo.stderr.contains("did you mean `web`?"), "{}", typo.stderr);
    assert_eq!(tasks(&desk, "shop-web"), before);
    let ran = desk.sim(&["restart", "web", "--yes"]).exits(0);
    assert!(ran.stdout.contains("a new deployment of shop-web:1 replaces 1 task"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Done: 1 updated"), "{}", ran.stdout);
    assert_ne!(tasks(&desk, "shop-web"), before);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    let json = desk.sim(&["restart", "worker", "--yes", "--format", "json"]).exits(0).stdout;
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).expect("a document")).collect();
    assert_eq!((&lines[0]["event"], &lines[0]["steps"][0]["verb"]), (&"plan".into(), &"update".into()));
    assert_eq!(lines.last().map(|last| &last["outcome"]), Some(&"done".into()));
}

#[test]
fn a_restart_whose_tasks_do_not_start_is_a_failure() {
    let desk = applied();
    desk.call("logs", "DeleteLogGroup", &json!({ "logGroupName": "shop-app" }));
    let ran = desk.sim(&["restart", "web", "--yes"]).exits(1);
    for words in ["Failed at service.web", "The specified log group does not exist", "evenkeel restart web"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let fresh = Desk::new(&stack("web:1", "worker:1"));
    let ran = fresh.sim(&["restart", "web", "--yes"]).exits(1);
    assert!(ran.stderr.contains("service.web does not exist yet; nothing was restarted"), "{}", ran.stderr);
}

#[test]
fn a_service_of_others_is_not_restarted() {
    let desk = applied();
    let arn = "arn:aws:ecs:us-east-1:123456789012:service/shop/shop-web";
    let other = json!({ "resourceArn": arn, "tags": [{ "key": "evenkeel:stack", "value": "other" }] });
    desk.call("ecs", "TagResource", &other);
    let before = tasks(&desk, "shop-web");
    let ran = desk.sim(&["restart", "web", "--yes"]).exits(1);
    assert!(ran.stderr.contains("nothing was restarted"), "{}", ran.stderr);
    assert_eq!(tasks(&desk, "shop-web"), before);
}

#[test]
fn a_pipe_that_closes_early_ends_quietly() {
    let desk = applied();
    let program = evenkeel_tests::program::path().display().to_string();
    for command in ["status", "logs", "outputs", "list"] {
        let line = format!("'{program}' {command} --sim=world.json --region us-east-1 | head -1");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(desk.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = shell.output().expect("a shell");
        assert!(output.status.success() && output.stderr.is_empty(), "{command}: {output:?}");
    }
}
