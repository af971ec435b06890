//! How a run ends: the exit codes, and the failures that end it early. The one place where a code is chosen; what is
//! printed about a failure is in `report/failure.rs`.

use std::process::ExitCode;

use evenkeel_core::diagnostic::Diagnostic;
use evenkeel_core::error::CloudError;

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Everything asked for is done, or there was nothing to do.
    Done,
    /// AWS refused, or a run failed in part.
    Failed,
    /// `plan --detailed-exitcode` found changes.
    Changes,
    /// A saved plan no longer matches what is live.
    Stale,
    /// The plan is blocked: something foreign is in the way, something could not be read, or something that the run needs is
    /// held back. `Plan::blocked` decides.
    Blocked,
    /// All steps are done, but not everything is known to be healthy: nobody waited for it, or it was left alone in a bad state.
    Unproven,
    /// The command line is wrong.
    Usage,
    /// The stack file is wrong.
    BadFile,
    /// The user stopped the run.
    Interrupted,
}

impl Exit {
    /// The code that the process returns.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Stale => 3,
            Self::Blocked => 4,
            Self::Unproven => 5,
            // sysexits.h: EX_USAGE and EX_DATAERR.
            Self::Usage => 64,
            Self::BadFile => 65,
            // What a shell reports for a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}

impl Exit {
    /// The one that counts where several stacks ended each in its way: what most needs somebody to look at it.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        const FROM_BEST: [Exit; 9] = [
            Exit::Done,
            Exit::Changes,
            Exit::Unproven,
            Exit::Blocked,
            Exit::Stale,
            Exit::Failed,
            Exit::BadFile,
            Exit::Usage,
            Exit::Interrupted,
        ];
        let rank = |exit: Self| FROM_BEST.iter().position(|one| *one == exit);
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended before its work was done.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The command line does not make sense; what to write instead.
    Usage(String),
    /// The stack file has errors (and perhaps warnings).
    BadFile(Vec<Diagnostic>),
    /// AWS could not be reached or refused.
    Cloud {
        /// What was being done.
        doing: String,
        /// What came back.
        error: Box<CloudError>,
    },
    /// Something refuses to go on.
    Refused {
        /// What is wrong.
        text: String,
        /// What to do.
        help: Option<String>,
    },
    /// A saved plan no longer matches what is live.
    Stale {
        /// What moved, one line each.
        moved: Vec<String>,
        /// What to do.
        help: String,
    },
    /// The plan is blocked, and nothing of it may be begun.
    Blocked {
        /// By what.
        text: String,
        /// What to do.
        help: Option<String>,
        /// What AWS said, if that is the reason.
        error: Option<Box<CloudError>>,
    },
    /// A mistake of this program; what was found.
    Bug(Vec<String>),
}

impl Failure {
    /// AWS refused something that is done beside a plan.
    pub fn cloud(doing: &str, error: CloudError) -> Self {
        Self::Cloud { doing: doing.to_owned(), error: Box::new(error) }
    }

    /// A refusal with advice.
    pub fn refused(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused { text: text.into(), help: Some(help.into()) }
    }

    /// The exit that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::BadFile(_) => Exit::BadFile,
            Self::Cloud { .. } | Self::Refused { .. } | Self::Bug(_) => Exit::Failed,
            Self::Stale { .. } => Exit::Stale,
            Self::Blocked { .. } => Exit::Blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_ends_the_worst_counts() {
        let order = [Exit::Done, Exit::Changes, Exit::Blocked, Exit::Failed, Exit::BadFile];
        for (at, better) in order.iter().enumerate() {
            for worse in &order[at..] {
                assert_eq!(better.or_worse(*worse), *worse);
                assert_eq!(worse.or_worse(*better), *worse);
            }
        }
    }

    #[test]
    fn the_codes_are_those_of_the_manual() {
        let all = [
            (Exit::Done, 0),
            (Exit::Failed, 1),
            (Exit::Changes, 2),
            (Exit::Stale, 3),
            (Exit::Blocked, 4),
            (Exit::Unproven, 5),
            (Exit::Usage, 64),
            (Exit::BadFile, 65),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in all {
            assert_eq!(exit.code(), code);
        }
        assert_eq!(Failure::Usage(String::new()).exit(), Exit::Usage);
        assert_eq!(Failure::Stale { moved: Vec::new(), help: String::new() }.exit(), Exit::Stale);
        assert_eq!(Failure::Blocked { text: String::new(), help: None, error: None }.exit(), Exit::Blocked);
        assert_eq!(Failure::BadFile(Vec::new()).exit(), Exit::BadFile);
    }
}
