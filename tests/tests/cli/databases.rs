//! Databases on the command line: a password that RDS would refuse is refused before anything is changed, none is ever shown, another one
//! goes to the database and to its secret, and what a destruction leaves is told with its name.

use std::fs;

use super::Desk;

const STACK: &str = "stack: shop
region: us-east-1
secrets: { db: { from_env: DB_PASSWORD, recovery_days: 0 } }
databases: { main: { engine: postgres, version: \"16\", password: secret:db } }
";
const SPEED: [&str; 3] = ["--sim", "--sim-speed", "3600"];

fn desk(password: &str) -> Desk {
    let mut desk = Desk::new(STACK);
    desk.program = desk.program.env("DB_PASSWORD", password);
    desk
}

#[test]
fn a_password_that_rds_refuses_is_refused_before_anything_is_changed() {
    let desk = desk("has/a-slash-in-it");
    let ran = desk.run(&[&["apply", "--yes"][..], &SPEED].concat()).exits(1);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(all.contains("RDS refuses a password") && all.contains("nothing was changed"), "{all}");
    assert!(!all.contains("a-slash-in-it"), "{all}");
    let world = fs::read_to_string(desk.path(".evenkeel/sim.json")).unwrap_or_default();
    assert!(!world.contains("shop/db"), "the secret was made");
}

#[test]
fn a_database_lives_its_life_and_its_password_is_nobodys_to_see() {
    let desk = desk("first-password-1");
    let ran = desk.run(&[&["apply", "--yes"][..], &SPEED].concat()).exits(0);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains("first-password-1"), "{all}");
    assert!(all.contains("database  shop-main.") && all.contains(".rds.amazonaws.com:5432"), "{all}");
    assert!(all.contains("wait database.main … "), "what is waited for is shown: {all}");

    let mut desk = desk;
    desk.program = desk.program.env("OTHER", "second-password-2");
    let set = desk.run(&["secrets", "set", "db", "--from-env", "OTHER", "--sim"]).exits(0);
    assert!(!format!("{}{}", set.stdout, set.stderr).contains("second-password-2"));
    let world = fs::read_to_string(desk.path(".evenkeel/sim.json")).expect("a world");
    assert!(world.contains("MasterUserPassword"), "the database gets it too");
    desk.program = desk.program.env("OTHER", "short");
    let refused = desk.run(&["secrets", "set", "db", "--from-env", "OTHER", "--sim"]).exits(1);
    assert!(refused.stderr.contains("RDS accepts a password of 8 to 128 characters"), "{}", refused.stderr);

    let kept = desk.run(&["destroy", "--yes", "--sim"]).exits(4);
    let all = format!("{}{}", kept.stdout, kept.stderr);
    assert!(all.contains("protect: false") && all.contains("--consent database.main"), "{all}");
    let consents = ["destroy", "--yes", "--consent", "database.main", "--consent", "secret.db"];
    let gone = desk.run(&[&consents[..], &SPEED].concat()).exits(0);
    let line = gone.stdout.lines().find(|line| line.contains("left in AWS")).unwrap_or_default();
    assert!(line.contains("the snapshot shop-main-final-") && line.contains("bills"), "{}", gone.stdout);
}

#[test]
fn a_database_under_another_name_is_asked_after() {
    let desk =
        Desk::new("stack: shop\nregion: us-east-1\ndatabases: { main: { engine: postgres, version: \"16\" } }\n");
    desk.run(&[&["apply", "--yes"][..], &SPEED].concat()).exits(0);
    desk.write(
        "stack.yaml",
        b"stack: shop\nregion: us-east-1\ndatabases: { pg: { engine: postgres, version: \"16\" } }\n",
    );
    let plan = desk.run(&["plan", "--sim"]).exits(0);
    assert!(plan.stderr.contains("write `moved_from: main` in its entry"), "{}", plan.stderr);
}

#[test]
fn a_group_that_a_database_goes_on_using_is_not_deleted() {
    let stack = |groups: &str, key: &str| {
        let database = format!("databases: {{ main: {{ engine: postgres, version: \"16\"{key} }} }}\n");
        format!("stack: shop\nregion: us-east-1\n{groups}{database}")
    };
    let desk = Desk::new(&stack("security_groups: { db: {} }\n", ", security_groups: [db]"));
    desk.run(&[&["apply", "--yes"][..], &SPEED].concat()).exits(0);
    // Without the key the groups of the database are nobody's to change, so it keeps the one that it has.
    desk.write("stack.yaml", stack("", "").as_bytes());
    let ran = desk.run(&["plan", "--sim"]).exits(0);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(all.contains("security_group.db") && all.contains("still used by database.main, which stays"), "{all}");
}
