//! The functions of the engine and of the stack file that the commands call, in one place.

pub use evenkeel_aws::stack::{LoadOptions, Loaded, load};
pub use evenkeel_core::check::check;
pub use evenkeel_core::clock::Clock;
pub use evenkeel_core::execute::{Engine, Limits, Outcome, Stop, execute};
pub use evenkeel_core::saved::{Moved, SavedPlan};
