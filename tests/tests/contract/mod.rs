//! What every kind has to keep, whatever it is: this walks the table of kinds and everything that the shipped stacks, the
//! examples and one stack that sets all there is make of it.

mod adding;
mod documents;
mod editor;
mod registry;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evenkeel_aws::kinds;
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_stack::{LoadOptions, load};
use evenkeel_tests::moto::root;

const CERTIFICATE: &str = "arn:aws:acm:ca-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
const SECRET: &str = "AKIAIOSFODNN7EXAMPLE/wJalrXUtnFEMI";

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file can be listed").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

/// The graphs of all stack files that ship, and of the one that sets everything.
pub(crate) fn graphs() -> Vec<(String, Graph)> {
    let mut files = yaml_files(&root().join("stacks"));
    files.extend(yaml_files(&root().join("examples")));
    files.push(root().join("tests/contract/everything.yaml"));
    let env = [("CERTIFICATE_ARN", CERTIFICATE), ("DATABASE_PASSWORD", SECRET)];
    let env: BTreeMap<String, String> =
        env.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let options = LoadOptions { env, fallback_region: Some("eu-west-1".to_owned()), ..LoadOptions::default() };
    let graph = |file: PathBuf| {
        let loaded = load(&file, &options).unwrap_or_else(|found| panic!("{}: {found:#?}", file.display()));
        let region = loaded.stack.region.clone().unwrap_or_default();
        let graph = kinds::graph(&loaded.stack, &region)
            .and_then(|graph| kinds::image::with_images(&loaded.stack, &graph))
            .unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), graph)
    };
    let mut graphs: Vec<(String, Graph)> = files.into_iter().map(graph).collect();
    // What no file has, and an account on its first day lacks.
    let lacking = kinds::service_linked_role::nodes().map(|node| Node { origin: Some("AWS".to_owned()), ..node });
    let lacking = Graph::detached(StackInfo::default(), lacking);
    graphs.push(("an account on its first day".to_owned(), lacking));
    graphs
}
