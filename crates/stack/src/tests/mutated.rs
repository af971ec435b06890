//! No cut, dropped line or changed character of a good file makes the loader panic, and what it says points into the
//! text.

use super::super::{LoadOptions, load_text};
use super::own_files;
use super::{Diagnostic, Memory};

/// A small generator of numbers; the same every time.
pub(super) struct Numbers(pub u64);

impl Numbers {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn check(text: &str, options: &LoadOptions) {
    let json = include_str!("../../../../stacks/task-definitions/frontend-react-js.json");
    let files = Memory([("task-definitions/frontend-react-js.json", json.to_owned())].into());
    let found: Vec<Diagnostic> = match load_text("stack.yaml", text, options, &files) {
        Ok(loaded) => loaded.warnings,
        Err(found) => {
            assert!(!found.is_empty(), "a file is refused without a word:\n{text}");
            found
        }
    };
    for found in found {
        assert_ne!(found.code, "internal", "{found:?}\n{text}");
        for place in found.place.iter().chain(found.related.iter().map(|(place, _)| place)) {
            let text = &place.source.text;
            assert!(text.get(place.span.clone()).is_some(), "{:?} is outside of the text: {found:?}", place.span);
        }
    }
}

pub(super) fn mutate(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = numbers.below(lines.len());
    match numbers.below(6) {
        0 => {
            lines.remove(at);
        }
        1 => lines[at].insert_str(0, "  "),
        2 => lines[at] = lines[at].replacen(char::is_alphanumeric, "é", 1),
        3 => lines[at] = lines[at].replacen(|c: char| "{}[],:\"'".contains(c), "", 1),
        4 => {
            let other = numbers.below(lines.len());
            lines.swap(at, other);
        }
        _ => {
            let value =
                ["~", "[]", "{}", "-1", "99999999999", "${", "${env.", "&a *a", "!!binary x", "'", "2001:db8::/32"];
            let value = value[numbers.below(value.len())];
            if let Some((key, _)) = lines[at].split_once(':') {
                lines[at] = format!("{key}: {value}");
            }
        }
    }
    lines.join("\n")
}

#[test]
fn nothing_makes_the_loader_panic() {
    let options = own_files::options();
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    for path in own_files::files() {
        let text = std::fs::read_to_string(&path).unwrap();
        for _ in 0..25 {
            let cut = numbers.below(text.len());
            check(text.get(..cut).unwrap_or_default(), &options);
            let mut changed = mutate(&text, &mut numbers);
            check(&changed, &options);
            changed = mutate(&changed, &mut numbers);
            check(&changed, &options);
        }
    }
}
