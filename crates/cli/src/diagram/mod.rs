//! The picture of a stack: who reaches whom, from the internet to the databases. A pure model (`model`) is made from the stack file by
//! `build` (boxes by `boxes`, lines by `lines`, `mesh`, `routes` and `reach`, what is used by `uses`); `overlay` draws a plan over it; each format has one renderer, and
//! those with coordinates take them from `layout`. Nothing here sends or reads anything.

mod boxes;
pub mod build;
pub mod html;
mod layout;
mod lines;
pub mod mermaid;
mod mesh;
pub mod model;
pub mod overlay;
mod reach;
mod routes;
pub mod svg;
pub mod text;
mod uses;
mod ways;
mod width;

#[cfg(test)]
mod tests;
