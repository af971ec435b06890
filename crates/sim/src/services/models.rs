//! The models of the services, each read when it is first asked for, and what the names of operations tell: which one a person means,
//! and which ones change nothing. Knows no operation's doing.

use std::sync::OnceLock;

use super::list::SERVICES;
use crate::model::{self, Api};

/// The models of all services that are simulated.
pub fn all() -> &'static [&'static Api] {
    static ALL: OnceLock<Vec<&'static Api>> = OnceLock::new();
    ALL.get_or_init(|| SERVICES.iter().filter_map(|known| named(known.name())).collect())
}

/// The model of the service of that name; it is read when it is first asked for.
pub fn named(name: &str) -> Option<&'static Api> {
    static APIS: [OnceLock<Api>; SERVICES.len()] = [const { OnceLock::new() }; SERVICES.len()];
    let index = SERVICES.iter().position(|known| known.name() == name)?;
    Some(APIS[index].get_or_init(|| model::load(index, &SERVICES[index].source)))
}

/// Whether an operation changes nothing.
pub fn reads_only(operation: &str) -> bool {
    const READING: &[&str] = &[
        "Describe", "List", "Get", "BatchGet", "Filter", "Discover", "Query", "Scan", "Test", "Simulate", "Decode",
        "Validate",
    ];
    READING.iter().any(|start| operation.starts_with(start))
}

/// The operation that a person means: `ListClusters`, also written as the aws CLI has it, `list-clusters`.
pub fn operation(service: &str, meant: &str) -> Option<&'static str> {
    let meant = meant.replace('-', "");
    let mut names = named(service)?.operations.keys();
    names.find(|name| name.eq_ignore_ascii_case(&meant)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::of;

    #[test]
    fn every_operation_of_the_models_is_answered_and_no_other() {
        for service in all() {
            let mut listed: Vec<&str> =
                of(service).operations.iter().copied().flatten().map(|(name, _)| *name).collect();
            listed.sort_unstable();
            let known: Vec<&str> = service.operations.keys().map(String::as_str).collect();
            assert_eq!(listed, known, "{}", service.name);
        }
    }
}
