//! Saved plans: the same steps or none, whatever happened to AWS or to the file since; and where one may be saved.

use serde_json::{Value, json};

use super::{Desk, TINY, listing};

const POLICY: &str = "AdministratorAccess";

/// A stack that is planned and saved, but not applied.
fn saved(text: &str) -> Desk {
    let desk = Desk::new(text);
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    desk
}

#[test]
fn a_saved_plan_is_carried_out_once() {
    let desk = saved(TINY);
    let applied = desk.sim(&["apply", "plan.json", "--yes"]).exits(0);
    assert!(applied.stdout.contains("+ create  log_group.a"), "the plan is shown first:\n{}", applied.stdout);
    desk.sim(&["plan", "--detailed-exitcode"]).exits(0);
    let again = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert!(again.stderr.contains("log_group.a: was create, is no change"), "{}", again.stderr);
    let anew = "evenkeel plan --sim=world.json --sim-speed 600 --out plan.json";
    assert!(again.stderr.contains(&format!("make a new plan: {anew}\n")), "{}", again.stderr);
    let copied: Vec<&str> = anew.split(' ').skip(1).collect();
    desk.run(&copied).exits(0);
    let asks = saved(TINY).sim(&["apply", "plan.json"]).exits(64);
    assert!(asks.stderr.contains("--yes"), "{}", asks.stderr);
}

#[test]
fn what_moved_is_named() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.write("stack.yaml", TINY.replace("14d", "30d").replace("  b: {}\n", "").as_bytes());
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    desk.call("logs", "PutRetentionPolicy", &json!({ "logGroupName": "tiny-a", "retentionInDays": 7 }));
    let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert!(ran.stderr.contains("log_group.a retention") && ran.stderr.contains("is 7"), "{}", ran.stderr);
    // What is dropped and gone already, and what came in its place.
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    desk.call("logs", "DeleteLogGroup", &json!({ "logGroupName": "tiny-b" }));
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "tiny-b", "tags": { "whose": "mine" } }));
    let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert!(ran.stderr.contains("log_group.b: was delete, is no change"), "{}", ran.stderr);
    assert_eq!(desk.log_groups(), ["tiny-a", "tiny-b"]);
}

#[test]
fn a_thing_that_came_between_is_a_conflict_and_stays() {
    let desk = saved(TINY);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "tiny-a" }));
    let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert!(ran.stderr.contains("log_group.a: was create, is in conflict with"), "{}", ran.stderr);
    assert_eq!(desk.log_groups(), ["tiny-a"]);
}

#[test]
fn the_command_that_makes_a_new_plan_makes_it_as_the_old_one_was_made() {
    let desk = Desk::new("");
    desk.write("tiny.yaml", TINY.as_bytes());
    let chosen = ["tiny.yaml", "--target", "log_group.a", "--no-wait", "--out", "plan.json"];
    desk.sim(&[&["plan"], &chosen[..]].concat()).exits(0);
    desk.sim(&["apply", "tiny.yaml", "--yes"]).exits(0);
    let stale = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    let anew = "plan tiny.yaml --sim=world.json --sim-speed 600 --no-wait --target log_group.a --out plan.json";
    assert!(stale.stderr.contains(&format!("evenkeel {anew}\n")), "{}", stale.stderr);
    desk.run(&anew.split(' ').collect::<Vec<_>>()).exits(0);
}

#[test]
fn a_saved_plan_says_what_it_is_where_a_stack_file_is_asked_for() {
    let desk = saved(TINY);
    for arguments in [&["plan", "plan.json"][..], &["destroy", "plan.json", "--yes"]] {
        let ran = desk.sim(arguments).exits(64);
        for words in ["plan.json is a saved plan, not a stack file", "evenkeel apply plan.json --sim=world.json"] {
            assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("unknown key"), "{}", ran.stderr);
    }
}

/// Every place of a document, to be changed.
fn walk(value: &mut Value, see: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(key, value)| {
            see(key, value);
            walk(value, see);
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, see)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn what_is_written_into_the_file_is_not_obeyed() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "victim" }));
    desk.write("stack.yaml", TINY.replace("  b: {}\n", "").as_bytes());
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    // Ids and names of what is to be deleted: another thing.
    let text = std::fs::read_to_string(desk.path("plan.json")).expect("the plan was saved");
    desk.write("plan.json", text.replace("tiny-b", "victim").as_bytes());
    let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert!(ran.stderr.contains("log_group.b"), "{}", ran.stderr);
    // Steps that are left out.
    desk.write("plan.json", text.as_bytes());
    desk.edit("plan.json", |plan| plan["plan"]["steps"] = json!([]));
    desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    assert_eq!(desk.log_groups(), ["tiny-a", "tiny-b", "victim"]);
    // The guards.
    desk.write("plan.json", text.replace("\"us-east-1\"", "\"eu-west-1\"").as_bytes());
    desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
    desk.write("plan.json", text.replace("123456789012", "999999999999").as_bytes());
    desk.sim(&["apply", "plan.json", "--yes"]).exits(1);
    desk.write("plan.json", text.as_bytes());
    desk.sim(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(desk.log_groups(), ["tiny-a", "victim"]);
}

#[test]
fn what_the_graph_wants_is_another_plan() {
    let desk = saved(TINY);
    let text = std::fs::read_to_string(desk.path("plan.json")).expect("the plan was saved");
    for part in ["graph", "plan"] {
        desk.write("plan.json", text.as_bytes());
        let mut found = 0;
        let mut attach = |key: &str, value: &mut Value| {
            if key == "managed" {
                found += 1;
                *value = json!([format!("arn:aws:iam::aws:policy/{POLICY}")]);
            }
        };
        desk.edit("plan.json", |plan| walk(&mut plan[part], &mut attach));
        assert!(found > 0, "the {part} has a role");
        let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(3);
        assert!(ran.stderr.contains("role.r") && ran.stderr.contains(POLICY), "{}", ran.stderr);
    }
    let roles = desk.call("iam", "ListRoles", &json!({}));
    assert!(!roles.to_string().contains("tiny-r"), "{roles}");
    // Names of nodes that are not what they stand under, and references to nothing.
    for (from, to) in [("\"id\": \"role.r\"", "\"id\": \"role.x\""), ("\"needs\": []", "\"needs\": [\"role.none\"]")] {
        desk.write("plan.json", text.replacen(from, to, 1).as_bytes());
        let ran = desk.sim(&["apply", "plan.json", "--yes"]).exits(1);
        assert!(ran.stderr.contains("not a saved plan"), "{}", ran.stderr);
    }
}

#[test]
fn what_was_chosen_is_part_of_the_plan() {
    let desk = saved(TINY);
    for flags in [
        &["--var", "nosuch=1"][..],
        &["--target", "log_group.a"],
        &["--adopt", "log_group.a"],
        &["--adopt-all"],
        &["--consent", "log_group.a"],
        &["--no-wait"],
        &["--region", "eu-west-1"],
    ] {
        let ran = desk.sim(&[&["apply", "plan.json", "--yes"], flags].concat()).exits(64);
        assert!(ran.stderr.contains(flags[0]), "{flags:?}: {}", ran.stderr);
    }
    assert!(desk.log_groups().is_empty());
    desk.sim(&["plan", "--out", "plan.json", "--no-wait", "--target", "log_group.a"]).exits(0);
    desk.sim(&["apply", "plan.json", "--yes"]).exits(0);
    assert_eq!(desk.log_groups(), ["tiny-a"]);
}

#[test]
fn a_destruction_can_be_saved_too() {
    let desk = Desk::new(TINY);
    desk.sim(&["apply", "--yes"]).exits(0);
    desk.sim(&["plan", "--destroy", "--out", "plan.json"]).exits(0);
    desk.sim(&["apply", "plan.json", "--yes"]).exits(0);
    assert!(desk.log_groups().is_empty());
}

#[test]
fn nothing_but_an_older_plan_is_overwritten() {
    let desk = saved(TINY);
    desk.sim(&["plan", "--out", "plan.json"]).exits(0);
    desk.write("notes.txt", b"somebody's");
    std::fs::create_dir(desk.path("folder")).expect("a folder is made");
    desk.sim(&["plan", "--format", "json"]).exits(0);
    let mut places = vec!["stack.yaml", "notes.txt", "folder", "nowhere/plan.json"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("plan.json", desk.path("link")).expect("a link is made");
        let fifo = std::process::Command::new("mkfifo").arg(desk.path("fifo")).status().expect("mkfifo runs");
        assert!(fifo.success());
        places.extend(["link", "fifo", "/dev/null"]);
    }
    let before = listing(desk.folder.path());
    for place in places {
        // There is no AWS here: whoever asks it ends otherwise.
        let ran = desk.run(&["plan", "--out", place]).exits(1);
        assert!(ran.stderr.contains("cannot save the plan") && ran.stdout.is_empty(), "{place}: {}", ran.stderr);
    }
    assert_eq!(listing(desk.folder.path()), before);
    assert_eq!(std::fs::read(desk.path("notes.txt")).expect("it is there"), b"somebody's");
    assert_eq!(std::fs::read(desk.path("stack.yaml")).expect("it is there"), TINY.as_bytes());
}

#[test]
fn a_plan_that_cannot_be_applied_is_not_saved() {
    let desk = Desk::new(TINY);
    desk.sim(&["plan"]).exits(0);
    desk.call("logs", "CreateLogGroup", &json!({ "logGroupName": "tiny-a" }));
    let ran = desk.sim(&["plan", "--out", "plan.json"]).exits(4);
    assert!(ran.stderr.contains("Not saved") && !desk.path("plan.json").exists(), "{}", ran.stderr);
}
