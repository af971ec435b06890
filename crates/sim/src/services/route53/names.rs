//! Domain names as Route 53 keeps them: lower case, a dot at the end, and every character outside letters, digits, `-` and `_`
//! as an octal escape. Also the order of its lists: by the labels reversed. Knows no zones.

/// Most characters of a name.
const LONGEST_NAME: usize = 255;
/// Most characters of a label.
const LONGEST_LABEL: usize = 63;

/// What is wrong with a name, in Route 53's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadName(pub String);

fn fatal(code: &str, text: &str, name: &str) -> BadName {
    BadName(format!("FATAL problem: {code} ({text}) encountered with '{name}'"))
}

/// The labels of a name as raw bytes: escapes are undone, a dot at the end is ignored.
fn labels(name: &str) -> Result<Vec<Vec<u8>>, BadName> {
    let bytes = name.as_bytes();
    let mut labels = vec![Vec::new()];
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        index += 1;
        let raw = match byte {
            b'.' => {
                labels.push(Vec::new());
                continue;
            }
            b'\\' => {
                let digits = bytes
                    .get(index..index + 3)
                    .filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
                let value = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
                match value {
                    Some(value) => {
                        index += 3;
                        value
                    }
                    None => byte,
                }
            }
            0..=32 | 127.. => {
                return Err(fatal("UnsupportedCharacter", "Value contains unsupported characters", name));
            }
            _ => byte,
        };
        if let Some(label) = labels.last_mut() {
            label.push(raw);
        }
    }
    if labels.len() > 1 && labels.last().is_some_and(Vec::is_empty) {
        labels.pop();
    }
    Ok(labels)
}

/// A name as it is kept, with its case: escaped, with a dot at the end.
///
/// # Errors
/// What is wrong with it.
pub(super) fn escaped(name: &str) -> Result<String, BadName> {
    if name.is_empty() || name == "." {
        return Err(fatal("DomainNameEmpty", "Domain name is empty", ""));
    }
    let mut text = String::new();
    for label in labels(name)? {
        if label.is_empty() {
            return Err(fatal("DomainLabelEmpty", "Domain label is empty", name));
        }
        if label.len() > LONGEST_LABEL {
            return Err(fatal("DomainLabelTooLong", "Domain label is too long", name));
        }
        for byte in label {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
                other => text.push_str(&format!("\\{other:03o}")),
            }
        }
        text.push('.');
    }
    // Escapes count as one character.
    if text.len() - 3 * text.matches('\\').count() > LONGEST_NAME {
        return Err(fatal("DomainNameTooLong", "Domain name is too long", name));
    }
    Ok(text)
}

/// A name as records have it: the same in lower case.
///
/// # Errors
/// What is wrong with it.
pub(super) fn canonical(name: &str) -> Result<String, BadName> {
    escaped(name).map(|name| name.to_ascii_lowercase())
}

/// What lists are ordered by: `com.example.www.`. The dot at the end counts.
pub(super) fn reversed(name: &str) -> String {
    let mut text = String::new();
    for label in name.trim_end_matches('.').rsplit('.') {
        text.push_str(label);
        text.push('.');
    }
    text.to_ascii_lowercase()
}

/// Whether a kept name is that of a zone or lies below it.
pub(super) fn is_within(name: &str, zone: &str) -> bool {
    let (name, zone) = (name.to_ascii_lowercase(), zone.to_ascii_lowercase());
    name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_become_octal_escapes_and_underscores_stay() {
        assert_eq!(canonical("*.Example.COM").unwrap(), "\\052.example.com.");
        assert_eq!(canonical("\\052.example.com.").unwrap(), "\\052.example.com.");
        assert_eq!(canonical("_a.example.com").unwrap(), "_a.example.com.");
        assert_eq!(escaped("Example.com").unwrap(), "Example.com.");
    }

    #[test]
    fn names_that_are_none_are_told_apart() {
        assert!(canonical("a..example.com").unwrap_err().0.contains("DomainLabelEmpty"));
        assert!(canonical(&format!("{}.com", "x".repeat(64))).unwrap_err().0.contains("DomainLabelTooLong"));
        assert!(canonical(&"abcdefg.".repeat(40)).unwrap_err().0.contains("DomainNameTooLong"));
        assert!(canonical("").unwrap_err().0.contains("DomainNameEmpty"));
        assert!(canonical("a b.example.com").unwrap_err().0.contains("UnsupportedCharacter"));
    }

    #[test]
    fn a_name_lies_in_a_zone_by_whole_labels() {
        assert!(is_within("www.example.com.", "Example.com."));
        assert!(is_within("example.com.", "example.com."));
        assert!(!is_within("notexample.com.", "example.com."));
    }
}
