//! Real SDK requests against moto over HTTP, kind by kind.

mod basics;
