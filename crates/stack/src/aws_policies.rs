//! The managed policies of AWS by name: where each stands, and what was probably meant by a name that is not among them. The
//! list is `aws_managed_policies.txt`; AWS adds to it, so a name that it lacks need not be wrong.

use std::collections::BTreeMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("aws_managed_policies.txt");

/// What is known of a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// There is one: its path and name.
    There(&'static str),
    /// There is none, but one whose name differs by a slip of the pen: its path and name.
    Near(&'static str),
    /// It may be newer than the list.
    Unknown,
}

/// Path and name by name.
fn table() -> &'static BTreeMap<&'static str, &'static str> {
    static TABLE_BY_NAME: OnceLock<BTreeMap<&'static str, &'static str>> = OnceLock::new();
    TABLE_BY_NAME.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(|line| (line.rsplit('/').next().unwrap_or(line), line)).collect()
    })
}

/// Looks a name up.
pub(crate) fn find(name: &str) -> Known {
    if let Some(whole) = table().get(name) {
        return Known::There(whole);
    }
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let slips = |other: &str| {
        if other.eq_ignore_ascii_case(name) { 0 } else { strsim::damerau_levenshtein(other, name) }
    };
    let near = table()
        .iter()
        // A further version of a policy differs in its number only, and is no slip.
        .filter(|(other, _)| other.len().abs_diff(name.len()) <= 2 && letters(other) != letters(name))
        .map(|(other, whole)| (slips(other), *whole))
        .filter(|(slips, _)| *slips <= 2)
        .min();
    near.map_or(Known::Unknown, |(_, whole)| Known::Near(whole))
}

/// The name that is most like one that is unknown, for a hint: a word left out or added is no slip of the pen.
pub(crate) fn alike(name: &str) -> Option<&'static str> {
    const ALIKE: f64 = 0.92;
    let scored = table().keys().map(|other| (strsim::jaro_winkler(other, name), *other));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= ALIKE).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_left_out_is_told() {
        assert_eq!(find("AmazonECSTaskExecutionPolicy"), Known::Unknown);
        assert_eq!(alike("AmazonECSTaskExecutionPolicy"), Some("AmazonECSTaskExecutionRolePolicy"));
        assert_eq!(alike("SomethingOfOurs"), None);
    }

    #[test]
    fn names_are_found_with_their_paths() {
        let whole = "service-role/AmazonECSTaskExecutionRolePolicy";
        assert_eq!(find("AmazonECSTaskExecutionRolePolicy"), Known::There(whole));
        for slip in
            ["AmazonECSTaskExecutionRolPolicy", "amazonecstaskexecutionrolepolicy", "AmazonECSTaskExecutoinRolePolicy"]
        {
            assert_eq!(find(slip), Known::Near(whole), "{slip}");
        }
        assert_eq!(find("AmazonBrandNewServiceFullAccess"), Known::Unknown);
        assert_eq!(find("AWSLambdaBasicExecutionRole7"), Known::Unknown);
        assert!(table().len() > 1400);
    }
}
