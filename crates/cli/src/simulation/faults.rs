//! Reads which faults a simulated AWS has: `seed=N`, or a JSON file with a list of rules. Knows no fault itself.

use std::path::{Path, PathBuf};

use evenkeel_sim::faults::{Faults, Rule};
use serde::Deserialize;

use super::PathOrSeed;
use crate::exit::Failure;

/// A file of rules: the list alone, or the list with a seed for random faults.
#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Rules(Vec<Rule>),
    Seeded {
        #[serde(default)]
        seed: u64,
        rules: Vec<Rule>,
    },
}

/// Reads the argument of `--sim-faults`.
///
/// # Errors
/// If there is no number after `seed=`.
pub fn argument(text: &str) -> Result<PathOrSeed, String> {
    match text.strip_prefix("seed=") {
        Some(number) => number.parse().map(PathOrSeed::Seed).map_err(|_| "expected a number after seed=".to_owned()),
        None => Ok(PathOrSeed::Path(PathBuf::from(text))),
    }
}

/// The faults.
///
/// # Errors
/// If the file cannot be read or is not a list of rules.
pub fn read(source: &PathOrSeed) -> Result<Faults, Failure> {
    match source {
        PathOrSeed::Seed(seed) => Ok(Faults::weather(*seed)),
        PathOrSeed::Path(path) => rules(path),
    }
}

fn rules(path: &Path) -> Result<Faults, Failure> {
    let help = r#"write a list of rules such as [{"service": "ecs", "operation": "CreateService", "nth": 1, "fault": "throttle"}]"#;
    let failed = |error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", path.display()), help);
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    // The list first: its own errors say more than "matches no variant".
    if text.trim_start().starts_with('[') {
        let rules: Vec<Rule> = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        return known(path, &rules).map(|()| Faults::new(rules, 0));
    }
    let (rules, seed) = match serde_json::from_str(&text).map_err(|error| failed(&error))? {
        Document::Rules(rules) => (rules, 0),
        Document::Seeded { seed, rules } => (rules, seed),
    };
    known(path, &rules).map(|()| Faults::new(rules, seed))
}

/// Refuses rules for services and operations that do not exist: such a fault would silently never happen.
fn known(path: &Path, rules: &[Rule]) -> Result<(), Failure> {
    let unknown = rules.iter().enumerate().find_map(|(index, rule)| Some((index, rule.check().err()?)));
    let Some((index, unknown)) = unknown else { return Ok(()) };
    let help = match unknown.meant {
        Some(name) => format!("did you mean `{name}`?"),
        None => "use the names of the aws CLI for services, and of the API reference for operations".to_owned(),
    };
    Err(Failure::refused(format!("{}: rule {}: {}", path.display(), index + 1, unknown.text), help))
}
