//! The picture of a stack: who reaches whom, from the internet to the databases. `build` makes a pure model (`model`) of the stack's
//! architecture, `overlay` draws a plan over it; each format has one renderer, and those with coordinates take them from `layout`.
//! Knows no kind, and sends and reads nothing.

pub mod build;
pub mod html;
mod layout;
pub mod mermaid;
pub mod model;
pub mod overlay;
pub mod svg;
pub mod text;
mod ways;
mod width;

#[cfg(test)]
mod tests;
