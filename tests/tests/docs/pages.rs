//! A page of the documentation taken apart: fenced blocks, links, headings, code words. Knows Markdown only as far as our
//! pages use it.

use std::path::{Path, PathBuf};

use evenkeel_tests::moto::root;

/// A fenced block.
pub struct Block {
    /// What stands after the fence: `yaml`, `console`, `yaml fragment`.
    pub info: String,
    /// The line of the fence, from 1.
    pub line: usize,
    /// What is in it.
    pub text: String,
}

/// A page.
pub struct Page {
    /// Where it is from the root of the repository.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
    /// Its fenced blocks.
    pub blocks: Vec<Block>,
    /// Targets of its links outside of blocks.
    pub links: Vec<String>,
    /// Its headings as link targets.
    pub anchors: Vec<String>,
    /// What stands between backticks outside of blocks.
    pub code: Vec<String>,
}

impl Page {
    /// README.md and all pages of docs/, decisions included.
    pub fn all() -> Vec<Self> {
        let mut pages = vec![Self::read("README.md"), Self::read("CONTRIBUTING.md")];
        for folder in ["docs", "docs/decisions"] {
            let mut names: Vec<String> = std::fs::read_dir(root().join(folder))
                .expect("the folder is there")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
                .filter(|name| Path::new(name).extension().is_some_and(|end| end == "md"))
                .map(|name| format!("{folder}/{name}"))
                .collect();
            names.sort();
            pages.extend(names.iter().map(|name| Self::read(name)));
        }
        pages
    }

    /// The page of that name.
    pub fn read(name: &str) -> Self {
        let mut page = Self::at(&root().join(name));
        name.clone_into(&mut page.name);
        page
    }

    /// The page at a path; a folder has no headings.
    pub fn at(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let name = path.display().to_string();
        let (mut blocks, mut prose) = (Vec::<Block>::new(), String::new());
        let mut open = false;
        for (number, line) in text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), open) {
                (Some(info), false) => {
                    blocks.push(Block { info: info.trim().to_owned(), line: number + 1, text: String::new() });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, true) => {
                    let block = blocks.last_mut().expect("a block is open");
                    block.text += line;
                    block.text.push('\n');
                }
                (None, false) => {
                    prose += line;
                    prose.push('\n');
                }
            }
        }
        assert!(!open, "{name}: a block is never closed");
        let anchors = prose.lines().filter(|line| line.starts_with('#')).map(slug).collect();
        let links = between(&prose, "](", ')');
        let code = between_backticks(&prose);
        Self { name, path: path.to_owned(), text, blocks, links, anchors, code }
    }
}

/// A heading as GitHub makes a target of it.
fn slug(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn between(text: &str, start: &str, end: char) -> Vec<String> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())).collect()
}

fn between_backticks(text: &str) -> Vec<String> {
    // Within a paragraph code may go over a line's end.
    text.split("\n\n").flat_map(|part| part.split('`').skip(1).step_by(2)).map(|code| code.replace('\n', " ")).collect()
}
