//! Nearest names for messages, and lists of names as people write them. Pure text.

/// The known name that was probably meant; `None` if nothing is near.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
    };
    let given = plain(given);
    let mut best: Option<(f64, &str)> = None;
    // Far more names than a person would look through.
    for name in known.into_iter().take(1000) {
        let other = plain(name);
        let score =
            if other == given || other.strip_suffix('s') == Some(&given) || given.strip_suffix('s') == Some(&other) {
                1.0
            } else {
                let slips = strsim::damerau_levenshtein(&given, &other);
                let alike = strsim::jaro_winkler(&given, &other).min(0.99);
                match slips {
                    // One slip in a name of three letters is a third of it, but still one slip.
                    1 if other.len() > 2 => alike.max(0.9),
                    _ if slips <= 1 + other.len() / 4 => alike,
                    _ => alike * 0.85,
                }
            };
        if score > best.map_or(0.79, |(score, _)| score) {
            best = Some((score, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `` `a`, `b` and `c` ``, at most twenty.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 20;
    let quoted: Vec<String> = names.iter().take(MOST).map(|name| format!("`{}`", name.as_ref())).collect();
    if names.len() > MOST {
        return format!("{} and {} more", quoted.join(", "), names.len() - MOST);
    }
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Words of help for a name that is not there: a suggestion, or all that are.
pub(crate) fn help<'a>(given: &str, section: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(given, known.clone()) {
        return format!("Did you mean `{near}`?");
    }
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        format!("The file has no `{section}`. Add an entry of this name there.")
    } else {
        format!("`{section}` has {}.", list(&known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let keys = ["desired_count", "security_groups", "port", "health_check"];
        assert_eq!(nearest("desiredCount", keys), Some("desired_count"));
        assert_eq!(nearest("security_group", keys), Some("security_groups"));
        assert_eq!(nearest("prot", keys), Some("port"));
        assert_eq!(nearest("healthcheck", keys), Some("health_check"));
        assert_eq!(nearest("colour", keys), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
