//! `logs`: whose a line is, which lines are chosen, and what is said where there are none.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::Desk;
use super::{applied, stack};

fn lines(desk: &Desk, arguments: &[&str]) -> Vec<String> {
    let ran = desk.sim(&[&["logs"], arguments].concat()).exits(0);
    ran.stdout.lines().map(str::to_owned).collect()
}

/// Writes a line into the stream of a task, as its container would.
fn write(desk: &Desk, stream: &str, text: &str) {
    let status: Value = serde_json::from_str(&desk.sim(&["status", "--format", "json"]).stdout).expect("JSON");
    let now = std::time::Duration::from_secs_f64(status["at"].as_f64().expect("a time"));
    let now = i64::try_from(now.as_millis()).expect("a time of today");
    let events = json!([{ "timestamp": now, "message": text }]);
    desk.call(
        "logs",
        "PutLogEvents",
        &json!({ "logGroupName": "shop-app", "logStreamName": stream, "logEvents": events }),
    );
}

#[test]
fn lines_have_the_name_of_their_service_and_container() {
    let desk = applied();
    let all = lines(&desk, &[]);
    for line in [
        "web          | app started from ghcr.io/example/web:1",
        "web          | listening on port 80",
        "web          | \"GET / HTTP/1.1\" 200 \"ELB-HealthChecker/2.0\"",
        "worker/app   | app started from ghcr.io/example/worker:1",
        "worker/proxy | proxy started from ghcr.io/example/proxy:1",
    ] {
        assert!(all.iter().any(|one| one == line), "{line}: {all:#?}");
    }
    // Both services have a container `app` that writes to one group; their tasks tell them apart.
    let web = lines(&desk, &["web"]);
    assert!(web.iter().all(|line| line.starts_with("web |") && !line.contains("worker:1")), "{web:#?}");
    assert_eq!(lines(&desk, &["worker/proxy"]), ["worker/proxy | proxy started from ghcr.io/example/proxy:1"]);
    assert_eq!(lines(&desk, &["--filter", "listening", "--since", "1h"]), ["web          | listening on port 80"]);
    assert_eq!(lines(&desk, &["web", "--tail", "1"]), ["web | \"GET / HTTP/1.1\" 200 \"ELB-HealthChecker/2.0\""]);
    let json = lines(&desk, &["web", "--tail", "1", "--format", "json"]);
    let line: Value = serde_json::from_str(&json[0]).expect("each line is a document");
    assert_eq!((&line["service"], &line["container"]), (&"web".into(), &"app".into()));
    let stream = line["log_stream"].as_str().expect("a stream").to_owned();
    write(&desk, &stream, "\u{1b}[31mred\u{1b}[0m and \u{1b}[2Jwild\nsecond\n");
    assert_eq!(lines(&desk, &["web", "--tail", "1"]), ["web | red and wild", "web | second"]);
    let shown = desk.sim(&["logs", "web", "--tail", "1", "--color", "always", "--timestamps"]).exits(0).stdout;
    assert!(shown.contains("\u{1b}[31mred") && !shown.contains("\u{1b}[2J"), "{shown:?}");
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let desk = applied();
    let told = |arguments: &[&str], code| desk.sim(&[&["logs"], arguments].concat()).exits(code).stderr;
    assert!(told(&["wep"], 64).contains("did you mean `web`? its services: web and worker"));
    assert!(told(&["worker/prxy"], 64).contains("did you mean `proxy`? its containers with logs: app and proxy"));
    assert!(told(&["--since", "yesterday"], 64).contains("10m"));
    assert!(told(&["--filter", "nothing-like-that"], 0).contains("No line fits the pattern (shop-app)"));
    desk.call("logs", "DeleteLogGroup", &json!({ "logGroupName": "shop-app" }));
    let gone = told(&[], 1);
    assert!(gone.contains("log group shop-app could not be read") && gone.contains("evenkeel apply"), "{gone}");
    desk.write("faults.json", br#"[{"service": "logs", "operation": "FilterLogEvents", "fault": "access_denied"}]"#);
    assert!(told(&["--sim-faults", "faults.json"], 1).contains("not authorized to perform: logs:FilterLogEvents"));
    let fresh = Desk::new(&stack("web:1", "worker:1"));
    let ran = fresh.sim(&["logs"]).exits(1);
    assert!(ran.stderr.contains("service web does not exist yet"), "{}", ran.stderr);
    let mute = Desk::new(&stack("web:1", "worker:1").replace(", logs: app", ""));
    mute.sim(&["apply", "--yes"]).exits(0);
    let ran = mute.sim(&["logs"]).exits(1);
    assert!(ran.stderr.contains("web has no `logs`") && ran.stderr.contains("give it `logs: NAME`"), "{}", ran.stderr);
}

#[test]
fn a_container_that_fails_has_written_why() {
    let desk = Desk::new(&stack("web:1", "worker-crash:1"));
    desk.sim(&["apply", "--yes"]).exits(1);
    let all = lines(&desk, &["worker/app"]);
    assert!(all.iter().any(|line| line.contains("fatal: cannot go on, exiting with code 1")), "{all:#?}");
}

#[test]
fn following_ends_when_nobody_reads() {
    let desk = applied();
    // The services go on: what is restarted beside it would need the world, so the container writes before.
    let mut child = Command::new(evenkeel_tests::program::path())
        .args(["logs", "web", "--follow", "--sim=world.json", "--sim-speed", "600"])
        .current_dir(desk.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("evenkeel starts");
    let mut head = String::new();
    {
        use std::io::{BufRead as _, BufReader};
        let mut reader = BufReader::new(child.stdout.take().expect("an output"));
        reader.read_line(&mut head).expect("a line");
    }
    assert!(head.starts_with("web | app started"), "{head}");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    let ended = child.wait().expect("it ends");
    assert!(kill.success() && ended.code() == Some(130) || ended.success(), "{ended:?}");
}
