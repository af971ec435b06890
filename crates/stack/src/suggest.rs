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
        let score = if other == given
            || other.strip_suffix('s') == Some(&given)
            || given.strip_suffix('s') == Some(&other)
        {
            1.0
        } else {
            let slips = strsim::damerau_levenshtein(&given, &other);
            let alike = strsim::jaro_winkler(&given, &other).min(0.99);
            match slips {
                // One slip in a name of three letters is a third of it, but still one slip.
                1 if other.len() > 2 => alike.max(0.9),
                // A word more before or behind (`enable_execute_command`).
                _ if other.len() > 5 && 2 * other.len() > given.len() && contains(&given, &other) => alike.max(0.88),
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

/// Whether a name begins or ends with another.
fn contains(name: &str, part: &str) -> bool {
    name.starts_with(part) || name.ends_with(part)
}

/// `` `a`, `b` and `c` ``, at most twenty.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 20;
    if names.len() > MOST {
        let quoted: Vec<String> = names.iter().take(MOST).map(|name| format!("`{}`", name.as_ref())).collect();
        return format!("{} and {} more", quoted.join(", "), names.len() - MOST);
    }
    joined(names, "and")
}

/// `` `a`, `b` and `c` ``, however many there are: the keys of a map, among which a person looks for the right one.
pub(crate) fn all<S: AsRef<str>>(names: &[S]) -> String {
    joined(names, "and")
}

/// `` `a`, `b` or `c` ``: one of them is to be chosen.
pub(crate) fn choices<S: AsRef<str>>(names: &[S]) -> String {
    joined(names, "or")
}

fn joined<S: AsRef<str>>(names: &[S], before_last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {before_last} {last}", rest.join(", ")),
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
        assert_eq!(nearest("enable_execute_command", ["port", "execute_command"]), Some("execute_command"));
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(choices(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
