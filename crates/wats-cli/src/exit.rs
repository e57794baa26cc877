//! The exit codes. They are few and fixed: scripts decide by them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed for another reason than those below.
    Failed = 1,
    /// The command line cannot be understood.
    Usage = 2,
    /// Refused by the rules or by the server: the same again will be refused again.
    Refused = 3,
    /// The token is missing, wrong or without the right.
    Access = 4,
    /// What was asked for is not there.
    NotFound = 5,
    /// The network or the server cannot now: try later.
    Later = 6,
    /// Stored in the queue, but not sent yet.
    Queued = 7,
    /// Ended by Ctrl-C.
    Interrupted = 130,
}

/// The codes in the help of the program and in the manual page.
pub(crate) const TABLE: &str = "\
Exit codes:
  0    done
  1    failed
  2    the command line cannot be understood
  3    refused by the rules or the server: do not repeat it as it is
  4    the token is missing, wrong or without the right
  5    not found
  6    the network or the server cannot now: try later
  7    stored in the queue, not sent yet
  130  ended by Ctrl-C";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
