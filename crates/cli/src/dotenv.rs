//! Lines of a `.env` file, as dotenv and Docker Compose read them. Knows no AWS and writes nothing.

/// `NAME=value`, with quotes where the value needs them.
pub fn line(name: &str, value: &str) -> String {
    format!("{name}={}", quoted(value))
}

/// A comment of one line.
pub fn comment(text: &str) -> String {
    format!("# {}", text.replace(['\n', '\r'], " "))
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=?&*~^;!<>()[]{}|".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    // Between single quotes nothing has a meaning.
    if !value.contains(['\'', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut out = String::from("\"");
    for one in value.chars() {
        match one {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' | '$' => out.extend(['\\', one]),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_they_need_it() {
        assert_eq!(line("URL", "postgres://u:p@h:5432/db?x=1"), "URL=postgres://u:p@h:5432/db?x=1");
        assert_eq!(line("A", ""), "A=");
        assert_eq!(line("A", "two words # no comment $HOME"), "A='two words # no comment $HOME'");
        assert_eq!(line("A", "it's\n\"$5\" \\"), r#"A="it's\n\"\$5\" \\""#);
        assert_eq!(comment("a\nb"), "# a b");
    }
}
