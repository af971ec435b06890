//! Every file in `stacks/` and `examples/` loads, without a warning.

use std::path::PathBuf;

use super::super::{LoadOptions, load};
use super::show;

pub(super) fn files() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found: Vec<PathBuf> = ["stacks", "examples"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    found.sort();
    found
}

pub(super) fn options() -> LoadOptions {
    let arn = "arn:aws:acm:ca-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
    LoadOptions { env: [("CERTIFICATE_ARN".to_owned(), arn.to_owned())].into(), ..LoadOptions::default() }
}

#[test]
fn stacks_and_examples_load_without_a_warning() {
    let files = files();
    assert!(files.len() >= 13, "{files:?}");
    for path in files {
        match load(&path, &options()) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{}:\n{}", path.display(), show(&loaded.warnings)),
            Err(found) => panic!("{}:\n{}", path.display(), show(&found)),
        }
    }
}

#[test]
fn flask_todo_has_the_exact_names() {
    let path = files().into_iter().find(|path| path.ends_with("flask-todo.yaml")).unwrap();
    let stack = load(&path, &options()).unwrap().stack;
    let names: Vec<_> = stack.security_groups.values().filter_map(|group| group.meta.name.as_deref()).collect();
    assert_eq!(names, ["flask-todo-db-sg", "flask-todo-ecs-sg", "flask-todo-elb-sg"]);
    let service = &stack.services["app"];
    assert_eq!(service.meta.name.as_deref(), Some("flask-todo-service"));
    let document = &service.runs.ours().unwrap().document;
    assert_eq!((&document["cpu"], &document["memory"]), (&"256".into(), &"512".into()));
    let container = &document["containerDefinitions"][0];
    assert_eq!((&container["memory"], &container["memoryReservation"]), (&500.into(), &300.into()));
    assert_eq!(container["entryPoint"], serde_json::json!(["bin/flask-run.sh"]));
}

#[test]
fn the_code_is_where_the_environment_says() {
    let path = files().into_iter().find(|path| path.ends_with("cruddur.yaml")).unwrap();
    let elsewhere = LoadOptions { env: [("SOURCE".to_owned(), "code".to_owned())].into(), ..options() };
    let stack = load(&path, &elsewhere).unwrap().stack;
    let task = stack.services["backend-flask"].runs.ours().unwrap();
    assert!(task.builds["backend-flask"].context.ends_with("code/backend-flask"), "{:?}", task.builds);
}
