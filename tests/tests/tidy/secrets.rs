//! What plans, changes and explains has no way to ask for the value of a secret: no source file names an operation that tells one, or has
//! anything decrypted, but the one that a person asks for the environment of a service.

use super::{code, sources};

/// Words by which the SDK would be asked for a value, in the sources of the program.
const TELLING: &[&str] = &[
    "get_secret_value",
    "batch_get_secret_value",
    "get_random_password",
    "get_parameter()",
    "get_parameters_by_path",
    "get_parameter_history",
    "with_decryption",
    "kms()",
];

/// Where values are told to who asked for them, and the only place that may come there.
const TOLD: (&str, &str) = ("crates/aws/src/told.rs", "crates/cli/src/commands/session/environment.rs");

#[test]
fn nothing_can_ask_for_the_value_of_a_secret() {
    let (mut seen, mut told) = (0, 0);
    for folder in ["crates/aws/src", "crates/cli/src", "crates/core/src", "crates/stack/src"] {
        for (path, source) in sources(folder) {
            assert!(!source.contains("told::values") || path.ends_with(TOLD.1), "{} tells secrets", path.display());
            if path.ends_with(TOLD.0) {
                told += 1;
                continue;
            }
            seen += usize::from(source.contains("get_parameters()"));
            for (at, line) in code(&source) {
                let word = TELLING.iter().find(|word| line.contains(**word));
                assert!(word.is_none(), "{}:{at}: {} tells a secret", path.display(), word.unwrap_or(&""));
            }
        }
    }
    assert_eq!((seen, told), (1, 1), "values that are no secrets are read in one place, and secrets in another");
}
