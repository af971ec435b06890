//! The stack file: from YAML text (and the task-definition files beside it) to a [`Stack`], or to everything that is
//! wrong with it at once. Needs no AWS and no network, and reads no environment of its own: the caller gives it.
//!
//! `yaml` and `json` make a `tree`, `interpolate` fills in `${…}` from the `scope`, `sections` give each part of the
//! model by [tables](table) of keys, `task_definition` the documents of ECS, and `validate` looks at the whole.

#![warn(unreachable_pub)]

mod actions;
mod arn;
mod aws_policies;
pub mod codes;
mod content;
mod ctx;
pub mod databases;
mod decode;
mod fields;
mod files;
mod ignored;
pub mod image;
mod interpolate;
mod json;
pub mod model;
mod pattern;
mod policy;
pub mod reach;
mod root;
mod scope;
mod sections;
mod statements;
pub mod suggest;
pub mod table;
mod tagging;
pub mod task_definition;
mod tree;
mod validate;
pub mod value_from;
mod values;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use evenkeel_core::diagnostic::{Diagnostic, Source};

use evenkeel_core::secret::Secrets;
pub use files::{Beside, FileProblem, Files};
use model::Stack;
pub use root::ROOT;
pub use values::partition;

/// What the caller knows beside the file.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// The environment that `${env.…}` sees.
    pub env: BTreeMap<String, String>,
    /// Variables that go before `vars:` of the file.
    pub vars: BTreeMap<String, String>,
    /// A region that goes before `region:` of the file.
    pub region: Option<String>,
    /// The region if neither [`Self::region`] nor the file has one.
    pub fallback_region: Option<String>,
}

/// A stack file that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub stack: Stack,
    /// What is probably not meant.
    pub warnings: Vec<Diagnostic>,
    /// The file.
    pub source: Arc<Source>,
    /// What the environment gave and nobody is to be shown.
    pub secrets: Secrets,
}

/// Reads a stack file.
///
/// # Errors
/// Everything that is wrong with it, warnings included, by line.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Loaded, Vec<Diagnostic>> {
    let text = files::text(path).map_err(|problem| vec![problem.at(None)])?;
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    load_text(&path.to_string_lossy(), &text, options, &Beside { folder })
}

/// Reads a stack file from its text; `files` gives the files that it names.
///
/// # Errors
/// Everything that is wrong with it, warnings included, by line.
pub fn load_text(path: &str, text: &str, options: &LoadOptions, files: &dyn Files) -> Result<Loaded, Vec<Diagnostic>> {
    let source = Arc::new(Source::new(path, text));
    root::load(&source, options, files)
}
