//! What `${…}` may refer to: the environment that the caller gave, the variables, the stack, and the outputs of the
//! file's entries. Also the table of names by section, against which every reference is checked.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;
use evenkeel_core::secret::{self, Secrets};

use super::decode::Problems;
use super::interpolate::{self, Filled};
use super::suggest;
use super::table::{self, Table};
use super::tree::Tree;

/// Kinds with a single entry.
const SINGLE: &[&str] = &["network", "cluster"];
/// Where it is noted that the network is the stack's own; no kind, so that no placeholder means it.
pub(crate) const OWN_NETWORK: &str = "own network";
/// The entry name of those.
pub(crate) const MAIN: &str = "main";

/// The entries of the file: kind to name to place.
#[derive(Default)]
pub(crate) struct Names {
    kinds: BTreeMap<&'static str, BTreeMap<String, Place>>,
    /// Services that connect to a gateway, which alone have an address.
    pub(crate) connected: BTreeSet<String>,
}

impl Names {
    /// Adds an entry.
    pub(crate) fn add(&mut self, kind: &'static str, name: &str, place: Place) {
        self.kinds.entry(kind).or_default().insert(name.to_owned(), place);
    }

    /// Whether there is such an entry.
    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.kinds.get(kind).is_some_and(|names| names.contains_key(name))
    }

    /// All names of a kind.
    pub(crate) fn of(&self, kind: &str) -> Vec<&str> {
        self.kinds.get(kind).map(|names| names.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Everything that a placeholder can see.
pub(crate) struct Scope<'a> {
    /// The environment as the caller gave it.
    pub env: &'a BTreeMap<String, String>,
    /// `vars:` as written, with the caller's over them.
    pub vars: BTreeMap<String, Tree>,
    /// `stack:`.
    pub stack: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// `account:`.
    pub account: Option<String>,
    /// The entries of the file.
    pub names: Names,
    /// `public_env:`, variables of the environment that everybody may see.
    pub public: BTreeSet<String>,
    /// The table of the whole file, which has all kinds.
    root: &'static Table,
    kinds: OnceCell<Vec<(&'static table::Made, &'static str)>>,
    resolved: RefCell<BTreeMap<String, Option<Filled>>>,
    under_way: RefCell<Vec<String>>,
    used: RefCell<BTreeSet<String>>,
    secrets: RefCell<Secrets>,
    /// Bytes that placeholders have come to.
    size: Cell<usize>,
    /// How deep in defaults and variables the one stands that is being resolved.
    depth: Cell<usize>,
}

/// Bytes that all values of a file may come to once they are filled in.
const ALL: usize = 8 * 1024 * 1024;
/// Variables and defaults that may stand in each other.
const DEPTH: usize = 32;

/// What a placeholder came to.
pub(crate) enum Found {
    /// A value.
    Text(Filled),
    /// Not one of ours (`${aws:username}`, `${NAME}`): it stays as it is.
    Foreign,
    /// Wrong, and reported.
    Wrong,
}

impl<'a> Scope<'a> {
    /// A scope that knows only the environment, the variables, and what a file may have.
    pub(crate) fn new(env: &'a BTreeMap<String, String>, vars: BTreeMap<String, Tree>, root: &'static Table) -> Self {
        Self {
            root,
            kinds: OnceCell::new(),
            env,
            vars,
            stack: None,
            region: None,
            account: None,
            names: Names::default(),
            public: BTreeSet::new(),
            secrets: RefCell::default(),
            size: Cell::new(0),
            depth: Cell::new(0),
            resolved: RefCell::default(),
            under_way: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// The value of `${expression}` at a place.
    pub(crate) fn resolve(&self, expression: &str, at: &Place, problems: &Problems) -> Found {
        if self.depth.get() >= DEPTH {
            let help = format!("Variables and defaults may refer to each other at most {DEPTH} levels deep.");
            problems.error("too-big", at, "placeholders are nested too deep", help);
            return Found::Wrong;
        }
        self.depth.set(self.depth.get() + 1);
        let found = self.look_up(expression, at, problems);
        self.depth.set(self.depth.get() - 1);
        found
    }

    fn look_up(&self, expression: &str, at: &Place, problems: &Problems) -> Found {
        let (path, default) = match expression.split_once(":-") {
            Some((path, default)) => (path.trim(), Some(default)),
            None => (expression.trim(), None),
        };
        let Some((head, rest)) = path.split_once('.') else { return Found::Foreign };
        if head.contains(':') {
            // IAM policy variables (`${aws:PrincipalTag/team.name}`) are read by IAM, not by us.
            return Found::Foreign;
        }
        let found = match head {
            "env" => self.env(rest, default.is_some(), at, problems),
            "var" => {
                self.used.borrow_mut().insert(rest.to_owned());
                self.var(rest, at, problems)
            }
            "stack" => self.stack(rest, at, problems),
            _ => self.output(path, at, problems),
        };
        match (found, default) {
            (Found::Text(Filled { text: Text::Known(text), .. }), Some(default)) if text.is_empty() => {
                interpolate::text(default, at, self, problems).map_or(Found::Wrong, Found::Text)
            }
            (found, _) => found,
        }
    }

    fn env(&self, name: &str, has_default: bool, at: &Place, problems: &Problems) -> Found {
        if let Some(value) = self.env.get(name) {
            let shown = !value.is_empty() && !self.public.contains(name);
            let shown = shown.then(|| secret::placeholder(name).into());
            return Found::Text(Filled { text: value.as_str().into(), shown });
        }
        if has_default {
            return Found::Text(Text::default().into());
        }
        let near = if problems.full() { None } else { suggest::nearest(name, self.env.keys().map(String::as_str)) };
        let near = near.map(|near| format!(" (`{near}` is set.)")).unwrap_or_default();
        problems.error(
            "unset-env",
            at,
            format!("the environment variable `{name}` is not set"),
            format!("Set it before you run the command, or give a default: ${{env.{name}:-value}}.{near}"),
        );
        Found::Wrong
    }

    fn var(&self, name: &str, at: &Place, problems: &Problems) -> Found {
        let Some(tree) = self.vars.get(name) else {
            problems.error(
                "unknown-var",
                at,
                format!("there is no variable `{name}`"),
                problems.help(|| suggest::help(name, "vars", self.vars.keys().map(String::as_str))),
            );
            return Found::Wrong;
        };
        if let Some(known) = self.resolved.borrow().get(name) {
            return known.clone().map_or(Found::Wrong, Found::Text);
        }
        if self.under_way.borrow().iter().any(|other| other == name) {
            let mut path = self.under_way.borrow().clone();
            path.push(name.to_owned());
            problems.error(
                "var-cycle",
                &tree.place,
                format!("the variable `{name}` depends on itself: {}", path.join(" → ")),
                "Give one of them a value of its own.",
            );
            return Found::Wrong;
        }
        self.under_way.borrow_mut().push(name.to_owned());
        let value = self.var_value(name, tree, problems);
        self.under_way.borrow_mut().pop();
        self.resolved.borrow_mut().insert(name.to_owned(), value.clone());
        value.map_or(Found::Wrong, Found::Text)
    }

    fn var_value(&self, name: &str, tree: &Tree, problems: &Problems) -> Option<Filled> {
        let Some(text) = tree.scalar() else {
            if tree.is_null() {
                return Some(Text::default().into());
            }
            problems.error(
                "wrong-type",
                &tree.place,
                format!("the variable `{name}` must be one value, but this is {}", tree.describe()),
                "Write a string, a number or a boolean.",
            );
            return None;
        };
        interpolate::text(&text, &tree.place, self, problems)
    }

    fn stack(&self, key: &str, at: &Place, problems: &Problems) -> Found {
        let (value, help) = match key {
            "name" => (&self.stack, "Give the stack a name: `stack: my-app`."),
            "region" => (&self.region, "No region is known. Add `region:` to the file, or give --region."),
            "account" => (&self.account, "Add `account: \"…\"` with the twelve digits to the file."),
            _ => (&None, "There are stack.name, stack.region and stack.account."),
        };
        if let Some(value) = value {
            return Found::Text(Text::from(value.as_str()).into());
        }
        problems.error("unknown-reference", at, format!("`stack.{key}` has no value"), help);
        Found::Wrong
    }

    /// The table of a section, as its path has it.
    pub(crate) fn table(&self, section: &str) -> Option<&'static Table> {
        table::all(self.root).into_iter().find(|table| table.path == section)
    }

    fn output(&self, path: &str, at: &Place, problems: &Problems) -> Found {
        let (head, rest) = path.split_once('.').unwrap_or((path, ""));
        // To walk all tables for every reference would take longer than all else about it.
        let known = self.kinds.get_or_init(|| table::kinds(self.root));
        let Some((made, section)) = known.iter().find(|(made, _)| made.kind == head) else {
            let kinds = known.iter().map(|(made, _)| made.kind).chain(["env", "var", "stack"]);
            let help = match suggest::nearest(head, kinds.clone()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("A reference starts with {}.", suggest::choices(&kinds.collect::<Vec<_>>())),
            };
            problems.error("unknown-reference", at, format!("`{path}` refers to nothing"), help);
            return Found::Wrong;
        };
        let (kind, outputs) = (made.kind, made.outputs);
        let single = SINGLE.contains(&kind);
        let (name, output) = match rest.rsplit_once('.') {
            Some((name, output)) => (name, output),
            None if single => (MAIN, rest),
            None => {
                problems.error(
                    "unknown-reference",
                    at,
                    format!("`{path}` does not name an output of the {}", kind.replace('_', " ")),
                    format!("Write ${{{path}.OUTPUT}}, with {}.", suggest::choices(outputs)),
                );
                return Found::Wrong;
            }
        };
        if !self.names.has(kind, name) {
            let help = problems.help(|| suggest::help(name, section, self.names.of(kind)));
            problems.error("unknown-reference", at, format!("there is no {} `{name}`", kind.replace('_', " ")), help);
            return Found::Wrong;
        }
        if !outputs.contains(&output) {
            problems.error(
                "unknown-output",
                at,
                format!("a {} has no output `{output}`", kind.replace('_', " ")),
                format!("It has the outputs {}.", suggest::list(outputs)),
            );
            return Found::Wrong;
        }
        // Of one that is looked up, only the VPC has one value.
        if kind == "network" && output != "vpc_id" && !self.names.has(OWN_NETWORK, MAIN) {
            let summary = format!("a network that is looked up has no output `{output}`");
            let help = "It has the output `vpc_id`; one of the stack's own, with `network: { create: … }`, tells its subnets and addresses.";
            problems.error("unknown-output", at, summary, help);
            return Found::Wrong;
        }
        if kind == "service" && ["url", "host"].contains(&output) && !self.names.connected.contains(name) {
            let help = "A service has an address where it connects to a gateway: give it `ingress`. Behind a load balancer write \
                        ${load_balancer.NAME.dns_name}.";
            let summary = format!("service `{name}` has no {output}: it has no `ingress`");
            problems.error("unknown-output", at, summary, help);
            return Found::Wrong;
        }
        Found::Text(Text::output(NodeId::new(kind, name), output).into())
    }

    /// Takes note of a text of the file that holds values of the environment, so that nobody is shown it.
    pub(crate) fn hide(&self, filled: &Filled) {
        let Some(shown) = &filled.shown else { return };
        let mut secrets = self.secrets.borrow_mut();
        // Both were put together alike, so what is known in them stands at the same places.
        for (text, shown) in known(&filled.text).into_iter().zip(known(shown)) {
            secrets.add_text(text, shown);
            for (name, value) in self.env.iter().filter(|(name, _)| !self.public.contains(*name)) {
                if shown.contains(&secret::placeholder(name)) {
                    secrets.add_value(name, value);
                }
            }
        }
    }

    /// What must not be shown.
    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets.borrow().clone()
    }

    /// Counts bytes that placeholders came to.
    pub(crate) fn grow(&self, bytes: usize) {
        self.size.set(self.size.get().saturating_add(bytes));
    }

    /// Whether more may be filled in.
    pub(crate) fn has_room(&self) -> bool {
        self.size.get() <= ALL
    }

    /// Forgets which variables were resolved, so that what was wrong in them is reported where it is used next.
    pub(crate) fn forget(&self) {
        self.resolved.borrow_mut().clear();
    }

    /// Whether anything refers to the variable.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// Resolves every variable, so that a wrong one is reported even where nothing uses it.
    pub(crate) fn check_vars(&self, problems: &Problems) {
        for (name, tree) in &self.vars {
            let _ = self.var(name, &tree.place, problems);
        }
    }
}

/// The parts of a text that are known.
fn known(text: &Text) -> Vec<&str> {
    match text {
        Text::Known(text) => vec![text],
        Text::From(_) => Vec::new(),
        Text::Join(parts) => parts.iter().flat_map(known).collect(),
    }
}
