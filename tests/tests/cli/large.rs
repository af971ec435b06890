//! Files of many entries, as scripts/scale makes them: each is valid, and all of it is planned. How long that takes is measured
//! by the script.

use evenkeel_tests::moto::root;
use serde_json::Value;

use super::Desk;

/// The file of a shape with about so many resources.
fn file(shape: &str, size: usize) -> String {
    let written = std::process::Command::new("python3")
        .args(["scripts/scale", "--shape", shape, "--print", &size.to_string()])
        .current_dir(root())
        .output()
        .expect("python3 runs");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    String::from_utf8(written.stdout).expect("UTF-8")
}

#[test]
fn every_entry_of_a_large_file_is_planned() {
    for (shape, size, resources) in [("services", 300, 308), ("groups", 150, 300), ("rules", 200, 8)] {
        let desk = Desk::new(&file(shape, size));
        let ran = desk.run(&["validate", "--format", "json"]).exits(0);
        let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(told["resources"], resources, "{shape}: {told}");
        assert_eq!(told["diagnostics"], serde_json::json!([]), "{shape}");
        let ran = desk.sim(&["plan", "--format", "json"]).exits(0);
        let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let steps = plan["steps"].as_array().expect("steps");
        let made = steps.iter().filter(|step| step["verb"] == "create").count();
        assert_eq!(made, resources, "{shape}");
    }
}
