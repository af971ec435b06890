//! The plan: an ordered list of steps, each with its reason, and everything that is left undone on purpose. A plan is
//! plain data (`data.rs`), complete enough that carrying it out leaves nothing to decide. How it is made: `decide.rs` for what is wanted,
//! `remove.rs` for what is not, `order.rs` for the order; `build.rs` puts them together. What it means: `verdict.rs`.

mod adopt;
mod build;
mod data;
mod decide;
mod guard;
mod held;
mod kept;
mod mention;
mod order;
mod remove;
mod stage;
mod verb;
mod verdict;
mod widen;

pub use self::adopt::{adoptable, in_the_way};
pub use self::build::{doomed, plan};
pub use self::data::{Action, Phase, Plan, PlanOptions, Reason, Replaced, Step, Until};
pub use self::held::{Conflict, Gap, Held, HeldBecause, Intent, Note, Obstacle, Remark, Unhealthy};
pub use self::verb::Verb;
