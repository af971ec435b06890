//! One set of features for the program and its tests: a package that a test gives one more feature is compiled twice, and with it
//! everything that needs it; of the AWS SDK that is many minutes. Asks cargo, which knows how features come together.

use std::collections::BTreeMap;
use std::process::Command;

use evenkeel_tests::moto::root;

/// The packages that cargo would build, with the features of each.
fn features(choice: &[&str]) -> BTreeMap<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let command = ["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{f}"];
    let done = Command::new(cargo).args(command).args(choice).current_dir(root()).output().expect("cargo runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("cargo writes text");
    let lines = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    lines.map(|(package, features)| (package.to_owned(), features.trim_end_matches(" (*)").to_owned())).collect()
}

#[test]
fn the_tests_compile_nothing_of_the_program_again() {
    let tests = features(&["--workspace", "--edges", "normal,build,dev"]);
    let program = features(&["--workspace", "--edges", "normal,build"]);
    assert!(program.len() > 200 && tests.len() > program.len(), "{} and {}", program.len(), tests.len());
    for (package, features) in &program {
        assert_eq!(tests.get(package), Some(features), "{package} has other features where tests are compiled too");
    }
}

#[test]
fn cargo_run_compiles_nothing_of_the_sdk_again() {
    let whole = features(&["--workspace", "--edges", "normal,build"]);
    let alone = features(&["--package", "evenkeel", "--edges", "normal,build"]);
    let sdk =
        |package: &str| ["aws-", "bytes-utils ", "either ", "tokio "].iter().any(|name| package.starts_with(name));
    let of_it: Vec<_> = alone.iter().filter(|(package, _)| sdk(package)).collect();
    assert!(of_it.len() > 20, "{of_it:?}");
    for (package, features) in of_it {
        assert_eq!(whole.get(package), Some(features), "{package} has other features in the program alone");
    }
}
