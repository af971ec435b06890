//! The stack file: reading, checking, and the model that comes out of it.

pub mod model;
