//! One file per section of the stack file. Each takes the interpolated tree of its section and gives the typed part of
//! the [`Stack`](super::model::Stack), reporting everything that is wrong on the way. What is common to all entries
//! (`name`, `tags`, `moved_from`, `protect`) is here.

pub(crate) mod cluster;
pub(crate) mod conditions;
pub(crate) mod container_keys;
pub(crate) mod containers;
pub(crate) mod deployment;
pub(crate) mod dns;
pub(crate) mod inline;
pub(crate) mod launch_type;
pub(crate) mod listeners;
pub(crate) mod load_balancers;
pub(crate) mod log_groups;
pub(crate) mod logs;
pub(crate) mod network;
pub(crate) mod records;
pub(crate) mod roles;
pub(crate) mod secrets;
pub(crate) mod security_groups;
pub(crate) mod service_file;
pub(crate) mod service_keys;
pub(crate) mod service_targets;
pub(crate) mod services;
pub(crate) mod target_groups;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;

use super::decode::{Problems, Want};
use super::fields::Fields;
use super::files::Files;
use super::model::{Meta, Role};
use super::scope::Scope;
use super::suggest;
use super::table::{Key, Type, key};
use super::tagging::{self, Rules, Tags};
use super::tree::{Entry, Tree, Value};

/// What entries may say that have a physical name.
pub(crate) static NAME: [Key; 1] = [key("name", Type::Text, "The physical name in AWS; listeners have none.")
    .without("`<stack>-<entry>`, cut to AWS's limit with a short hash")];

/// What every entry may say.
pub(crate) static META: [Key; 3] = [
    key(
        "tags",
        Type::MapOf(&Type::Blank),
        "Tags in addition to those of the stack, up to 44 in total. `aws:` and `evenkeel:` \
             are reserved. Letters, digits, spaces and `_.:/=+-@`; security groups accept more, \
             and roles ignore the case of keys.",
    )
    .without("those of the stack")
    .aws("Tags")
    .example("{ team: shop }"),
    key(
        "moved_from",
        Type::Text,
        "The name that this entry had before; the entry is renamed (its mark changes), not created again.",
    ),
    key(
        "protect",
        Type::Flag,
        "`destroy` and replacements are held back until `--consent ID` names it, also after \
             the entry has left the file.",
    )
    .value("false"),
];

/// What every section reads with.
pub(crate) struct Ctx<'a> {
    /// Where problems go.
    pub problems: &'a Problems,
    /// Names and placeholders.
    pub scope: &'a Scope<'a>,
    /// `tags:` of the stack.
    pub tags: &'a Tags,
    /// The files beside the stack file.
    pub files: &'a dyn Files,
    /// Roles that a service named by `existing:…` without an entry.
    pub implied_roles: RefCell<BTreeMap<String, Role>>,
    /// Where each service names a target group: service, target group entry, place.
    pub registrations: RefCell<Vec<(String, String, Place)>>,
    /// Load balancers that answer on IPv6 too.
    pub dualstack: RefCell<BTreeSet<String>>,
    /// Whether every load balancer could be read; if not, it is not known what forwards where.
    pub balancers_complete: Cell<bool>,
    /// Log groups of the file by their physical names.
    pub log_groups: RefCell<BTreeMap<String, String>>,
    /// The account that the first ARN of the file names which has to be of the stack's own.
    pub account_seen: RefCell<Option<(String, Place)>>,
}

impl Ctx<'_> {
    /// The stack's name, or a stand-in while that is wrong.
    pub(crate) fn stack_name(&self) -> &str {
        self.scope.stack.as_deref().unwrap_or("stack")
    }

    /// Whether the load balancer of this entry answers on IPv6 too.
    pub(crate) fn is_dualstack(&self, name: &str) -> bool {
        self.dualstack.borrow().contains(name)
    }

    /// The name of an entry of a kind, checked to exist. `what` says who refers.
    pub(crate) fn entry_name(&self, tree: &Tree, kind: &str, section: &str, what: &str) -> Option<String> {
        let name = Want::new(what, self.problems).filled(tree)?;
        if self.scope.names.has(kind, &name) {
            return Some(name);
        }
        self.dangling(tree, &name, kind, section);
        None
    }

    /// Reports a name that no entry has.
    pub(crate) fn dangling(&self, tree: &Tree, name: &str, kind: &str, section: &str) {
        self.problems.push(
            Diagnostic::error(
                "unknown-name",
                format!("there is no {} `{name}`", kind.replace('_', " ")),
                Some(tree.place.clone()),
            )
            .label(format!("not an entry of `{section}`"))
            .help(self.problems.help(|| suggest::help(name, section, self.scope.names.of(kind)))),
        );
    }

    /// Security groups by entry name or `sg-…`, as ids.
    pub(crate) fn security_groups(&self, tree: Option<&Tree>, what: &str) -> Vec<Text> {
        let Some(tree) = tree else { return Vec::new() };
        let want = Want::new(what, self.problems);
        let mut found = Vec::new();
        for item in want.several(tree) {
            let Some(text) = want.text(item) else { continue };
            let group = match &text {
                Text::Known(name) if name.starts_with("sg-") => text,
                Text::Known(_) => {
                    let Some(name) = self.entry_name(item, "security_group", "security_groups", what) else { continue };
                    Text::output(NodeId::new("security_group", &name), "id")
                }
                Text::From(_) | Text::Join(_) => text,
            };
            if found.contains(&group) {
                self.problems.error(
                    "duplicate",
                    &item.place,
                    format!("{what} names {} twice", item.describe()),
                    "AWS refuses a group that is given twice. Remove one.",
                );
                continue;
            }
            found.push(group);
        }
        if found.len() > 5 {
            self.problems.error(
                "too-many",
                &tree.place,
                format!("{what} names {} security groups", found.len()),
                "AWS accepts at most five. Remove some.",
            );
        }
        found
    }

    /// Subnets by id.
    pub(crate) fn subnets(&self, tree: Option<&Tree>, what: &str) -> Option<Vec<String>> {
        let tree = tree?;
        let want = Want::new(what, self.problems);
        let ids = want.strings(tree);
        for item in want.several(tree) {
            if let Some(id) = item.scalar().filter(|id| !id.starts_with("subnet-")) {
                self.problems.error(
                    "bad-value",
                    &item.place,
                    format!("`{id}` is not a subnet id"),
                    "Give subnets by id (`subnet-…`) here. To choose them by tags, use `network:`.",
                );
            }
        }
        // What is wrong with an item has been told.
        let told = want.several(tree).iter().any(|item| matches!(item.value, Value::Wrong));
        if ids.is_empty() && !told {
            self.problems.error(
                "empty",
                &tree.place,
                format!("{what} names no subnet"),
                "Name at least one, or remove the key to use those of `network:`.",
            );
            return None;
        }
        (!ids.is_empty()).then_some(ids)
    }

    /// `tags:` over those of the stack, by the rules of the service that takes them.
    pub(crate) fn tags(
        &self,
        tree: Option<&Tree>,
        place: &Place,
        what: &str,
        rules: Rules,
    ) -> BTreeMap<String, String> {
        let own = tree.map(|tree| tagging::read(tree, what, self.problems)).unwrap_or_default();
        let tags = tagging::over(self.tags, own);
        tagging::check(&tags, tree.map_or(place, |tree| &tree.place), what, rules, self.problems);
        tags.values
    }

    /// What every entry may say; its table says what may be its name.
    pub(crate) fn meta(&self, entry: &Entry, fields: &Fields<'_>, tags: Rules) -> Meta {
        let what = fields.what().to_owned();
        Meta {
            place: entry.place.clone(),
            name: fields.physical_name(),
            tags: self.tags(fields.take("tags"), &entry.place, &what, tags),
            moved_from: fields.text("moved_from"),
            protect: fields.flag("protect").unwrap_or_default(),
        }
    }
}

/// Whether the text can be the name of an entry.
pub(crate) fn entry_name_ok(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Reads each entry of a section with `read`.
pub(crate) fn each<'t, T>(
    ctx: &Ctx<'_>,
    section: Option<&'t Tree>,
    what: &str,
    mut read: impl FnMut(&'t Entry) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut found = BTreeMap::new();
    let Some(section) = section else { return found };
    let entries = match &section.value {
        Value::Map(entries) => entries,
        Value::Null | Value::Wrong => return found,
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
            ctx.problems.error(
                "wrong-type",
                &section.place,
                format!("this must be a map of {what} entries, but it is {}", section.describe()),
                "Write a name of your choice for each entry, with its settings under it.",
            );
            return found;
        }
    };
    for entry in entries {
        if !entry_name_ok(&entry.key) {
            ctx.problems.error(
                "bad-name",
                &entry.place,
                format!("`{}` is not a valid name for an entry", entry.key),
                "Use letters, digits, `-`, `_` and `.`; begin with a letter or digit; at most 100 characters.",
            );
        }
        match read(entry) {
            Some(value) => drop(found.insert(entry.key.clone(), value)),
            // What is left out of the model would look as if it had left the file, and be deleted.
            None if !ctx.problems.failed() => {
                let help = "This is a bug in evenkeel. Please report it with the file.";
                ctx.problems.error("internal", &entry.place, format!("{what} `{}` could not be read", entry.key), help);
            }
            None => {}
        }
    }
    found
}
