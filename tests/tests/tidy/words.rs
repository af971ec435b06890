//! Words that users do not read: those of the last table of docs/style.md are in no text of the program and on no page. Knows
//! Rust only as tokens; comments and tests are not looked at, but the help texts of the command line are.

use std::str::FromStr as _;

use evenkeel_tests::moto::root;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::sources;

/// Where a word of the table may be, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[("0008-whose-a-thing-is.md", "the name of a decision, which links keep")];

/// What a source has whose comments are help texts.
const HELP: &str = "derive(clap::Args";

/// The words of the last table: its first column, one or several in a cell.
fn forbidden(page: &str) -> Vec<String> {
    let table = page.split("| not | but |\n").nth(1).expect("docs/style.md has the table");
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|line| line.split('|').nth(1)).flat_map(|cell| cell.split(','));
    cells.map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}

fn style() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/style.md")).expect("the page is there");
    forbidden(&page)
}

/// The first of the words that a text has, as a whole word.
fn found<'a>(text: &str, words: &'a [String]) -> Option<&'a str> {
    let text = text.to_lowercase();
    let part = |one: Option<char>| one.is_some_and(|one| one.is_alphanumeric() || one == '_');
    let whole = |word: &str| {
        text.match_indices(word)
            .any(|(at, _)| !part(text[..at].chars().next_back()) && !part(text[at + word.len()..].chars().next()))
    };
    words.iter().map(String::as_str).find(|word| whole(word))
}

/// The texts in a source: its string literals, but for those of tests and, unless `help`, of comments.
pub(super) fn texts(tokens: TokenStream, help: bool, out: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut of_a_test = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                tokens.next_if(|next| next.to_string() == "!");
                let attribute = tokens.next().map(|next| next.to_string()).unwrap_or_default();
                of_a_test |= attribute.replace(' ', "").starts_with("[cfg(test)]");
                let is_comment = attribute.trim_start_matches(['[', ' ']).starts_with("doc");
                if help || !is_comment {
                    out.push(attribute);
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && of_a_test => of_a_test = false,
            TokenTree::Group(group) => texts(group.stream(), help, out),
            TokenTree::Punct(sign) if sign.as_char() == ';' => of_a_test = false,
            TokenTree::Literal(literal) => out.push(joined(&literal.to_string())),
            TokenTree::Punct(_) | TokenTree::Ident(_) => {}
        }
    }
}

/// A literal without the ends of its lines.
fn joined(literal: &str) -> String {
    let lines = literal.split("\\\n").enumerate();
    lines.map(|(at, line)| if at == 0 { line } else { line.trim_start() }).collect()
}

/// A text without what names a variable: `{anew}`.
fn filled(text: &str) -> String {
    let parts = text.split('{').enumerate();
    parts.map(|(at, part)| if at == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) }).collect()
}

/// A page without the code in it that is a path or a name: `tests/src/things.rs`, `traffic::two_things`.
fn prose(page: &str) -> String {
    let mut text = String::new();
    for (at, part) in page.split('`').enumerate() {
        if at % 2 == 0 || !part.contains(['/', '_', ':']) || part.contains(' ') {
            text += part;
        }
    }
    text
}

#[test]
fn no_text_of_the_program_has_a_word_that_we_do_not_use() {
    let words = style();
    assert!(words.len() > 20, "only {words:?}");
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, source) in ["crates/cli/src", "crates/stack/src", "crates/aws/src", "crates/core/src"]
        .into_iter()
        .flat_map(sources)
        .filter(|(path, _)| !path.components().any(|part| part.as_os_str().to_string_lossy().contains("tests")))
    {
        let tokens = TokenStream::from_str(&source).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut all = Vec::new();
        texts(tokens, source.contains(HELP), &mut all);
        seen += all.len();
        let bad = |text: &String| Some(format!("{}: {:?}: {text}", path.display(), found(&filled(text), &words)?));
        wrong.extend(all.iter().filter_map(bad));
    }
    assert!(seen > 2000, "only {seen} texts were found");
    assert!(wrong.is_empty(), "docs/style.md has better words:\n{}", wrong.join("\n"));
}

#[test]
fn no_page_has_a_word_that_we_do_not_use() {
    let words = style();
    let pages = std::fs::read_dir(root().join("docs")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|end| end == "md") && !path.ends_with("style.md"));
    let mut wrong = Vec::new();
    for path in pages.chain([root().join("README.md")]) {
        let mut page = prose(&std::fs::read_to_string(&path).expect("a page"));
        for (known, _) in EXCEPTIONS {
            page = page.replace(known, "");
        }
        let bad =
            page.lines().filter_map(|line| Some(format!("{}: {:?}: {line}", path.display(), found(line, &words)?)));
        wrong.extend(bad);
    }
    assert!(wrong.is_empty(), "docs/style.md has better words:\n{}", wrong.join("\n"));
}

#[test]
fn a_word_is_found_where_it_is_one() {
    let words = forbidden(
        "| not | but |\n| --- | --- |\n| thing, things | resource |\n| in the way | conflict |\n\nmore | x |",
    );
    assert_eq!(words, ["thing", "things", "in the way"]);
    let first = |text| found(text, &words);
    assert_eq!(
        (first("Every thing."), first("all `things`"), first("it is in the way")),
        (Some("thing"), Some("things"), Some("in the way"))
    );
    assert_eq!((first("nothing, something"), first("two_things"), first("in the ways")), (None, None, None));
    let source = "/// a thing\nfn a() { b(\"c \\\n   d\") }\n#[error(\"e\")]\n#[cfg(test)]\nmod tests { \"f\" }\nconst G: &str = \"g\";";
    let mut all = Vec::new();
    texts(TokenStream::from_str(source).expect("tokens"), false, &mut all);
    assert_eq!(all.iter().filter(|text| text.starts_with('"')).collect::<Vec<_>>(), ["\"c d\"", "\"g\""]);
    assert!(all.iter().any(|text| text.contains("\"e\"")), "{all:?}");
    assert_eq!(prose("see `a/things.rs` and `some things`"), "see  and some things");
}
