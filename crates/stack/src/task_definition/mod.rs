//! Task definitions: read from a JSON file as the AWS CLI takes it, or built from the keys of a service; both end as
//! one document in canonical form. Knows nothing of what a service does with it.

mod canonical;
pub(crate) mod coerce;
mod file;
pub(crate) mod kept;
pub(crate) mod schema;
pub(crate) mod sizes;

use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::Place;
use serde_json::{Map, Value as Json};

pub use canonical::canonical;
pub(crate) use file::read as from_file;

use super::model::Build;
use super::sections::Ctx;
use super::tree::Tree;

/// A task definition that is being put together.
pub(crate) struct Draft {
    /// The document, camelCase.
    pub document: Map<String, Json>,
    /// The service's `containers:` or `task_definition:`.
    pub place: Place,
    /// Where keys of the document stand (`cpu`), and containers (`container:web`).
    pub places: BTreeMap<String, Place>,
    /// `tags:` of the document.
    pub tags: BTreeMap<String, String>,
    /// Containers that stand beside those of the file.
    pub sidecars: BTreeSet<String>,
    /// What images are built from, by container.
    pub builds: BTreeMap<String, Build>,
}

impl Draft {
    /// An empty one at a place.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            document: Map::new(),
            place,
            places: BTreeMap::new(),
            tags: BTreeMap::new(),
            sidecars: BTreeSet::new(),
            builds: BTreeMap::new(),
        }
    }

    /// The place of a key or container, or of the whole.
    pub(crate) fn at(&self, what: &str) -> &Place {
        self.places.get(what).unwrap_or(&self.place)
    }

    /// The containers.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Map<String, Json>> {
        self.document
            .get("containerDefinitions")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_object)
    }

    /// A key of the document as a string, if it is a known one.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.document.get(key).and_then(Json::as_str)
    }

    /// Remembers where the keys of a tree stand.
    pub(crate) fn remember(&mut self, tree: &Tree, key_of: impl Fn(&str) -> Option<&'static str>) {
        for entry in tree.entries().unwrap_or_default() {
            if let Some(key) = key_of(&entry.key) {
                self.places.insert(key.to_owned(), entry.value.place.clone());
            }
        }
    }

    /// Remembers where the volumes stand (`volume:data`).
    pub(crate) fn remember_volumes(&mut self, tree: &Tree) {
        self.places.insert("volumes".to_owned(), tree.place.clone());
        for entry in tree.entries().unwrap_or_default() {
            self.places.insert(format!("volume:{}", entry.key), entry.place.clone());
        }
        for item in tree.items().unwrap_or_default() {
            if let Some(name) = item.get("name").and_then(Tree::scalar) {
                self.places.insert(format!("volume:{name}"), item.place.clone());
            }
        }
    }

    /// Remembers where the values of a container stand that may have to be told: its image, and the names of its
    /// environment and secrets (`image:web`, `environment:web/NAME`, `secrets:web/NAME`).
    pub(crate) fn remember_container(&mut self, container: &str, tree: &Tree) {
        for entry in tree.entries().unwrap_or_default() {
            let Some(key) = known_key(&schema::CONTAINER_DEFINITION, &entry.key) else { continue };
            if key == "image" {
                self.places.insert(format!("image:{container}"), entry.value.place.clone());
            }
            if !matches!(key, "environment" | "secrets") {
                continue;
            }
            for member in entry.value.entries().unwrap_or_default() {
                self.places.insert(format!("{key}:{container}/{}", member.key), member.place.clone());
            }
            for item in entry.value.items().unwrap_or_default() {
                let name = match item.get("name") {
                    Some(name) => name.scalar(),
                    None => item.scalar().and_then(|text| Some(text.split_once('=')?.0.to_owned())),
                };
                let Some(name) = name else { continue };
                // The second one of two is the one to be told.
                self.places.insert(format!("{key}:{container}/{name}"), item.place.clone());
            }
        }
    }

    /// Writes task-level `cpu` and `memory` as ECS keeps them, and reports what is no size.
    pub(crate) fn sizes(&mut self, ctx: &Ctx<'_>) {
        for (key, read, example) in [
            (
                "cpu",
                sizes::cpu as fn(&str) -> Option<u64>,
                "Write cpu: 256, or \"0.25 vCPU\"; 256 units are a quarter of a CPU.",
            ),
            ("memory", sizes::memory, "Write memory: 512 (in MiB), or \"0.5 GB\"."),
        ] {
            let Some(text) = self.text(key).map(str::to_owned) else { continue };
            match read(&text) {
                Some(number) => {
                    self.document.insert(key.to_owned(), number.to_string().into());
                }
                None => ctx.problems.error("bad-size", self.at(key), format!("`{text}` is not a {key} size"), example),
            }
        }
    }
}

/// The key of the schema that a text means, however it is spelled.
pub(crate) fn known_key(object: &'static schema::Object, given: &str) -> Option<&'static str> {
    object.member_like(given).map(|member| member.name)
}
