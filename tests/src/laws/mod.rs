//! The laws that every run on the simulated AWS keeps, seen from the side of AWS. Knows no scenario; panics with what is wrong.
//!
//! `requests`: what was asked for was planned, and no secret's value was read. `marks`: what was changed is ours, nothing is
//! there twice, and what is not ours is as it was. `outages`: traffic never moves to what cannot serve.

pub mod marks;
pub mod outages;
pub mod requests;

pub use self::marks::{nothing_is_there_twice, only_ours_changed, others_are_untouched};
pub use self::requests::{no_secret_is_asked_for, requests_were_planned};
