//! Circles among files: no more than a few files of a crate may need each other, or a change of one is a change of all. The graph
//! is made from `use` and from paths, as far as the file that has the item: a `mod.rs` that passes an item on is not in between.
//! Knows Rust as tokens; tests are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use evenkeel_tests::moto::root;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::sources;

/// The most files that may need each other.
const MOST: usize = 7;

/// Circles that are larger: a crate, a file of the circle, how many files it may have, and the reason.
const EXCEPTIONS: &[(&str, &str, usize, &str)] = &[];

impl File {
    /// Whether a name can be had from it.
    fn has(&self, name: &str) -> bool {
        self.items.contains(name) || self.names.contains_key(name) || self.children.contains(name)
    }
}

/// The path of a module from the root of its crate.
type Module = Vec<String>;

/// What a file says of others.
#[derive(Default, Debug)]
struct File {
    /// Modules that it declares.
    children: BTreeSet<String>,
    /// Names that it has from elsewhere, with the paths.
    names: BTreeMap<String, Vec<String>>,
    /// Modules all of whose names it has.
    globs: Vec<Vec<String>>,
    /// Names of its own items.
    items: BTreeSet<String>,
    /// Paths that it mentions, those of `use` too.
    paths: Vec<Vec<String>>,
}

/// The module that a source is.
fn module(path: &std::path::Path, folder: &std::path::Path) -> Module {
    let path = path.strip_prefix(folder).expect("a source of the crate").with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    parts
}

/// Words before the name of an item.
const ITEMS: &[&str] = &["fn", "struct", "enum", "trait", "type", "const", "static"];

/// Reads what a source says, but for items of tests.
fn scan(tokens: TokenStream, file: &mut File) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut at, mut of_a_test) = (0, false);
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                let attribute = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
                of_a_test |= attribute.replace(' ', "") == "[cfg(test)]";
                at += 1;
            }
            TokenTree::Ident(word) if *word == "use" => {
                let end = (at..tokens.len()).find(|at| is(&tokens[*at], ';')).unwrap_or(tokens.len());
                if !of_a_test {
                    tree(&tokens[at + 1..end], &[], file);
                }
                (at, of_a_test) = (end, false);
            }
            TokenTree::Ident(word) if *word == "mod" => {
                if let (Some(name), Some(next), false) = (tokens.get(at + 1), tokens.get(at + 2), of_a_test)
                    && is(next, ';')
                {
                    file.children.insert(name.to_string());
                }
            }
            TokenTree::Ident(word) => {
                if let (true, Some(TokenTree::Ident(name))) =
                    (ITEMS.contains(&word.to_string().as_str()), tokens.get(at + 1))
                {
                    file.items.insert(name.to_string());
                }
                let (words, end) = path(&tokens, at);
                if words.len() > 1 && !of_a_test {
                    file.paths.push(words);
                }
                at = end;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && of_a_test => of_a_test = false,
            TokenTree::Group(group) => scan(group.stream(), file),
            TokenTree::Punct(sign) if sign.as_char() == ';' => of_a_test = false,
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// The words of a path that begins at a token, and its last token.
fn path(tokens: &[TokenTree], start: usize) -> (Vec<String>, usize) {
    let (mut words, mut at) = (vec![tokens[start].to_string()], start);
    while let [first, second, TokenTree::Ident(word), ..] = &tokens[at + 1..]
        && is(first, ':')
        && is(second, ':')
    {
        words.push(word.to_string());
        at += 3;
    }
    (words, at)
}

/// Reads what follows `use`, with what stands before its braces.
fn tree(tokens: &[TokenTree], before: &[String], file: &mut File) {
    for branch in tokens.split(|token| is(token, ',')) {
        let mut words = before.to_vec();
        let (mut name, mut inner, mut all) = (None, None, false);
        let mut tokens = branch.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if *word == "as" => name = tokens.next().map(ToString::to_string),
                // `use a::{self}` is `use a`.
                TokenTree::Ident(word) if *word == "self" && !words.is_empty() => {}
                TokenTree::Ident(word) => words.push(word.to_string()),
                TokenTree::Group(group) => inner = Some(group.stream()),
                TokenTree::Punct(sign) => all |= sign.as_char() == '*',
                TokenTree::Literal(_) => {}
            }
        }
        match inner {
            _ if all => file.globs.push(words),
            Some(inner) => tree(&inner.into_iter().collect::<Vec<_>>(), &words, file),
            None if words.is_empty() => {}
            None => {
                let name = name.or_else(|| words.last().cloned()).unwrap_or_default();
                file.names.insert(name, words.clone());
                file.paths.push(words);
            }
        }
    }
}

/// The files of a crate by their modules.
#[derive(Default, Debug)]
struct Crate(BTreeMap<Module, File>);

impl Crate {
    fn read(folder: &str) -> Self {
        let mut files = BTreeMap::new();
        for (path, text) in sources(folder) {
            let module = module(&path, &root().join(folder));
            if module.iter().any(|part| part.ends_with("tests")) {
                continue;
            }
            let mut file = File::default();
            scan(TokenStream::from_str(&text).expect("a source is Rust"), &mut file);
            files.insert(module, file);
        }
        Self(files)
    }

    /// The file that has what a path in a file names, and what of the path is left there; `None` if another crate has it.
    fn of<'p>(&self, from: &Module, path: &'p [String], depth: usize) -> Option<(Module, Vec<&'p str>)> {
        let here = self.0.get(from)?;
        let (mut module, mut rest) = match path.split_first()? {
            (first, rest) if first == "crate" => (Module::new(), rest),
            (first, rest) if first == "self" => (from.clone(), rest),
            (first, _) if first == "super" => {
                let ups = path.iter().take_while(|word| *word == "super").count();
                (from[..from.len().checked_sub(ups)?].to_vec(), &path[ups..])
            }
            (first, _) if here.children.contains(first) || here.names.contains_key(first) => (from.clone(), path),
            _ => return None,
        };
        while let Some((word, after)) = rest.split_first() {
            let file = self.0.get(&module)?;
            if file.children.contains(word) {
                module.push(word.clone());
                rest = after;
                continue;
            }
            // `use x;` names itself, and a circle of names ends somewhere.
            if let Some(passed) = file.names.get(word).filter(|passed| passed.len() > 1 && depth < 20) {
                let (module, left) = self.of(&module, passed, depth + 1)?;
                return self.further(module, left.is_empty(), after, depth);
            }
            if !file.items.contains(word) && depth < 20 {
                let behind = |path: &Vec<String>| self.of(&module, path, depth + 1).map(|(module, _)| module);
                let has = |module: &Module| self.0.get(module).is_some_and(|file| file.has(word));
                if let Some(module) = file.globs.iter().filter_map(behind).find(has) {
                    return self.further(module, true, rest, depth);
                }
            }
            break;
        }
        Some((module, rest.iter().map(String::as_str).collect()))
    }

    /// Goes on from a module, or stays at an item of it.
    fn further<'p>(
        &self,
        module: Module,
        is_module: bool,
        rest: &'p [String],
        depth: usize,
    ) -> Option<(Module, Vec<&'p str>)> {
        if !is_module {
            return Some((module, vec!["an item"]));
        }
        if rest.is_empty() {
            return Some((module, Vec::new()));
        }
        let path: Vec<String> = std::iter::once("self".to_owned()).chain(rest.iter().cloned()).collect();
        let (module, left) = self.of(&module, &path, depth + 1)?;
        Some((module, if left.is_empty() { Vec::new() } else { vec!["an item"] }))
    }

    /// The file that a path needs: one that has an item, for to name a module is not to need it.
    fn needed(&self, from: &Module, path: &[String]) -> Option<Module> {
        self.of(from, path, 0).filter(|(_, left)| !left.is_empty()).map(|(module, _)| module)
    }

    /// The circles, each as the names of its files, the largest first.
    fn circles(&self) -> Vec<Vec<String>> {
        let modules: Vec<&Module> = self.0.keys().collect();
        let at: BTreeMap<&Module, usize> = modules.iter().enumerate().map(|(at, module)| (*module, at)).collect();
        let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
        for (from, file) in &self.0 {
            for to in file.paths.iter().filter_map(|path| self.needed(from, path)).filter(|to| to != from) {
                if let Some(to) = at.get(&to) {
                    graph.add_edge(at[from], *to, ());
                }
            }
        }
        let name = |at: usize| if modules[at].is_empty() { "lib".to_owned() } else { modules[at].join("/") };
        let circles = tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1);
        let mut circles: Vec<Vec<String>> = circles.map(|circle| circle.into_iter().map(name).collect()).collect();
        circles.iter_mut().for_each(|circle| circle.sort());
        circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
        circles
    }
}

#[test]
fn few_files_need_each_other() {
    let (mut wrong, mut files, mut used) = (Vec::new(), 0, BTreeSet::new());
    for name in ["core", "stack", "aws", "sim", "cli"] {
        let files_of = Crate::read(&format!("crates/{name}/src"));
        files += files_of.0.len();
        for circle in files_of.circles().into_iter().filter(|circle| circle.len() > MOST) {
            let known = EXCEPTIONS.iter().find(|(of, file, ..)| *of == name && circle.iter().any(|one| one == file));
            match known {
                Some((_, file, most, _)) if circle.len() <= *most => drop(used.insert(*file)),
                _ => wrong.push(format!("{name}: {} files: {}", circle.len(), circle.join(", "))),
            }
        }
    }
    assert!(files > 300, "only {files} files were found");
    assert!(wrong.is_empty(), "more than {MOST} files need each other:\n{}", wrong.join("\n"));
    let old: Vec<_> = EXCEPTIONS.iter().filter(|(_, file, ..)| !used.contains(file)).collect();
    assert!(old.is_empty(), "these are no circles any longer: {old:?}");
}

fn made(sources: &[(&str, &str)]) -> Vec<Vec<String>> {
    let mut files = BTreeMap::new();
    for (path, text) in sources {
        let mut file = File::default();
        scan(TokenStream::from_str(text).expect("Rust"), &mut file);
        files.insert(path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(), file);
    }
    Crate(files).circles()
}

#[test]
fn a_circle_is_found_wherever_its_paths_are() {
    let all = [
        ("", "mod a; mod b; mod c; mod d; pub use a::A;"),
        ("a", "use crate::{b::{self, B as Bee}}; pub struct A;"),
        ("b", "fn f() { g(super::c::C { x: 1 }); }"),
        ("c", "fn f() -> crate::A { }"),
        ("d", "use super::A; // use crate::d\n #[cfg(test)] mod tests { use crate::e; } const D: &str = \"crate::d\";"),
    ];
    // `A` is in `a`: the root, which passes it on, is in no circle.
    assert_eq!(made(&all), [["a", "b", "c"]]);
    let broken: Vec<_> = all.iter().map(|(path, text)| (*path, text.replace("-> crate::A", ""))).collect();
    let broken: Vec<_> = broken.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert!(made(&broken).is_empty());
}

#[test]
fn what_all_of_a_module_is_passed_on_comes_from_there() {
    let all = [
        ("", "mod a; mod b;"),
        ("a", "mod link; pub use self::link::*; fn own() { crate::b::f() }"),
        ("a/link", "pub fn asked() {}"),
        ("b", "use crate::a; pub fn f() { a::asked() }"),
    ];
    assert!(made(&all).is_empty());
    let own = all.map(|(path, text)| (path, text.replace("asked() }", "own() }")));
    assert_eq!(made(&own.each_ref().map(|(path, text)| (*path, text.as_str()))), [["a", "b"]]);
}

#[test]
fn what_a_module_has_itself_makes_it_part_of_a_circle() {
    let all = [("", "mod a;"), ("a", "mod b; struct S; fn f() { b::g() }"), ("a/b", "use super::S;")];
    assert_eq!(made(&all), [["a", "a/b"]]);
    let of_a_test = [("", "mod a;"), ("a", "#[cfg(test)] use crate::T; fn f() {}")];
    assert!(made(&of_a_test).is_empty());
}
