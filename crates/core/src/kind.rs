//! What the engine has to know of a resource kind, as data: which fields force a replacement, what it offers to others,
//! how it is replaced, and what has to be waited for. No behaviour; behaviour is behind [`crate::cloud::Cloud`].

use std::collections::BTreeMap;
use std::time::Duration;

/// A resource kind.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The name in ids and tags, snake_case without dots: `target_group`.
    pub name: &'static str,
    /// What a person calls it: `ELB target group`.
    pub title: &'static str,
    /// Fields that are not simply updated in place. A field that is not listed is compared and updated.
    pub fields: &'static [Field],
    /// What other nodes may refer to.
    pub outputs: &'static [&'static str],
    /// How a change of an immutable field is carried out.
    pub replace: Replace,
    /// Outputs that are other ones once a field has changed in place: field, outputs.
    pub shifts: &'static [(&'static str, &'static [&'static str])],
    /// Longest physical name in characters; 0 if things of this kind have no name of their own.
    pub name_limit: usize,
    /// Who waits until a new or changed thing is ready.
    pub ready: Ready,
    /// Whether some outputs are known only once a thing is ready (the address of a database), so that it is read again then.
    pub late: bool,
    /// Whether a deletion goes on after its call was answered, so that the end has to be awaited.
    pub slow_delete: bool,
    /// Whether others let go of a thing only a while after they have gone themselves (a security group of its network
    /// interfaces), so that a deletion asks first whether it is vacant.
    pub vacates: bool,
    /// Longest wait, in seconds, for readiness, and likewise for disappearance.
    pub deadline_secs: u32,
    /// Seconds that AWS is known to take until a thing is made and ready. What has the longest way before it starts first.
    pub takes_secs: u32,
    /// How often AWS is asked about what is awaited.
    pub polls: Polls,
    /// Whether a thing can leave its slot for another one in place (a listener its port). Elsewhere a name stays.
    pub moves: bool,
    /// What part things of this kind have in carrying traffic.
    pub traffic: Traffic,
    /// Fields of its document that may name others without needing them (policies).
    pub talk: &'static [&'static str],
    /// Fields that no two things which serve side by side can differ in: a replacement because of one of them interrupts.
    pub gap: &'static [&'static str],
    /// Lists that are widened before, and narrowed after, what needs the thing has changed.
    pub widens: &'static [&'static str],
    /// Lists, and keys of their members, whose values only one thing can have at a time (an Elastic IP address): what is created before
    /// the old one is deleted cannot have them.
    pub exclusive: &'static [(&'static str, &'static str)],
    /// What of it has to be live before another field may leave a value, if anything has.
    pub rung: Option<Rung>,
    /// Where groups of several sorts cannot have shares side by side, if there is such a place.
    pub unmixed: Option<Unmixed>,
    /// Fields that have to fit those of what it needs: while the other one is held back, neither is this one changed.
    pub fits: &'static [Fit],
}

/// Routers that share between groups of one sort only: a change from one sort to another is made at once, and interrupts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unmixed {
    /// The field of the router that tells whether it is one of them.
    pub field: &'static str,
    /// Its values where it is.
    pub values: &'static [&'static str],
    /// The field of a group that is its sort.
    pub sort: &'static str,
}

/// A field that has to fit a field of something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fit {
    /// The field.
    pub field: &'static str,
    /// The kind of what is needed.
    pub kind: &'static str,
    /// The field of that.
    pub with: &'static str,
}

/// Where a server says in which groups it registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Serving {
    /// The path of the list whose members have a [`GROUP`].
    pub list: &'static str,
    /// The object in a member, and the group in that, where somebody else moves traffic between the two groups. He does so unless the
    /// kind's [`Rung`] has not been climbed.
    pub aside: Option<(&'static str, &'static str)>,
}

impl Serving {
    /// Where nobody else moves traffic.
    pub const fn plain(list: &'static str) -> Self {
        Self { list, aside: None }
    }
}

/// A field that cannot leave a value before others are live: an update that changes both is made in two steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rung {
    /// What has to be live first.
    pub first: &'static str,
    /// The path of the field that changes then.
    pub then: &'static str,
    /// The value that it leaves.
    pub from: &'static str,
}

impl Kind {
    /// A kind with nothing special, to fill up a definition.
    pub const PLAIN: Self = Self {
        name: "",
        title: "",
        fields: &[],
        outputs: &[],
        replace: Replace::DeleteFirst,
        shifts: &[],
        name_limit: 0,
        ready: Ready::AtOnce,
        late: false,
        slow_delete: false,
        vacates: false,
        deadline_secs: 300,
        takes_secs: 1,
        polls: Polls::every(2, 10),
        moves: false,
        traffic: Traffic::None,
        talk: &[],
        gap: &[],
        widens: &[],
        exclusive: &[],
        rung: None,
        unmixed: None,
        fits: &[],
    };
}

/// The pauses between two questions about what is awaited: they double from the first to the longest. The first question
/// comes at once, because an emulator has most of what it makes ready at once, and then it is the only one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Polls {
    /// Seconds before the second question.
    pub first_secs: u32,
    /// Most seconds between two questions.
    pub longest_secs: u32,
}

impl Polls {
    /// Pauses between these two.
    pub const fn every(first_secs: u32, longest_secs: u32) -> Self {
        Self { first_secs, longest_secs }
    }

    /// The pause after that many questions.
    pub fn pause(self, asked: u32) -> Duration {
        let secs = match asked {
            0 => 0,
            _ => self.first_secs.saturating_mul(1 << (asked - 1).min(6)).min(self.longest_secs),
        };
        Duration::from_secs(u64::from(secs))
    }
}

/// What part things of a kind have in carrying traffic. Names of fields are those of the kind's document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Traffic {
    /// None.
    None,
    /// Others know it by an address of its own (a load balancer).
    Front,
    /// Names lead to fronts (the records of a zone).
    Names,
    /// Targets are registered in it (a target group). Names the map and the key in its document that say `"true"` where clients
    /// stay with their target, if it can: who shares traffic between such a group and another has to keep clients too.
    Group(Option<(&'static str, &'static str)>),
    /// It gives groups their shares: the paths of the lists, with `[]` for the members of a list in between. Each member has a
    /// [`GROUP`] and a [`WEIGHT`].
    Router(&'static [&'static str]),
    /// It registers targets.
    Server(Serving),
}

/// The field that names a group.
pub const GROUP: &str = "target_group";
/// The field with a group's share.
pub const WEIGHT: &str = "weight";
/// The field beside a list of shares with the seconds for which a client stays with its group; 0 is off.
pub const STAY: &str = "stickiness_secs";
/// The field that says which of several items counts first.
pub const RANK: &str = "priority";

/// How one field is compared, and what its change means.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The path in the document: names joined with dots, `[]` for the members of a list (`containers[].environment`).
    pub path: &'static str,
    /// What a change means.
    pub on_change: OnChange,
    /// How a list is compared.
    pub list: List,
}

impl Field {
    /// A field that cannot be changed in place.
    pub const fn immutable(path: &'static str) -> Self {
        Self { path, on_change: OnChange::Replace, list: List::Ordered }
    }

    /// A field that changes in place even where all others take a new revision.
    pub const fn in_place(path: &'static str) -> Self {
        Self { path, on_change: OnChange::Update, list: List::Ordered }
    }

    /// A field whose difference is told and otherwise let be.
    pub const fn informational(path: &'static str) -> Self {
        Self { path, on_change: OnChange::Tell, list: List::Ordered }
    }

    /// A field that counts when a thing is made, and is not compared afterwards.
    pub const fn at_birth(path: &'static str) -> Self {
        Self { path, on_change: OnChange::Nothing, list: List::Ordered }
    }

    /// A list whose members are told apart by `keys` (all of them together).
    pub const fn keyed(path: &'static str, keys: &'static [&'static str]) -> Self {
        Self { path, on_change: OnChange::Update, list: List::Keyed(keys) }
    }

    /// As [`Self::keyed`], of the sort [`List::Recurring`].
    pub const fn recurring(path: &'static str, keys: &'static [&'static str]) -> Self {
        Self { path, on_change: OnChange::Update, list: List::Recurring(keys) }
    }

    /// A list of plain values in which order means nothing.
    pub const fn set(path: &'static str) -> Self {
        Self { path, on_change: OnChange::Update, list: List::Set }
    }

    /// The same, but its change forces a replacement.
    pub const fn forces_replacement(self) -> Self {
        Self { path: self.path, on_change: OnChange::Replace, list: self.list }
    }
}

/// What a change of a field means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnChange {
    /// It is updated in place.
    Update,
    /// The resource has to be replaced.
    Replace,
    /// It is reported and left as it is (the description of a security group).
    Tell,
    /// Nothing: it counts when a thing is made (whether a listener gets rules), and is not compared afterwards.
    Nothing,
}

/// How the members of a list are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum List {
    /// By position.
    Ordered,
    /// By value: order means nothing.
    Set,
    /// By the values of these keys of each member.
    Keyed(&'static [&'static str]),
    /// The same, where a key that only a step will tell may turn out to be that of a member which is there already (the record
    /// that validates a certificate is the same for every certificate of its domain).
    Recurring(&'static [&'static str]),
}

impl List {
    /// The keys that tell members apart, if keys do.
    pub const fn keys(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Keyed(keys) | Self::Recurring(keys) => Some(keys),
            Self::Ordered | Self::Set => None,
        }
    }
}

/// How a change of an immutable field is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replace {
    /// Create under the next free name, point the users to it, delete the old one.
    CreateFirst,
    /// Delete, wait until it is gone, create again.
    DeleteFirst,
    /// Create a new revision; the old one stays (task definitions).
    Revise,
}

/// Who waits for a new or changed thing to be ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ready {
    /// Nobody: it is ready when the call has returned.
    AtOnce,
    /// Whatever depends on it, and the run.
    BeforeDependants,
    /// Only the run, at its end (a load balancer takes minutes, but listeners can be added at once).
    AtEnd,
}

/// The kinds by name.
#[derive(Clone, Debug, Default)]
pub struct Kinds(BTreeMap<&'static str, Kind>);

impl Kinds {
    /// Collects kinds into a table.
    pub fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self(kinds.into_iter().map(|kind| (kind.name, kind)).collect())
    }

    /// The kind of that name.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }

    /// All kinds, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = |polls: Polls| (0..6).map(|asked| polls.pause(asked).as_secs()).collect::<Vec<_>>();
        assert_eq!(pauses(Kind::PLAIN.polls), [0, 2, 4, 8, 10, 10]);
        assert_eq!(pauses(Polls::every(10, 10)), [0, 10, 10, 10, 10, 10]);
        assert_eq!(Polls::every(2, 10).pause(u32::MAX).as_secs(), 10);
    }
}
