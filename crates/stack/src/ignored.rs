//! `.dockerignore`: which files of a build context a builder does not see. The rules are those of Docker: a pattern for each line, `*`,
//! `?` and `[…]` within a name, `**` for any names, `!` takes back, the last pattern that fits decides, and what is in an ignored
//! folder is ignored. Pure text.

/// The patterns of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ignored(Vec<Pattern>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Pattern {
    takes_back: bool,
    names: Vec<String>,
}

impl Ignored {
    /// Reads the text of the file.
    pub(crate) fn read(text: &str) -> Self {
        let pattern = |line: &str| {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                return None;
            }
            let (takes_back, path) = line.strip_prefix('!').map_or((false, line), |path| (true, path.trim()));
            let names: Vec<String> =
                path.split('/').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect();
            (!names.is_empty()).then_some(Pattern { takes_back, names })
        };
        Self(text.lines().filter_map(pattern).collect())
    }

    /// Whether a path of the context, with `/` between its names, is left out.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &Pattern| (1..=names.len()).any(|length| matches(&pattern.names, &names[..length]));
        self.0.iter().rev().find(|pattern| fits(pattern)).is_some_and(|pattern| !pattern.takes_back)
    }

    /// Whether a folder that is left out may hold what is not.
    pub(crate) fn takes_back(&self) -> bool {
        self.0.iter().any(|pattern| pattern.takes_back)
    }
}

fn matches(pattern: &[String], names: &[&str]) -> bool {
    match pattern.split_first() {
        None => names.is_empty(),
        Some((first, rest)) if first == "**" => (0..=names.len()).any(|skip| matches(rest, &names[skip..])),
        Some((first, rest)) => {
            names.split_first().is_some_and(|(name, others)| matches_name(first, name) && matches(rest, others))
        }
    }
}

fn matches_name(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    fits(&pattern, &name)
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => (0..=name.len()).any(|skip| fits(rest, &name[skip..])),
        Some(('?', rest)) => name.split_first().is_some_and(|(_, others)| fits(rest, others)),
        Some(('[', rest)) => {
            let Some(end) = rest.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
                return name.first() == Some(&'[') && fits(rest, &name[1..]);
            };
            name.split_first().is_some_and(|(c, others)| in_set(&rest[..end], *c) && fits(&rest[end + 1..], others))
        }
        Some(('\\', rest)) if !rest.is_empty() => name.first() == rest.first() && fits(&rest[1..], &name[1..]),
        Some((c, rest)) => name.first() == Some(c) && fits(rest, &name[1..]),
    }
}

/// Whether a character is of a set such as `a-z` or `^0-9`.
fn in_set(set: &[char], c: char) -> bool {
    let (not, set) = match set.split_first() {
        Some(('^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut at = 0;
    let mut found = false;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            found |= (set[at]..=set[at + 2]).contains(&c);
            at += 3;
        } else {
            found |= set[at] == c;
            at += 1;
        }
    }
    found != not
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(text: &str, path: &str) -> bool {
        Ignored::read(text).leaves_out(path)
    }

    #[test]
    fn patterns_are_read_as_docker_reads_them() {
        for (text, path, out) in [
            ("node_modules", "node_modules/a/b.js", true),
            ("node_modules", "web/node_modules/b.js", false),
            ("**/node_modules", "web/node_modules/b.js", true),
            ("/target/", "target/debug", true),
            ("*.md\n!README.md", "README.md", false),
            ("*.md\n!README.md", "NOTES.md", true),
            ("!README.md\n*.md", "README.md", true),
            ("*.md", "docs/a.md", false),
            ("*/*.md", "docs/a.md", true),
            ("**/*.md", "a.md", true),
            ("**/*.md", "a/b/c.md", true),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "docs", true),
            ("temp?", "temp1", true),
            ("temp?", "temp", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("# a comment\n\n  .git  ", ".git/HEAD", true),
            ("*\n!src", "src/main.rs", false),
            ("*\n!src", "Makefile", true),
            ("./a/./b", "a/b", true),
        ] {
            assert_eq!(left_out(text, path), out, "{text:?} and {path}");
        }
    }
}
