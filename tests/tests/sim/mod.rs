//! Whole stacks on the simulated AWS: the laws under faults, sudden death and drift, and the simulation itself from outside.

mod attacked;
mod between;
mod clients;
mod drift;
mod ecs;
mod files;
mod found;
mod global;
mod hands;
mod kept;
mod killed;
mod left_over;
mod marks;
mod noise;
mod outages;
mod pace;
mod phases;
mod pipeline;
mod random;
mod recipe;
mod scenes;
mod serving;
mod strangers;
mod sweep;
mod unread;
