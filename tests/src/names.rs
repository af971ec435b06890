//! Names for what a simulated world has made up: ids, ARNs, addresses. The same thing gets the same name in two worlds that
//! differ only in what was drawn, because a name comes from where an id stands and from what stands beside it, never from the
//! id. Values that nobody made up stay as they are. Knows no service, only where a service keeps its ids.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::things::{Key, Things};

/// Members that hold something made up, beside the keys of things.
const MADE_UP: &[&str] = &[
    "AllocationId",
    "AssociationId",
    "DnsName",
    "Id",
    "NetworkInterfaceId",
    "NetworkInterfaceIds",
    "PrivateIp",
    "PublicIp",
    "arn",
    "association",
    "attachment",
    "cidr",
    "dns_name",
    "dns_name_label",
    "id",
    "interface",
    "ip",
    "main",
    "private",
    "public",
    "servers",
    "unique",
];

/// Collections that AWS fills by itself, where any member may hold something made up; what somebody wrote stands in these members.
const OF_AWS: &[&str] = &["ec2.interfaces", "ecs.running.tasks", "cloud_map.services"];
const WRITTEN: &[&str] = &["definition", "environment", "image", "imageDigest", "overrides", "spec", "tags"];

/// How often names are told apart by what stands beside them.
const ROUNDS: usize = 4;

/// What words are cut by, from the coarsest to the finest: an id may be a whole ARN's tail or a part of a DNS name.
const CUTS: &[&[char]] = &[
    &[' ', '/', '"', ',', '\u{1}', '(', ')'],
    &[' ', '/', '"', ',', '\u{1}', '(', ')', ':', '='],
    &[' ', '/', '"', ',', '\u{1}', '(', ')', ':', '=', '.', '-', '_', '*'],
];

/// A text cut into what is said and what was made up.
type Words = Vec<Word>;

#[derive(Clone, Debug)]
enum Word {
    Said(String),
    MadeUp(usize),
}

#[derive(Clone, Debug)]
enum Tree {
    Text(Words),
    Plain(Value),
    List(Vec<Tree>),
    Map(Vec<(Words, Tree)>),
}

/// What a world has made up: each text with its number.
pub type MadeUp = BTreeMap<String, usize>;

/// Everything that was made up in a world.
pub fn made_up(things: &Things) -> MadeUp {
    let mut found = MadeUp::new();
    for (key, thing) in things {
        if key.collection == "ecs.registry.families.revisions" {
            let number = found.len();
            found.entry(key.key.clone()).or_insert(number);
        }
        words_of(&key.key, &mut found);
        let all = OF_AWS.contains(&key.collection.as_str());
        members(thing, all, all, &mut found);
    }
    found
}

fn members(value: &Value, holds: bool, all: bool, found: &mut MadeUp) {
    match value {
        Value::String(text) if holds => words_of(text, found),
        Value::Array(items) => items.iter().for_each(|item| members(item, holds, all, found)),
        Value::Object(map) => {
            for (key, inner) in map {
                let written = WRITTEN.contains(&key.as_str());
                words_of(key, found);
                let holds = MADE_UP.contains(&key.as_str()) || (all && !written);
                members(inner, holds, all && !written, found);
            }
        }
        _ => {}
    }
}

/// Adds the words of an id that look made up.
fn words_of(text: &str, found: &mut MadeUp) {
    for word in text.split(CUTS[1]) {
        let word = word.trim_end_matches('.');
        for word in std::iter::once(word).chain(word.split(CUTS[2])).filter(|word| looks_made_up(word)) {
            let number = found.len();
            found.entry(word.to_owned()).or_insert(number);
        }
    }
}

/// Whether somebody drew it: long, and with digits.
fn looks_made_up(word: &str) -> bool {
    let address = word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok());
    let drawn = |part: &str| {
        let digits = part.chars().any(|c| c.is_ascii_digit());
        let hex = part.len() >= 8 && part.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        let upper = part.len() >= 12 && part.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        let mixed = part.len() >= 16 && part.chars().all(|c| c.is_ascii_alphanumeric());
        digits && (hex || upper || mixed)
    };
    address || word.contains("awsdns") || word.split(CUTS[2]).any(drawn)
}

fn cut(text: &str, level: usize, names: &MadeUp, words: &mut Words) {
    let Some(cuts) = CUTS.get(level) else {
        words.push(Word::Said(text.to_owned()));
        return;
    };
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(|c| cuts.contains(&c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(at);
        let bare = word.trim_end_matches('.');
        match names.get(bare) {
            Some(number) if !bare.is_empty() => {
                words.push(Word::MadeUp(*number));
                if bare.len() < word.len() {
                    words.push(Word::Said(word[bare.len()..].to_owned()));
                }
            }
            _ if !word.is_empty() => cut(word, level + 1, names, words),
            _ => {}
        }
        let Some(delimiter) = after.chars().next() else { break };
        words.push(Word::Said(delimiter.to_string()));
        rest = &after[delimiter.len_utf8()..];
    }
}

fn words(text: &str, names: &MadeUp) -> Words {
    let mut words = Words::new();
    cut(text, 0, names, &mut words);
    words
}

fn tree(value: &Value, names: &MadeUp) -> Tree {
    match value {
        Value::String(text) => Tree::Text(words(text, names)),
        Value::Array(items) => Tree::List(items.iter().map(|item| tree(item, names)).collect()),
        Value::Object(map) => {
            Tree::Map(map.iter().map(|(key, value)| (words(key, names), tree(value, names))).collect())
        }
        plain => Tree::Plain(plain.clone()),
    }
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn hash_words(words: &Words, colours: &[u64]) -> u64 {
    let hashes: Vec<u64> = words
        .iter()
        .map(|word| match word {
            Word::Said(text) => hash(text),
            Word::MadeUp(number) => colours[*number],
        })
        .collect();
    hash(hashes)
}

fn has_names(tree: &Tree) -> bool {
    let any = |words: &Words| words.iter().any(|word| matches!(word, Word::MadeUp(_)));
    match tree {
        Tree::Text(words) => any(words),
        Tree::Plain(_) => false,
        Tree::List(items) => items.iter().any(has_names),
        Tree::Map(members) => members.iter().any(|(key, value)| any(key) || has_names(value)),
    }
}

fn hash_tree(tree: &Tree, colours: &[u64]) -> u64 {
    match tree {
        Tree::Text(words) => hash_words(words, colours),
        Tree::Plain(value) => hash(value.to_string()),
        Tree::List(items) => {
            let mut hashes: Vec<u64> = items.iter().map(|item| hash_tree(item, colours)).collect();
            // In which order made-up ids stand says nothing.
            if has_names(tree) {
                hashes.sort_unstable();
            }
            hash(hashes)
        }
        Tree::Map(members) => {
            let both = |(key, value): &(Words, Tree)| (hash_words(key, colours), hash_tree(value, colours));
            let mut hashes: Vec<(u64, u64)> = members.iter().map(both).collect();
            hashes.sort_unstable();
            hash(hashes)
        }
    }
}

fn tell(words: &Words, what: u64, seen: &mut [Vec<u64>]) {
    for word in words {
        if let Word::MadeUp(number) = word {
            seen[*number].push(what);
        }
    }
}

/// Tells each made-up word where it stands.
fn places(tree: &Tree, place: u64, colours: &[u64], seen: &mut [Vec<u64>]) {
    match tree {
        Tree::Text(words) => tell(words, hash((place, hash_words(words, colours))), seen),
        Tree::Plain(_) => {}
        Tree::List(items) => items.iter().for_each(|item| places(item, hash((place, "[]")), colours, seen)),
        Tree::Map(members) => {
            for (key, value) in members {
                let at = hash((place, hash_words(key, colours)));
                tell(key, hash((at, hash_tree(value, colours))), seen);
                places(value, at, colours, seen);
            }
        }
    }
}

/// Things whose made-up words have names that do not depend on what was drawn. Two things of one name follow one another.
pub fn named(things: &Things, names: &MadeUp) -> Vec<(String, Value)> {
    let trees: Vec<(&Key, Words, Tree)> =
        things.iter().map(|(key, thing)| (key, words(&key.key, names), tree(thing, names))).collect();
    let mut colours = vec![0; names.values().max().map_or(0, |last| last + 1)];
    for _ in 0..ROUNDS {
        let mut seen = vec![Vec::new(); colours.len()];
        for (key, of, tree) in &trees {
            let place = hash((&key.place, &key.collection, hash_words(of, &colours)));
            let whole = hash((place, hash_tree(tree, &colours)));
            tell(of, whole, &mut seen);
            places(tree, place, &colours, &mut seen);
        }
        for (colour, mut seen) in colours.iter_mut().zip(seen) {
            seen.sort_unstable();
            *colour = hash((*colour, seen));
        }
    }
    let labels = labels(&trees, &colours, names);
    let mut named: Vec<(String, Value)> = trees
        .iter()
        .map(|(key, of, tree)| {
            (format!("{} {} {}", key.place, key.collection, said(of, &labels)), spoken(tree, &labels))
        })
        .collect();
    named.sort_by_cached_key(|(name, value)| (name.clone(), value.to_string()));
    named
}

/// What each made-up word is called: by the thing whose key it is, and by number where several are called so.
fn labels(trees: &[(&Key, Words, Tree)], colours: &[u64], names: &MadeUp) -> Vec<String> {
    let mut bases = vec![String::from("made up"); colours.len()];
    for (key, of, tree) in trees {
        let name = match tree {
            Tree::Map(members) => members.iter().find_map(|(key, value)| match (key.as_slice(), value) {
                ([Word::Said(key)], Tree::Text(words)) if key == "name" => match words.as_slice() {
                    [] | [Word::MadeUp(_)] => None,
                    words => Some(
                        words
                            .iter()
                            .map(|word| if let Word::Said(text) = word { text } else { "" })
                            .collect::<String>(),
                    ),
                },
                _ => None,
            }),
            _ => None,
        };
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        // What a key ends in is the thing's own; what stands before that is what the thing is inside of.
        let own = of.iter().rev().find_map(|word| if let Word::MadeUp(number) = word { Some(*number) } else { None });
        if let Some(number) = own {
            bases[number] = format!("{}{name}", key.collection);
        }
    }
    let mut alike: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for number in names.values() {
        alike.entry(bases[*number].as_str()).or_default().insert(colours[*number]);
    }
    // Those that are called alike are told apart by what they are, so that one that differs does not rename the others.
    let label = |(base, colour): (&String, &u64)| match alike.get(base.as_str()) {
        Some(alike) if alike.len() > 1 => format!("<{base} {:04x}>", colour & 0xffff),
        _ => format!("<{base}>"),
    };
    bases.iter().zip(colours).map(label).collect()
}

fn said(words: &Words, labels: &[String]) -> String {
    let one = |word: &Word| match word {
        Word::Said(text) => text.clone(),
        Word::MadeUp(number) => labels[*number].clone(),
    };
    words.iter().map(one).collect()
}

fn spoken(tree: &Tree, labels: &[String]) -> Value {
    match tree {
        Tree::Text(words) => said(words, labels).into(),
        Tree::Plain(value) => value.clone(),
        Tree::List(items) => {
            let mut spoken: Vec<Value> = items.iter().map(|item| spoken(item, labels)).collect();
            if has_names(tree) {
                spoken.sort_by_cached_key(ToString::to_string);
            }
            spoken.into()
        }
        Tree::Map(members) => {
            let mut all: Vec<(String, Value)> =
                members.iter().map(|(key, value)| (said(key, labels), spoken(value, labels))).collect();
            all.sort_by_cached_key(|(key, value)| (key.clone(), value.to_string()));
            let mut map = serde_json::Map::new();
            for (mut key, value) in all {
                while map.contains_key(&key) {
                    key.push_str(" (again)");
                }
                map.insert(key, value);
            }
            map.into()
        }
    }
}
