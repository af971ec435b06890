//! The loader as a whole.
