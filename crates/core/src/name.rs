//! Physical names: `<stack>-<entry>` cut to the limit of a kind, and the generation suffixes that replacements take,
//! so that the new thing can be there before the old one goes. Pure text.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::doc::hex;

/// How many digits of a hash mark a name that was cut.
const HASH: usize = 6;

/// The default physical name of an entry, at most `limit` characters (0: no limit).
///
/// A name that is too long is cut and ends in a hash of the whole, so that two long names stay two.
pub fn physical(stack: &str, entry: &str, limit: usize) -> String {
    let entry: String = entry.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    cut(&format!("{stack}-{entry}"), limit)
}

/// The name of the `generation`-th thing with this base name; the first has the base name itself.
pub fn of_generation(base: &str, generation: u32, limit: usize) -> String {
    if generation <= 1 {
        return base.to_owned();
    }
    let suffix = format!("-{generation}");
    if limit == 0 || base.len() + suffix.len() <= limit {
        return format!("{base}{suffix}");
    }
    format!("{}{suffix}", cut(base, limit - suffix.len()))
}

/// Which generation a physical name is of this base; `None` if it is not one.
pub fn generation(base: &str, name: &str) -> Option<u32> {
    if name == base {
        return Some(1);
    }
    let (stem, number) = name.rsplit_once('-')?;
    let number: u32 = number.parse().ok().filter(|n| *n >= 2)?;
    // A long base is cut to make room for the suffix, so the name is compared with what would have been made.
    (stem == base || of_generation(base, number, name.len()) == name).then_some(number)
}

/// Whether a physical name is a generation of any of these base names.
pub fn is_of_any(bases: &BTreeSet<String>, name: &str) -> bool {
    // Only a name that ends in a number can be another one than its base.
    let number = name.rsplit_once('-').and_then(|(_, number)| number.parse::<u32>().ok());
    bases.contains(name) || number.is_some() && bases.iter().any(|base| generation(base, name).is_some())
}

fn cut(text: &str, limit: usize) -> String {
    if limit == 0 || text.len() <= limit {
        return text.to_owned();
    }
    let digest = hex(&Sha256::digest(text.as_bytes())[..HASH / 2]);
    let head: String = text.chars().take(limit.saturating_sub(HASH + 1)).collect();
    format!("{}-{digest}", head.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let a = physical("a-rather-long-stack-name", "first-entry-of-it", 32);
        let b = physical("a-rather-long-stack-name", "first-entry-of-them", 32);
        assert!(a.len() <= 32 && b.len() <= 32 && a != b, "{a} {b}");
        assert_eq!(physical("cruddur", "web", 32), "cruddur-web");
        assert_eq!(physical("cruddur", "web/https", 32), "cruddur-web-https");
    }

    #[test]
    fn generations_are_recognised() {
        let long = "x".repeat(32);
        for base in ["cruddur-web", long.as_str()] {
            for number in [1, 2, 17] {
                let name = of_generation(base, number, 32);
                assert!(name.len() <= 32);
                assert_eq!(generation(base, &name), Some(number), "{name}");
            }
        }
        let bases: BTreeSet<String> = ["cruddur-web".to_owned(), long.clone()].into();
        for name in ["cruddur-web", "cruddur-web-2", "cruddur-web-1", "web", "", "web-2", &of_generation(&long, 3, 32)]
        {
            let alone = bases.iter().any(|base| generation(base, name).is_some());
            assert_eq!(is_of_any(&bases, name), alone, "{name}");
        }
        assert_eq!(generation("cruddur-web", "cruddur-web-1"), None);
        assert_eq!(generation("cruddur-web", "cruddur-web-api"), None);
        assert_eq!(generation("cruddur-web", "other"), None);
    }
}
