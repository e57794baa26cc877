//! How a queue is opened, and what bounds it.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::item::{Class, Past};

/// How much a queue takes.
#[derive(Debug, Clone)]
pub struct Bounds {
    pub(crate) max_items: u64,
    pub(crate) max_bytes: u64,
    pub(crate) min_free: MinFree,
    pub(crate) when_full: WhenFull,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum MinFree {
    /// 256 MiB or 2 % of the disk, whichever is more.
    Usual,
    Bytes(u64),
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_items: 1_000_000,
            max_bytes: 20 << 30,
            min_free: MinFree::Usual,
            when_full: WhenFull::Refuse,
        }
    }
}

impl Bounds {
    /// So many items, those that are set aside among them. A million if not set.
    pub fn max_items(mut self, items: u64) -> Self {
        self.max_items = items;
        self
    }

    /// So many bytes of bodies. 20 GiB if not set.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Nothing is taken while the disk has less room than this. 256 MiB or 2 % of the disk if not set, whichever is more.
    pub fn min_free(mut self, bytes: u64) -> Self {
        self.min_free = MinFree::Bytes(bytes);
        self
    }

    /// What an enqueue does that finds no room.
    pub fn when_full(mut self, policy: WhenFull) -> Self {
        self.when_full = policy;
        self
    }
}

/// Is told of items that were dropped for room.
pub type OnDropped = Arc<dyn Fn(&Past) + Send + Sync>;

/// What an enqueue does that finds no room.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is an error at once: [`Error::Full`](crate::Error::Full).
    #[default]
    Refuse,
    /// It waits so long for room.
    Wait(Duration),
    /// The oldest items of a class that nobody has leased are dropped, and a function is told of each, on a thread of its
    /// own. While 1024 are still to be told, enqueues are refused instead.
    DropOldest(Class, OnDropped),
}

impl std::fmt::Debug for WhenFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refuse => f.write_str("Refuse"),
            Self::Wait(time) => f.debug_tuple("Wait").field(time).finish(),
            Self::DropOldest(class, _) => f.debug_tuple("DropOldest").field(class).finish(),
        }
    }
}

/// The settings of the disk that the guarantees rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Durability {
    /// A write-ahead log that is synced at each commit.
    #[default]
    Full,
    /// A rollback journal, its folder synced as well: for network file systems, and one process.
    Network,
    /// What loses items, for the test that has to notice it.
    #[cfg(feature = "test-util")]
    WalNormal,
    /// What loses items, for the test that has to notice it.
    #[cfg(feature = "test-util")]
    DeleteFull,
}

impl Durability {
    pub(crate) fn is_wal(self) -> bool {
        match self {
            Self::Full => true,
            Self::Network => false,
            #[cfg(feature = "test-util")]
            Self::WalNormal => true,
            #[cfg(feature = "test-util")]
            Self::DeleteFull => false,
        }
    }
}

/// How a queue is opened.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    pub(crate) target: String,
    pub(crate) bounds: Bounds,
    pub(crate) strict_lanes: bool,
    pub(crate) allow_network: bool,
    pub(crate) stalled_after: Duration,
    pub(crate) inline_limit: usize,
    pub(crate) ballast: u64,
    pub(crate) durability: Durability,
    pub(crate) sync_folders: bool,
    pub(crate) keep_receipts: (Duration, u64),
    pub(crate) confirm_each: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            target: String::new(),
            bounds: Bounds::default(),
            strict_lanes: false,
            allow_network: false,
            stalled_after: Duration::from_secs(15 * 60),
            inline_limit: 256 << 10,
            ballast: 8 << 20,
            durability: Durability::Full,
            sync_folders: true,
            keep_receipts: (Duration::from_secs(90 * 24 * 3600), 1_000_000),
            confirm_each: Duration::from_secs(30),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl QueueOptions {
    /// What the items are for, such as server and account. A folder that was made for another target is an error, so that
    /// nothing goes to the wrong one.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// How much the queue takes.
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Whether an item that is set aside holds up those behind it in its lane. It does not if not set.
    pub fn strict_lanes(mut self, strict: bool) -> Self {
        self.strict_lanes = strict;
        self
    }

    /// Takes a folder on a network file system. Then only one process may open it, and each write costs more. Whether a file
    /// system is one is known on Linux and Windows only.
    pub fn allow_network(mut self, allow: bool) -> Self {
        self.allow_network = allow;
        self
    }

    /// After how long without a sign of life the items of a process that is stopped, but not ended, go to others. 15 minutes
    /// if not set. What has ended is noticed at once.
    pub fn stalled_after(mut self, time: Duration) -> Self {
        self.stalled_after = time;
        self
    }

    /// For how long, and how many, receipts of items that have ended are kept: 90 days and a million if not set.
    pub fn keep_receipts(mut self, lasting: Duration, most: u64) -> Self {
        self.keep_receipts = (lasting, most);
        self
    }
}

/// For tests.
#[cfg(feature = "test-util")]
impl QueueOptions {
    /// What time it is.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Bodies longer than this are files.
    pub fn inline_limit(mut self, bytes: usize) -> Self {
        self.inline_limit = bytes;
        self
    }

    /// How often it is asked what became of items that their receiver has taken in.
    pub fn confirm_each(mut self, time: Duration) -> Self {
        self.confirm_each = time;
        self
    }

    /// How large the file is that is deleted to make room.
    pub fn ballast(mut self, bytes: u64) -> Self {
        self.ballast = bytes;
        self
    }

    /// Settings that lose items in a power cut: `wal-normal`, `delete-full`, `no-folder-sync`.
    pub fn weakened(mut self, how: &str) -> Self {
        match how {
            "wal-normal" => self.durability = Durability::WalNormal,
            "delete-full" => self.durability = Durability::DeleteFull,
            "no-folder-sync" => self.sync_folders = false,
            _ => {}
        }
        self
    }
}
