//! The command line knows no kind: what it has to know of one is data of the kind or of its service. Knows Rust only as tokens;
//! tests are not looked at.

use std::str::FromStr as _;

use evenkeel_aws::kinds;
use proc_macro2::TokenStream;

use super::sources;
use super::words::texts;

/// The names of kinds that a source has as texts.
fn named(source: &str) -> Vec<String> {
    let mut all = Vec::new();
    texts(TokenStream::from_str(source).expect("a source is Rust"), false, &mut all);
    let is_kind = |text: &String| kinds::ALL.iter().any(|entry| *text == format!("\"{}\"", entry.kind.name));
    all.into_iter().filter(is_kind).collect()
}

#[test]
fn the_command_line_knows_no_kind() {
    for (path, source) in sources("crates/cli/src") {
        if !path.components().any(|part| part.as_os_str().to_string_lossy().contains("tests")) {
            assert_eq!(named(&source), Vec::<String>::new(), "{}", path.display());
        }
    }
}

#[test]
fn the_name_of_a_kind_is_found() {
    let kind = kinds::ALL[0].kind.name;
    let literal = format!("\"{kind}\"");
    assert_eq!(named(&format!("fn a() {{ b({literal}, \"{kind}s\") }}")), [literal.as_str()]);
    assert_eq!(named(&format!("#[cfg(test)] mod tests {{ const A: &str = {literal}; }}")), Vec::<String>::new());
}
