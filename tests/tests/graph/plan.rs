//! A plan over a picture: every step that changes something is on the resource that it is about, with the plan's own word.

use evenkeel_tests::moto::root;
use serde_json::Value;

use super::{list, program, text};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new(stack: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(root().join(stack), folder.path().join("stack.yaml")).expect("a copy");
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let line = [arguments, &["--sim=world.json", "--sim-speed", "6000"]].concat();
        program().dir(self.0.path()).run(&line).exits(0).stdout
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[arguments, &["--format", "json"]].concat())).expect("it is JSON")
    }

    /// The picture with the plan, after a look whether it says what the plan says.
    fn picture(&self) -> Value {
        let (plan, picture) = (self.json(&["plan"]), self.json(&["graph", "--plan"]));
        let members: Vec<&Value> = list(&picture, "boxes")
            .iter()
            .flat_map(|one| list(one, "members"))
            .chain(list(&picture, "others"))
            .collect();
        let changed = |node: &str| {
            let member = members.iter().find(|member| text(member, "id") == node);
            member.map(|member| text(&member["change"], "word").to_owned()).unwrap_or_default()
        };
        for step in list(&plan, "steps") {
            let (node, verb) = (text(step, "node"), text(step, "verb"));
            if !["wait", "retire"].contains(&verb) {
                assert_eq!(changed(node), verb, "{node}");
            }
        }
        for held in list(&plan, "held") {
            assert!(["held back", "delete", "replace"].contains(&changed(text(held, "node")).as_str()), "{held}");
        }
        let steps =
            |node: &str| list(&plan, "steps").iter().chain(list(&plan, "held")).any(|step| text(step, "node") == node);
        for member in members.iter().filter(|member| !member["change"].is_null()) {
            assert!(steps(text(member, "id")), "the plan has nothing about {member}");
        }
        picture
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.0.path().join("stack.yaml");
        let text = std::fs::read_to_string(&path).expect("the stack");
        assert!(text.contains(from), "the stack has {from:?}");
        std::fs::write(path, text.replace(from, to)).expect("it is written");
    }
}

/// The words on the boxes.
fn words(picture: &Value) -> Vec<(&str, &str)> {
    list(picture, "boxes").iter().map(|one| (text(one, "id"), text(&one["change"], "word"))).collect()
}

#[test]
fn a_plan_is_drawn_where_it_changes_something() {
    let desk = Desk::new("stacks/cruddur.yaml");
    let new = desk.picture();
    let looked_up = ["records.cruddur.example"];
    for (id, word) in words(&new).into_iter().filter(|(id, _)| *id != "internet") {
        assert!(word == "create" || looked_up.contains(&id), "{id} is {word:?}");
    }
    desk.run(&["apply", "--yes", "-q"]);
    let same = desk.picture();
    assert!(words(&same).iter().all(|(_, word)| word.is_empty()), "{:?}", words(&same));
    assert!(text(&same, "plan").starts_with("No changes"), "{}", same["plan"]);
    desk.edit("cpu: 60 }\n    execute_command: true\n\ndns", "cpu: 70 }\n    execute_command: true\n\ndns");
    desk.edit("  python: { name: cruddur-python,", "  snake: { name: cruddur-snake,");
    let changed = desk.picture();
    let drawn: Vec<(&str, &str)> = words(&changed).into_iter().filter(|(_, word)| !word.is_empty()).collect();
    let wanted =
        [("service.frontend-react-js", "update"), ("repository.snake", "create"), ("repository.python", "delete")];
    assert_eq!(drawn, wanted);
    let gone = list(&changed, "boxes").iter().find(|one| text(one, "id") == "repository.python").expect("its box");
    assert_eq!(text(gone, "what"), "no longer in the stack file");
    let page = desk.run(&["graph", "--plan", "--as", "html"]);
    let svg = desk.run(&["graph", "--plan", "--as", "svg"]);
    for word in ["+ create", "~ update", "- delete"] {
        assert!(svg.contains(word) && page.contains(word), "never by colour alone: {word}");
    }
}

#[test]
fn without_a_plan_nothing_is_sent_and_nothing_is_kept() {
    let desk = Desk::new("stacks/flask-todo.yaml");
    let drawn = program().dir(desk.0.path()).run(&["graph", "--out", "a.svg"]).exits(0);
    assert!(drawn.stdout.is_empty() && drawn.stderr.contains("Wrote a.svg"), "{}", drawn.stderr);
    let again = program().dir(desk.0.path()).run(&["graph", "--out", "a.svg"]).exits(0);
    assert!(again.stderr.contains("Wrote a.svg"), "an older picture is overwritten");
    let slip = program().dir(desk.0.path()).run(&["graph", "--out", "stack.yaml"]).exits(1);
    assert!(slip.stderr.contains("is not a picture of evenkeel"), "{}", slip.stderr);
    let both = program().dir(desk.0.path()).run(&["graph", "--as", "svg", "--format", "json"]).exits(64);
    assert!(both.stdout.contains("give one of the two"), "{}", both.stdout);
}
