//! A published rate as a service writes it down: how many requests of a group may come at once, how many a second after that, and
//! which requests it is for. Knows groups of operations, not what they do, nor how full any bucket is.

use crate::call::Input;

/// A token bucket of a service and the operations that take from it.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    bucket: Bucket,
    /// How many requests may come at once.
    pub(super) burst: f64,
    /// How many a second after that.
    pub(super) per_second: f64,
    /// `*` at the end stands for anything.
    operations: &'static [&'static str],
    /// Which requests it is for; all if none.
    only: Option<fn(&Input) -> bool>,
    /// Whether it counts for the account in all regions together.
    pub(super) global: bool,
    /// Whether the next bucket that fits gives a token as well.
    pub(super) besides: bool,
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug)]
enum Bucket {
    /// One for all of its operations, of that name.
    Shared(&'static str),
    /// One for each of them.
    Each,
    /// One for each of them, for requests of that kind alone.
    EachOf(&'static str),
}

impl Rate {
    /// Operations that share a bucket of that name: its burst, and what flows in in a second.
    pub const fn shared(name: &'static str, rate: (f64, f64), operations: &'static [&'static str]) -> Self {
        Self::of(Bucket::Shared(name), rate, operations)
    }

    /// Operations that have a bucket each.
    pub const fn each(rate: (f64, f64), operations: &'static [&'static str]) -> Self {
        Self::of(Bucket::Each, rate, operations)
    }

    const fn of(bucket: Bucket, (burst, per_second): (f64, f64), operations: &'static [&'static str]) -> Self {
        Self { bucket, burst, per_second, operations, only: None, global: false, besides: false }
    }

    /// The same for some requests alone, which have buckets of their own.
    pub const fn only(mut self, kind: &'static str, which: fn(&Input) -> bool) -> Self {
        self.bucket = Bucket::EachOf(kind);
        self.only = Some(which);
        self
    }

    /// The same, counted for the account in all regions together.
    pub const fn global(mut self) -> Self {
        self.global = true;
        self
    }

    /// The same, besides the next bucket that fits.
    pub const fn besides(mut self) -> Self {
        self.besides = true;
        self
    }

    /// Whether a request takes a token from it.
    pub(super) fn takes(&self, operation: &str, input: &Input) -> bool {
        let fits = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => operation == *pattern,
        };
        self.operations.iter().any(fits) && self.only.is_none_or(|which| which(input))
    }

    /// The name of the bucket from which an operation takes.
    pub(super) fn name(&self, service: &str, operation: &str) -> String {
        match self.bucket {
            Bucket::Shared(name) => format!("{service} {name}"),
            Bucket::Each => format!("{service} {operation}"),
            Bucket::EachOf(kind) => format!("{service} {operation} {kind}"),
        }
    }
}
