//! Whole stacks on the simulated AWS: the laws under faults, sudden death and drift, and the simulation itself from outside.

mod clients;
mod drift;
mod files;
mod found;
mod global;
mod killed;
mod marks;
mod noise;
mod random;
mod recipe;
mod scenes;
mod sweep;
mod unread;
