//! AWS's own registry of resource types, as the package `cfn-lint` of PyPI carries it: which properties are fixed once a resource is made,
//! which cannot be read, which types carry tags, and which IAM actions their handlers need. Knows no kind of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use evenkeel_tests::moto::root;
use serde::Deserialize;
use serde_json::Value;

/// The region whose registry is read; it has every type.
const REGION: &str = "us-east-1";

/// What the registry says of a resource type.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    properties: BTreeMap<String, Value>,
    create_only_properties: Vec<String>,
    conditional_create_only_properties: Vec<String>,
    write_only_properties: Vec<String>,
    handlers: BTreeMap<String, Handler>,
    tagging: Tagging,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Handler {
    permissions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tagging {
    taggable: bool,
    permissions: Vec<String>,
}

impl Schema {
    /// Whether the type has a property.
    pub fn has(&self, property: &str) -> bool {
        // Only the first part of a path is looked at.
        self.properties.contains_key(property.split('/').next().unwrap_or(property))
    }

    /// Whether a property is fixed once the resource is made, always or in some cases.
    pub fn is_create_only(&self, property: &str) -> bool {
        let path = format!("/properties/{property}");
        self.create_only_properties.contains(&path) || self.conditional_create_only_properties.contains(&path)
    }

    /// Whether a property as a whole cannot be read.
    pub fn is_write_only(&self, property: &str) -> bool {
        self.write_only_properties.contains(&format!("/properties/{property}"))
    }

    /// Whether resources of the type carry tags.
    pub fn is_taggable(&self) -> bool {
        self.tagging.taggable
    }

    /// The IAM actions that its handlers need.
    pub fn permissions(&self) -> BTreeSet<&str> {
        let handlers = self.handlers.values().flat_map(|handler| &handler.permissions);
        handlers.chain(&self.tagging.permissions).map(String::as_str).collect()
    }
}

/// The registry.
#[derive(Debug)]
pub struct Registry {
    folder: PathBuf,
    /// The file of each type, by its name.
    files: BTreeMap<String, String>,
}

impl Registry {
    /// Finds the installed registry.
    ///
    /// # Panics
    /// If it is not installed (`scripts/setup` does it), or its files are elsewhere than they were.
    pub fn installed() -> Self {
        let python = root().join(".venv-moto/bin/python");
        assert!(python.exists(), "{} is missing: run scripts/setup", python.display());
        let find = "import importlib.util as u; s = u.find_spec('cfnlint'); print(s.origin if s else '')";
        let output = Command::new(&python).args(["-c", find]).output().expect("python runs");
        let origin = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(!origin.is_empty(), "cfn-lint is not installed: run scripts/setup");
        let folder = Path::new(&origin).parent().expect("a package has a folder").join("data/schemas");
        let files = read(&folder.join(format!("providers/{REGION}.json")));
        Self { folder, files }
    }

    /// What it says of a type.
    ///
    /// # Panics
    /// If there is no such type.
    pub fn schema(&self, name: &str) -> Schema {
        let file = self.files.get(name).unwrap_or_else(|| panic!("the registry has no {name}"));
        read(&self.folder.join(format!("resources/{file}.json")))
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
