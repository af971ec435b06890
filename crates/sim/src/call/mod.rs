//! What passes between a request and the operation that carries it out: the request under way, its input, and the refusal. Each has
//! a file of its own, so that what only reads inputs or refuses needs no world. Has nothing itself, and knows no wire.

mod input;
mod refusal;
mod request;

pub use self::input::{Input, Members};
pub use self::refusal::{Refusal, Said};
pub use self::request::{Call, Caller, Handler, Reply, Table};
