//! What bootcamp journals set up by hand, command by command, is there after the two stacks have been applied to an empty account in which
//! nothing but the domain was prepared; boto3 reads each of it back. After the stacks are destroyed it finds none.

use std::path::Path;

use evenkeel_sim::store::Store;
use evenkeel_tests::moto::root;
use evenkeel_tests::served::Served;

use super::Desk;
use super::push::stand_in;

const STACKS: [&str; 2] = ["cruddur", "flask-todo"];
/// The folders of the code that they build.
const CODE: [&str; 3] = ["", "backend-flask", "frontend-react-js"];

fn every_row_holds(world: &Path, arguments: &[&str]) {
    let world = Store::peek(world).expect("it can be read").expect("there is a world");
    let output = Served::of(&world, &[]).python("clients/journals/main.py", arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong: Vec<&str> = said.lines().filter(|line| !line.starts_with("ok: ")).collect();
    assert!(output.status.success(), "{}\n{}", wrong.join("\n"), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_was_made_by_hand_is_there_after_apply_and_gone_after_destroy() {
    let mut desk = Desk::new("");
    stand_in(&mut desk);
    for folder in CODE {
        let folder = desk.path("code").join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("Dockerfile"), "FROM scratch\nCOPY . /\n").expect("a file");
    }
    desk.program = desk.program.clone().env("SOURCE", &desk.path("code").to_string_lossy());
    for name in STACKS {
        let file = format!("{name}.yaml");
        std::fs::copy(root().join("stacks").join(&file), desk.path(&file)).expect("it is copied");
    }
    for name in STACKS {
        desk.sim(&["apply", &format!("{name}.yaml"), "--build", "--yes"]).exits(0);
    }
    every_row_holds(&desk.path("world.json"), &[]);
    for name in STACKS {
        desk.sim(&["destroy", &format!("{name}.yaml"), "--yes"]).exits(0);
    }
    every_row_holds(&desk.path("world.json"), &["--gone"]);
}
