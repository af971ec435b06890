//! What every section reads with: names and placeholders, tags of the stack, the files beside it, and what sections tell each other.
//! Knows no section.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use evenkeel_core::diagnostic::{Diagnostic, Place};
use evenkeel_core::doc::Text;
use evenkeel_core::id::NodeId;

use super::decode::{Problems, Want};
use super::fields::Fields;
use super::files::Files;
use super::model::{Meta, Namespace, Role};
use super::scope::Scope;
use super::suggest;
use super::tagging::{self, Rules, Tags};
use super::tree::{Entry, Tree, Value};

/// The rules that ECS changes for a target group of a service, as the file names them.
pub(crate) struct Shifting {
    /// The service's entry.
    pub service: String,
    /// The place of the target group among those of the service.
    pub at: usize,
    /// Where the target group stands.
    pub place: Place,
    /// Where the alternate one stands.
    pub alternate: Place,
    /// `production_rule:`, if it is given.
    pub production: Option<(String, Place)>,
    /// `test_rule:`, if it is given.
    pub test: Option<(String, Place)>,
}

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
    /// The protocols of target groups of the file, by entry.
    pub protocols: RefCell<BTreeMap<String, String>>,
    /// What services say of rules that ECS changes, until the load balancers are known.
    pub shifting: RefCell<Vec<Shifting>>,
    /// Load balancers that answer on IPv6 too.
    pub dualstack: RefCell<BTreeSet<String>>,
    /// Whether every load balancer could be read; if not, it is not known what forwards where.
    pub balancers_complete: Cell<bool>,
    /// Log groups of the file by their physical names.
    pub log_groups: RefCell<BTreeMap<String, String>>,
    /// What sidecars need of roles of the file: the entry, and a word of `grants`.
    pub granted: RefCell<BTreeSet<(String, &'static str)>>,
    /// Where services say `execute_command`.
    pub executed: RefCell<BTreeMap<String, Place>>,
    /// Where each reference to a secret or parameter stands first.
    pub references: RefCell<BTreeMap<Text, Place>>,
    /// The account that the first ARN of the file names which has to be of the stack's own.
    pub account_seen: RefCell<Option<(String, Place)>>,
    /// Namespaces of the file, and those that others name by `existing:…` without an entry.
    pub namespaces: RefCell<BTreeMap<String, Namespace>>,
    /// The namespace of the cluster.
    pub default_namespace: RefCell<Option<Text>>,
    /// Where names are taken first: the namespace, and the name in words.
    pub taken: RefCell<BTreeMap<(String, String), Place>>,
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
                Text::From(_) | Text::Join(_) => {
                    if !self.leads_to(item, &text, "security_group", what) {
                        continue;
                    }
                    text
                }
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

    /// Whether a placeholder, where there is one, stands for a thing of this kind; complains if it is an output of another.
    pub(crate) fn leads_to(&self, tree: &Tree, text: &Text, kind: &str, what: &str) -> bool {
        let Text::From(hole) = text else { return true };
        if hole.node.kind() == kind {
            return true;
        }
        let (given, title) = (format!("${{{}.{}}}", hole.node, hole.output), kind.replace('_', " "));
        let help = format!("Name an entry, or write ${{{kind}.NAME.…}} for one.");
        self.problems.error("wrong-type", &tree.place, format!("{what}: `{given}` is not a {title}"), help);
        false
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
