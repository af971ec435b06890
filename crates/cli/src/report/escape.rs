//! Text that is not ours, made harmless where it is printed: tags, names, ids, descriptions and messages come from AWS and
//! from files, where anybody may have written them. One function for each kind of place; all printing goes through them.
//! Knows nothing of plans.

use std::fmt::Write as _;

use serde_json::Value;

/// Whether a character moves the cursor, turns the writing round, or is not seen at all.
pub fn is_unseen(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text on a terminal, on one line, with everything unseen made visible.
pub fn text(text: &str) -> String {
    if !text.chars().any(is_unseen) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\t' => out.push_str("  "),
            '\n' | '\r' | '\0' => out.extend(one.escape_debug()),
            one if is_unseen(one) => out.extend(one.escape_unicode()),
            one => out.push(one),
        }
    }
    out
}

/// The last sieve before a stream: what a terminal would obey is taken out of a finished text, but not what this program draws
/// with. Lines stay lines, so it cannot replace [`text`].
pub fn sieve(drawn: &str) -> String {
    let mut out = String::with_capacity(drawn.len());
    let mut rest = drawn;
    while let Some(one) = rest.chars().next() {
        let colour = colour(rest);
        if colour > 0 {
            out.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        match one {
            '\n' => out.push('\n'),
            '\t' => out.push('\t'),
            one if is_unseen(one) => out.extend(one.escape_unicode()),
            one => out.push(one),
        }
        rest = &rest[one.len_utf8()..];
    }
    out
}

/// How long the colour is that a text begins with: `ESC [ 1;31 m`.
fn colour(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = rest.find(|one: char| !one.is_ascii_digit() && one != ';').unwrap_or(rest.len());
    if rest[end..].starts_with('m') { 2 + end + 1 } else { 0 }
}

/// The text within HTML within Markdown, where entities are read and nothing else: no tags, links or mentions.
pub fn html(foreign: &str) -> String {
    let mut out = String::new();
    for one in text(foreign).replace("://", "\0//").chars() {
        match one {
            '\0' => out.push_str("&#58;"),
            '`' => out.push_str("&#96;"),
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            '|' => out.push_str("&#124;"),
            one => tame(one, &mut out),
        }
    }
    out
}

/// The text within Markdown in which nothing is markup: no emphasis, code, links, tables, HTML or mentions.
pub fn markdown(foreign: &str) -> String {
    let mut out = String::new();
    // Addresses become links by themselves.
    let parts = text(foreign).replace("://", "\0//").replace("www.", "www\u{1}");
    for one in parts.chars() {
        match one {
            '\0' => out.push_str("&#58;"),
            '\u{1}' => out.push_str("&#46;"),
            '*' | '_' | '`' | '[' | ']' | '|' | '\\' | '~' | '$' => out.extend(['\\', one]),
            one => tame(one, &mut out),
        }
    }
    out
}

/// What is HTML in HTML and in Markdown alike.
fn tame(one: char, out: &mut String) {
    match one {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        // Mentions and references are looked for in the finished page; a comment between keeps them from being found.
        '@' | '#' => {
            out.push(one);
            out.push_str("<!-- -->");
        }
        one => out.push(one),
    }
}

/// The text as code within Markdown, where nothing but the end of the code is read.
pub fn code(foreign: &str) -> String {
    let inner = text(foreign);
    let fence = "`".repeat(longest_run(&inner, '`') + 1);
    let space = if inner.starts_with('`') || inner.ends_with('`') || inner.trim() != inner { " " } else { "" };
    format!("{fence}{space}{inner}{space}{fence}")
}

/// The longest row of one character.
pub fn longest_run(text: &str, of: char) -> usize {
    text.split(|one| one != of).map(str::len).max().unwrap_or(0)
}

/// A document as JSON whose text is harmless on a terminal and means the same.
pub fn json(value: &Value, pretty: bool) -> String {
    let written = if pretty { format!("{value:#}") } else { value.to_string() };
    // Outside of texts JSON has none of these but the ends of lines of the pretty form.
    let unseen = |one: char| one != '\n' && is_unseen(one);
    if !written.chars().any(unseen) {
        return written;
    }
    let mut out = String::with_capacity(written.len());
    for one in written.chars() {
        if unseen(one) {
            let mut units = [0; 2];
            for unit in one.encode_utf16(&mut units) {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(one);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BAD: &str = "a\n\u{1b}[2J\u{202e}\u{200b}\u{9b}1A\u{e0041}z";

    #[test]
    fn nothing_unseen_reaches_a_terminal() {
        assert_eq!(text(BAD), r"a\n\u{1b}[2J\u{202e}\u{200b}\u{9b}1A\u{e0041}z");
        assert_eq!(text("größe 🚀 a\tb"), "größe 🚀 a  b");
        assert_eq!(
            sieve("a\u{1b}[1;31mb\u{1b}[0m\n\u{1b}[2J\u{1b}]0;x\u{7}"),
            "a\u{1b}[1;31mb\u{1b}[0m\n\\u{1b}[2J\\u{1b}]0;x\\u{7}"
        );
    }

    #[test]
    fn markdown_reads_nothing_in_it() {
        assert_eq!(
            markdown("@team <b> [a](https://b) `c` |*_~$"),
            "@<!-- -->team &lt;b&gt; \\[a\\](https&#58;//b) \\`c\\` \\|\\*\\_\\~\\$"
        );
        assert_eq!(html("a & @b <i> [`"), "a &amp; @<!-- -->b &lt;i&gt; &#91;&#96;");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
    }

    #[test]
    fn json_means_the_same() {
        let value = json!({ BAD: BAD });
        for pretty in [false, true] {
            let written = json(&value, pretty);
            assert!(!written.chars().any(|one| one != '\n' && is_unseen(one)), "{written}");
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        }
    }
}
