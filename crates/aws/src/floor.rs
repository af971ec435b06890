//! The fewest requests that a plan with nothing to do can need: what has to be asked about the things of a stack, and about how many
//! of them AWS answers at once. Each service says it of its own; what that comes to for a stack, `reading.rs` adds up.

use evenkeel_core::graph::Node;

/// A request that no plan can do without, for things of these kinds.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// `ecs:DescribeServices`, as the requests are counted.
    pub request: &'static str,
    /// The kinds of the things that it tells of.
    pub of: &'static [&'static str],
    /// Of how many things it tells at once; AWS's limit of a batch or a page.
    pub at_once: usize,
    /// Of how many things it has to tell for a node.
    pub things: fn(&Node) -> usize,
    /// Whether it is also needed where the file has nothing of the kinds, to find what has left it.
    pub always: bool,
}

impl Floor {
    /// Tells of that many things at once, one for each node that is not only looked up.
    pub const fn batch(request: &'static str, of: &'static [&'static str], at_once: usize) -> Self {
        Self { request, of, at_once, things: made, always: false }
    }

    /// Tells of one thing, or of what is inside of one.
    pub const fn single(request: &'static str, of: &'static [&'static str]) -> Self {
        Self::batch(request, of, 1)
    }

    /// Tells of everything that a stack can have.
    pub const fn listing(request: &'static str, of: &'static [&'static str]) -> Self {
        Self::batch(request, of, usize::MAX)
    }

    /// The same where nothing else tells what has left the file.
    #[must_use]
    pub const fn always(self) -> Self {
        Self { always: true, ..self }
    }

    /// The same where a node stands for several things, or for none.
    #[must_use]
    pub const fn counted(self, things: fn(&Node) -> usize) -> Self {
        Self { things, ..self }
    }
}

/// One thing for each node that is not only looked up.
pub(crate) fn made(node: &Node) -> usize {
    usize::from(!node.lookup)
}

/// One thing for each node, whether it is made or looked up.
pub(crate) fn each(_: &Node) -> usize {
    1
}

/// One thing for each node that is looked up.
pub(crate) fn looked_up(node: &Node) -> usize {
    usize::from(node.lookup)
}
