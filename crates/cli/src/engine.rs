//! The door to the stack file, in one place.

use std::collections::BTreeMap;
use std::path::Path;

use evenkeel_aws::stack::model::Stack;
use evenkeel_core::diagnostic::Diagnostic;

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

/// A stack file after reading.
pub struct Loaded {
    /// The stack.
    pub stack: Stack,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a stack file.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Loaded, Vec<Diagnostic>> {
    tracing::debug!(?options.vars, ?options.region, ?options.fallback_region, variables = options.env.len(), "reading");
    Err(vec![Diagnostic::error("unreadable", format!("cannot read {}", path.display()), None)])
}
