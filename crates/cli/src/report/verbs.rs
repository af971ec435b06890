//! The words for what the engine decides: its verbs, its reasons, what it holds, what is in the way, what moved. The engine has
//! these as data; whatever a person reads of them is written here and nowhere else, the same in every format. What is given back
//! is harmless on a terminal; Markdown escapes it again in its own way.

use evenkeel_aws::kinds;
use evenkeel_core::cloud::Goal;
use evenkeel_core::diff::Effect;
use evenkeel_core::error::ErrorClass;
use evenkeel_core::id::NodeId;
use evenkeel_core::kind::{GROUP, WEIGHT};
use evenkeel_core::plan::{
    Action, Conflict, Gap, Held, HeldBecause, Intent, Note, Obstacle, Phase, Reason, Remark, Step, Verb,
};
use evenkeel_core::saved::Side;
use serde_json::Value;

use super::blocks::is_bookkeeping;
use super::escape::text as clean;
use super::words::{error, listed};
use crate::again::shell_word;
use crate::style::Tone;

/// How a verb is written and drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Face {
    /// In front of a step: `create`.
    pub present: &'static str,
    /// Behind a number: `created`.
    pub past: &'static str,
    /// The sign in front of it.
    pub sign: &'static str,
    /// Its colour.
    pub tone: Tone,
}

/// The words, the sign and the colour of a verb.
pub const fn face(verb: Verb) -> Face {
    let (present, past, sign, tone) = match verb {
        Verb::Create => ("create", "created", "+", Tone::Add),
        Verb::Update => ("update", "updated", "~", Tone::Change),
        Verb::Revise => ("revise", "revised", "~", Tone::Change),
        Verb::Replace => ("replace", "replaced", "-/+", Tone::Replace),
        Verb::Adopt => ("adopt", "adopted", ">", Tone::Adopt),
        Verb::Delete => ("delete", "deleted", "-", Tone::Remove),
        Verb::Retire => ("retire", "retired", "-", Tone::Remove),
        Verb::Wait => ("wait", "waited for", ".", Tone::Dim),
    };
    Face { present, past, sign, tone }
}

/// What a step does: `create`.
pub const fn present(verb: Verb) -> &'static str {
    face(verb).present
}

/// What is said when the user has asked to stop.
pub const STOPPING: &str = "Stopping: nothing new starts. Ctrl-C again to stop waiting.";
/// What is said of a step that the user no longer wanted.
pub const ABANDONED: &str = "not done, stopped";

/// Why a step was not begun.
pub fn skipped(because: &NodeId) -> String {
    format!("because {because} failed")
}

/// Why a step is there.
pub fn reason(step: &Step) -> String {
    let words = match &step.why {
        Reason::Missing => "in the stack file, not in AWS".to_owned(),
        Reason::Differs(paths) => differs(paths),
        Reason::Immutable(path) => format!("{path} cannot be changed in place"),
        Reason::Revised(path) => format!("{path} changed; needs a new revision"),
        Reason::Replaced => "replaced by the new one".to_owned(),
        Reason::LeftOver => "left over from an interrupted replacement".to_owned(),
        Reason::Dropped => "no longer in the stack file".to_owned(),
        Reason::Destroy => "the stack is deleted".to_owned(),
        Reason::Adopted => "taken over, as asked".to_owned(),
        Reason::Moved(old) => format!("renamed from {old} in the stack file"),
        Reason::Staged(phase) => staged(*phase, &step.action).to_owned(),
        Reason::Unhealthy(why) => format!("matches the stack file, but is not healthy: {}", clean(why)),
        Reason::TakesTime => match &step.action {
            Action::Wait { goal: Goal::Gone, .. } => "until it is gone".to_owned(),
            Action::Wait { .. }
            | Action::Create { .. }
            | Action::Update { .. }
            | Action::Adopt { .. }
            | Action::Delete { .. } => "until it is ready".to_owned(),
        },
        Reason::UnderWay(what) => format!("in progress before this run: {what}"),
    };
    clean(&words)
}

/// What a step does for traffic that has to go on.
fn staged(phase: Phase, action: &Action) -> &'static str {
    match (phase, action) {
        (Phase::Attach, _) => "adds the new one first; no traffic moves yet",
        (Phase::Serve, Action::Wait { .. }) => "until both the old and the new one serve traffic",
        (Phase::Serve, _) => "serves the old and the new one side by side",
        (Phase::Switch, _) => "moves traffic to the new one",
        (Phase::Hold, _) => "until the switch has reached all clients",
        (Phase::Leave, _) => "takes traffic off the old one",
        (Phase::Detach, _) => "removes the old one last",
        (Phase::Prepare, Action::Wait { .. }) => "until what is under way is live",
        (Phase::Prepare, _) => "first what the new way of deploying needs; that changes when this is live",
        (Phase::Settle, _) => "the new way of deploying, now that what it needs is live",
    }
}

/// A short name of the reason that never changes, for programs.
pub fn reason_code(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missing => "missing",
        Reason::Differs(_) => "differs",
        Reason::Immutable(_) => "immutable",
        Reason::Revised(_) => "revised",
        Reason::Replaced => "replaced",
        Reason::LeftOver => "left_over",
        Reason::Dropped => "dropped",
        Reason::Destroy => "destroy",
        Reason::Adopted => "adopted",
        Reason::Moved(_) => "moved",
        Reason::Staged(_) => "staged",
        Reason::Unhealthy(_) => "unhealthy",
        Reason::TakesTime => "takes_time",
        Reason::UnderWay(_) => "under_way",
    }
}

/// What a wait is for.
pub const fn goal(goal: Goal) -> &'static str {
    match goal {
        Goal::Ready => "ready",
        Goal::Gone => "gone",
        Goal::Hold => "settled",
        Goal::Vacant => "vacant",
    }
}

/// What a change means for its resource, if that is worth a word.
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Replace => "  (forces replacement)",
        Effect::Tell => "  (left as it is)",
        Effect::Update => "",
    }
}

/// What differs: the path if there is one and it is short, else the fields, each once and without evenkeel's own marks.
fn differs(paths: &[String]) -> String {
    let field = |path: &'_ str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    let told: Vec<&String> = paths.iter().filter(|path| !is_bookkeeping(&field(path))).collect();
    if told.is_empty() {
        return "its marks differ".to_owned();
    }
    if let [path] = told[..]
        && path.len() <= 60
    {
        return format!("{path} differs");
    }
    let mut fields: Vec<String> = told.iter().map(|path| field(path)).collect();
    fields.dedup();
    let word = if fields.len() == 1 { "differs" } else { "differ" };
    format!("{} {word}", fields.join(", "))
}

/// What would have been done with something that is held.
pub fn intent(intent: &Intent) -> String {
    let words = match intent {
        Intent::Anything => "anything",
        Intent::Create => present(Verb::Create),
        Intent::Update => present(Verb::Update),
        Intent::Replace(path) => return format!("{}, because of {path}", present(Verb::Replace)),
        Intent::Delete => present(Verb::Delete),
        Intent::LookUp => "look up",
        Intent::LookForDropped => "look for what left the file",
    };
    words.to_owned()
}

/// Why something is held, and what to do about it.
pub fn held(held: &Held) -> (String, Option<String>) {
    let flag = || format!("--consent {}", shell_word(&held.node.to_string()));
    let consent = || format!("to allow it: {}", flag());
    let (why, help) = match &held.why {
        // What was read well and cannot be what the file means.
        HeldBecause::Unreadable(error) if error.class == ErrorClass::Invalid && error.code == "-" => {
            (error.message.clone(), error.hint.clone())
        }
        HeldBecause::Unreadable(error) => (format!("could not be read: {}", self::error(error)), error.hint.clone()),
        HeldBecause::Unseen(error) => (
            format!("more resources of this stack may exist: {}", self::error(error)),
            error.hint.clone().or_else(|| Some(format!("allow {} for these credentials", error.operation))),
        ),
        HeldBecause::Needs(node) => (format!("needs {node}, which is held back"), None),
        HeldBecause::Guarded(key) if key == "protect" => (
            "AWS refuses to delete it with what it holds, which would be lost".to_owned(),
            Some(format!("write `protect: false` in its entry and apply; or {}", consent())),
        ),
        HeldBecause::Guarded(key) => (
            format!("AWS protects it from deletion: its `{key}` is on"),
            Some(format!("write `{key}: false` in its entry and apply; or {}", consent())),
        ),
        HeldBecause::Inside(things) => (
            format!(
                "{} would be deleted with it, and {} not belong to this stack",
                listed(things),
                if things.len() == 1 { "does" } else { "do" }
            ),
            Some(consent()),
        ),
        HeldBecause::Gap(why) => (gap(why), Some(format!("to accept the interruption: {}", flag()))),
        HeldBecause::Abandoned(current) => (
            format!(
                "its tags say that it replaces {current}, which is still in the file: it is \
                     left over from an interrupted run, or was tagged outside evenkeel"
            ),
            Some(format!("if it belongs to this stack, delete it with {}", flag())),
        ),
        HeldBecause::Doubled(ids) => (
            format!("several resources carry its mark: {}", ids.join(", ")),
            Some(
                "remove the tags evenkeel:stack and evenkeel:id from those that do not belong to this stack".to_owned(),
            ),
        ),
        HeldBecause::Exclusive(value) => (
            format!("its replacement needs {value} while the old one still has it"),
            Some(
                "give the entry another one; or leave the entry out, apply, and put it back, which interrupts traffic"
                    .to_owned(),
            ),
        ),
        HeldBecause::Shifted(server) => (
            by_others(held),
            Some(format!(
                "take `alternate` and the strategy out of {server} and apply; make this change and apply; then put both back"
            )),
        ),
        HeldBecause::Protected => ("it has `protect: true`".to_owned(), Some(consent())),
        HeldBecause::Data(what) => (format!("its data would be lost: {what}"), Some(consent())),
        HeldBecause::NotTargeted => ("left out by --target".to_owned(), None),
        HeldBecause::NotFound(what) => {
            (format!("not found: {what}"), kinds::shown(held.node.kind()).absent.map(str::to_owned))
        }
        HeldBecause::UnknownKind
        | HeldBecause::Torn(_)
        | HeldBecause::UsersUnread(_)
        | HeldBecause::PoorSuccessor(_)
        | HeldBecause::LookedUp(_)
        | HeldBecause::Within(_)
        | HeldBecause::Takes(_)
        | HeldBecause::Holds(_) => (by_others(held), None),
        HeldBecause::UsedBy(user) => {
            (by_others(held), Some(format!("it can go once {user} names another one, or goes too")))
        }
    };
    (clean(&why), help.map(|help| clean(&help)))
}

/// Why something is held because of others; there is no flag against that.
fn by_others(held: &Held) -> String {
    match &held.why {
        HeldBecause::UnknownKind => format!("there is no kind {}", held.node.kind()),
        HeldBecause::Torn(other) => format!("traffic moves in {other} at the same time, which --target leaves out"),
        HeldBecause::UsersUnread(kind) => {
            let there = if held.what == Intent::Delete { " there" } else { "" };
            format!("{kind} could not be read, so it may still be in use{there}")
        }
        HeldBecause::PoorSuccessor(why) => format!("its replacement is not healthy: {why}"),
        HeldBecause::UsedBy(user) => format!("still used by {user}, which stays"),
        HeldBecause::LookedUp(user) => format!("the stack file looks it up as {user}"),
        HeldBecause::Within(parent) => format!("it is in {parent}, which stays"),
        HeldBecause::Takes(node) => format!("{node} would be deleted with it, and that needs consent"),
        HeldBecause::Holds(what) => format!("it holds {what}"),
        HeldBecause::Shifted(server) => format!(
            "ECS moves the traffic of {server} between two target groups, and which two these are changes only while it deploys ROLLING"
        ),
        HeldBecause::Unreadable(_)
        | HeldBecause::Unseen(_)
        | HeldBecause::Needs(_)
        | HeldBecause::Protected
        | HeldBecause::Guarded(_)
        | HeldBecause::Inside(_)
        | HeldBecause::Gap(_)
        | HeldBecause::Abandoned(_)
        | HeldBecause::Doubled(_)
        | HeldBecause::Data(_)
        | HeldBecause::NotTargeted
        | HeldBecause::Exclusive(_)
        | HeldBecause::NotFound(_) => String::new(),
    }
}

/// Why a replacement interrupts.
fn gap(gap: &Gap) -> String {
    match gap {
        Gap::Apart(field) => format!(
            "no task can serve the old and the new one at once while {field} changes, so traffic would be interrupted"
        ),
        Gap::Follower(node) => format!("{node} would be replaced with it, but is held back"),
        Gap::Address => {
            "its address changes, and no record of this stack points to it: clients of the old address lose it"
                .to_owned()
        }
    }
}

/// A short name of why something is held that never changes, for programs.
pub fn held_code(why: &HeldBecause) -> &'static str {
    match why {
        HeldBecause::Unreadable(_) => "unreadable",
        HeldBecause::Unseen(_) => "unseen",
        HeldBecause::Guarded(_) => "guarded",
        HeldBecause::Inside(_) => "inside",
        HeldBecause::Gap(_) => "gap",
        HeldBecause::Abandoned(_) => "abandoned",
        HeldBecause::Doubled(_) => "doubled",
        HeldBecause::Needs(_) => "needs",
        HeldBecause::Protected => "protected",
        HeldBecause::Data(_) => "data",
        HeldBecause::NotTargeted => "not_targeted",
        HeldBecause::NotFound(_) => "not_found",
        HeldBecause::UnknownKind
        | HeldBecause::Torn(_)
        | HeldBecause::UsersUnread(_)
        | HeldBecause::PoorSuccessor(_)
        | HeldBecause::UsedBy(_)
        | HeldBecause::LookedUp(_)
        | HeldBecause::Within(_)
        | HeldBecause::Takes(_)
        | HeldBecause::Exclusive(_)
        | HeldBecause::Shifted(_)
        | HeldBecause::Holds(_) => "other",
    }
}

/// Whose a resource is that is in conflict.
pub fn whose(conflict: &Conflict) -> String {
    match &conflict.stack {
        Some(stack) => format!("belongs to stack {stack}"),
        None => "was not created by evenkeel".to_owned(),
    }
}

/// Why a resource cannot be taken over.
pub fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::OfStack(stack) => format!("it belongs to stack {stack}"),
        Obstacle::RunBy(by) => format!("it is run by {by}, which would undo a change or miss what is gone"),
        Obstacle::Immutable(path) => format!("{path} cannot be changed in place"),
        Obstacle::Taken(id) => format!("{id} of this stack would replace it"),
        Obstacle::TakenByMember => "a member of this stack would replace it".to_owned(),
    }
}

/// `web-blue 0, web-green 100`, of a list of groups with their shares.
fn shares(value: &Value) -> Option<String> {
    let share = |member: &Value| {
        let group = member.get(GROUP)?.as_str()?;
        // The name in an ARN of a target group: `…:targetgroup/NAME/ID`.
        let name = group.split('/').nth(1).unwrap_or(group);
        Some(format!("{name} {}", member.get(WEIGHT)?))
    };
    let shares: Option<Vec<String>> = value.as_array()?.iter().map(share).collect();
    shares.filter(|shares| !shares.is_empty()).map(|shares| shares.join(", "))
}

/// What is told of something that is left as it is.
pub fn note(note: &Note) -> String {
    let shown = |value: &Option<Value>, none: &str| value.as_ref().map_or(none.to_owned(), Value::to_string);
    match &note.remark {
        Remark::Managed { path, by, now } => {
            let now = now.as_ref().and_then(shares).unwrap_or_else(|| shown(now, "not set"));
            format!("{path} is managed by {by}, now {now}")
        }
        Remark::Fixed { path, is, wanted } => {
            let (is, wanted) = (shown(is, "nothing"), shown(wanted, "nothing"));
            format!("{path} is {is}, not {wanted}; AWS cannot change it, so it stays as it is")
        }
        Remark::Waits(what) => what.clone(),
        Remark::TakesOver(what) => format!("{what} was not created by evenkeel, and belongs to this stack from now on"),
        Remark::Stray { id, mark, double } => {
            let why = if *double { "another one carries the same mark" } else { "that is not a mark for it" };
            format!(
                "{id} carries this stack's mark {mark}, but {why}: it is left as it is. If it does \
                     not belong to this stack, remove its tags evenkeel:stack and evenkeel:id"
            )
        }
    }
}

/// One side of what moved since a plan was saved.
pub fn side(side: &Side) -> Value {
    match side {
        Side::Value(value) => value.clone(),
        Side::Step(verb) => present(*verb).into(),
        Side::Conflict(there) => format!("in conflict with {there}").into(),
        Side::Held(what) => format!("held back ({})", intent(what)).into(),
        Side::Nothing => "no change".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn verbs_have_words_of_their_own() {
        let faces = Verb::ALL.map(face);
        let words = |of: fn(&Face) -> &'static str| faces.iter().map(of).collect::<Vec<_>>();
        assert_eq!(
            words(|face| face.present),
            ["create", "update", "revise", "replace", "adopt", "delete", "retire", "wait"]
        );
        let past = ["created", "updated", "revised", "replaced", "adopted", "deleted", "retired", "waited for"];
        assert_eq!(words(|face| face.past), past);
        assert_eq!(words(|face| face.sign), ["+", "~", "~", "-/+", ">", "-", "-", "."]);
        // A person finds in the plan what a program finds in its JSON, and it fits into its column.
        assert!(Verb::ALL.iter().all(|verb| present(*verb) == verb.code() && verb.code().len() <= 7));
    }

    #[test]
    fn what_evenkeel_notes_for_itself_is_no_difference_to_a_person() {
        let say = |paths: &[&str]| differs(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
        assert_eq!(say(&["marked"]), "its marks differ");
        assert_eq!(say(&["marks.revision", "marks.uses"]), "its marks differ");
        assert_eq!(say(&["marks.revision", "task_definition"]), "task_definition differs");
        assert_eq!(say(&["marked", "tags.a", "tags.b"]), "tags differs");
    }

    #[test]
    fn what_others_keep_says_who_and_offers_no_flag() {
        let node = NodeId::new("target", "web");
        let say = |what: Intent, why: HeldBecause| {
            let held = Held { node: NodeId::new("rules", "app"), what, why };
            assert_eq!(held_code(&held.why), "other");
            self::held(&held)
        };
        let told = [
            (Intent::Anything, HeldBecause::UnknownKind, "there is no kind rules"),
            (
                Intent::Anything,
                HeldBecause::Torn(node.clone()),
                "traffic moves in target.web at the same time, which --target leaves out",
            ),
            (
                Intent::Delete,
                HeldBecause::UsersUnread("role".into()),
                "role could not be read, so it may still be in use there",
            ),
            (
                Intent::Replace("port".into()),
                HeldBecause::UsersUnread("role".into()),
                "role could not be read, so it may still be in use",
            ),
            (Intent::Delete, HeldBecause::PoorSuccessor("no".into()), "its replacement is not healthy: no"),
            (Intent::Delete, HeldBecause::LookedUp(node.clone()), "the stack file looks it up as target.web"),
            (Intent::Delete, HeldBecause::Within(node.clone()), "it is in target.web, which stays"),
            (Intent::Delete, HeldBecause::Takes(node), "target.web would be deleted with it, and that needs consent"),
            (Intent::Delete, HeldBecause::Holds("a\u{1b}b".into()), "it holds a\\u{1b}b"),
        ];
        for (what, why, words) in told {
            assert_eq!(say(what, why), (words.to_owned(), None));
        }
    }

    #[test]
    fn what_is_used_says_how_it_can_go() {
        let held = Held {
            node: NodeId::new("rules", "app"),
            what: Intent::Delete,
            why: HeldBecause::UsedBy(NodeId::new("target", "web")),
        };
        let help = Some("it can go once target.web names another one, or goes too".to_owned());
        assert_eq!(self::held(&held), ("still used by target.web, which stays".to_owned(), help));
    }

    #[test]
    fn what_moved_is_told_by_what_is_done() {
        let sides = [
            (Side::Value(json!(7)), json!(7)),
            (Side::Step(Verb::Delete), json!("delete")),
            (Side::Conflict("sg-1".to_owned()), json!("in conflict with sg-1")),
            (Side::Held(Intent::Replace("port".to_owned())), json!("held back (replace, because of port)")),
            (Side::Held(Intent::Delete), json!("held back (delete)")),
            (Side::Nothing, json!("no change")),
        ];
        for (moved, words) in sides {
            assert_eq!(side(&moved), words);
        }
    }
}
